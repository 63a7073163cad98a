"""What was measured of the model, in plain Russian: where it is weak, what a training brought."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from insights import russian as ru
from insights.changes import FEW
from insights.quality import Line, Reliability, Spot, ToneLine
from insights.stats import Z_MANY, Estimate, share
from nlp.labels import TONE_NAMES, Tone
from nlp.lesson import LEAST_ANCHORS, LEAST_HELD_OUT, LEAST_TAUGHT, Count
from nlp.quality import Figure, Measured

#: What a model is asked of a text, by field of a lesson.
FIELD_NAMES = {"tone": "тональность", "kind": "вид текста", "opinions": "точки контакта"}
#: After «на»: «на 503 отзывах».
_IN_TEXTS: ru.Forms = ("отзыве", "отзывах", "отзывах")
_OF_FIELD = {"tone": "тональности", "kind": "виду текста", "opinions": "точкам контакта"}
_ADJECTIVES = {
    Tone.NEGATIVE: "негативную",
    Tone.NEUTRAL: "нейтральную",
    Tone.POSITIVE: "позитивную",
    Tone.MIXED: "смешанную",
}
#: Sources of the labelled sets and of the public ones, as a marketer would call them.
DOMAINS = {
    **dict.fromkeys(("bank_long", "otzovik_bank"), "Отзывы о банках"),
    **dict.fromkeys(("clothes", "lamoda"), "Отзывы об одежде"),
    **dict.fromkeys(("ozon", "ozon_long", "wildberries"), "Маркетплейсы"),
    **dict.fromkeys(("maps_dealer", "car"), "Автосалоны и машины"),
    "restaurant": "Рестораны",
    **dict.fromkeys(("tweet_banks", "tweet_telecom"), "Твиты о банках и связи"),
    **dict.fromkeys(
        ("absa_course", "absa_food", "absa_hotel", "absa_phone", "absa_sight"),
        "Переведённые отзывы",
    ),
    "syn_app_online": "Придуманные: приложения",
    **dict.fromkeys(("syn_social", "syn_chatter"), "Придуманные: соцсети"),
    **dict.fromkeys(("syn_services", "syn_offline"), "Придуманные: услуги и точки"),
    **dict.fromkeys(("syn_goods", "syn_brand"), "Придуманные: товары и бренды"),
    "appstore": "App Store",
    "maps": "Карты",
    "marketplace": "Маркетплейс",
    "news": "Новости",
    "otzyvy": "Сайт отзывов",
    "support_mail": "Почта поддержки",
    "survey": "Опрос",
    "telegram": "Телеграм",
    "vk": "ВКонтакте",
    "books": "Отзывы о книгах",
    "kinopoisk": "Отзывы о фильмах",
    "rusentitweet": "Твиты обо всём",
    "rusentne2023": "Предложения новостей",
    "sentirueval2015_banks": "Твиты о банках",
    "sentirueval2015_telecom": "Твиты о связи",
}


def interval(figure: Estimate | Figure) -> str:
    """«82 % (79–85)»."""
    low = ru.number(figure.low * 100)
    return f"{ru.percent(figure.value)} ({low}–{ru.number(figure.high * 100)})"


def with_n(figure: Estimate) -> str:
    """«82 % (79–85, n = 503)»."""
    return f"{interval(figure)[:-1]}, n{ru.NBSP}={ru.NBSP}{ru.number(figure.n)})"


def foreign(used: str, shipped: str) -> str:
    """That the mentions were read by a model that was not measured; empty where they were not."""
    if used == shipped:
        return ""
    return (
        f"Упоминания размечены моделью «{used}»: её точность не измерялась. "
        f"Ниже — точность встроенной модели «{shipped}»."
    )


def proven(measured: Measured) -> str:
    """On what the figures of :func:`accuracy` were measured."""
    return (
        f"Проверено на {ru.counted(measured.texts, _IN_TEXTS)}, которых модель не видела "
        "при обучении. В скобках — 95-процентный доверительный интервал."
    )


def accuracy(measured: Measured) -> tuple[str, ...]:
    """How often the model is right, a line for each thing that it tells."""
    return (
        "Тональность (негатив, нейтрально, позитив, смешанно) верна в "
        f"{interval(measured.tone)} случаев.",
        f"Вид текста (жалоба, похвала, вопрос…) верен в {interval(measured.kind)}.",
        f"Мнения о темах: F1 {interval(measured.opinions)} — модель и пропускает "
        "мнения, и находит лишние; в суммах за период ошибки частью гасят друг друга.",
        f"Цитата стоит на нужном месте в {interval(measured.evidence)} верных мнений.",
    )


def checked(spot: Spot, day: date) -> str:
    """What sort of figure a random check of that day gives."""
    left = f" Проверено {spot.done} из {spot.asked}: оценка ещё уточнится." if spot.left else ""
    return (
        f"случайная проверка от {ru.day(day)}, вслепую, из "
        f"{ru.counted(spot.row.population, ru.OF_MENTION)}. Упоминания выбраны случайно, "
        f"поэтому цифра относится ко всем, из кого выбирали.{left}"
    )


def own(spot: Spot | None, day: date | None) -> str:
    """The latest random check of one's own mentions, or that there was none."""
    right = spot.agreement.right if spot else None
    if spot is None or right is None or day is None:
        return "Случайной проверки на ваших упоминаниях ещё не было: её проводят на «Качестве»."
    few = f" Проверено меньше {FEW}: это ещё не оценка." if right.n < FEW else ""
    told = checked(spot, day)
    return f"На ваших упоминаниях тональность верна в {with_n(right)} — {told}{few}"


