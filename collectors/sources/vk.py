"""VK by its API: search in open posts, a wall with its comments, a discussion board.

Methods and fields: github.com/VKCOM/vk-api-schema, version 5.199. The key goes in the body, where
no log of addresses sees it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from collectors.answers import Response
from collectors.base import (
    About,
    Context,
    Deleted,
    Item,
    Mention,
    NeedsHuman,
    Order,
    Quota,
    Transient,
    dates_of,
)
from collectors.dates import until_midnight
from collectors.options import DEFAULT_ZONE, MaxPages, Secret, SourceOptions, Word, zone_of
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

API, VERSION = "https://api.vk.com/method", "5.199"
ABOUT = About(
    title="ВКонтакте: поиск, стена, обсуждения",
    auth="сервисный ключ приложения VK (token)",
    limits="поиск: около 1000 записей на запрос и 1000 запросов в день; стена и обсуждения целиком",
    caveats="комментарии читаются под записями последних comments_days дней; картинки без слов "
    "пропускаются; ответ самой группы виден у комментария, на который она ответила",
    quota=Quota(by="token", per_second=3),
)
ORDER: Order = "unordered"  # posts newest first, but comments come under posts of any age
LOOKBACK = timedelta(days=2)  # dates are to the second; the search index and edits come late

DAY_SPENT, CAPTCHA = 29, 14
BUSY = {1: None, 6: timedelta(seconds=1), 9: timedelta(hours=1), 10: None}
BAD_KEY = {4, 5, 27, 28}
CLOSED = {7, 15, 18, 30, 203, 212}
# «[id1|Анна], добрый день»: how VK writes a link to a person or a group.
_LINK = re.compile(r"\[(?:id|club|public|event)\d+(?::bp[-\d]+_\d+)?\|([^\]]+)\]")


class Options(SourceOptions):
    """Exactly one of ``query`` (search), ``wall`` (its short name, or its id, negative for a group)
    and ``board`` (id of a group with discussions; ``topic`` narrows it to one of them).
    """

    token: Secret
    query: Word | None = None
    wall: Annotated[Word, Field(pattern=r"^(-?\d+|[A-Za-z][\w.]*)$")] | None = None
    board: Annotated[int, Field(gt=0)] | None = None
    topic: Annotated[int, Field(gt=0)] | None = None
    comments_days: Annotated[int, Field(ge=0, le=3650)] = 14
    max_pages: MaxPages = 100

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.query, self.wall, self.board)) != 1:
            raise ValueError("нужно ровно одно из трёх: query, wall или board")
        if self.topic is not None and self.board is None:
            raise ValueError("topic задаётся вместе с board")
        return self


class _Closed(NeedsHuman):
    """Closed to us or gone."""


def pages(ctx: Context) -> Iterator[list[Item]]:
    """Posts, or comments, a page of the API at a time."""
    options = _options(ctx)
    if options.query:
        yield from _search(ctx, options.query)
    elif options.wall:
        yield from _wall(ctx, options.wall)
    else:
        yield from _board(ctx, options.board or 0)


def _options(ctx: Context) -> Options:
    assert isinstance(ctx.options, Options)
    return ctx.options


def _call(ctx: Context, method: str, **params: str | int) -> Response:
    """The answer of a method; raises what its error object stands for."""
    form = {name: str(given) for name, given in params.items()}
    form |= {"extended": "1", "fields": "city", "v": VERSION}
    form["access_token"] = _options(ctx).token.get_secret_value()
    answer = ctx.http.ask(f"{API}/{method}", form=form)
    error = value(answer.json, "error")
    if error is not None:
        code = whole(error, "error_code")
        if code is None:
            raise changed(answer, "ошибка без кода")
        raise _refusal(ctx, code, text(error, "error_msg"))
    return answer


def _refusal(ctx: Context, code: int, said: str) -> NeedsHuman | Transient:
    told = f"ошибка {code}: {said}"
    if code == DAY_SPENT:
        wait = until_midnight(ctx.now, zone_of(DEFAULT_ZONE))
        return Transient("Дневной лимит запросов к VK исчерпан, сбор продолжится завтра.", wait)
    if code in BUSY:
        return Transient(f"VK просит подождать ({told}). Попробуем позже.", BUSY[code])
    if code == CAPTCHA:
        return NeedsHuman("VK требует капчу. Возьмите сервисный ключ приложения: с ним её нет.")
    if code in BAD_KEY:
        return NeedsHuman(f"VK не принимает ключ ({told}). Выпустите новый и впишите его в token.")
    if code in CLOSED:
        return _Closed(f"VK не даёт это прочесть ({told}). Проверьте, что группа открыта.")
    return NeedsHuman(f"VK отказал ({told}). Проверьте настройки источника.")


def _search(ctx: Context, query: str) -> Iterator[list[Item]]:
    """newsfeed.search from ``ctx.since`` on; it ends after about 1000 posts, without a word."""
    found, following = 0, dict[str, str]()
    seen, start = set[str](), int(ctx.since.timestamp())
    while True:
        answer = _call(ctx, "newsfeed.search", q=query, count=200, start_time=start, **following)
        posts = items(answer, "response", "items")
        found += len(posts)
        yield from _given(ctx.worded(_posts(ctx, answer, posts)))
        token = text(answer.json, "response", "next_from")
        if not posts or not token or token in seen:
            break
        seen.add(token)
        following = {"start_from": token}
    total = whole(answer.json, "response", "total_count") or 0
    if found < total:
        ctx.capped(f"VK отдал {found} записей из {total}: собирайте чаще или сузьте запрос")


def _listed(
    ctx: Context, method: str, offset: int = 0, **params: str | int
) -> Iterator[tuple[Response, list[Node]]]:
    """Answers of a method and their items, page by page."""
    options = _options(ctx)
    for _ in range(options.max_pages):
        answer = _call(ctx, method, count=100, offset=offset, **params)
        found = items(answer, "response", "items")
        if not found:
            return
        yield answer, found
        offset += len(found)
        total = whole(answer.json, "response", "current_level_count")
        total = whole(answer.json, "response", "count") if total is None else total
        if total is not None and offset >= total:
            return
    ctx.capped(f"прочитано страниц: {options.max_pages} (max_pages)")


def _wall(ctx: Context, wall: str) -> Iterator[list[Item]]:
    """Posts newest first, each page followed by the comments under its recent posts."""
    fresh = ctx.now - timedelta(days=_options(ctx).comments_days)
    place = {"owner_id" if wall.lstrip("-").isdecimal() else "domain": wall}
    for answer, posts in _listed(ctx, "wall.get", 0, **place):
        page = _posts(ctx, answer, posts)
        yield from _given(ctx.worded(page))
        for post in posts:
            dated = moment_or_none(post, "date")
            if whole(post, "comments", "count") and dated and dated >= fresh:
                yield from _comments(ctx, text(post, "owner_id"), text(post, "id"))
        if ctx.all_older(dates_of(page)) and max(dates_of(page)) < fresh:
            return


def _comments(ctx: Context, owner: str, post: str) -> Iterator[list[Item]]:
    """All comments under a post: replies to an old one are new, so none is too old to look at."""
    place = {"owner_id": owner, "post_id": post, "need_likes": "1", "preview_length": "0"}
    place |= {"sort": "asc", "thread_items_count": "10"}
    try:
        for answer, comments in _listed(ctx, "wall.getComments", 0, **place):
            people, page = _people(answer), list[Item]()
            for comment in comments:
                page += _thread(ctx, comment, people, place)
            yield from _given(ctx.worded(page))
    except _Closed as error:
        ctx.note(f"wall{owner}_{post}", str(error))


def _thread(
    ctx: Context, top: Node, people: dict[str, Node], place: Mapping[str, str]
) -> list[Item]:
    """A comment and the replies to it; the group's own replies become answers."""
    owner, post = place["owner_id"], f"wall{place['owner_id']}_{place['post_id']}"
    replies = nodes(top, "thread", "items")
    if len(replies) < (whole(top, "thread", "count") or 0):
        rest = _listed(ctx, "wall.getComments", len(replies), comment_id=text(top, "id"), **place)
        for answer, more in rest:
            replies += more
            people |= _people(answer)
    official = [r for r in replies if owner.startswith("-") and text(r, "from_id") == owner]
    thread = [top, *(reply for reply in replies if reply not in official)]
    answers = _answers(thread, official)
    return ctx.readable(
        thread,
        lambda comment: _comment(ctx, post, comment, people, answers.get(text(comment, "id"), [])),
    )


