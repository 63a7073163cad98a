"""Settings of the ``page`` type for the layouts of well-known review sites.

Such sites offer no API; the selectors follow their public pages and are as old as this file, and
whether a site may be read by a program at all is for its terms and robots.txt to say: a preset
works only with ``accept_terms: true``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

Name = Literal["otzovik", "irecommend"]


@dataclass(frozen=True, slots=True)
class Preset:
    """``tail`` is what the address of page ``{page}`` ends with, ``options`` the rest."""

    tail: str
    options: Mapping[str, Any]


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "otzovik": Preset(
            "/{page}/?order=date_desc",
            {
                "pause": 4,  # seconds; asked faster, the site shows a captcha
                "schema_org": False,  # the list's microdata have neither pros nor cons
                "selectors": {
                    "item": '.review-list-chunk .item:is(.status4, [itemprop="review"])',
                    "text": ".review-teaser",
                    "pros": ".review-plus",
                    "cons": ".review-minus",
                    "title": "a.review-title",
                    "author": '[itemprop="author"] [itemprop="name"], [itemprop="name"]',
                    "date": ".review-postdate",
                    "rating": '.rating-score, [itemprop="ratingValue"]',
                    "link": "a.review-title",
                },
            },
        ),
        "irecommend": Preset(
            "?page={page}",
            {
                "start": 0,
                "newest_first": False,  # the order of the list is the site's own
                "schema_org": False,  # says only how many reviews there are
                "selectors": {
                    "item": "ul.list-comments > li",
                    "text": ".reviewTeaserText, .reviewTextSnippet",
                    "title": ".reviewTitle",
                    "author": ".authorName a",
                    "date": ".date-created, .created:not(:has(.date-created))",
                    "rating": ".starsRating",
                    "link": ".reviewTitle a, a.reviewTextSnippet",
                },
            },
        ),
    }
)


def fill(given: dict[str, Any]) -> dict[str, Any]:
    """The options ``given`` for the ``page`` type, with what their preset adds.

    What the user writes goes before the preset; an address that already holds ``{page}`` stays.
    Raises ValueError where the terms are not accepted.
    """
    preset = PRESETS.get(str(given.get("preset")))
    if preset is None:
        return given
    if given.get("accept_terms") is not True:
        raise ValueError(
            f"preset «{given['preset']}» читает сайт без официального API. Прочитайте правила "
            "сайта и, если они это позволяют, добавьте accept_terms: true"
        )
    filled = {**preset.options, **given}
    url = str(given.get("url", ""))
    if "{page}" not in url:
        filled["url"] = url.partition("?")[0].rstrip("/") + preset.tail
    return filled
