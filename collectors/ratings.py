"""Ratings as sites draw them: «4,5 из 5», ★★★★☆, 80 %, class names with digits."""

import re

from bs4 import Tag

_OF = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:из|/|out of|of)\s*(\d+)")
_PERCENT = re.compile(r"(\d+(?:[.,]\d+)?)\s*%")
_NUMBER = re.compile(r"(?<![\d.,])(\d+(?:[.,]\d+)?)(?![\d.,])")
_CLASS = re.compile(r"(?i)(?:star|rat|rank|score|value|mark|grade|оцен)\w*?[-_]?(\d)(?:[-_.](5))?$")
_LIT = re.compile(r"(?i)(?:^|[-_])(?:on|full|fill|filled|active|checked|gold|yellow|selected)$")
_FULL, _EMPTY, _HALF = "★⭐🌟✮", "☆✩", "½⯨"
_ATTRIBUTES = ("content", "data-rating", "data-value", "data-score", "value", "aria-label", "title")
SCALE = 5  # of percentages and stars

Rating = tuple[float, int | None]  # value, scale where the notation itself tells it


def parse_rating(text: str) -> Rating | None:
    """The rating in a short text; the scale is None for a bare number."""
    text = text.strip()
    if match := _OF.search(text):
        return _number(match[1]), int(match[2])
    if match := _PERCENT.search(text):
        return round(_number(match[1]) / 100 * SCALE, 2), SCALE
    full, empty = (sum(text.count(star) for star in stars) for stars in (_FULL, _EMPTY))
    if full or empty:
        half = sum(text.count(star) for star in _HALF)
        return full + half / 2, max(SCALE, full + half + empty)
    if match := _NUMBER.search(text):
        return _number(match[1]), None
    return None


def rating_of(tag: Tag) -> Rating | None:
    """The rating a page element shows: in attributes, text, drawn width, lit stars, class name."""
    for name in _ATTRIBUTES:
        value = tag.get(name)
        if isinstance(value, str) and (found := parse_rating(value)):
            return found
    if found := parse_rating(tag.get_text(" ", strip=True)):
        return found
    for inner in [tag, *tag.find_all(True, limit=20)]:
        style = re.search(r"width\s*:\s*([\d.]+%)", str(inner.get("style") or ""))
        if style:
            return parse_rating(style[1])
    lit = sum(any(_LIT.search(name) for name in _classes(star)) for star in tag.find_all(True))
    if lit:
        return float(lit), None
    for inner in [tag, *tag.find_all(True, limit=20)]:
        for name in _classes(inner):
            if match := _CLASS.search(name):
                return int(match[1]) + (0.5 if match[2] else 0.0), None
    return None


def _classes(tag: Tag) -> list[str]:
    found = tag.get("class")
    return [str(name) for name in found] if isinstance(found, list) else []


def _number(text: str) -> float:
    return float(text.replace(",", "."))