def weak_sides(
    measured: Measured,
    tones: Sequence[ToneLine],
    sources: Sequence[Line],
    touchpoints: Sequence[Line],
) -> tuple[str, ...]:
    """All that stands below the whole beyond chance, a sentence each."""
    return (
        *weak_tones(tones, measured.tone.low),
        *weak_parts(sources, measured.tone.low, lead="Тональность понимает хуже в источниках"),
        *weak_parts(touchpoints, measured.opinions.low, lead="Мнения находит хуже о темах"),
    )


def weak_tones(lines: Iterable[ToneLine], whole: float) -> tuple[str, ...]:
    """Tones that are found, or meant, more seldom than ``whole`` beyond chance."""
    told = []
    for line in lines:
        if weak := _below(line.recall, whole):
            instead = (
                f", чаще принимает за «{TONE_NAMES[line.taken_for]}»" if line.taken_for else ""
            )
            told.append(
                f"{_ADJECTIVES[line.tone].capitalize()} тональность узнаёт хуже: находит "
                f"{with_n(weak)} таких текстов{instead}."
            )
        if weak := _below(line.precision, whole):
            told.append(
                f"Ответу «{TONE_NAMES[line.tone]}» верьте осторожнее: он верен в {with_n(weak)}."
            )
    return tuple(told)


def weak_parts(lines: Iterable[Line], whole: float, *, lead: str) -> tuple[str, ...]:
    """One sentence of the parts that stand below ``whole`` beyond chance, the weakest first."""
    weak = [line for line in lines if _below(line.figure, whole)]
    weak.sort(key=lambda line: line.figure.value)
    if not weak:
        return ()
    named = "; ".join(f"{line.name} — {with_n(line.figure)}" for line in weak[:3])
    more = f" и ещё {len(weak) - 3}" if len(weak) > 3 else ""
    return (f"{lead}: {named}{more}.",)


def calibration(found: Sequence[Reliability]) -> str:
    """Whether the model's certainty may be taken at its word."""
    off = [row for row in found if row.right.n >= FEW and not _agrees(row)]
    if not off:
        return "Уверенность модели можно понимать буквально: расхождения не больше случайных."
    worst = max(off, key=lambda row: abs(row.certainty - row.right.value))
    verb = "Переоценивает" if worst.certainty > worst.right.value else "Недооценивает"
    return (
        f"{verb} себя: где уверена на {ru.percent(worst.certainty)}, права в {with_n(worst.right)}."
    )


def missing(count: Count) -> str:
    """What is still wanting before a field can be learnt; empty where nothing is."""
    if count.enough:
        return ""
    short = []
    if count.taught < LEAST_TAUGHT:
        short.append(f"{LEAST_TAUGHT - count.taught} для обучения")
    if count.examined < LEAST_HELD_OUT:
        short.append(f"{LEAST_HELD_OUT - count.examined} для проверки")
    if count.anchors < LEAST_ANCHORS:
        short.append(f"{LEAST_ANCHORS - count.anchors} упоминаний без исправления")
    return f"не хватает ещё {', '.join(short)}"


def verdicts(result: Mapping[str, Any]) -> tuple[str, ...]:
    """What a training found, field by field; see ``otklik.retraining.as_dict``."""
    return tuple(_verdict(field, told) for field, told in result.get("fields", {}).items())


def _verdict(field: str, told: Mapping[str, Any]) -> str:
    verdict = told["verdict"]
    if verdict is None:
        count = Count(told["taught"], told["held_out"], told["anchors"])
        return f"{FIELD_NAMES[field].capitalize()}: {missing(count)}."
    # Corrected is what was wrong, so the former model gets next to none of these right.
    moved = (
        f"из отложенных исправлений (n{ru.NBSP}={ru.NBSP}{verdict['corrections']}) верно было "
        f"{ru.percent(verdict['before'])}, стало {ru.percent(verdict['after'])}"
    )
    if told["used"]:
        return f"По {_OF_FIELD[field]} новая модель лучше, она взята: {moved}."
    return f"По {_OF_FIELD[field]} оставлена прежняя: {verdict['doubt']} ({moved})."


def _below(figure: Estimate | None, whole: float) -> Estimate | None:
    """The figure where it is lower beyond chance, and not of too few."""
    return figure if figure and figure.n >= FEW and figure.high < whole else None


def _agrees(row: Reliability) -> bool:
    """Whether chance may explain the difference; several bins are tried at once."""
    strict = share(round(row.right.value * row.right.n), row.right.n, Z_MANY)
    return strict is not None and strict.low <= row.certainty <= strict.high
