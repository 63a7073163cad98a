"""«Бренды»: how each brand is found in texts, and its query, tried out before it is saved."""

from html import escape

import streamlit as st

from insights import russian as ru
from storage.errors import StorageError
from storage.filters import Filter
from storage.queries import BrandQuery
from views import brand_query_editor, brand_status, context, data, state, style
from views.brand_desk import BrandDesk

_ERROR = "brand_error"
_EXAMPLE = """brands:
  - code: moroshka
    name: Морошка
    query: морошка NOT (ягода OR варенье)
  - code: ambar24
    name: Амбар24
    competitor: true
"""


def draw() -> None:
    """The page."""
    st.title("Бренды", anchor=False)
    desk = context.get().brands()
    brand_status.draw(desk)
    message = st.session_state.pop(_ERROR, None)
    if message:
        st.error(style.plain(message), icon=":material/error:")
    brands = desk.brands()
    if not brands:
        _nothing()
        return
    st.caption(
        "Бренд ищется в текстах по названию и его вариантам, а если задан запрос — только по "
        "запросу. Источники, отданные одному бренду, и столбец «компания» важнее любого запроса."
    )
    counts = {brand.id: brand.mentions for brand in data.basics().catalog.brands}
    for brand in brands:
        with st.container(border=True, key=f"brand_{brand.id}", gap="xsmall"):
            _card(desk, brand, counts.get(brand.id, 0))


def _nothing() -> None:
    st.info("Брендов пока нет.", icon=":material/sell:")
    st.markdown(
        "Опишите свой бренд и конкурентов в `config.yaml`. Пока работает `otklik serve`, они "
        "появятся здесь сами; нет ли ошибок, скажет `otklik check`."
    )
    st.code(_EXAMPLE, language="yaml")
    st.caption("Компании из загруженных файлов с таким столбцом тоже появятся сами.")


def _card(desk: BrandDesk, brand: BrandQuery, mentions: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_head(brand), width="stretch")
        if mentions:
            _mentions(brand, mentions)
    if brand_query_editor.is_open(brand):
        brand_query_editor.draw(desk, brand)
        return
    st.html(_query(brand))
    if brand.watched:
        _actions(desk, brand)


def _head(brand: BrandQuery) -> str:
    if not brand.watched:
        told = "убран из config.yaml"
    elif brand.origin == "import":
        told = "из загруженного файла"
    else:
        told = "конкурент" if brand.competitor else "наш бренд"
    name = f'<b class="ok-name">{escape(brand.name)}</b>'
    return f'<div class="ok-row">{name}<span class="ok-meta">{told}</span></div>'


def _query(brand: BrandQuery) -> str:
    """The query that holds, or by what the brand is found without one."""
    told = ""
    if not brand.watched:
        told = _note("В новых текстах не ищется. Собранные упоминания остались.")
    elif brand.query:
        told = f'<pre class="ok-query">{escape(brand.query)}</pre>'
    elif brand.origin == "import":
        told = _note("Без запроса: упоминания — только те, где эта компания названа в столбце.")
    else:
        names = ", ".join(f"«{name}»" for name in brand.names)
        told = _note(f"Без запроса, ищется по названию: {names} — во всех падежах, кириллицей и "
                     "латиницей.")  # fmt: skip
    if brand.watched and brand.of_app is not None and brand.origin == "config":
        was = f"«{brand.of_config}»" if brand.of_config else "запроса нет"
        told += _note(f"Задано в приложении и действует вместо config.yaml, где {was}.")
    return told


def _note(text: str) -> str:
    return f'<p class="ok-note">{escape(text)}</p>'


def _mentions(brand: BrandQuery, mentions: int) -> None:
    """The count, which opens the mentions behind it."""
    label = ru.counted(mentions, ru.MENTION)
    if not st.button(label, key=f"mentions_{brand.code}", type="tertiary", icon=":material/forum:"):
        return
    where = Filter(brands=(brand.id,), voices_only=False)
    state.set_filter(where)
    st.switch_page("views/mentions.py", query_params=state.params(data.basics(), where))


def _actions(desk: BrandDesk, brand: BrandQuery) -> None:
    before = desk.before(brand)
    with st.container(horizontal=True, gap="xsmall", key=f"brand_actions_{brand.id}"):
        st.button(
            "Изменить запрос" if brand.query else "Задать запрос",
            key=f"edit_query_{brand.code}",
            icon=":material/edit:",
            on_click=brand_query_editor.open_for,
            args=(brand,),
        )
        if before:
            st.button(
                "Отменить последнее сохранение",
                key=f"undo_query_{brand.code}",
                type="tertiary",
                icon=":material/undo:",
                help=_returns(before),
                on_click=_undo,
                args=(desk, brand),
            )
        if brand.of_app is not None and brand.origin == "config":
            st.button(
                "Вернуть как в config.yaml",
                key=f"follow_config_{brand.code}",
                type="tertiary",
                icon=":material/settings_backup_restore:",
                on_click=_follow_config,
                args=(desk, brand),
            )


def _returns(before: BrandQuery) -> str:
    if before.query:
        return f"Снова будет:\n```\n{before.query.replace('`', ' ')}\n```"
    return "Снова будет без запроса, по названию"


def _undo(desk: BrandDesk, brand: BrandQuery) -> None:
    try:
        desk.undo(brand)
    except StorageError as error:
        st.session_state[_ERROR] = str(error)


def _follow_config(desk: BrandDesk, brand: BrandQuery) -> None:
    try:
        desk.save(brand, None)
    except StorageError as error:
        st.session_state[_ERROR] = str(error)


if __name__ == "__main__":
    draw()
