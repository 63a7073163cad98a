"""Comments of YouTube, under one video or everything a channel has, with their replies.

YouTube Data API v3, commentThreads and comments (developers.google.com/youtube/v3/docs). A call
costs one unit of the project's daily 10 000, which begin anew at midnight Pacific time.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from collectors.answers import Response
from collectors.base import About, Context, Item, Mention, Order, Quota
from collectors.errors import CollectError, NeedsHuman, QuotaSpent, SkipItem, Transient
from collectors.options import MaxPages, Secret, SourceOptions, zone_of
from collectors.quotas import next_midnight
from collectors.shapes import (
    Node,
    items,
    key,
    moment,
    moment_or_none,
    nodes,
    text,
    value,
    whole,
)
from collectors.texts import html_to_text

API, ZONE = "https://www.googleapis.com/youtube/v3", "America/Los_Angeles"
ABOUT = About(
    title="Комментарии YouTube",
    auth="ключ YouTube Data API v3 (key)",
    limits="10 000 запросов в день, по 100 комментариев в запросе",
    caveats="новые ответы ищутся под комментариями последних replies_days дней; ответ самого "
    "канала виден у комментария, на который он ответил",
    quota=Quota(by="key", per_day=10_000, zone=ZONE),
)
ORDER: Order = "unordered"  # threads newest first, but replies come to threads of any age
LOOKBACK = timedelta(days=4)  # up to three days of moderation, and edits

REFUSED = {400, 403, 404}  # their meaning is the reason in the body
DAY_SPENT = {"quotaExceeded", "dailyLimitExceeded"}
BUSY = {"rateLimitExceeded", "userRateLimitExceeded", "processingFailure"}
GONE = {"commentNotFound"}
FORGOTTEN = {"invalidPageToken"}


class Options(SourceOptions):
    """``channel`` (its id, «UC…») or ``video`` (its id)."""

    key: Secret
    channel: Annotated[str, Field(pattern=r"^UC[\w-]{22}$")] | None = None
    video: Annotated[str, Field(pattern=r"^[\w-]{11}$")] | None = None
    replies_days: Annotated[int, Field(ge=0, le=3650)] = 14
    max_pages: MaxPages = 100

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.channel is None) == (self.video is None):
            raise ValueError("нужно одно из двух: channel или video")
        return self


class _Gone(SkipItem):
    """A comment that was deleted while its thread was read."""


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Threads newest first, each with its replies, until all of a page are older."""
    options = ctx.options
    asked = {"part": "snippet,replies", "order": "time", "textFormat": "plainText"}
    if options.video:
        asked["videoId"] = options.video
    else:
        asked["allThreadsRelatedToChannelId"] = options.channel or ""
    fresh = ctx.now - timedelta(days=options.replies_days)
    for threads, following in _listed(ctx, "commentThreads", asked, ctx.place):
        page, dates = list[Item](), list[datetime]()
        for thread in threads:
            dated = moment_or_none(thread, "snippet", "topLevelComment", "snippet", "publishedAt")
            dates += [dated] if dated else []
            page += _thread(ctx, thread, bool(dated and dated >= min(fresh, ctx.since)))
        yield from ctx.given(page)
        if ctx.all_older(dates) and max(dates) < fresh:
            return
        ctx.place = following


def _listed(
    ctx: Context[Options], what: str, asked: Mapping[str, str], token: str = ""
) -> Iterator[tuple[list[Node], str]]:
    """The items of a list from ``token`` on, page by page, each with the token of the next one;
    until there is none, or they come round again.
    """
    options, seen = ctx.options, {token}
    headers = {"X-Goog-Api-Key": options.key.get_secret_value()}

    def judge(answer: Response) -> None:
        if answer.status in REFUSED:
            raise _refusal(ctx, answer)

    for _ in ctx.page_numbers(options.max_pages):
        params = {**asked, "maxResults": "100"} | ({"pageToken": token} if token else {})
        answer = ctx.http.ask(
            f"{API}/{what}", params=params, headers=headers, known=REFUSED, judge=judge
        )
        token = text(answer.json, "nextPageToken")
        yield items(answer, "items"), token
        if not token or token in seen:
            return
        seen.add(token)


