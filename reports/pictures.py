"""A report's charts as pictures: the same charts as in the app, for pages, paper and messengers.

All are drawn by vl-convert, which brings Liberation Sans along: they look the same on a server
without fonts.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple

import altair as alt

from insights import russian as ru
from insights import trends
from insights.changes import FEW
from insights.competitors import Verdict
from insights.pains import Side
from insights.trends import Bucket
from reports import charts
from reports.charts import Shown
from reports.charts.base import Chart, tone_label
from reports.parts import Topic
from reports.report import Report
from reports.showing import clean
from reports.theme import DARK, LIGHT, STACK, Palette

FONT = "Liberation Sans"
#: Pixels: of a page, of a phone, of a messenger.
WIDE, NARROW, KEY = 720, 340, 860
#: Pixels of a key chart for each of its points.
_SHARP = 2.0
#: A key chart tells so many of its marks.
_TOLD = 3
_STEPS = {Bucket.DAY: "дням", Bucket.WEEK: "неделям", Bucket.MONTH: "месяцам"}
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_OPENING = re.compile(r"<svg[^>]*viewBox=\"([^\"]*)\"[^>]*>")
_OWN_NAME = re.compile(r"(?<=\bid=\")[^\"]+|(?<=url\(#)[^)]+")


class Entry(NamedTuple):
    """A line of a legend, with its colours in both themes."""

    sign: str
    name: str
    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart of a report. ``caption`` says how to read it, ``alt`` what is seen in it."""

    code: str
    caption: str
    alt: str
    draw: Callable[[Palette], Chart]
    legend: tuple[Entry, ...] = ()


_TONES = tuple(Entry("■", tone_label(tone), LIGHT.tone(tone), DARK.tone(tone)) for tone in STACK)


def pictures(report: Report) -> dict[str, Picture]:
    """The charts of a report by code; those that would be empty are left out."""
    drawn = (*_tones(report), *_topics(report), *_rivals(report))
    return {picture.code: picture for picture in drawn}


@dataclass(slots=True)
class Svgs:
    """Inline SVG of both themes at once: a colour that differs is a variable of CSS.

    :attr:`variables` maps the colours of the light and the dark theme to its name.
    """

    variables: dict[tuple[str, str], str] = field(default_factory=dict)
    _made: int = 0

    def draw(self, picture: Picture, width: int) -> str:
        """The picture as an element for a page, so many pixels wide."""
        light, dark = (_svg(picture, look, width) for look in (LIGHT, DARK))
        others = iter(_COLOUR.findall(dark))

        def themed(found: re.Match[str]) -> str:
            pair = (found.group(), next(others))
            if pair[0] == pair[1]:
                return pair[0]
            return f"var(--{self.variables.setdefault(pair, f'c{len(self.variables)}')})"

        self._made += 1
        own = _OWN_NAME.sub(lambda name: f"p{self._made}-{name.group()}", light)
        told = f'role="img" aria-label="{escape(clean(picture.alt))}"'
        return _OPENING.sub(
            lambda tag: f'<svg viewBox="{tag[1]}" {told}>', _COLOUR.sub(themed, own), count=1
        )


def pdf(picture: Picture) -> bytes:
    """The picture in light colours as a page of PDF, its font embedded."""
    import vl_convert  # brings a JavaScript engine along

    return bytes(vl_convert.vegalite_to_pdf(_spec(picture, LIGHT, WIDE), format_locale="ru-RU"))


def key_picture(report: Report) -> bytes | None:
    """The tone over time with its surges as PNG, for a message; None where nobody wrote."""
    if report.is_empty:
        return None
    import vl_convert

    chart = charts.tone_over_time(report.points, Shown.COUNTS, LIGHT, marks=report.marks)
    spec = _sized(chart, LIGHT, KEY)
    for layer in spec["layer"]:
        if legend := layer["encoding"].get("color", {}).get("legend"):
            legend["orient"] = "bottom"  # above the plot stand the marks
    spec["background"] = LIGHT.paper
    spec["padding"] = 16
    spec["title"] = {
        "text": clean(report.brand),
        "subtitle": [
            f"{report.period.title} · упоминания по тональности",
            *(f"{mark.number} — {clean(mark.text)}" for mark in report.marks[:_TOLD]),
        ],
        "anchor": "start",
        "frame": "group",
        "fontSize": 22,
        "subtitleFontSize": 15,
        "subtitlePadding": 6,
        "color": LIGHT.text,
        "subtitleColor": LIGHT.muted,
        "offset": 14,
    }
    return bytes(vl_convert.vegalite_to_png(spec, scale=_SHARP, format_locale="ru-RU"))


def _tones(report: Report) -> Iterator[Picture]:
    if report.figures.tones.n:
        yield _over_time(report)
    # Points of few mentions each would be a line of chance.
    solid = sum(point.tones.n >= FEW for point in report.points)
    if 2 * solid > sum(point.tones.n > 0 for point in report.points):
        yield Picture(
            "index",
            "Индекс тональности: точка — значение, полоса — интервал 95 %; бледные точки — "
            "меньше 20 упоминаний.",
            f"Индекс тональности по времени, {report.period.words}.",
            lambda look: charts.tone_over_time(report.points, Shown.INDEX, look),
        )
    columns = report.journey.found.columns
    if any(column.standing.n for column in columns):
        yield Picture(
            "feelings",
            "Индекс мнений по этапам пути (номера — как в таблице ниже) с интервалом 95 %; "
            "бледные — меньше 10 мнений.",
            f"Индекс мнений по этапам пути клиента: {_stages(report)}.",
            lambda look: charts.feelings(columns, look),
        )
    lines = [source.line for source in report.sources if source.line.tones.n]
    if lines:
        yield Picture(
            "sources",
            "Упоминания по источникам и тональности.",
            "Упоминания по источникам: "
            + "; ".join(f"{line.source.label} — {ru.number(line.mentions)}" for line in lines)
            + ".",
            lambda look: charts.source_bars(lines, look, legend=False),
            _TONES,
        )


