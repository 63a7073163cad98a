"""Invented mentions and what a model says of them; each follows from its number alone.

Three brands, twelve sources, two years of growing volume with weekends, ratings, places, cities,
products, versions, survey answers, intents, opinions with their evidence, reposts and answers;
the newest are not read yet and a few could not be.
"""

import hashlib
import math
from bisect import bisect
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from collectors.base import Mention
from nlp.analysis import Analysis, Failure, Opinion, Result
from nlp.labels import Intent, Kind, Tone, Touchpoint

ZONE = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 6, 30, 20, 0, tzinfo=UTC)
#: Reposts are of mentions of the same thousands.
CHUNK = 5_000
_DAYS = 730

#: A mention, its brands, and the model's answer (None: not read yet).
Story = tuple[Mention, tuple[str, ...], Result | None]


def _parted(text: str, mark: str | None = None) -> list[str]:
    return text.split(mark)


BRANDS = {"moroshka": ("Морошка", 50), "ambar": ("Амбар", 30), "kupec": ("Купец", 20)}
#: name: (type, title, share, what it tells besides text)
SOURCES = {
    "maps": ("yandex_market", "Карты", 30, "place city rating"),
    "gis": ("twogis", "2ГИС", 14, "place city rating"),
    "marketplace": ("ozon", "Маркетплейс", 16, "product rating"),
    "wildberries": ("wildberries", "Второй маркетплейс", 10, "product rating"),
    "appstore": ("appstore", "App Store", 5, "app_version rating"),
    "googleplay": ("googleplay", "Google Play", 6, "app_version rating"),
    "otzyvy": ("page", "Сайт отзывов", 4, "rating city"),
    "vk": ("vk", "ВКонтакте", 6, ""),
    "telegram": ("telegram", "Телеграм", 3, ""),
    "news": ("feed", "Новости", 1, ""),
    "survey": ("webhook", "Опрос", 3, "nps"),
    "mail": ("imap", "Почта поддержки", 2, ""),
}
_STREETS = _parted("Лесная Садовая Речная Полевая Школьная Новая Южная Северная Мира Победы")
PLACES = [f"{street}, {house}" for street in _STREETS for house in (1, 8, 15, 22, 37, 54)]
CITIES = _parted("Москва Тверь Тула Рязань Казань Пермь Уфа Омск Самара Вологда Псков Калуга")
_GOODS = _parted(
    "хлеб молоко сыр творог кефир масло сок чай кофе печенье торт шоколад рис гречка яблоки "
    "бананы картофель морковь рыба курица"
)
PRODUCTS = [f"{good.capitalize()} № {number}" for good in _GOODS for number in range(1, 11)]
VERSIONS = [f"{major}.{minor}" for major in range(3, 7) for minor in range(6)]

_THINGS = {
    Touchpoint.DELIVERY: "доставка курьер привоз",
    Touchpoint.QUALITY: "качество свежесть вкус",
    Touchpoint.STAFF: "кассир продавец охранник",
    Touchpoint.PRICE: "цена ценник скидка",
    Touchpoint.SITE_APP: "приложение сайт корзина",
    Touchpoint.SPEED: "очередь касса ожидание",
    Touchpoint.SUPPORT: "поддержка оператор чат",
    Touchpoint.ASSORTMENT: "выбор ассортимент полка",
    Touchpoint.PAYMENT: "оплата списание чек",
    Touchpoint.PACKAGING: "упаковка пакет коробка",
    Touchpoint.LOYALTY_PROGRAM: "бонусы баллы карта",
    Touchpoint.RETURNS: "возврат гарантия обмен",
    Touchpoint.LOCATION: "зал парковка вход",
    Touchpoint.ORDERING: "заказ оформление подтверждение",
    Touchpoint.USABILITY: "удобство поиск фильтр",
    Touchpoint.DESCRIPTION: "описание фото состав",
    Touchpoint.ADVERTISING: "реклама обещание акция",
    Touchpoint.BRAND: "сеть марка репутация",
    Touchpoint.COMMUNICATION: "рассылка звонок сообщение",
}
_POINTS = list(_THINGS)
_VERDICTS = {
    Tone.NEGATIVE: _parted(
        "сплошное разочарование|хуже не бывает|позор|одни нервы|как всегда подводит|стыдно за сеть|"
        "полный беспорядок|никому не советую|после такого не хочется возвращаться|опять обман",
        "|",
    ),
    Tone.POSITIVE: _parted(
        "просто радость|выше всех похвал|каждый раз на высоте|лучше, чем ждали|спасибо от души|"
        "всем советую|приятно удивляет|отлично|мечта|без единого замечания",
        "|",
    ),
    Tone.NEUTRAL: _parted(
        "обычное дело|как у всех|без особых впечатлений|терпимо|ничего нового|на твёрдую тройку",
        "|",
    ),
}
_DETAILS = _parted(
    "ждали {n} минут|заказ № {m} за {n} рублей|брали {good} и {other}|было это в {when}|"
    "нас было {n} человек|звонили {n} раз|уже {n} год так|сосед с улицы {street} говорит то же|"
    "ещё нужен был {other}|чек на {m} рублей сохранили|дома ждали гостей к {n} часам|"
    "магазин на улице {street} рядом с домом|пришлось идти за {good} в другое место",
    "|",
)
_WHEN = _parted("понедельник вторник среду четверг пятницу субботу воскресенье праздник обед")
_SURE = {
    Tone.NEGATIVE: (0.86, 0.09, 0.05),
    Tone.NEUTRAL: (0.12, 0.76, 0.12),
    Tone.POSITIVE: (0.03, 0.08, 0.89),
    Tone.MIXED: (0.46, 0.12, 0.42),
}


