"""A tone report as HTML: a page that stands alone, and the body of a mail.

Neither loads anything from elsewhere nor runs a script; every text is escaped by the templates.
"""

from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from insights import russian as ru
from reports.charts.journey import shade
from reports.pictures import NARROW, WIDE, Svgs, pictures
from reports.report import Report
from reports.showing import MOODS, clean, cut, href, no_gaps, stages
from reports.theme import DARK, LIGHT

_TEMPLATES = Path(__file__).parent / "templates"
#: A mail names so many pains, and quotes the first ones.
_PAINS, _FINDINGS = 3, 5


def render(report: Report) -> str:
    """The report as one file: styles and charts are within, light and dark."""
    svgs = Svgs()
    drawn = {
        code: (picture, svgs.draw(picture, WIDE), svgs.draw(picture, NARROW))
        for code, picture in pictures(report).items()
    }
    return _filled(
        "report.html.j2", report, pictures=drawn, stages=list(stages(report)),
        no_gaps=no_gaps(report),
        variables=svgs.variables, light=LIGHT, dark=DARK,
    )  # fmt: skip


def mail_body(report: Report) -> str:
    """The essence of the report for mail clients: tables and styles in place.

    Its one picture is the key chart (:func:`reports.pictures.key_picture`), which the letter brings
    along under the name ``cid:picture``.
    """
    return _filled("mail.html.j2", report, look=LIGHT, most_pains=_PAINS, most_found=_FINDINGS)


def plain(report: Report) -> str:
    """The same in plain text."""
    return _filled("mail.txt.j2", report, most_pains=_PAINS, most_found=_FINDINGS)


def _filled(name: str, report: Report, **more: Any) -> str:
    made = report.made_at.astimezone(ZoneInfo(report.zone))
    return _environment().get_template(name).render(report=report, made=ru.moment(made), **more)


@cache
def _environment() -> Environment:
    own = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=lambda name: name is not None and ".html" in name,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    own.globals |= {"cut": cut, "href": href, "moods": MOODS, "shades": _shades, "ru": ru}
    return own


def _shown(value: Any) -> Any:
    """Plain texts go through :func:`clean`; what is marked as HTML is ours already."""
    return clean(value) if type(value) is str else value


def _shades(value: float) -> str:
    """The colours of an index in both themes, as properties of CSS."""
    light, dark = shade(value, LIGHT), shade(value, DARK)
    return f"--f:{light.fill};--i:{light.ink};--df:{dark.fill};--di:{dark.ink}"
