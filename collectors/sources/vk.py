"""VK by its API: search in open posts, a wall with its comments, a discussion board."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from collectors.answers import Response
from collectors.base import About, Context, Deleted, Item, Mention, Order, Quota, dates_of
from collectors.options import Word
from collectors.shapes import (
    Node,
    changed,
    items,
    key,
    moment,
    moment_or_none,
    nodes,
    text,
    value,
    whole,
)
from collectors.vk_api import Access, Closed, call, city_of, listed, name_of, people, words

ABOUT = About(
    title="ВКонтакте: поиск, стена, обсуждения",
    auth="сервисный ключ приложения VK (token)",
    limits="поиск: около 1000 записей на запрос и 1000 запросов в день; стена и обсуждения целиком",
    caveats="комментарии читаются под записями последних comments_days дней; картинки без слов "
    "пропускаются; ответ самой группы виден у комментария, на который она ответила",
    quota=Quota(by="token", per_second=3, per_day=1000, day_of="query", zone="Europe/Moscow"),
)
ORDER: Order = "unordered"  # posts newest first, but comments come under posts of any age
LOOKBACK = timedelta(days=2)  # dates are to the second; the search index and edits come late

# «[id102:bp-501_10|Олег], проверим»: a comment of a board that answers comment 10.
_ANSWERED = re.compile(r"\A\[\w+:bp-\d+_(\d+)\|")


class Options(Access):
    """Exactly one of ``query`` (search), ``wall`` (its short name, or its id, negative for a group)
    and ``board`` (id of a group with discussions; ``topic`` narrows it to one of them).
    """

    query: Word | None = None
    wall: Annotated[Word, Field(pattern=r"^(-?\d+|[A-Za-z][\w.]*)$")] | None = None
    board: Annotated[int, Field(gt=0)] | None = None
    topic: Annotated[int, Field(gt=0)] | None = None
    comments_days: Annotated[int, Field(ge=0, le=3650)] = 14

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.query, self.wall, self.board)) != 1:
            raise ValueError("нужно ровно одно из трёх: query, wall или board")
        if self.topic is not None and self.board is None:
            raise ValueError("topic задаётся вместе с board")
        return self


class _Talk(NamedTuple):
    """Where comments stand: under a post (``wall-1_2``) or in a topic (``topic-1_2``).

    ``mark`` joins a comment's number to it in a key, ``param`` in an address. ``title`` is a
    topic's; ``people`` have said something there.
    """

    place: str
    mark: str
    param: str
    title: str
    people: Mapping[str, Node]


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Posts, or comments, a page of the API at a time."""
    if ctx.options.query:
        yield from _search(ctx, ctx.options.query)
    elif ctx.options.wall:
        yield from _wall(ctx, ctx.options.wall)
    else:
        yield from _board(ctx, ctx.options.board or 0)


def _search(ctx: Context[Options], query: str) -> Iterator[list[Item]]:
    """newsfeed.search from ``ctx.since`` on; it ends after about 1000 posts, without a word."""
    found, following = 0, dict[str, str]()
    seen, start = set[str](), int(ctx.since.timestamp())
    while True:
        answer = call(ctx, "newsfeed.search", q=query, count=200, start_time=start, **following)
        posts = items(answer, "response", "items")
        found += len(posts)
        yield from ctx.given(ctx.worded(_posts(ctx, answer, posts)))
        token = text(answer.json, "response", "next_from")
        if not posts or not token or token in seen:
            break
        seen.add(token)
        following = {"start_from": token}
    total = whole(answer.json, "response", "total_count") or 0
    if found < total:
        ctx.capped(f"VK отдал {found} записей из {total}: собирайте чаще или сузьте запрос")


