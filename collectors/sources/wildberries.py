"""Reviews of and questions about one's own goods on Wildberries.

dev.wildberries.ru, «Вопросы и отзывы». The API keeps several lists: unanswered and answered ones of
each sort, and an archive of reviews (those without words get there at once). An item that moves
from one list to another while they are read comes twice, never not at all.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from collectors import shapes
from collectors.answers import Response
from collectors.base import About, Context, Item, Mention, Order, Quota, dates_of
from collectors.errors import NeedsHuman, SkipItem
from collectors.options import Secret, SourceOptions
from collectors.texts import with_pros_and_cons

API = "https://feedbacks-api.wildberries.ru/api/v1/"
PAGE = 500
CAP = 10_000  # skip + take may not be more
REFUSED_ANSWERS = {"rejected", "rejectedAntispam"}  # by moderation: the buyer does not see them
ABOUT = About(
    title="Wildberries: отзывы и вопросы о своих товарах",
    auth="токен категории «Вопросы и отзывы»: кабинет продавца → Настройки → Доступ к API",
    limits="последние 10 000 записей каждого списка (без ответа, с ответом, архив)",
    caveats="много оценок без текста; дополненный отзыв приходит как новый со ссылкой на прежний",
    quota=Quota(by="token", per_second=1),
)
ORDER: Order = "unordered"  # several lists, each of them newest first
LOOKBACK = timedelta(days=14)  # a shop's answer comes within days


class Options(SourceOptions):
    """``questions: false`` leaves the questions of buyers aside."""

    token: Secret
    questions: bool = True


Parse = Callable[[Context[Options], shapes.Node], Mention]


class _List(NamedTuple):
    """A list of the API: its path, the name of the list in the answer, how to read its items."""

    path: str
    name: str
    parse: Parse
    params: dict[str, str]


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """List after list; what several of them hold comes once."""
    seen = set[str]()
    for one in _lists(ctx.options.questions):
        for page in _pages_of(ctx, one):
            fresh = [item for item in page if item.external_id not in seen]
            seen.update(item.external_id for item in fresh)
            yield from ctx.given(fresh)


def _lists(questions: bool) -> Iterator[_List]:
    for answered in ("false", "true"):
        yield _List("feedbacks", "feedbacks", _review, {"isAnswered": answered})
        if questions:
            yield _List("questions", "questions", _question, {"isAnswered": answered})
    yield _List("feedbacks/archive", "feedbacks", _review, {})


def _pages_of(ctx: Context[Options], one: _List) -> Iterator[list[Item]]:
    """The pages of one list, newest first, as far back as asked for."""
    headers = {"Authorization": ctx.options.token.get_secret_value()}
    for skip in range(0, CAP, PAGE):
        paging: dict[str, str | int] = {"take": PAGE, "skip": skip, "order": "dateDesc"}
        answer = ctx.http.ask(API + one.path, params={**one.params, **paging}, headers=headers)
        _agreed(answer)
        found = shapes.items(answer, "data", one.name)
        page = ctx.readable(found, lambda node: one.parse(ctx, node))
        yield page
        if len(found) < PAGE or ctx.all_older(dates_of(page)):
            return
    ctx.capped(f"Wildberries отдаёт не больше {CAP} записей одного списка")


def _agreed(answer: Response) -> None:
    """Raise where a body of status 200 says that something is wrong."""
    if shapes.value(answer.json, "error") is True:
        reason = shapes.text(answer.json, "errorText") or "причина не названа"
        raise NeedsHuman(
            f"Wildberries отказал: {reason[:200]}. Проверьте, что у токена есть категория "
            "«Вопросы и отзывы»."
        )


def _review(ctx: Context[Options], node: shapes.Node) -> Mention:
    key = shapes.key(node, "id")
    parts = (shapes.text(node, name).strip() for name in ("text", "pros", "cons"))
    kept = ("state", "parentFeedbackId", "childFeedbackId", "bables", "matchingSize", "wasViewed")
    raw = {name: node[name] for name in kept if node.get(name)}
    return _mention(ctx, node, key, with_pros_and_cons(*parts), raw, rating=True)


def _question(ctx: Context[Options], node: shapes.Node) -> Mention:
    key, text = shapes.key(node, "id"), shapes.text(node, "text")
    if not text:
        raise SkipItem("Вопрос без текста.", key)
    raw = {"question": True, "state": shapes.text(node, "state")}
    return _mention(ctx, node, f"question-{key}", text, raw, rating=False)


def _mention(
    ctx: Context[Options],
    node: shapes.Node,
    key: str,
    text: str,
    raw: dict[str, object],
    *,
    rating: bool,
) -> Mention:
    goods = shapes.whole(node, "productDetails", "nmId")
    article = shapes.text(node, "productDetails", "supplierArticle")
    answer, state = shapes.value(node, "answer"), shapes.text(node, "answer", "state")
    is_public = state not in REFUSED_ANSWERS
    return Mention(
        source=ctx.source,
        external_id=key,
        text=text,
        url=f"https://www.wildberries.ru/catalog/{goods}/feedbacks" if goods else "",
        published_at=shapes.moment(node, "createdDate"),
        author=shapes.text(node, "userName") or None,
        rating=shapes.whole(node, "productValuation") if rating else None,
        parent_id=shapes.text(node, "parentFeedbackId") or None,
        product=shapes.text(node, "productDetails", "productName") or article or None,
        answer_text=(shapes.text(answer, "text") or None) if is_public else None,
        answered_at=shapes.moment_or_none(answer, "createDate") if is_public else None,
        raw={**raw, "nmId": goods, "article": article} | ({"answer_state": state} if state else {}),
    )
