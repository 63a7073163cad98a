"""The form of a plan: what is built, when, and who gets it."""

from functools import partial

import streamlit as st

from insights import russian as ru
from insights.periods import Unit
from storage import commands, queries
from storage.commands import PlanDeclaration
from storage.errors import StorageError
from storage.queries import PlanRow
from views import context, report_form, style, url
from views import report_actions as actions
from views import report_words as words
from views.data import Basics
from views.report_state import PLAN, Now

_OWN = "own"
#: The hour at which most people begin their day.
_USUAL = {
    "week": ("0 9 * * 1", "0 9 * * 2", "0 9 * * 5"),
    "month": ("0 9 1 * *", "0 9 2 * *", "0 9 5 * *"),
    "quarter": ("0 9 1 1,4,7,10 *", "0 9 5 1,4,7,10 *"),
}
_DEFAULT = ("pdf", "html")


def draw(now: Now, basics: Basics, plan: PlanRow | None) -> None:
    """The form of ``plan``, or of a new one."""
    st.subheader("Изменить план" if plan else "Новый план", anchor=False)
    with st.container(border=True, key="plan_form"):
        name = st.text_input(
            "Название",
            plan.name if plan else "",
            placeholder="например, «Еженедельный отчёт»",
            max_chars=commands.LONGEST_PLAN_NAME,
            key="plan_name",
            width=420,
        )
        brands = [brand for brand in basics.catalog.brands if brand.code]
        brand = report_form.choose_brand(brands, "plan_brand", plan.brand_code if plan else "")
        period = st.segmented_control(
            "За что",
            [str(unit) for unit in Unit],
            format_func=words.LAST_WHOLE.__getitem__,
            default=plan.period if plan else str(Unit.WEEK),
            required=True,
            key="plan_period",
        )
        schedule = _schedule(now, period or str(Unit.WEEK), plan)
        formats = report_form.choose_formats("plan_formats", plan.formats if plan else _DEFAULT)
        channels = report_form.choose_channels("plan_channels", plan.channels if plan else ())
        _buttons(
            plan,
            PlanDeclaration(
                name=name,
                brand_code=brand.code if brand else "",
                period=period or str(Unit.WEEK),
                schedule=schedule,
                formats=formats or (),
                channels=channels,
                enabled=plan.enabled if plan else True,
            ),
        )


def _buttons(plan: PlanRow | None, told: PlanDeclaration) -> None:
    with st.container(horizontal=True, gap="small"):
        st.button(
            "Сохранить",
            key="save_plan",
            type="primary",
            disabled=not (told.name.strip() and told.brand_code and told.formats and told.schedule),
            on_click=actions.save_plan,
            args=(plan.id if plan else None, told),
        )
        st.button(
            "Не менять" if plan else "Не создавать",
            key="leave_plan",
            type="tertiary",
            on_click=partial(url.go, **{PLAN: ""}),
        )


def _schedule(now: Now, period: str, plan: PlanRow | None) -> str:
    """A cron expression; empty where what is written cannot be read."""
    usual = _USUAL[period]
    given = plan.schedule if plan and plan.period == period else usual[0]
    choice = st.selectbox(
        "Когда",
        [*usual, _OWN],
        index=usual.index(given) if given in usual else len(usual),
        format_func=_named,
        key=f"plan_when_{period}",
        width=420,
    )
    text = choice
    if choice == _OWN:
        text = st.text_input(
            "Расписание cron",
            given,
            max_chars=100,
            live=True,
            key=f"plan_cron_{period}",
            width=420,
            help="Пять полей: минута, час, день месяца, месяц, день недели. `0 9 * * 1` — по "
            "понедельникам в 09:00, `0 9 1 * *` — первого числа каждого месяца",
        ).strip()
    return text if _told(text, now) else ""


def _told(text: str, now: Now) -> bool:
    """Tell what a schedule means, or what is wrong with it."""
    try:
        found = queries.cron_turns(text, zone=context.get().zone, now=now.at)
    except StorageError as error:
        st.error(style.plain(str(error)), icon=":material/error:")
        return False
    turns = ", ".join(ru.near(moment.astimezone(now.at.tzinfo), now.at) for moment in found.at)
    words_ = found.words[:1].upper() + found.words[1:]
    st.caption(f"{style.plain(words_)}: {turns}{ru.NBSP}…")
    return True


def _named(choice: str) -> str:
    if choice == _OWN:
        return "Своё расписание"
    told = queries.schedule_words(choice)
    return told[:1].upper() + told[1:]