def _answers(thread: list[Node], official: list[Node]) -> dict[str, list[Node]]:
    """Id of a comment -> the group's replies to it; the top's, where that comment is gone."""
    ids, found = [text(comment, "id") for comment in thread], dict[str, list[Node]]()
    for reply in official:
        to = text(reply, "reply_to_comment")
        found.setdefault(to if to in ids else ids[0], []).append(reply)
    return found


def _board(ctx: Context, group: int) -> Iterator[list[Item]]:
    """The comments of every topic that changed since; pinned ones stand on top, old or new."""
    only = _options(ctx).topic
    if only:
        yield from _topic(ctx, group, only, "")
        return
    for answer, topics in _listed(ctx, "board.getTopics", group_id=group, order=1):
        ages = list[datetime]()
        for topic in topics:
            number, updated = whole(topic, "id"), moment_or_none(topic, "updated")
            if number is None or updated is None:
                raise changed(answer, "обсуждение без id или даты")
            if updated >= ctx.since:
                yield from _topic(ctx, group, number, text(topic, "title"))
            if not value(topic, "is_fixed"):
                ages.append(updated)
        if ctx.all_older(ages):
            return


def _topic(ctx: Context, group: int, topic: int, title: str) -> Iterator[list[Item]]:
    """The comments of a topic, newest first."""
    asked: dict[str, str | int] = {"group_id": group, "topic_id": topic}
    asked |= {"need_likes": 1, "sort": "desc"}
    for answer, comments in _listed(ctx, "board.getComments", 0, **asked):
        page = _topic_page(ctx, f"topic-{group}_{topic}", title, answer, comments)
        yield from _given(ctx.worded(page))
        if ctx.all_older(dates_of(page)):
            return


