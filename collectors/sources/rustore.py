"""Reviews of one's own app by the RuStore API.

rustore.ru/help/work-with-rustore-api: a signed key id and moment give a token for 15 minutes.
"""

from collections.abc import Iterator
from datetime import timedelta, timezone
from itertools import count
from typing import Any

from collectors import shapes, tokens
from collectors.answers import Response
from collectors.base import About, Context, Deleted, Item, Mention, NeedsHuman, Order, dates_of
from collectors.options import Package, Word
from collectors.tokens import Access, KeyOptions

API = "https://public-api.rustore.ru/public/"
MOSCOW = timezone(timedelta(hours=3))
PAGE = 100
GONE = {"HIDDEN", "DELETED", "REJECTED"}
ABOUT = About(
    title="RuStore: отзывы своего приложения",
    auth="закрытый ключ RuStore API и его keyId: Консоль → Компания → API RuStore",
    limits="вся история, 100 отзывов на запрос",
    caveats="порядок отзывов не обещан: пока он не по датам, список читается целиком",
)
ORDER: Order = "unordered"
LOOKBACK = timedelta(days=4)  # dates are exact; moderation takes days


class Options(KeyOptions):
    """``package`` is the app's name in its address, ``key_id`` the number of the key."""

    package: Package
    key_id: Word


def pages(ctx: Context) -> Iterator[list[Item]]:
    """All pages; while their dates do come in order, only as far back as asked for."""
    assert isinstance(ctx.options, Options)
    options = ctx.options
    url = f"{API}v1/application/{options.package}/comment"
    access, dates = _access(ctx), []
    for number in count():
        answer = access.ask(url, {"page": number, "size": PAGE})
        _agreed(answer)
        reviews = shapes.items(answer, "body", "content")
        page = ctx.readable(reviews, lambda review: _item(ctx, review))
        if page or ctx.unreadable:
            yield page
        dates += dates_of(page)
        in_order = dates == sorted(dates, reverse=True)
        last = shapes.value(answer.json, "body", "last")
        is_last = last if isinstance(last, bool) else len(reviews) < PAGE
        if is_last or not reviews or (in_order and ctx.all_older(dates_of(page))):
            return


def _access(ctx: Context) -> Access:
    assert isinstance(ctx.options, Options)
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


def _item(ctx: Context, review: Any) -> Item:
    assert isinstance(ctx.options, Options)
    key = shapes.key(review, "commentId")
    status = shapes.text(review, "commentStatus")
    if status in GONE:
        return Deleted(key)
    return Mention(
        source=ctx.source,
        external_id=key,
        text=shapes.text(review, "commentText"),
        url=f"https://www.rustore.ru/catalog/app/{ctx.options.package}/reviews",
        published_at=shapes.moment(review, "commentDate", zone=MOSCOW),
        author=shapes.text(review, "userName") or None,
        rating=shapes.whole(review, "appRating"),
        raw={"status": status},
    )
