"""The filtered rows as a file; written only when asked for."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO
from zoneinfo import ZoneInfo

import streamlit as st

from insights import russian as ru
from reports.rows import write_csv, write_opinions_csv
from reports.sheets import write_xlsx
from storage import queries
from storage.filters import Filter
from storage.queries import MentionRow
from views import context

_Writer = Callable[[Iterable[MentionRow], BinaryIO, ZoneInfo], None]

#: So many are written while the browser waits; more take a moment and show how far they are.
_AT_ONCE = 3_000
#: More fill the memory of the app: the command line writes them straight to the disk.
MOST = 100_000
_STEP = 500
_MADE = "made_file"


@dataclass(frozen=True, slots=True)
class _Form:
    """A sort of file."""

    key: str
    label: str
    write: _Writer
    name: str
    mime: str


_FORMS = (
    _Form(
        "xlsx",
        "Excel: упоминания и мнения",
        write_xlsx,
        "otklik.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
    _Form("csv", "CSV: упоминания", write_csv, "otklik.csv", "text/csv"),
    _Form("opinions", "CSV: мнения, по строке на каждое", write_opinions_csv,
          "otklik-opinions.csv", "text/csv"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Made:
    """A large file that is ready, and what it was made of."""

    of: tuple[Filter, int, str]
    data: bytes


def draw(where: Filter, total: int, ids: Sequence[int] | None = None) -> None:
    """The menu «Скачать»: all that the filter leaves, or the mentions of ``ids`` alone."""
    prefix = "download" if ids is None else "picked"
    label = "Скачать" if ids is None else "Скачать отмеченные"
    with st.popover(label, icon=":material/download:", disabled=total == 0, key=f"{prefix}_menu"):
        what = "по текущим фильтрам" if ids is None else "отмечено"
        st.caption(f"{ru.counted(total, ru.MENTION)} {what}")
        if total > MOST:
            _too_many()
            return
        for form in _FORMS:
            key = f"{prefix}_{form.key}"
            if total <= _AT_ONCE:
                _button(form, key, _made_at_once(form, where, ids))
            else:
                _large(form, key, where, total, ids)


def _too_many() -> None:
    st.markdown(
        f"Здесь — до {ru.number(MOST)} за раз: сузьте период или фильтры. "
        "Все сразу пишет на диск команда (на листе Excel помещается 1 048 576 строк, "
        "дальше начинается следующий лист):"
    )
    st.code("otklik export --format csv --out otklik.csv", language=None)


def _button(form: _Form, key: str, data: Callable[[], bytes] | bytes) -> None:
    st.download_button(
        form.label,
        data,
        file_name=form.name,
        mime=form.mime,
        key=key,
        on_click="ignore",
        width="stretch",
    )


def _made_at_once(form: _Form, where: Filter, ids: Sequence[int] | None) -> Callable[[], bytes]:
    app = context.get()

    def make() -> bytes:
        out = BytesIO()
        with app.db.read() as session:
            form.write(queries.export(session, where, ids), out, app.zone)
        return out.getvalue()

    return make


def _large(form: _Form, key: str, where: Filter, total: int, ids: Sequence[int] | None) -> None:
    """Made by one click, which shows how far it is, and taken away by another."""
    made: _Made | None = st.session_state.get(_MADE)
    if made and made.of == (where, total, key):
        _button(form, key, made.data)
        return
    if not st.button(
        f"{form.label}: подготовить", key=f"make_{key}", icon=":material/hourglass_top:",
        width="stretch",
    ):  # fmt: skip
        return
    app, out = context.get(), BytesIO()
    bar = st.progress(0.0)
    with app.db.read() as session:
        rows = _told(queries.export(session, where, ids), total, bar.progress)
        form.write(rows, out, app.zone)
    st.session_state[_MADE] = _Made((where, total, key), out.getvalue())
    st.rerun()


def _told(
    rows: Iterable[MentionRow], total: int, tell: Callable[[float, str], object]
) -> Iterator[MentionRow]:
    for done, row in enumerate(rows):
        if done % _STEP == 0:
            told = f"{ru.number(done)} из {ru.counted(total, ru.OF_MENTION)}"
            tell(min(done / total, 1.0), told)
        yield row