def _topic_page(
    ctx: Context, place: str, title: str, answer: Response, comments: list[Node]
) -> list[Item]:
    people = _people(answer)
    return ctx.readable(
        comments, lambda comment: _topic_comment(ctx, place, title, comment, people)
    )


def _given(page: list[Item]) -> Iterator[list[Item]]:
    """The page, unless nothing is left of it (pictures only): an empty one means another thing."""
    if page:
        yield page


def _posts(ctx: Context, answer: Response, posts: list[Node]) -> list[Item]:
    people = _people(answer)
    return ctx.readable(posts, lambda post: _post(ctx, post, people))


def _people(answer: Response) -> dict[str, Node]:
    """Id as ``from_id`` has it (groups negative) -> profile or group."""
    body = answer.json
    found = {text(person, "id"): person for person in nodes(body, "response", "profiles")}
    return found | {f"-{text(group, 'id')}": group for group in nodes(body, "response", "groups")}


def _name(person: Node | None) -> str | None:
    names = (text(person, "name"), text(person, "first_name"), text(person, "last_name"))
    return " ".join(filter(None, names)) or None


def _words(node: Node) -> str:
    return _LINK.sub(r"\1", text(node, "text"))


def _post_key(post: Node) -> str:
    return f"wall{key(post, 'owner_id')}_{key(post, 'id')}"


def _post(ctx: Context, post: Node, people: Mapping[str, Node]) -> Mention:
    author = text(post, "signer_id") or text(post, "from_id") or key(post, "owner_id")
    copies = nodes(post, "copy_history")
    attached = [text(one, "type") for one in nodes(post, "attachments")]
    return Mention(
        source=ctx.source,
        external_id=_post_key(post),
        url=f"https://vk.com/{_post_key(post)}",
        text=_words(post) or (_words(copies[0]) if copies else ""),
        published_at=moment(post, "date"),
        author=_name(people.get(author)),
        author_id=author,
        repost_of=_post_key(copies[0]) if copies else None,
        likes=whole(post, "likes", "count"),
        comments=whole(post, "comments", "count"),
        reposts=whole(post, "reposts", "count"),
        views=whole(post, "views", "count"),
        city=text(people.get(author), "city", "title") or None,
        place=text(post, "geo", "place", "title") or None,
        raw={
            "post_type": text(post, "post_type"),
            "ads": bool(whole(post, "marked_as_ads")),
            "edited": whole(post, "edited"),
            "attachments": attached,
        },
    )


def _comment(
    ctx: Context, post: str, comment: Node, people: Mapping[str, Node], answers: list[Node]
) -> Item:
    number, author = key(comment, "id"), text(comment, "from_id")
    if value(comment, "deleted") is True:
        return Deleted(f"{post}_r{number}")
    replied = text(comment, "reply_to_comment")
    return Mention(
        source=ctx.source,
        external_id=f"{post}_r{number}",
        parent_id=f"{post}_r{replied}" if replied else post,
        url=f"https://vk.com/{post}?reply={number}",
        text=_words(comment),
        published_at=moment(comment, "date"),
        author=_name(people.get(author)),
        author_id=author or None,
        likes=whole(comment, "likes", "count"),
        comments=whole(comment, "thread", "count"),
        city=text(people.get(author), "city", "title") or None,
        answer_text="\n\n".join(filter(None, map(_words, answers))) or None,
        answered_at=moment_or_none(answers[0], "date") if answers else None,
        raw={"attachments": [text(one, "type") for one in nodes(comment, "attachments")]},
    )


def _topic_comment(
    ctx: Context, place: str, title: str, comment: Node, people: Mapping[str, Node]
) -> Mention:
    number, author = key(comment, "id"), text(comment, "from_id")
    return Mention(
        source=ctx.source,
        external_id=f"{place}_{number}",
        url=f"https://vk.com/{place}?post={number}",
        text=_words(comment),
        published_at=moment(comment, "date"),
        author=_name(people.get(author)),
        author_id=author or None,
        likes=whole(comment, "likes", "count"),
        city=text(people.get(author), "city", "title") or None,
        raw={"topic": title},
    )