def _over_time(report: Report) -> Picture:
    numbers = " Цифры над столбцами — события, о которых рассказано ниже." if report.marks else ""
    tones, days = report.figures.tones, (report.period.end - report.period.start).days + 1
    return Picture(
        "tone",
        f"Упоминания по {_STEPS[trends.bucket_for(days)]} и тональности.{numbers}",
        f"Упоминания по времени, {report.period.words}: всего {ru.number(tones.n)} с тональностью, "
        f"негативных {ru.number(tones.negative)}, нейтральных {ru.number(tones.neutral)}, "
        f"позитивных {ru.number(tones.positive)}, смешанных {ru.number(tones.mixed)}.",
        lambda look: charts.tone_over_time(
            report.points, Shown.COUNTS, look, legend=False, marks=report.marks
        ),
        _TONES,
    )


def _topics(report: Report) -> Iterator[Picture]:
    both = {"pains": report.pains, "joys": report.joys}
    # One scale for both, so that a pain and a joy can be compared.
    longest = max((one.weighed.impact.value for own in both.values() for one in own), default=0.0)
    for code, topics in both.items():
        if topics:
            yield _impact(code, topics, longest)


def _impact(code: str, topics: tuple[Topic, ...], longest: float) -> Picture:
    ranked, side = [one.weighed for one in topics], topics[0].side
    verb = "стоит" if side is Side.PAIN else "даёт"
    return Picture(
        code,
        f"Сколько пунктов индекса {verb} каждая тема; ▲ и ▼ — больше и меньше, чем в предыдущем "
        "периоде, бледные — мнений мало.",
        "; ".join(f"{one.name} {one.cost} ({one.interval}, {one.opinions})" for one in topics)
        + ".",
        lambda look: charts.impact_bars(ranked, side, look, longest=longest),
    )


def _rivals(report: Report) -> Iterator[Picture]:
    rivals = report.rivals
    if rivals is None or not any(rivals.mentions.values()):
        return
    both = (charts.brand_marks(rivals.who, look) for look in (LIGHT, DARK))
    legend = tuple(
        Entry(light.sign, light.name, light.color, dark.color)
        for light, dark in zip(*both, strict=True)
    )
    yield Picture(
        "voice",
        "Доля упоминаний каждого бренда среди всех сравниваемых, с интервалом 95 %.",
        "Доля упоминаний: "
        + "; ".join(f"{row.name} {row.voice} ({row.voice_interval})" for row in rivals.rows)
        + ".",
        lambda look: charts.voice_bars(
            rivals.voice, rivals.mentions, charts.brand_marks(rivals.who, look), look
        ),
    )
    # What cannot be compared would make the chart long and say nothing.
    lines = [line for line in rivals.lines if line.verdict is not Verdict.UNKNOWN]
    if lines:
        yield Picture(
            "touchpoints",
            "Индекс мнений по темам с интервалом 95 %: ▼ — мы хуже, ▲ — мы лучше, = — различия "
            "не видно.",
            "Индекс мнений по темам: "
            + "; ".join(f"{own.name} {own.told}" for own in rivals.differences)
            + ".",
            lambda look: charts.touchpoint_dots(lines, charts.brand_marks(rivals.who, look), look),
            legend,
        )


def _stages(report: Report) -> str:
    told = []
    for number, column in enumerate(report.journey.found.columns, 1):
        net = column.standing.net
        value = f"{ru.index(net.value)}, n = {ru.number(net.n)}" if net else "мнений нет"
        told.append(f"{number}. {column.stage.name}: {value}")
    return "; ".join(told)


def _svg(picture: Picture, look: Palette, width: int) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_spec(picture, look, width), format_locale="ru-RU"))


def _spec(picture: Picture, look: Palette, width: int) -> dict[str, Any]:
    return _sized(picture.draw(look), look, width)


def _sized(chart: Chart, look: Palette, width: int) -> dict[str, Any]:
    """So wide in all, labels among it, in the font that is there; what the chart leaves to the
    theme of its page has the colours of the look."""
    sized = chart.properties(
        width=width, autosize=alt.AutoSizeParams(type="fit-x", contains="padding")
    )
    spec: dict[str, Any] = _clean(sized.to_dict())
    config = spec["config"]
    axis = {"labelColor": look.muted, "domainColor": look.grid, "tickColor": look.grid}
    config["axis"] = axis | config.get("axis", {})
    config |= {"font": FONT, "background": None, "aria": False}
    return spec


def _clean(value: Any) -> Any:
    """The texts of marks and labels, clean: names of sources and brands come from strangers."""
    if isinstance(value, dict):
        return {key: _clean(own) for key, own in value.items()}
    if isinstance(value, list):
        return [_clean(own) for own in value]
    return clean(value) if isinstance(value, str) else value