def _wall(ctx: Context[Options], wall: str) -> Iterator[list[Item]]:
    """Posts newest first, each page followed by the comments under its recent posts."""
    fresh = ctx.now - timedelta(days=ctx.options.comments_days)
    place = {"owner_id" if wall.lstrip("-").isdecimal() else "domain": wall}
    for answer, posts in listed(ctx, "wall.get", 0, **place):
        page = _posts(ctx, answer, posts)
        yield from ctx.given(ctx.worded(page))
        for post in posts:
            dated = moment_or_none(post, "date")
            if whole(post, "comments", "count") and dated and dated >= fresh:
                yield from _comments(ctx, text(post, "owner_id"), text(post, "id"))
        if ctx.all_older(dates_of(page)) and max(dates_of(page)) < fresh:
            return


def _comments(ctx: Context[Options], owner: str, post: str) -> Iterator[list[Item]]:
    """All comments under a post: replies to an old one are new, so none is too old to look at."""
    place = {"owner_id": owner, "post_id": post, "need_likes": "1", "preview_length": "0"}
    place |= {"sort": "asc", "thread_items_count": "10"}
    try:
        for answer, comments in listed(ctx, "wall.getComments", 0, **place):
            page = list[Item]()
            for comment in comments:
                page += _thread(ctx, comment, people(answer), place)
            yield from ctx.given(ctx.worded(page))
    except Closed as error:
        ctx.note(f"wall{owner}_{post}", str(error))


def _thread(
    ctx: Context[Options], top: Node, known: dict[str, Node], place: Mapping[str, str]
) -> list[Item]:
    """A comment and the replies to it; the group's own replies become answers."""
    owner, replies = place["owner_id"], nodes(top, "thread", "items")
    if len(replies) < (whole(top, "thread", "count") or 0):
        rest = listed(ctx, "wall.getComments", len(replies), comment_id=text(top, "id"), **place)
        for answer, more in rest:
            replies += more
            known |= people(answer)
    official = [r for r in replies if owner.startswith("-") and text(r, "from_id") == owner]
    thread = [top, *(reply for reply in replies if reply not in official)]
    answers = _answers(thread, official)
    talk = _Talk(f"wall{owner}_{place['post_id']}", "_r", "reply", "", known)
    return ctx.readable(
        thread, lambda comment: _comment(ctx, talk, comment, answers.get(text(comment, "id"), []))
    )


def _answers(thread: list[Node], official: list[Node]) -> dict[str, list[Node]]:
    """Id of a comment -> the group's replies to it; the top's, where that comment is gone."""
    ids, found = [text(comment, "id") for comment in thread], dict[str, list[Node]]()
    for reply in official:
        to = text(reply, "reply_to_comment")
        found.setdefault(to if to in ids else ids[0], []).append(reply)
    return found


def _board(ctx: Context[Options], group: int) -> Iterator[list[Item]]:
    """The comments of every topic that changed since; pinned ones stand on top, old or new."""
    if ctx.options.topic:
        yield from _topic(ctx, group, ctx.options.topic, "")
        return
    for answer, topics in listed(ctx, "board.getTopics", group_id=group, order=1):
        ages = list[datetime]()
        for topic in topics:
            number, updated = whole(topic, "id"), moment_or_none(topic, "updated")
            if number is None or updated is None:
                raise changed(answer, "обсуждение без id или даты")
            if updated >= ctx.since:
                yield from _one_of(ctx, group, number, text(topic, "title"))
            if not value(topic, "is_fixed"):
                ages.append(updated)
        if ctx.all_older(ages):
            return


def _one_of(ctx: Context[Options], group: int, topic: int, title: str) -> Iterator[list[Item]]:
    """A topic of several: one that is closed does not take the others with it."""
    try:
        yield from _topic(ctx, group, topic, title)
    except Closed as error:
        ctx.note(f"topic-{group}_{topic}", str(error))