def story(number: int, count: int) -> Story:
    """Mention ``number`` of ``count``."""
    dice = Random(number * 2_654_435_761 % 2**32)
    original = number - dice.randrange(1, 40)
    if dice.random() < 0.015 and original >= number // CHUNK * CHUNK:
        item, brands, answer = story(original, count)
        return _again(item, number, dice), brands, answer
    source = _pick(dice, {name: share for name, (_, _, share, _) in SOURCES.items()})
    brand = _pick(dice, {name: share for name, (_, share) in BRANDS.items()})
    brands = (brand,) if dice.random() > 0.02 else (brand, "ambar" if brand != "ambar" else "kupec")
    text, answer = _said(dice, number)
    told = SOURCES[source][3].split()
    tone = answer.tone
    author = _hash(f"author {dice.randrange(1 + count // 3)}")
    item = Mention(
        source=source,
        external_id=f"{number}",
        text=text,
        published_at=_moment(dice, number, count),
        url=f"https://example.ru/{source}/{number}",
        author=author,
        author_id=author,
        rating=_rating(dice, tone) if "rating" in told else None,
        nps=_nps(dice, tone) if "nps" in told and dice.random() < 0.8 else None,
        parent_id=f"{number - 1}" if not told and dice.random() < 0.2 else None,
        likes=dice.randrange(50) if not told else None,
        views=dice.randrange(5_000) if source in ("vk", "telegram") else None,
        place=PLACES[int(60 * dice.random() ** 1.5)] if "place" in told else None,
        city=CITIES[int(12 * dice.random() ** 2)] if "city" in told else None,
        product=PRODUCTS[int(200 * dice.random() ** 2)] if "product" in told else None,
        app_version=_version(dice, number, count) if "app_version" in told else None,
        answer_text="Спасибо, разберёмся!" if told and dice.random() < 0.3 else None,
        answered_at=NOW if told and dice.random() < 0.1 else None,
    )
    if number >= count - count // 500:
        return item, brands, None
    failed = dice.random() < 0.001
    return item, brands, Failure("в тексте нет слов") if failed else answer


def _again(item: Mention, number: int, dice: Random) -> Mention:
    """The same text once more, an hour or so later."""
    later = item.published_at + timedelta(minutes=dice.randrange(1, 300))
    return replace(item, external_id=f"{number}", published_at=min(later, NOW))


