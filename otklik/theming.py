"""`otklik themes`, and what `otklik analyse` prints of them."""

from dataclasses import asdict

from rich.markup import escape
from rich.table import Table

from insights import russian as ru
from nlp.labels import TONE_NAMES, TOUCHPOINT_NAMES, Tone, Touchpoint
from otklik import themes
from otklik.house import House
from otklik.screen import OK, console, note, progress
from otklik.telling import print_json
from otklik.themes import Themed
from storage import theme_renewal
from storage import themes as store
from storage.queries.themes import theme_status

_THEME: ru.Forms = ("тема", "темы", "тем")
_NEW: ru.Forms = ("новая тема", "новые темы", "новых тем")


def find(house: House) -> Themed:
    """Themes of everything that waits; the caller holds the right to analyse."""
    with house.db.read() as session:
        waiting = store.count_pending(session)
    with progress("Темы", waiting) as advance:
        return themes.find(house, advance)


def tell(done: Themed) -> None:
    """What a run did; nothing where there was nothing to do."""
    if not (done.opinions or done.themes):
        return
    read = ru.counted(done.opinions, ru.OPINION)
    known = f", к знакомым темам — {ru.number(done.placed)}" if done.placed else ""
    note(f"Разобрано по темам: {read}{known}; {ru.counted(done.themes, _NEW)}")


def status(house: House, *, as_json: bool) -> int:
    """How many themes each touchpoint has, and how much is left outside them."""
    with house.db.read() as session:
        rows = theme_status(session)
        waiting = store.count_pending(session)
    if as_json:
        print_json({"pending": waiting, "touchpoints": [asdict(row) for row in rows]})
        return OK
    table = Table("точка контакта", "тон", "тем", "мнений в темах", "вне тем")
    for row in rows:
        names = (TOUCHPOINT_NAMES[Touchpoint(row.touchpoint)], TONE_NAMES[Tone(row.tone)])
        table.add_row(*map(escape, names), *map(str, (row.themes, row.inside, row.outside)))
    console.print(table)
    note(
        f"Всего {ru.counted(sum(row.themes for row in rows), _THEME)}; "
        f"ждут разбора: {ru.counted(waiting, ru.OPINION)}."
    )
    return OK


def rebuild(house: House, *, as_json: bool) -> int:
    """Find all themes anew."""
    with house.db.alone("analyse") as free:
        if not free:
            note("Анализ идёт в другом процессе: дождитесь его конца.")
            return OK
        with house.db.write() as session:
            theme_renewal.begin_anew(session, keep_all=False)
        done = find(house)
    if as_json:
        print_json({"opinions": done.opinions, "themes": done.themes, "seconds": done.seconds})
    else:
        tell(done)
    return OK
