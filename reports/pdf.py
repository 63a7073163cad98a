"""A tone report as PDF, typeset by typst.

What is told travels as JSON beside the template: no text of a stranger ever becomes markup. Texts
are set in fonts that typst carries itself (Libertinus Serif), charts in that of vl-convert; what
they lack, such as emoji, is taken from the system's fonts where it has any.
"""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from insights import russian as ru
from insights.words import Mood
from reports.charts.journey import shade
from reports.parts import Gap, JourneyRow, Noticed, Quote, Rivals, SourceTold, Tile, Topic
from reports.pictures import pdf, pictures
from reports.report import Report
from reports.showing import MOODS, clean, cut, href, no_gaps, shortened, stages
from reports.theme import LIGHT

_TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
#: Words so long may be broken after every few characters, lest they run over the edge of the page.
_WORD = re.compile(r"[^\s\u200b]{29,}")
_PART = re.compile(r".{8}(?=.)")
#: So much of a brand's name stands above every page.
_HEADER = 60
_EMOJI = re.compile("[\U0001f000-\U0001faff\ufe0f\u200d\u20e3]+")


def render(report: Report, path: Path) -> None:
    """Write the report to ``path``; its charts are vector, its links open, its pages are counted.

    Raises :class:`typst.TypstError` where the template is broken, whatever the report.
    """
    import typst  # a whole typesetter: only needed here

    with TemporaryDirectory(prefix="otklik-report-") as name:
        folder = Path(name)
        told = _plain(_report(report) | {"charts": _charts(report, folder)})
        (folder / "report.json").write_text(json.dumps(told), encoding="utf-8")
        (folder / _TEMPLATE.name).write_bytes(_TEMPLATE.read_bytes())
        typst.compile(
            folder / _TEMPLATE.name,
            output=path,
            root=folder,
            format="pdf",
            timestamp=int(report.made_at.timestamp()),
        )


def _charts(report: Report, folder: Path) -> dict[str, Any]:
    told = {}
    for code, picture in pictures(report).items():
        (folder / f"{code}.pdf").write_bytes(pdf(picture))
        told[code] = {
            "file": f"{code}.pdf",
            "alt": picture.alt,
            "caption": picture.caption,
            "legend": [own._asdict() for own in picture.legend],
        }
    return told


def _report(report: Report) -> dict[str, Any]:
    made_at = report.made_at.astimezone(ZoneInfo(report.zone))
    compared = f"В сравнении с периодом {report.period.compared}. " * bool(report.period.compared)
    made = ru.moment(made_at)
    model = f", модель {report.model}" * bool(report.model)
    return {
        "look": {name: getattr(LIGHT, name) for name in LIGHT.__slots__ if name != "rivals"},
        "title": f"{report.title}, {report.period.words}",
        "kind": "Отчёт о тональности",
        "brand": report.brand,
        "header": shortened(report.brand, _HEADER),
        "period": report.period.title,
        "made": f"{compared}Составлен {made}.",
        "made_on": {"year": made_at.year, "month": made_at.month, "day": made_at.day},
        "colophon": f"Составлено «Откликом» {made} ({report.zone}){model}.",
        "link": href(report.url(report.link)),
        "summary": [
            {"text": one.text, "mood": _mood(one.mood), "link": _link(report, one.link)}
            for one in report.summary
        ],
        "tiles": [_tile(report, tile) for tile in report.tiles],
        "findings": [_finding(report, one) for one in report.findings],
        "nothing_found": report.nothing_found,
        "journey": _journey(report),
        "pains": [_topic(report, one) for one in report.pains],
        "joys": [_topic(report, one) for one in report.joys],
        "rivals": _rivals(report, report.rivals) if report.rivals else None,
        "volume": [told for told in (report.others, report.unread) if told],
        "sources": [_source(one) for one in report.sources],
        "no_gaps": no_gaps(report),
        "gaps": [_gap(one) for one in report.gaps],
        "accuracy": list(report.accuracy),
        "method": [{"name": one.name, "text": one.text} for one in report.method],
    }


def _link(report: Report, link: str) -> str:
    return href(report.url(link))


def _mood(mood: Mood) -> dict[str, Any]:
    tone, sign, _ = MOODS[mood]
    certain = mood in (Mood.WORSE, Mood.BETTER)
    return {"tone": tone if certain else "muted", "sign": sign, "certain": certain}


