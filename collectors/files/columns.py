"""What a column is, told by its name: Russian and English names, and those of our own export."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import AfterValidator

# Field -> names (after `normal`), the surest first. The order of the fields matters for the
# patterns below: «дата ответа» must be taken before «дата», «id отзыва» before «отзыв».
_NAMES = {
    "answered_at": "дата ответа|answered at|answer date",
    "answer": "ответ|текст ответа|ответ компании|ответ продавца|ответ организации|"
    "официальный ответ|answer text|answer|reply",
    "id": "external id|id|id отзыва|review id|ид|номер|номер отзыва|uuid|guid|код отзыва|№|"
    "feedback id|comment id",
    "parent_id": "parent id",
    "date_known": "date known",
    "rating_scale": "rating scale|шкала оценки",
    "url": "ссылка|url|link|адрес страницы|ссылка на отзыв|permalink",
    "date": "дата|дата отзыва|дата публикации|published at|date|created at|дата создания|когда|"
    "время|datetime|timestamp|дата и время|day",
    "author": "автор|имя|имя автора|author|пользователь|клиент|user name|username|user|ник|"
    "никнейм|фио|покупатель|author name|name",
    "nps": "nps|оценка nps|балл nps|nps score|готовность рекомендовать",
    "rating": "оценка|рейтинг|rating|stars|звезды|балл|score|grade|mark|оценка товара|"
    "количество звезд|оценка отзыва|звезд|кол во звезд",
    "pros": "достоинства|плюсы|pros|преимущества|что понравилось",
    "cons": "недостатки|минусы|cons|что не понравилось",
    "title": "заголовок|тема|title|subject|заголовок отзыва|headline",
    "product": "товар|название товара|продукт|product|наименование|артикул|наименование товара|"
    "sku|product name|модель|номенклатура|услуга",
    "company": "компания|бренд|company|brand|организация|магазин|банк|бренды",
    "place": "филиал|точка|место|город|place|city|отделение|адрес|location|регион|подразделение|"
    "branch|адрес магазина",
    "likes": "лайки|likes|нравится|полезно",
    "reposts": "репосты|reposts|shares",
    "views": "просмотры|views",
    "text": "текст отзыва|текст|отзыв|review text|text|review|review body|комментарий|сообщение|"
    "comment|message|body|content|текст сообщения|содержание|описание|обращение|"
    "текст комментария|отзывы|комментарии|feedback|description|пост|comments",
    "comments": "количество комментариев|число комментариев|comments count|comments",
}
NAMES = {field: tuple(names.split("|")) for field, names in _NAMES.items()}

# Where no name fits exactly: longer headings of surveys and reports.
PATTERNS: dict[str, str] = {
    "answered_at": r"дата ответ",
    "answer": r"^(?:текст )?ответ\b|ответ (?:компан|продав|банк|магаз|представ)",
    "id": r"^(?:id|ид|номер|код)\b.*(?:отзыв|запис|обращ|review)|\b(?:отзыв|review)\w* id$",
    "url": r"^ссылк|\burl\b|\blink\b",
    "date": r"^дата\b|\bdate\b|\bвремя\b",
    "author": r"^автор\b|\bимя\b|\bauthor\b|покупател",
    "nps": r"\bnps\b|рекоменд",
    "rating": r"^оцен|^рейтинг|\brating\b|\bstars\b|^балл",
    "pros": r"^достоинств|^плюс|понравилось$",
    "cons": r"^недостат|^минус|не понравилось",
    "product": r"^товар|назван\w* товар|\bproduct\b|^артикул",
    "company": r"^компани|^бренд|^организац",
    "place": r"^филиал|^город|^адрес|^отделени|^торгов\w* точк",
    "text": r"текст|отзыв|комментари|\breview\b|\bcomment\b|\btext\b|мнени|напишите|расскажите",
}
FIELDS = frozenset(NAMES)
# A table of mentions has at least one of these.
SUBSTANCE = frozenset({"text", "pros", "cons", "rating", "nps", "title"})


def _known_fields(columns: Mapping[str, str]) -> Mapping[str, str]:
    unknown = sorted(set(columns) - FIELDS)
    if unknown:
        raise ValueError(f"нет поля «{unknown[0]}»; есть: {', '.join(sorted(FIELDS))}")
    return columns


#: An option: field -> where it is found.
FieldNames = Annotated[Mapping[str, str], AfterValidator(_known_fields)]


def normal(name: str) -> str:
    """A column name without case, punctuation and bracketed remarks; «ё» as «е»."""
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]", " ", name.lower().replace("ё", "е"))
    return " ".join(re.sub(r"[^\w№]+|_", " ", bare).split())


def shown(name: str) -> str:
    """A name short enough for a sentence, without what a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in name[:40])


def missing(column: str, columns: Sequence[str]) -> bool:
    """True where no column has this name, however it is written."""
    return column not in columns and normal(column) not in map(normal, columns)


def guess(
    columns: Sequence[str],
    given: Mapping[str, str] | None = None,
    *,
    exact: bool = False,
    filled: Mapping[str, int] | None = None,
) -> dict[str, str]:
    """Field -> column. ``given`` (field -> column name) goes first; unknown columns stay out.

    ``exact`` leaves the patterns aside. ``filled`` (column -> rows that have a value in it) decides
    between columns that claim the same field; the surest name wins where it says nothing.
    """
    found: dict[str, str] = {}
    by_name = {normal(column): column for column in reversed(columns)}
    for field, column in (given or {}).items():
        if column in columns or normal(column) in by_name:
            found[field] = column if column in columns else by_name[normal(column)]
    for field, names in NAMES.items():
        if field not in found:
            known = (by_name.get(name) for name in names)
            _take(found, field, (c for c in known if c is not None), filled)
    for field, pattern in PATTERNS.items():
        if field not in found and not exact:
            likely = (c for c in columns if re.search(pattern, normal(c)))
            _take(found, field, likely, filled)
    return found


def _take(
    found: dict[str, str],
    field: str,
    claimants: Iterable[str],
    filled: Mapping[str, int] | None,
) -> None:
    """Give ``field`` the free column filled in most rows, the first of equals."""
    counts, taken = filled or {}, set(found.values())
    free = (column for column in claimants if column not in taken)
    best = max(free, key=lambda column: counts.get(column, 0), default=None)
    if best is not None:
        found[field] = best
