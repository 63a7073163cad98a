"""Reviews of any app as the pages of Google Play load them: an interface nobody promised.

The call is ``oCPfdb`` of «batchexecute»; the places in its nested lists are those that the
google-play-scraper libraries (JoMingyu, facundoolano) read.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from pydantic import Field

from collectors import shapes
from collectors.answers import Response
from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.errors import Transient
from collectors.options import MaxPages, Package, SourceOptions, Terms

URL = "https://play.google.com/_/PlayStoreUi/data/batchexecute"
CALL, PREFIX = "oCPfdb", ")]}'"
NEWEST, PAGE = 2, 100
EXHAUSTED = 8  # the gRPC status of a call that came too often
ABOUT = About(
    title="Google Play: отзывы любого приложения",
    auth="не нужен",
    limits="столько, сколько листает магазин, не больше max_pages страниц по 100 отзывов",
    caveats="внутренний интерфейс сайта: может закрыться в любой день; прочтите условия Google",
    unofficial=True,
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=2)
Code = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class Options(SourceOptions):
    """``package`` is the app's name in its address; reviews are listed by ``language``.

    ``accept_terms: true`` says that the owner has read the site's terms.
    """

    package: Package
    accept_terms: Terms = False
    language: Code = "ru"
    country: Code = "ru"
    max_pages: MaxPages = 50


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Reviews, newest first; a token that comes back ends the list."""
    options, token, used = ctx.options, "", set[str]()
    for _ in ctx.page_numbers(options.max_pages):
        used.add(token)
        answer = ctx.http.ask(
            URL,
            params={"hl": options.language, "gl": options.country},
            form={"f.req": _question(options.package, token)},
            judge=_payload,
        )
        payload = _payload(answer)
        reviews = _at(payload, 0) or []
        if not isinstance(reviews, list):
            raise shapes.changed(answer, "нет списка отзывов")
        page = ctx.readable(reviews, lambda review: _mention(ctx, review))
        yield from ctx.given(page)
        token = shapes.text(_at(payload, 1, 1))
        if not token or token in used or ctx.all_older(dates_of(page)):
            return


def _question(package: str, token: str) -> str:
    """The call as the site's own scripts write it: JSON inside JSON."""
    paging: list[Any] = [PAGE, None, token] if token else [PAGE]
    inner = [None, [2, NEWEST, paging, None, [None] * 9], [package, 7]]
    call = [CALL, _compact(inner), None, "generic"]
    return _compact([[call]])


def _compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


def _payload(answer: Response) -> Any:
    """What the call returned, out of its envelope."""
    body = answer.text.strip()
    if not body.startswith(PREFIX):
        raise shapes.changed(answer, "нет обычного начала ответа")
    try:
        envelope = json.loads(body.removeprefix(PREFIX))
        ours = next(part for part in envelope if _at(part, 1) == CALL)
        written = _at(ours, 2)
        if written is None and _at(ours, 5, 0) == EXHAUSTED:
            raise Transient("Google Play просит подождать. Попробуем позже.")
        return json.loads(written)
    except (ValueError, TypeError, StopIteration, RecursionError) as error:
        raise shapes.changed(answer, "в ответе нет отзывов") from error


def _at(node: Any, *places: int) -> Any:
    """What stands at ``places`` of nested lists; None where there is nothing."""
    for place in places:
        node = node[place] if isinstance(node, list) and place < len(node) else None
    return node


def _mention(ctx: Context[Options], review: Any) -> Mention:
    known = {
        "id": _at(review, 0),
        "at": _at(review, 5, 0),
        "replied": _at(review, 7, 2, 0),
        "rating": _at(review, 2),
        "likes": _at(review, 6),
    }
    key = shapes.key(known, "id")
    return Mention(
        source=ctx.source,
        external_id=key,
        text=shapes.text(_at(review, 4)),
        url=f"https://play.google.com/store/apps/details?id={ctx.options.package}&reviewId={key}",
        published_at=shapes.moment(known, "at"),
        author=shapes.text(_at(review, 1, 0)) or None,
        rating=shapes.whole(known, "rating"),
        likes=shapes.whole(known, "likes"),
        app_version=shapes.text(_at(review, 10)) or None,
        answer_text=shapes.text(_at(review, 7, 1)) or None,
        answered_at=shapes.moment_or_none(known, "replied"),
        raw={"language": ctx.options.language, "country": ctx.options.country},
    )