def _topic(ctx: Context[Options], group: int, topic: int, title: str) -> Iterator[list[Item]]:
    """The comments of a topic, newest first; the group's own stand among them."""
    asked: dict[str, str | int] = {"group_id": group, "topic_id": topic}
    asked |= {"need_likes": 1, "sort": "desc"}
    for answer, comments in listed(ctx, "board.getComments", 0, **asked):
        talk = _Talk(f"topic-{group}_{topic}", "_", "post", title, people(answer))
        page = _topic_page(ctx, talk, comments)
        yield from ctx.given(ctx.worded(page))
        if ctx.all_older(dates_of(page)):
            return


def _topic_page(ctx: Context[Options], talk: _Talk, comments: list[Node]) -> list[Item]:
    return ctx.readable(comments, lambda comment: _comment(ctx, talk, comment))


def _posts(ctx: Context[Options], answer: Response, posts: list[Node]) -> list[Item]:
    known = people(answer)
    return ctx.readable(posts, lambda post: _post(ctx, post, known))


def _post(ctx: Context[Options], post: Node, known: Mapping[str, Node]) -> Mention:
    place = f"wall{key(post, 'owner_id')}_{key(post, 'id')}"
    author = text(post, "signer_id") or text(post, "from_id") or text(post, "owner_id")
    own, (shared, origin) = words(post), _shared(post)
    return Mention(
        source=ctx.source,
        external_id=place,
        url=f"https://vk.com/{place}",
        text=own or shared,
        published_at=moment(post, "date"),
        author=name_of(known.get(author)),
        author_id=author,
        # With words of its own a post that shares is a mention of its own.
        repost_of=None if own else origin,
        likes=whole(post, "likes", "count"),
        comments=whole(post, "comments", "count"),
        reposts=whole(post, "reposts", "count"),
        views=whole(post, "views", "count"),
        city=city_of(known.get(author)),
        place=text(post, "geo", "place", "title") or None,
        raw={
            "post_type": text(post, "post_type"),
            "ads": bool(whole(post, "marked_as_ads")),
            "edited": whole(post, "edited"),
            "attachments": [text(one, "type") for one in nodes(post, "attachments")],
            "shares": origin,
        },
    )


def _shared(post: Node) -> tuple[str, str | None]:
    """Words and key of what a post shares: of a chain, the nearest one with words."""
    copies = nodes(post, "copy_history")
    copy = next(filter(words, copies), copies[0] if copies else None)
    if copy is None:
        return "", None
    owner, number = text(copy, "owner_id"), text(copy, "id")
    return words(copy), f"wall{owner}_{number}" if owner and number else None


def _comment(
    ctx: Context[Options], talk: _Talk, comment: Node, answers: Sequence[Node] = ()
) -> Item:
    number, author = key(comment, "id"), text(comment, "from_id")
    if value(comment, "deleted") is True:
        return Deleted(f"{talk.place}{talk.mark}{number}")
    attached = [text(one, "type") for one in nodes(comment, "attachments")]
    return Mention(
        source=ctx.source,
        external_id=f"{talk.place}{talk.mark}{number}",
        parent_id=_parent(talk, comment),
        url=f"https://vk.com/{talk.place}?{talk.param}={number}",
        text=words(comment),
        published_at=moment(comment, "date"),
        author=name_of(talk.people.get(author)),
        author_id=author or None,
        likes=whole(comment, "likes", "count"),
        comments=whole(comment, "thread", "count"),
        city=city_of(talk.people.get(author)),
        answer_text="\n\n".join(filter(None, map(words, answers))) or None,
        answered_at=moment_or_none(answers[0], "date") if answers else None,
        raw={"topic": talk.title} if talk.title else {"attachments": attached},
    )


def _parent(talk: _Talk, comment: Node) -> str | None:
    """What a comment answers: another comment, the post it stands under, or nothing."""
    answered = _ANSWERED.match(text(comment, "text"))
    to = text(comment, "reply_to_comment") or (answered[1] if answered else "")
    if to:
        return f"{talk.place}{talk.mark}{to}"
    return talk.place if talk.param == "reply" else None
