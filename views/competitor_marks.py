"""Brands in the charts of the comparison: their legend, and who was clicked."""

from collections.abc import Sequence
from html import escape

from reports.charts import BrandMark


def legend(marks: Sequence[BrandMark]) -> str:
    """Colour, shape and name of each brand."""
    items = (
        f'<span><b style="color:{mark.color}">{mark.sign}</b> {escape(mark.name)}</span>'
        for mark in marks
    )
    return f'<div class="ok-brands">{"".join(items)}</div>'


def id_of(marks: Sequence[BrandMark], code: str) -> int:
    """The brand of a mark that was clicked."""
    return next(mark.id for mark in marks if mark.code == code)
