"""The schedule of a source: read, tried out, changed, and given back to config.yaml."""

import streamlit as st

from insights import russian as ru
from storage import queries
from storage.errors import StorageError
from storage.queries import SourceNow
from views import collecting_actions as actions
from views import context, style
from views.collecting_state import Now

HELP = (
    "Период — `30м`, `каждые 6 часов`, `1д` — или пять полей cron: `0 3 * * *` — "
    "каждый день в 03:00, `0 9 * * 1-5` — по будням в девять"
)


def draw(now: Now, source: SourceNow) -> None:
    """The schedule that holds, in a field that tells at once what another would mean."""
    st.subheader("Расписание", anchor=False)
    key = f"schedule_{source.id}_{source.schedule}"
    text = st.text_input(
        "Когда собирать", source.schedule or "", key=key, live=True, max_chars=100, help=HELP
    )
    is_fine = tell(text, now, source)
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Сохранить",
            key="save_schedule",
            disabled=not is_fine or text.strip() == source.schedule,
            on_click=lambda: actions.set_schedule(source, st.session_state[key]),
        )
        if source.overridden and source.origin == "config":
            st.button(
                "Вернуть как в config.yaml",
                key="undo_schedule",
                type="tertiary",
                icon=":material/undo:",
                help=_declared(source),
                on_click=actions.undo,
                args=(source,),
            )
    if source.overridden and source.origin == "config":
        st.caption(f"{_changed(source)} {_declared(source)}")


def tell(text: str, now: Now, source: SourceNow | None = None) -> bool:
    """What a schedule means and its next turns, or what is wrong with it; whether it can be read.

    Without ``source`` it is that of a new one, whose first turn comes at once.
    """
    last = source.crawl.started_at if source and source.crawl else None
    try:
        found = queries.turns(text, last=last, zone=context.get().zone, now=now.at)
    except StorageError as error:
        st.error(style.plain(str(error)), icon=":material/error:")
        return False
    told = [ru.near(moment.astimezone(now.at.tzinfo), now.at) for moment in found.at]
    if source is None or source.crawl is None:
        told[0] = "сразу"
    said = style.plain(found.words[:1].upper() + found.words[1:])
    if source and not source.enabled:
        st.caption(f"{said}, когда источник возобновят.")
    else:
        st.caption(f"{said}: {', '.join(told)}{ru.NBSP}…")
    return True


def _changed(source: SourceNow) -> str:
    """What the app's word is about: the schedule, the pause, or both."""
    parts = []
    if source.words != source.declared_words:
        parts.append("Расписание изменено здесь.")
    if source.enabled != source.declared_enabled:
        parts.append("Включён здесь." if source.enabled else "Пауза поставлена здесь.")
    return " ".join(parts) or "Задано здесь."


def _declared(source: SourceNow) -> str:
    rests = "" if source.declared_enabled else ", выключен"
    return f"В config.yaml: {source.declared_words}{rests}."
