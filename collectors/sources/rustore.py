"""Reviews of one's own app by the RuStore API.

rustore.ru/help/work-with-rustore-api: a signed key id and moment give a token for 15 minutes. The
developer's answers are a list of their own.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from itertools import count
from typing import Any

from collectors import shapes, tokens
from collectors.answers import Response
from collectors.base import About, Context, Deleted, Item, Mention, Order, dates_of
from collectors.errors import LayoutChanged, NeedsHuman
from collectors.options import Package, Word
from collectors.tokens import Access, KeyOptions

API = "https://public-api.rustore.ru/public/"
MOSCOW = timezone(timedelta(hours=3))
PAGE = 100
GONE = {"HIDDEN", "DELETED", "REJECTED"}
KEPT = ("dislikeCounter", "edited", "updatedAt")
ABOUT = About(
    title="RuStore: отзывы своего приложения",
    auth="закрытый ключ RuStore API и его keyId: Консоль → Компания → API RuStore",
    limits="вся история, 100 отзывов на запрос",
    caveats="порядок отзывов не обещан: пока он не по датам, список читается целиком; ответы "
    "разработчика читаются каждый раз все, по 100 в запросе",
)
ORDER: Order = "unordered"
LOOKBACK = timedelta(days=4)  # dates are exact; moderation takes days


class Options(KeyOptions):
    """``package`` is the app's name in its address, ``key_id`` the number of the key."""

    package: Package
    key_id: Word


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """All pages; while their dates do come in order, only as far back as asked for."""
    access, dates = _access(ctx), list[datetime]()
    answers: Mapping[str, shapes.Node] | None = None
    for reviews in _listed(ctx, access, "comment"):
        if answers is None:
            answers = _answers(ctx, access)
        page = _page(ctx, reviews, answers)
        yield from ctx.given(page)
        dates += dates_of(page)
        if dates == sorted(dates, reverse=True) and ctx.all_older(dates_of(page)):
            return


def _page(
    ctx: Context[Options], reviews: list[Any], answers: Mapping[str, shapes.Node]
) -> list[Item]:
    return ctx.readable(reviews, lambda review: _item(ctx, review, answers))


def _listed(ctx: Context[Options], access: Access, what: str) -> Iterator[list[Any]]:
    """The pages of a list, which stands in «body» itself or in its «content»."""
    for number in count():
        url = f"{API}v1/application/{ctx.options.package}/{what}"
        answer = access.ask(url, {"page": number, "size": PAGE})
        _agreed(answer)
        bare = isinstance(shapes.value(answer.json, "body"), list)
        found = shapes.items(answer, "body") if bare else shapes.items(answer, "body", "content")
        if not found:
            return
        yield found
        last = shapes.value(answer.json, "body", "last")
        if last if isinstance(last, bool) else len(found) < PAGE:
            return


def _answers(ctx: Context[Options], access: Access) -> dict[str, shapes.Node]:
    """Id of a review -> the developer's published answer; without them the reviews come all the
    same.
    """
    found, seen = dict[str, shapes.Node](), set[str]()
    try:
        for page in _listed(ctx, access, "feedback"):
            new = [one for one in page if shapes.text(one, "id") not in seen]
            if not new:  # a list that is not read on by number
                break
            seen.update(shapes.text(one, "id") for one in new)
            published = (one for one in new if shapes.text(one, "status") == "PUBLISHED")
            found |= {shapes.text(one, "commentId"): one for one in published}
    except (LayoutChanged, NeedsHuman) as error:
        ctx.note(ctx.source, f"Ответы разработчика не прочитаны: {error}")
    return found


def _access(ctx: Context[Options]) -> Access:
    key, key_id = tokens.rsa_key(ctx.options.written_key), ctx.options.key_id.strip()

    def issue() -> str:
        moment = ctx.http.now().astimezone(MOSCOW).isoformat(timespec="milliseconds")
        signature = tokens.rsa_signature(key, key_id + moment)
        asked = {"keyId": key_id, "timestamp": moment, "signature": signature}
        answer = ctx.http.ask(f"{API}auth/", json=asked, known=tokens.REFUSED)
        if answer.status in tokens.REFUSED:
            raise _refused(answer)
        _agreed(answer)
        token = shapes.text(answer.json, "body", "jwe")
        if not token:
            raise shapes.changed(answer, "нет поля «body.jwe»")
        return token

    return Access(ctx.http, issue, lambda token: {"Public-Token": token})


def _agreed(answer: Response) -> None:
    """Raise where a body of status 200 says that something is wrong."""
    code = shapes.text(answer.json, "code")
    if not code:
        raise shapes.changed(answer, "нет поля «code»")
    if code != "OK":
        raise _refused(answer)


def _refused(answer: Response) -> NeedsHuman:
    reason = shapes.text(answer.json, "message") or "причина не названа"
    return NeedsHuman(
        f"RuStore отказал: {reason[:200]}. Проверьте key_id, ключ, права ключа на отзывы и часы "
        "сервера (разница не больше минуты).",
        answer.status,
    )


def _item(ctx: Context[Options], review: Any, answers: Mapping[str, shapes.Node]) -> Item:
    key = shapes.key(review, "commentId")
    status = shapes.text(review, "commentStatus")
    if status in GONE:
        return Deleted(key)
    answer = answers.get(key)
    return Mention(
        source=ctx.source,
        external_id=key,
        text=shapes.text(review, "commentText"),
        url=f"https://www.rustore.ru/catalog/app/{ctx.options.package}/reviews",
        published_at=shapes.moment(review, "commentDate", zone=MOSCOW),
        author=shapes.text(review, "userName") or None,
        rating=shapes.whole(review, "appRating"),
        likes=shapes.whole(review, "likeCounter"),
        app_version=shapes.text(review, "appVersionName") or None,
        answer_text=shapes.text(answer, "text") or None,
        answered_at=shapes.moment_or_none(answer, "date", zone=MOSCOW),
        raw={"status": status} | {name: review[name] for name in KEPT if name in review},
    )
