"""A new source of «Сбор»: its address, a look at what is there, then its name and schedule."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from itertools import count
from typing import Any

import streamlit as st

from storage import queries
from storage.commands import SourceDeclaration
from storage.queries import JobRow
from views import collecting_actions as actions
from views import collecting_list as listed
from views import collecting_preview as preview
from views import collecting_schedule as schedule
from views import context, data, style, url
from views.collecting_kinds import KINDS, Incomplete, Options
from views.collecting_state import ADD, OPEN, Now

_DRAFT = "collecting_draft"
_EVERY = "6ч"
#: The fields of a new source beside its address.
_NAMED = ("title", "brand", "every")
#: How often, in seconds, to look whether the worker has read the first page.
_PATIENCE = 1


@dataclass(frozen=True, slots=True)
class _Draft:
    """What was last asked to be shown; exactly that is added."""

    kind: str
    options: Options
    job: int


def draw(now: Now) -> None:
    """The form."""
    st.button(
        "Все источники",
        key="all_sources",
        type="tertiary",
        icon=":material/arrow_back:",
        on_click=_leave,
    )
    st.title("Новый источник", anchor=False)
    actions.tell_error()
    listed.tell_worker(now)
    kind = st.segmented_control(
        "Что собирать",
        list(KINDS),
        format_func=lambda code: KINDS[code].title,
        default=next(iter(KINDS)),
        required=True,
        label_visibility="collapsed",
        key="new_kind",
    )
    _address(kind)
    draft: _Draft | None = st.session_state.get(_DRAFT)
    if draft and draft.kind == kind:
        _preview(now, draft)
    else:
        st.caption(
            "Остальное — ВКонтакте, магазины, почта, опросы и другое, чему нужен ключ, — "
            "описывается в `config.yaml`."
        )


def _address(kind: str) -> None:
    with st.form(f"address_{kind}"):
        st.caption(KINDS[kind].about)
        read = KINDS[kind].fields()
        if not st.form_submit_button(
            "Показать, что там", key="preview", type="primary", icon=":material/visibility:"
        ):
            return
    try:
        options = read()
    except Incomplete as error:
        st.session_state.pop(_DRAFT, None)
        st.error(str(error), icon=":material/error:")
        return
    job = actions.preview(kind, options)
    if job is not None:
        st.session_state[_DRAFT] = _Draft(kind, options, job)
    st.rerun()


def _preview(now: Now, draft: _Draft) -> None:
    with context.get().db.read() as session:
        job = queries.job(session, draft.job)
    if job.is_open:
        st.fragment(partial(_wait, draft, has_worker=now.has_worker), run_every=_PATIENCE)()
        return
    with st.container(border=True, key="preview_shown"):
        address = escape(KINDS[draft.kind].address(draft.options))
        st.html(f'<div class="ok-meta">{address}</div>')
        _shown(job, now)
    if job.state == "done":
        _save(now, draft)


def _wait(draft: _Draft, *, has_worker: bool) -> None:
    with context.get().db.read() as session:
        job = queries.job(session, draft.job)
    if not job.is_open:
        st.rerun()
    told = "Читаем первую страницу…" if job.state == "running" else "Ждём работника…"
    if not has_worker and job.state == "queued":
        told = "Покажем, как только заработает сбор."
    st.info(told, icon=":material/hourglass_top:")


def _shown(job: JobRow, now: Now) -> None:
    found = job.result.get("mentions") or []
    if job.state == "failed":
        st.error(style.plain(job.message), icon=":material/error:")
        st.caption("Поправьте адрес или повторите позже: добавить можно то, что читается.")
    elif not found:
        st.info("Источник читается, но сейчас в нём ни одной записи.", icon=":material/inbox:")
    else:
        st.success("Источник читается, вот его первые записи:", icon=":material/check:")
        preview.mentions(found, now.at)


# Saving


def _save(now: Now, draft: _Draft) -> None:
    """Name, brand and schedule of what was shown."""
    twin = next((s for s in now.sources if _is_same(s.type, s.options, draft)), None)
    if twin:
        st.warning(
            f"Такой источник уже есть: «{style.plain(twin.label)}».", icon=":material/content_copy:"
        )
        open_it = partial(url.go, **{OPEN: twin.name, ADD: ""})
        st.button("Открыть его", key="open_twin", on_click=open_it)
        return
    place = KINDS[draft.kind].place(draft.options)
    brands = {b.code: b.name for b in data.basics().catalog.brands if b.code}
    left, middle, right = st.columns(3)
    left.text_input(
        "Название", f"{KINDS[draft.kind].title} · {place}", key=f"title_{draft.job}", max_chars=100
    )
    middle.selectbox(
        "Чьи это отзывы",
        ["", *brands],
        format_func=lambda code: brands.get(code, "определять по тексту"),
        key=f"brand_{draft.job}",
    )
    every = right.text_input(
        "Когда собирать", _EVERY, key=f"every_{draft.job}", live=True, max_chars=100,
        help=schedule.HELP,
    )  # fmt: skip
    is_fine = schedule.tell(every, now)
    st.button(
        "Добавить источник",
        key="save_source",
        type="primary",
        icon=":material/add:",
        disabled=not is_fine,
        on_click=_add,
        args=(draft, _name(draft.kind, place, {source.name for source in now.sources})),
    )


def _is_same(kind: str, options: Mapping[str, Any], draft: _Draft) -> bool:
    return kind == draft.kind and dict(options) == draft.options


def _name(kind: str, place: str, taken: set[str]) -> str:
    """A name for links and the command line that is still free."""
    base = f"{kind}-{place}"[:90]
    return next(name for n in count(1) if (name := base if n == 1 else f"{base}-{n}") not in taken)


def _add(draft: _Draft, name: str) -> None:
    # From the session: a field that the click itself took leave of is newer than the last run.
    title, brand, every = (st.session_state[f"{part}_{draft.job}"] for part in _NAMED)
    source = SourceDeclaration(
        name=name,
        type=draft.kind,
        title=title.strip(),
        brand_code=brand or None,
        options=draft.options,
        schedule=every.strip(),
    )
    if actions.add(source):
        st.session_state.pop(_DRAFT, None)
        url.go(**{ADD: "", OPEN: source.name})


def _leave() -> None:
    st.session_state.pop(_DRAFT, None)
    url.go(**{ADD: ""})
