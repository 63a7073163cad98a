"""Reviews of one's own goods on Ozon.

docs.ozon.ru/api/seller, method /v2/review/list (the first version is to be switched off): newest
first, from one ``last_id`` to the next.
"""

from collections.abc import Iterator
from datetime import timedelta

from collectors import shapes
from collectors.answers import Response
from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.errors import NeedsHuman
from collectors.options import Digits, Secret, SourceOptions

URL = "https://api-seller.ozon.ru/v2/review/list"
PAGE = 100
FORBIDDEN = 403
ABOUT = About(
    title="Ozon: отзывы о своих товарах",
    auth="Client-Id и Api-Key: кабинет продавца → Настройки → Seller API",
    limits="вся история, 100 отзывов на запрос; нужна подписка Premium Plus или другая, "
    "которая открывает отзывы",
    caveats="имени автора и названия товара API не отдаёт, от ответов — только их число; без "
    "подписки есть выгрузка CSV из кабинета",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=4)  # moderation


class Options(SourceOptions):
    """The shop's number and its key."""

    client_id: Digits
    api_key: Secret


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Page after page until all reviews of one are older than ``ctx.since``."""
    last_id, asked = "", set[str]()
    while last_id not in asked:
        asked.add(last_id)
        answer = _ask(ctx, last_id)
        found = shapes.items(answer, "reviews")
        page = ctx.readable(found, lambda review: _mention(ctx, review))
        yield from ctx.given(page)
        last_id = shapes.text(answer.json, "last_id")
        more = shapes.value(answer.json, "has_next") is True
        if not more or not found or ctx.all_older(dates_of(page)):
            return
    ctx.note(ctx.source, "Ozon повторил last_id, список закончен.")


def _ask(ctx: Context[Options], last_id: str) -> Response:
    options = ctx.options
    headers = {"Client-Id": options.client_id, "Api-Key": options.api_key.get_secret_value()}
    body = {"limit": PAGE, "sort_dir": "DESC"} | ({"last_id": last_id} if last_id else {})
    answer = ctx.http.ask(URL, headers=headers, json=body, known={FORBIDDEN})
    if answer.status == FORBIDDEN:
        raise NeedsHuman(
            "Ozon не даёт отзывы (403). Проверьте Client-Id и ключ: его роль должна включать "
            "отзывы, а у магазина должна быть подписка Premium Plus или другая, которая открывает "
            "отзывы.",
            FORBIDDEN,
        )
    return answer


def _mention(ctx: Context[Options], review: shapes.Node) -> Mention:
    sku = shapes.text(review, "sku")
    kept = ("status", "order_status", "photos_amount", "videos_amount", "is_rating_participant")
    return Mention(
        source=ctx.source,
        external_id=shapes.key(review, "id"),
        text=shapes.text(review, "text"),
        url=f"https://www.ozon.ru/product/{sku}/" if sku else "",
        published_at=shapes.moment(review, "published_at"),
        rating=shapes.whole(review, "rating"),
        comments=shapes.whole(review, "comments_amount"),
        product=sku or None,
        raw={"sku": sku, **{name: review[name] for name in kept if name in review}},
    )