def _tile(report: Report, tile: Tile) -> dict[str, Any]:
    mood = _mood(tile.mood)
    sign = f" {mood['sign']}" if mood["certain"] and tile.change else ""
    return {
        "name": tile.name,
        "told": tile.told,
        "interval": tile.interval or "—",
        "change": f"{tile.change}{sign}" or "—",
        "n": tile.n or "всем упоминаниям",
        "note": tile.note,
        "mood": mood,
        "link": _link(report, tile.link),
    }


def _finding(report: Report, one: Noticed) -> dict[str, Any]:
    return {
        "number": str(one.number),
        "title": one.title,
        "details": one.details,
        "tone": "positive" if one.is_good else "negative",
        "link": _link(report, one.link),
    }


def _journey(report: Report) -> dict[str, Any]:
    return {
        "text": report.journey.story.text,
        "lines": list(report.journey.story.lines),
        "stages": [
            {
                "name": f"{stage.number}. {stage.name}" if stage.number else stage.name,
                "rows": [_touchpoint(report, row) for row in stage.rows],
            }
            for stage in stages(report)
        ],
    }


def _touchpoint(report: Report, row: JourneyRow) -> dict[str, Any]:
    net = row.cell.standing.net
    colours = shade(net.value if net else 0.0, LIGHT)
    return {
        "name": row.name,
        "told": row.told,
        "interval": row.interval,
        "n": ru.number(row.cell.standing.n),
        "few": row.cell.standing.is_few,
        "moved": row.moved or "—",
        "fill": colours.fill,
        "ink": colours.ink,
        "link": _link(report, row.link),
    }


def _topic(report: Report, topic: Topic) -> dict[str, Any]:
    growth = f"{topic.growth} к прошлому периоду" if topic.growth else ""
    told = ", ".join(filter(None, (topic.opinions, growth, topic.churn)))
    return {
        "name": topic.name,
        "cost": f"{topic.cost[:1].upper()}{topic.cost[1:]}",
        "told": f"({topic.interval}), {told}.",
        "compared": topic.compared,
        "themes": [{"name": theme.name, "told": theme.told} for theme in topic.themes],
        "quotes": [_quote(report, quote) for quote in topic.quotes],
        "link": _link(report, topic.link),
    }


def _quote(report: Report, quote: Quote) -> dict[str, Any]:
    part = cut(quote)
    return {
        "before": part.before,
        "evidence": part.evidence,
        "after": part.after,
        "origin": " · ".join(filter(None, (quote.source, quote.rating, quote.when))),
        "url": href(quote.url),
        "link": _link(report, quote.link),
    }


def _rivals(report: Report, rivals: Rivals) -> dict[str, Any]:
    return {
        "mood": _mood(rivals.standing.mood),
        "text": rivals.standing.text,
        "change": rivals.change,
        "doubts": list(rivals.doubts),
        "rows": [
            {
                "name": row.name,
                "ours": row.is_ours,
                "mentions": ru.number(row.mentions),
                "voice": row.voice,
                "voice_interval": row.voice_interval,
                "net": row.net,
                "net_interval": row.net_interval,
                "n": ru.number(row.net_n),
                "link": _link(report, row.link),
            }
            for row in rivals.rows
        ],
        "differences": [
            {
                "name": one.name,
                "told": one.told,
                "mood": _mood(Mood.BETTER if one.is_better else Mood.WORSE),
                "link": _link(report, one.link),
            }
            for one in rivals.differences
        ],
    }


def _source(source: SourceTold) -> dict[str, Any]:
    rating = f"{source.rating} ({ru.number(source.rated)})" if source.rating else "—"
    return {
        "name": source.name,
        "mentions": ru.number(source.mentions),
        "net": source.net,
        "interval": source.interval or "—",
        "rating": rating,
        "collected": source.collected,
    }


def _gap(gap: Gap) -> dict[str, Any]:
    return {"source": gap.source, "text": gap.text}


def _plain(value: Any) -> Any:
    """All texts within, clean, with words that fit a line and characters that have a glyph."""
    if isinstance(value, dict):
        return {key: own if key in ("url", "link") else _plain(own) for key, own in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(one) for one in value]
    if not isinstance(value, str):
        return value
    text = clean(value) if _has_emoji() else _EMOJI.sub("", clean(value))
    return _WORD.sub(lambda word: _PART.sub("\\g<0>\u200b", word[0]), text)


@cache
def _has_emoji() -> bool:
    """Whether the system has a font with emoji."""
    import typst

    return any("emoji" in family.lower() for family in typst.Fonts().families())