def _said(dice: Random, number: int) -> tuple[str, Analysis]:
    """A text of sentences that each judge something or nothing, and what a model would say."""
    lean = dice.choices((Tone.NEGATIVE, Tone.POSITIVE, Tone.NEUTRAL), (36, 46, 18))[0]
    points = list(
        dict.fromkeys(
            _POINTS[int(len(_POINTS) * dice.random() ** 1.8)]
            for _ in range(dice.choices((0, 1, 2, 3), (15, 45, 28, 12))[0])
        )
    )
    text, opinions = f"Отзыв {number}.", []
    for point in points:
        tone = lean if dice.random() < 0.85 else dice.choice(list(_VERDICTS))
        thing = dice.choice(_THINGS[point].split()).capitalize()
        sentence = f"{thing} — {dice.choice(_VERDICTS[tone])}, {_detail(dice)}."
        start = len(text) + 1
        text += f" {sentence}"
        if tone != Tone.NEUTRAL or dice.random() < 0.5:
            score = 0.5 + dice.random() / 2
            opinions.append(Opinion(point, tone, score, start, start + len(sentence)))
    for _ in range(dice.randrange(1, 4)):
        text += f" {_detail(dice).capitalize()}, {_detail(dice)}."
    return text, _analysis(dice, lean, opinions)


def _analysis(dice: Random, lean: Tone, opinions: list[Opinion]) -> Analysis:
    signs = {opinion.tone for opinion in opinions}
    tone = Tone.MIXED if {Tone.NEGATIVE, Tone.POSITIVE} <= signs and dice.random() < 0.4 else lean
    blur = dice.random() * 0.5
    sure = [share * (1 - blur) + blur / 3 for share in _SURE[tone]]
    kinds = {Tone.NEGATIVE: Kind.COMPLAINT, Tone.POSITIVE: Kind.PRAISE}
    kind = kinds.get(tone, Kind.REVIEW) if dice.random() < 0.7 else Kind.REVIEW
    other = [*list(Kind)[3:], Kind.PROMO]
    kind = dice.choice(other) if dice.random() < 0.18 else kind
    chances = {
        Intent.CHURN: 0.14 if tone == Tone.NEGATIVE else 0.005,
        Intent.WARN: 0.12 if tone == Tone.NEGATIVE else 0.003,
        Intent.EFFORT: 0.16 if tone == Tone.NEGATIVE else 0.02,
        Intent.RECOMMEND: 0.18 if tone == Tone.POSITIVE else 0.01,
        Intent.RETURN: 0.12 if tone == Tone.POSITIVE else 0.01,
    }
    intents = tuple(intent for intent, chance in chances.items() if dice.random() < chance)
    mean = sure[2] - sure[0]
    return Analysis(
        tone,
        (sure[0], sure[1], sure[2]),
        kind,
        intents,
        tuple(opinions),
        peak=max(-1.0, min(1.0, mean * 1.2)),
        end=mean * dice.random(),
        mean=mean * 0.8,
    )


def _detail(dice: Random) -> str:
    return dice.choice(_DETAILS).format(
        n=dice.randrange(2, 90),
        m=dice.randrange(100, 99_999),
        good=dice.choice(_GOODS),
        other=dice.choice(_GOODS),
        when=dice.choice(_WHEN),
        street=dice.choice(_STREETS),
    )


def _moment(dice: Random, number: int, count: int) -> datetime:
    """Mentions come in the order of time, three times as many a day in the end as at first."""
    share = (math.sqrt(1 + 8 * (number + dice.random()) / count) - 1) / 2
    moment = NOW - timedelta(days=_DAYS * (1 - share))
    if moment.weekday() > 4 and dice.random() < 0.3:  # fewer at weekends
        moment -= timedelta(days=2)
    return moment


def _rating(dice: Random, tone: Tone) -> float:
    weights = {Tone.NEGATIVE: (55, 25, 12, 5, 3), Tone.POSITIVE: (1, 2, 5, 22, 70)}
    return float(dice.choices((1, 2, 3, 4, 5), weights.get(tone, (8, 14, 40, 24, 14)))[0])


def _nps(dice: Random, tone: Tone) -> int:
    middle = {Tone.NEGATIVE: 3, Tone.POSITIVE: 9}.get(tone, 7)
    return max(0, min(10, round(dice.gauss(middle, 1.6))))


def _version(dice: Random, number: int, count: int) -> str:
    """The release of the time, or one of the three before."""
    newest = number * len(VERSIONS) // count
    return VERSIONS[max(0, newest - int(4 * dice.random() ** 2))]


def _pick(dice: Random, shares: dict[str, int]) -> str:
    steps = list(accumulate(shares.values()))
    return list(shares)[bisect(steps, dice.random() * steps[-1])]


def _hash(identity: str) -> str:
    return "hmac:" + hashlib.sha256(identity.encode()).hexdigest()[:32]
