"""The form of «Отчёты»: which brand, which days, as what, for whom."""

from datetime import date
from typing import Any

import streamlit as st

from insights import russian as ru
from insights.periods import Period, Unit, last_whole
from storage import commands
from storage.queries import BrandRow
from views import context, report_state, style, url
from views import report_actions as actions
from views import report_words as words
from views.data import Basics

_OWN = "own"
_DEFAULT_FORMATS = ("pdf", "html")


def draw(basics: Basics) -> None:
    """Brand, period, formats, channels, and the button."""
    brands = [brand for brand in basics.catalog.brands if brand.code]
    with st.container(border=True, key="report_form"):
        st.subheader("Новый отчёт", anchor=False)
        brand = choose_brand(brands, "report_brand", url.asked(report_state.BRAND))
        period = _period(basics.today)
        left, right = st.columns(2, gap="large")
        with left:
            formats = choose_formats("report_formats", _DEFAULT_FORMATS)
        with right:
            channels = choose_channels("report_channels", ())
        st.button(
            "Собрать отчёт",
            key="build_report",
            type="primary",
            icon=":material/summarize:",
            disabled=brand is None or period is None or not formats,
            on_click=actions.build,
            args=(brand and brand.id, period, formats, channels),
        )


def choose_brand(brands: list[BrandRow], key: str, code: str) -> BrandRow | None:
    """A brand of the catalogue, ours first; ``code`` is the one that is chosen at first."""
    brands = sorted(brands, key=lambda brand: (brand.competitor, -brand.mentions, brand.name))
    chosen = next((place for place, brand in enumerate(brands) if brand.code == code), 0)
    found: BrandRow | None = st.selectbox(
        "Бренд",
        brands,
        index=chosen if brands else None,
        key=key,
        format_func=_brand_name,
        width=320,
    )
    return found


def choose_formats(key: str, chosen: Any) -> list[str]:
    """Formats, at least one."""
    found: list[str] = st.pills(
        "Форматы",
        commands.FORMATS,
        format_func=words.FORMATS.__getitem__,
        selection_mode="multi",
        default=list(chosen),
        key=key,
    )
    if not found:
        st.caption("Выберите хотя бы один формат.")
    return found


def choose_channels(key: str, chosen: Any) -> list[str]:
    """Channels of config.yaml, and those chosen before that are not there any more."""
    known = context.get().channels
    if not known and not chosen:
        st.caption(
            "Чтобы отправлять отчёты почтой или в Телеграм, опишите `channels` в `config.yaml`."
        )
        return []
    found: list[str] = st.pills(
        "Отправить в каналы",
        list(dict.fromkeys((*known, *chosen))),
        format_func=lambda name: style.plain(name if name in known else f"{name} (нет в config)"),
        selection_mode="multi",
        default=list(chosen),
        key=key,
    )
    return found


def _period(today: date) -> Period | None:
    """The last whole week, month or quarter, or days of one's own; None until they are chosen."""
    whole = {str(unit): last_whole(unit, today) for unit in Unit}
    given = _given(today)
    choice = st.segmented_control(
        "Период",
        [*whole, _OWN],
        format_func=lambda one: _named(one, whole, today),
        default=_OWN if given else str(Unit.WEEK),
        required=True,
        key="report_period",
    )
    if choice != _OWN:
        return whole[choice or str(Unit.WEEK)]
    picked = st.date_input(
        "Дни отчёта",
        value=(given.start, min(given.end, today)) if given else (whole["week"].start, today),
        max_value=today,
        format="DD.MM.YYYY",
        key="report_days",
        width=280,
    )
    if not isinstance(picked, tuple) or len(picked) < 2:
        st.caption("Укажите первый и последний день.")
        return None
    return Period(*picked)


def _named(choice: str, whole: dict[str, Period], today: date) -> str:
    if choice == _OWN:
        return "Свои дни"
    period = whole[choice]
    name = words.LAST_WHOLE[choice].capitalize()
    return f"{name}: {ru.short_days(period.start, period.end, today)}"


def _given(today: date) -> Period | None:
    """The days that a link brings, as the overview's does."""
    try:
        start, end = (
            date.fromisoformat(url.asked(part)) for part in (report_state.FROM, report_state.TO)
        )
    except ValueError:
        return None
    return Period(start, end) if start <= end and start <= today else None


def _brand_name(brand: BrandRow) -> str:
    return f"{brand.name} (конкурент)" if brand.competitor else brand.name
