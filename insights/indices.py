"""All indices of the app in one list: name, definition, unit, direction, and how each is counted.

Tiles, tables, comparisons and reports take them from here, so that an index means the same
everywhere. Definitions are those of DESIGN section 4.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from insights import russian as ru
from insights.stats import (
    Z95,
    Estimate,
    balance,
    bounded_mean,
    csat,
    net_sentiment,
    nps,
    share,
)
from nlp.labels import Intent, Tone
from storage.filters import Filter
from storage.queries import Figures


class Scale(StrEnum):
    """What the values of an index are: shares 0…1 («41 %») or balances −1…1 («+41»)."""

    SHARE = "share"
    BALANCE = "balance"


@dataclass(frozen=True, slots=True)
class Index:
    """One index. ``unit`` is what its n counts; ``measure`` takes figures and the normal quantile
    of the interval. One ``of_tones`` counts opinions where the filter chooses touchpoints.
    ``behind`` are the parts of a filter that open the mentions which move it."""

    code: str
    name: str
    definition: str
    unit: ru.Forms
    scale: Scale
    measure: Callable[[Figures, float], Estimate | None]
    more_is_better: bool = True
    of_tones: bool = False
    behind: Mapping[str, Any] = field(default_factory=dict)

    def of(self, figures: Figures, z: float = Z95) -> Estimate | None:
        """The index with its interval; None where nothing tells of it."""
        return self.measure(figures, z)

    def counts(self, where: Filter) -> ru.Forms:
        """What its n counts under this filter."""
        return ru.OPINION if self.of_tones and where.touchpoints else self.unit

    def told(self, value: float) -> str:
        """«41 %» or «+41»."""
        return ru.percent(value) if self.scale is Scale.SHARE else ru.index(value)

    def told_change(self, points: int) -> str:
        """«+8 п.п.» or «+8»."""
        return ru.points(points) if self.scale is Scale.SHARE else ru.number(points, sign=True)

    def interval(self, of: Estimate) -> str:
        """«35 % … 47 %»."""
        return f"{self.told(of.low)} … {self.told(of.high)}"


def _intent(intent: Intent) -> Callable[[Figures, float], Estimate | None]:
    """The share of analysed mentions that show it."""
    return lambda figures, z: share(figures.intents.get(intent, 0), figures.analysed, z)


def _nps_signal(figures: Figures, z: float) -> Estimate | None:
    told = figures.intents
    plus, minus = told.get(Intent.RECOMMEND, 0), told.get(Intent.WARN, 0)
    return balance(plus, minus, figures.analysed, z)


NET = Index(
    "net",
    "Индекс тональности",
    "Доля позитивных минус доля негативных, от −100 до +100. Нейтральные и смешанные "
    "остаются в знаменателе.",
    ru.MENTION,
    Scale.BALANCE,
    lambda figures, z: net_sentiment(figures.tones, z),
    of_tones=True,
)
NEGATIVE = Index(
    "negative",
    "Негатив",
    "Доля негативных среди проанализированных.",
    ru.MENTION,
    Scale.SHARE,
    lambda figures, z: share(figures.tones.negative, figures.tones.n, z),
    more_is_better=False,
    of_tones=True,
    behind={"tones": (Tone.NEGATIVE,)},
)
CSAT = Index(
    "csat",
    "CSAT",
    "Доля оценок 4 и 5 из 5 среди упоминаний с оценкой; другие шкалы приведены к этой.",
    ru.RATING,
    Scale.SHARE,
    lambda figures, z: csat(figures.ratings, z),
    behind={"rating": (1, 5)},
)
NPS = Index(
    "nps",
    "NPS",
    "Только по ответам опроса на шкале 0–10: доля 9–10 минус доля 0–6, от −100 до +100.",
    ru.ANSWER,
    Scale.BALANCE,
    lambda figures, z: nps(figures.nps.promoters, figures.nps.passives, figures.nps.detractors, z),
)
NPS_SIGNAL = Index(
    "nps_signal",
    "NPS-сигнал по текстам",
    "Доля упоминаний, авторы которых рекомендуют, минус доля тех, кто отговаривает. Это не NPS: "
    "вопроса опроса никто не задавал.",
    ru.MENTION,
    Scale.BALANCE,
    _nps_signal,
    behind={"intents": (str(Intent.RECOMMEND), str(Intent.WARN))},
)
EFFORT = Index(
    "effort",
    "CES-сигнал",
    "Доля упоминаний, авторам которых пришлось потрудиться: звонить не раз, ждать, объяснять "
    "заново. Это не CES: вопроса опроса никто не задавал.",
    ru.MENTION,
    Scale.SHARE,
    _intent(Intent.EFFORT),
    more_is_better=False,
    behind={"intents": (str(Intent.EFFORT),)},
)
CHURN = Index(
    "churn",
    "Сигнал оттока",
    "Доля упоминаний, авторы которых уходят или больше не придут.",
    ru.MENTION,
    Scale.SHARE,
    _intent(Intent.CHURN),
    more_is_better=False,
    behind={"intents": (str(Intent.CHURN),)},
)
RETENTION = Index(
    "retention",
    "Сигнал удержания",
    "Доля упоминаний, авторы которых говорят, что вернутся или останутся.",
    ru.MENTION,
    Scale.SHARE,
    _intent(Intent.RETURN),
    behind={"intents": (str(Intent.RETURN),)},
)
PEAK_END = Index(
    "peak_end",
    "Пик и конец",
    "Среднее двух тонов текста: самого сильного предложения и последнего, от −100 до +100. Так "
    "опыт запоминается. Интервал взят с запасом.",
    ru.MENTION,
    Scale.BALANCE,
    lambda figures, z: bounded_mean(figures.heard.peak_end, figures.heard.n, z),
)
PLAIN_MEAN = Index(
    "plain_mean",
    "Средний тон предложений",
    "Простое среднее по всем предложениям текста, от −100 до +100: рядом с ним читается «Пик и "
    "конец». Интервал взят с запасом.",
    ru.MENTION,
    Scale.BALANCE,
    lambda figures, z: bounded_mean(figures.heard.plain, figures.heard.n, z),
)

#: In the order in which they are shown.
INDICES = (
    NET, NEGATIVE, CSAT, NPS, NPS_SIGNAL, EFFORT, CHURN, RETENTION, PEAK_END, PLAIN_MEAN,
)  # fmt: skip
