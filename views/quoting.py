"""A quote as HTML: the words that prove the opinion marked, where and when it was said.

Quotes come from strangers: nothing of them reaches the page without :func:`html.escape`.
"""

from html import escape

from insights import russian as ru
from insights import words
from nlp.labels import TONE_NAMES, Tone
from storage.queries import QuoteRow
from views import cards


def quote(row: QuoteRow) -> str:
    """The whole quote with its source."""
    return (
        f'<blockquote class="ok-quote ok-{Tone(row.tone)}"><p>{marked(row)}</p>'
        f'<footer class="ok-meta">{origin(row)}</footer></blockquote>'
    )


def marked(row: QuoteRow) -> str:
    """The text with its evidence marked."""
    before, evidence, after = (
        escape(part)
        for part in (row.text[: row.start], row.text[row.start : row.end], row.text[row.end :])
    )
    if not evidence:
        return before + after
    title = TONE_NAMES[Tone(row.tone)]
    return f'{before}<mark class="ok-{Tone(row.tone)}" title="{title}">{evidence}</mark>{after}'


def origin(row: QuoteRow) -> str:
    """Source, rating, day and the way there."""
    return " · ".join(part for part in (short_origin(row), cards.link(row.url)) if part)


def short_origin(row: QuoteRow) -> str:
    """Source, rating and day."""
    parts = [escape(row.source), stars(row), ru.day(row.day)]
    return " · ".join(part for part in parts if part)


def stars(row: QuoteRow) -> str:
    """«2 ★», or «7 из 10» where the source counts otherwise; empty without a rating."""
    return words.rating(row.rating, row.rating_scale)
