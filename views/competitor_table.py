"""Indices of our brand and its competitors side by side: each figure opens its mentions."""

from dataclasses import replace
from html import escape
from urllib.parse import urlencode

import streamlit as st

from insights import competitor_words
from insights import russian as ru
from insights.changes import FEW
from insights.competitors import Line, Parties, Verdict
from insights.indices import Index
from insights.stats import Estimate
from reports.charts import VERDICT_SIGNS, BrandMark
from storage.filters import Filter
from views import state
from views.data import Basics

_TONES = {
    Verdict.AHEAD: "positive",
    Verdict.BEHIND: "negative",
    Verdict.EVEN: "unread",
    Verdict.UNKNOWN: "unread",
}


def draw(
    basics: Basics,
    scope: Filter,
    table: tuple[tuple[Index, Line], ...],
    who: Parties,
    marks: tuple[BrandMark, ...],
) -> None:
    """The table; n and interval on hover, a link to the mentions under each figure."""
    several = len(who.rivals) > 1
    heads = [f'<th class="num">{escape(mark.name)}</th>' for mark in marks]
    if several:
        heads.append('<th class="num">в среднем у конкурентов</th>')
    rows = []
    for index, line in table:
        cells = [_cell(basics, scope, index, line, mark) for mark in marks]
        if several:
            cells.append(_mean(index, line.against_mean.theirs, scope))
        rows.append(
            f'<tr><td><span title="{escape(index.definition)}">{escape(index.name)}</span>'
            f"{_verdict(index, line, who)}</td>{''.join(cells)}</tr>"
        )
    st.html(
        '<div class="ok-wide"><table class="ok-table ok-indices"><thead><tr><th>Показатель</th>'
        f"{''.join(heads)}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
    if scope.touchpoints:
        st.caption(
            "По выбранным темам считаются мнения о них. CSAT, отток и другие показатели целых "
            "упоминаний видны без фильтра по теме."
        )
    st.caption(
        "Цифра открывает свои упоминания; при наведении — сколько их и интервал 95 %. Бледные "
        f"посчитаны меньше чем по {FEW}. «Лучше» и «хуже» сказано, только если интервалы не "
        "пересекаются и разница выше погрешности с запасом на число сравнений."
    )


def _cell(basics: Basics, scope: Filter, index: Index, line: Line, mark: BrandMark) -> str:
    estimate = line.by_brand.get(mark.id)
    if estimate is None:
        return '<td class="num" title="Данных нет">—</td>'
    where = replace(scope, brands=(mark.id,), **index.behind)
    link = urlencode(state.params(basics, where), doseq=True)
    title = _title(index, estimate, scope)
    few = " few" if estimate.n < FEW else ""
    return (
        f'<td class="num{few}" title="{escape(title)}"><a href="mentions?{escape(link)}" '
        f'target="_self">{index.told(estimate.value)}</a></td>'
    )


def _mean(index: Index, mean: Estimate | None, scope: Filter) -> str:
    if mean is None:
        return '<td class="num" title="Слишком мало данных">—</td>'
    title = f"{_title(index, mean, scope)} Каждый конкурент весит одинаково."
    return f'<td class="num" title="{escape(title)}">{index.told(mean.value)}</td>'


def _verdict(index: Index, line: Line, who: Parties) -> str:
    """With whom we differ most, by how much; the sign says what the colour says."""
    verdict = line.verdict
    contrast = line.standing(verdict) or line.against_mean
    title = ""
    if contrast.difference:
        found = contrast.difference
        parts = (found.value, found.low, found.high)
        value, low, high = (index.told_change(round(part * 100)) for part in parts)
        title = f"Разница: {value}, интервал с запасом на число сравнений: {low} … {high}."
    word = escape(competitor_words.verdict(index, contrast, who))
    sign, tone = VERDICT_SIGNS[verdict], _TONES[verdict]
    return f'<div class="verdict ok-{tone}" title="{escape(title)}"><b>{sign}</b> {word}</div>'


def _title(index: Index, estimate: Estimate, scope: Filter) -> str:
    n = ru.counted(estimate.n, index.counts(scope))
    return f"n = {n}. Интервал 95 %: {index.interval(estimate)}."
