"""`otklik train`: what it prints and how it ends."""

from rich.table import Table

from nlp.lesson import LEAST_ANCHORS, LEAST_HELD_OUT, LEAST_TAUGHT
from otklik import retraining, weights
from otklik.adapting import Adapted
from otklik.house import House
from otklik.screen import OK, console, note, progress
from otklik.telling import print_json
from storage import mentions

_NAMES = {"tone": "тональность", "kind": "вид текста", "opinions": "точки контакта (F1)"}
_BUSY = "Модель уже обучается в другом процессе: дождитесь его конца."


def train(house: House, *, as_json: bool) -> int:
    """Adapt the model to the corrections; it is replaced only by a better one."""
    try:
        adapted = retraining.train(house, progress)
    except retraining.Busy:
        note(_BUSY)
        return OK
    waiting = _waiting(house, adapted.model)
    if as_json:
        print_json(retraining.as_dict(adapted) | {"pending": waiting})
    else:
        _tell(adapted, waiting)
    return OK


def restore(house: House, *, as_json: bool) -> int:
    """Go back to the weights before those in use."""
    try:
        version = retraining.restore(house)
    except retraining.Busy:
        note(_BUSY)
        return OK
    used = version or weights.version_of(house.config)
    waiting = _waiting(house, used)
    if as_json:
        print_json({"switched": version is not None, "model": used, "pending": waiting})
    elif version is None:
        note("Возвращать нечего: работает исходная модель.")
    else:
        note(f"Возвращена модель {version}. {_next_step(waiting)}")
    return OK


def _tell(adapted: Adapted, waiting: int) -> None:
    for field, count in adapted.counts.items():
        if field not in adapted.verdicts:
            note(
                f"{_NAMES[field]}: исправлений для обучения — {count.taught}, для проверки — "
                f"{count.examined}, упоминаний без исправления — {count.anchors}; нужно не меньше "
                f"{LEAST_TAUGHT}, {LEAST_HELD_OUT} и {LEAST_ANCHORS}"
            )
    if adapted.verdicts:
        console.print(_table(adapted))
    if adapted.used:
        note(
            f"Модель заменена на {adapted.model}, прежняя сохранена: otklik train --restore. "
            f"{_next_step(waiting)}"
        )
    elif adapted.verdicts:
        note(
            "Модель осталась прежней; почему — в последнем столбце. "
            "Исправьте ещё упоминания того же вида и повторите."
        )
    else:
        note(
            "Модель осталась прежней: исправлений пока мало. Исправляйте упоминания в приложении "
            "и повторите: три из десяти уходят в проверку, остальные — в обучение."
        )


def _table(adapted: Adapted) -> Table:
    """Before and after on the held-out corrections, field by field."""
    table = Table("на отложенных исправлениях", "n", "было", "стало")
    table.add_column("лучше / хуже")
    table.add_column("прочие ответы изменились")
    table.add_column("итог")
    for field, verdict in adapted.verdicts.items():
        table.add_row(
            _NAMES[field],
            str(verdict.corrections),
            f"{verdict.before:.2f}",
            f"{verdict.after:.2f}",
            f"{verdict.mended} / {verdict.spoilt}",
            f"{verdict.lost:.1%}",
            "заменена" if field in adapted.used else verdict.doubt,
        )
    return table


def _waiting(house: House, version: str) -> int:
    with house.db.read() as session:
        return mentions.count_pending(session, version)


def _next_step(waiting: int) -> str:
    return f"Прочитать ею все упоминания (в очереди {waiting}): otklik analyse"
