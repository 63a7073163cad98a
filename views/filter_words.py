"""The parts of a filter in words."""

from insights import russian as ru
from nlp.labels import TONE_NAMES, Tone
from reports.theme import TONE_SIGNS
from storage.filters import UNREAD, Facet, Filter

#: Stands for «no filter»: a selectbox takes None for «nothing chosen yet».
ANY_RATING = (0, 5)

#: Periods that end today, by their days.
PERIODS = {7: "7 дней", 28: "4 недели", 91: "3 месяца", 182: "Полгода"}
FACET_NAMES = {
    Facet.PLACE: "Место или филиал",
    Facet.PRODUCT: "Товар или услуга",
    Facet.CITY: "Город",
    Facet.VERSION: "Версия приложения",
}
FACET_CHIPS = {
    Facet.PLACE: "место",
    Facet.PRODUCT: "товар",
    Facet.CITY: "город",
    Facet.VERSION: "версия",
}


def period_label(where: Filter) -> str:
    """The chosen days in words."""
    if where.day_from and where.day_to:
        return ru.days(where.day_from, where.day_to)
    if where.day_from:
        return f"с {ru.day(where.day_from)}"
    return f"по {ru.day(where.day_to)}" if where.day_to else "всё время"


def tone_label(tone: str) -> str:
    """Sign and word of a tone, also of «not analysed»."""
    if tone == UNREAD:
        return "? не проанализировано"
    return f"{TONE_SIGNS[Tone(tone)]} {TONE_NAMES[Tone(tone)]}"


def rating_label(rating: tuple[int, int]) -> str:
    """«1–2 ★»."""
    if rating == ANY_RATING:
        return "любая или без оценки"
    low, high = rating
    if rating == (1, 5):
        return "есть оценка"
    return f"{low} ★" if low == high else f"{low}–{high} ★"