def _refusal(ctx: Context[Options], answer: Response) -> CollectError:
    said = text(answer.json, "error", "message")
    reasons = {text(error, "reason") for error in nodes(answer.json, "error", "errors")}
    if reasons & DAY_SPENT:
        until = next_midnight(ctx.now, zone_of(ZONE))
        words = "Дневная квота YouTube исчерпана, сбор продолжится завтра."
        return QuotaSpent(words, until, until - ctx.now)
    if reasons & BUSY:
        return Transient(f"YouTube просит подождать: {said}. Попробуем позже.")
    if reasons & FORGOTTEN:
        ctx.place = ""
        words = "YouTube забыл, где прервался прошлый сбор: список читается заново."
        return Transient(words, timedelta(minutes=1))  # longer than the door asks again by itself
    if reasons & GONE:
        return _Gone(f"Комментарий удалён: {said}.")
    if "commentsDisabled" in reasons:
        return NeedsHuman("Комментарии здесь отключены. Уберите источник или смените video.")
    if answer.status == 404:
        return NeedsHuman(f"YouTube не нашёл канал или видео: {said}. Проверьте channel и video.")
    return NeedsHuman(f"YouTube отказал: {said}. Проверьте ключ и включён ли YouTube Data API v3.")


def _thread(ctx: Context[Options], thread: Node, complete: bool) -> list[Item]:
    """The comment on top and its replies, all of them where ``complete``."""
    top = value(thread, "snippet", "topLevelComment")
    replies = nodes(thread, "replies", "comments")
    if complete and len(replies) < (whole(thread, "snippet", "totalReplyCount") or 0):
        replies = _replies(ctx, text(top, "id")) or replies
    channel = text(thread, "snippet", "channelId")
    own = [
        r for r in replies if channel and text(r, "snippet", "authorChannelId", "value") == channel
    ]
    others = [reply for reply in replies if reply not in own]
    video = text(thread, "snippet", "videoId")
    return ctx.readable(
        [top, *others],
        lambda comment: _mention(ctx, comment, thread, video, own if comment is top else []),
    )


def _replies(ctx: Context[Options], parent: str) -> list[Node]:
    asked = {"part": "snippet", "parentId": parent, "textFormat": "plainText"}
    try:
        return [reply for page, _ in _listed(ctx, "comments", asked) for reply in page]
    except _Gone as error:
        ctx.note(parent, str(error))
        return []


def _text(comment: Node) -> str:
    return html_to_text(text(comment, "snippet", "textDisplay")) or text(
        comment, "snippet", "textOriginal"
    )


def _mention(
    ctx: Context[Options], comment: Node, thread: Node, video: str, answers: list[Node]
) -> Mention:
    number, snippet = key(comment, "id"), value(comment, "snippet")
    parent = text(snippet, "parentId") or None
    place = (
        f"watch?v={video}&lc={number}"
        if video
        else f"channel/{text(thread, 'snippet', 'channelId')}"
    )
    answers = sorted(answers, key=lambda answer: text(answer, "snippet", "publishedAt"))
    return Mention(
        source=ctx.source,
        external_id=number,
        parent_id=parent,
        url=f"https://www.youtube.com/{place}",
        text=_text(comment),
        published_at=moment(snippet, "publishedAt"),
        author=text(snippet, "authorDisplayName") or None,
        author_id=text(snippet, "authorChannelId", "value") or None,
        likes=whole(snippet, "likeCount"),
        comments=None if parent else whole(thread, "snippet", "totalReplyCount"),
        answer_text="\n\n".join(filter(None, map(_text, answers))) or None,
        answered_at=moment_or_none(answers[0], "snippet", "publishedAt") if answers else None,
        raw={"video": video, "updated_at": text(snippet, "updatedAt")},
    )
