"""What saving a query would do, in figures and with the texts behind them.

Texts come from strangers: nothing of them reaches the page without :func:`html.escape`.
"""

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

import streamlit as st

from insights import russian as ru
from views import cards, context
from views.brand_desk import Places, Preview, Sample

#: Characters of a text that are shown, and how many of them stand before the first hit.
_SHOWN = 420
_BEFORE = 120

_MATCHING = (
    "Столько упоминаний общих источников запрос отдаст бренду; повторы и реклама здесь "
    "считаются тоже."
)


def draw(preview: Preview) -> None:
    """Figures, what they are of, samples."""
    if not preview.stored:
        st.info(
            "Примерить не на чем: в базе нет упоминаний из общих источников, а тех, что отданы "
            "одному бренду, запрос не касается.",
            icon=":material/search_off:",
        )
        return
    with st.grid(3, min_column_width=150, gap="small", key="preview_figures"):
        _figure("Подходит", preview.matching, _MATCHING)
        _figure("Из них новых", preview.gained, "Сейчас эти упоминания не считаются за брендом.")
        _figure("Перестанет подходить", preview.lost, "Сейчас они за брендом, но запросу не нужны.")
    st.caption(_looked_at(preview))
    _samples(preview)


def _figure(label: str, value: int, told: str) -> None:
    st.metric(label, ru.number(value), help=told, border=True, height="stretch")


def _looked_at(preview: Preview) -> str:
    told = f"Проверено {ru.counted(preview.looked_at, ru.MENTION)} из общих источников"
    if preview.looked_at < preview.stored:
        told = (
            f"Проверены последние {ru.number(preview.looked_at)} из "
            f"{ru.counted(preview.stored, ru.OF_MENTION)} общих источников; сохранение разберёт все"
        )
    if preview.named:
        told += f"; {ru.number(preview.named)} из них за брендом по столбцу «компания» и останутся"
    return f"{told}."


def _samples(preview: Preview) -> None:
    kept = preview.matching - preview.gained
    kinds = (
        ("Новые", preview.gained, preview.gained_samples),
        ("Перестанут", preview.lost, preview.lost_samples),
        ("Останутся", kept, preview.kept_samples),
    )
    told = [(name, n, samples) for name, n, samples in kinds if samples]
    if not told:
        return
    tabs = st.tabs([f"{name}: {ru.number(n)}" for name, n, _ in told])
    zone = context.get().zone
    for tab, (_, n, samples) in zip(tabs, told, strict=True):
        with tab:
            st.html("".join(_sample(sample, zone) for sample in samples))
            if n > len(samples):
                st.caption(f"Показаны последние {len(samples)}")


def _sample(sample: Sample, zone: ZoneInfo) -> str:
    when = cards.when(sample.published_at.astimezone(zone))
    parts = [escape(sample.source), escape(sample.author or ""), when, cards.link(sample.url)]
    meta = " · ".join(part for part in parts if part)
    return (
        f'<article class="ok-latest ok-hit"><div class="ok-meta">{meta}</div>'
        f'<div class="ok-text">{_excerpt(sample)}</div></article>'
    )


def _excerpt(sample: Sample) -> str:
    """The text around the first hit."""
    first = sample.hits[0][0] if sample.hits else 0
    start = 0
    if len(sample.text) > _SHOWN and first > _BEFORE:
        start = sample.text.rfind(" ", 0, first - _BEFORE) + 1
    end = start + _SHOWN
    if end < len(sample.text):
        end = max(sample.text.rfind(" ", start, end), first + 1)
    before, after = "… " if start else "", " …" if end < len(sample.text) else ""
    return before + _marked(sample.text[start:end], _within(sample.hits, start, end)) + after


def _within(hits: Places, start: int, end: int) -> Sequence[tuple[int, int]]:
    return [(low - start, min(high, end) - start) for low, high in hits if start <= low < end]


def _marked(text: str, hits: Sequence[tuple[int, int]]) -> str:
    """``hits`` stand apart and in order."""
    pieces, done = [], 0
    for start, end in hits:
        pieces += [escape(text[done:start]), f"<mark>{escape(text[start:end])}</mark>"]
        done = end
    return "".join([*pieces, escape(text[done:])])
