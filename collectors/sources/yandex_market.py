"""Reviews of one's own goods on Yandex Market.

yandex.ru/dev/market/partner-api, goods-feedback: a window of at most six months, both ends open,
in order of publication; the next page by its token.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

from collectors import shapes
from collectors.base import About, Context, Item, Mention, Order, Quota
from collectors.options import Digits, Secret, SourceOptions
from collectors.texts import with_pros_and_cons

API = "https://api.partner.market.yandex.ru/v2/businesses/{business}/goods-feedback"
PAGE = 50
WINDOW = timedelta(days=180)
SECOND = timedelta(seconds=1)
ABOUT = About(
    title="Яндекс Маркет: отзывы о своих товарах",
    auth="ключ Api-Key с доступом к отзывам: кабинет → Настройки → API и модули",
    limits="окна не длиннее полугода, 50 отзывов на запрос, 5000 запросов в час",
    caveats="впервые читается months месяцев назад; удалённые отзывы API просто не показывает, "
    "тексты ответов магазина не приходят",
    quota=Quota(by="business_id", per_second=1.3),
)
ORDER: Order = "unordered"
LOOKBACK = timedelta(days=4)  # moderation


class Options(SourceOptions):
    """The number of the cabinet («business»), its key, and how far back the first reading goes."""

    business_id: Digits
    api_key: Secret
    months: Annotated[int, Field(ge=1, le=120)] = 24


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Window after window, the oldest first."""
    begin = max(ctx.since, ctx.now - timedelta(days=30 * ctx.options.months))
    while begin < ctx.now:
        end = min(begin + WINDOW, ctx.now)
        yield from _window(ctx, begin, end)
        begin = end


def _window(ctx: Context[Options], begin: datetime, end: datetime) -> Iterator[list[Item]]:
    """The pages of one window."""
    url = API.format(business=ctx.options.business_id)
    headers = {"Api-Key": ctx.options.api_key.get_secret_value()}
    body = {"dateTimeFrom": _written(begin - SECOND), "dateTimeTo": _written(end)}
    params: dict[str, str | int] = {"limit": PAGE}
    asked = set[str]()
    while True:
        answer = ctx.http.ask(url, params=params, headers=headers, json=body)
        found = shapes.items(answer, "result", "feedbacks")
        page = ctx.readable(found, lambda feedback: _mention(ctx, feedback))
        yield from ctx.given(page)
        token = shapes.text(answer.json, "result", "paging", "nextPageToken")
        if not token or not found:
            return
        if token in asked:
            ctx.note(ctx.source, "Маркет повторил page_token, список закончен.")
            return
        asked.add(token)
        params["page_token"] = token


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mention(ctx: Context[Options], feedback: shapes.Node) -> Mention:
    key = shapes.key(feedback, "feedbackId")
    words = ("comment", "advantages", "disadvantages")
    parts = (shapes.text(feedback, "description", name).strip() for name in words)
    raw = {name: feedback[name] for name in ("identifiers", "needReaction") if name in feedback}
    recommended = shapes.value(feedback, "statistics", "recommended")
    return Mention(
        source=ctx.source,
        external_id=key,
        text=with_pros_and_cons(*parts),
        published_at=shapes.moment(feedback, "createdAt"),
        author=shapes.text(feedback, "author") or None,
        rating=shapes.whole(feedback, "statistics", "rating"),
        comments=shapes.whole(feedback, "statistics", "commentsCount"),
        product=shapes.text(feedback, "identifiers", "offerId") or None,
        raw=raw if recommended is None else {**raw, "recommended": recommended},
    )
