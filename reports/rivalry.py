"""Our brand beside its competitors in a report, as «Конкуренты» shows it."""

from dataclasses import replace

from insights import competitor_words, competitors, indices, voice
from insights import russian as ru
from insights.competitors import Line, Parties, Verdict
from insights.voice import Voice
from reports.frame import Frame
from reports.parts import Duelled, Rival, Rivals
from storage import queries
from storage.queries import BrandRow

#: So many touchpoints are told where we are worse, and as many where we are better.
_MOST = 5


def rivals(frame: Frame) -> Rivals | None:
    """The comparison; None where there is no competitor, or the brand is one itself."""
    who = competitors.parties(frame.catalog.brands, frame.where)
    if who is None or who.ours.id != frame.brand.id:
        return None
    scope = replace(frame.where, brands=who.ids)
    by_day = queries.mentions_by_day_and_brand(frame.session, voice.asked(scope))
    heard = voice.counted(by_day, scope, who, frame.end)
    table = competitors.index_lines(queries.figures_by_brand(frame.session, scope), who)
    lines = competitors.touchpoint_lines(queries.opinion_counts_by_brand(frame.session, scope), who)
    net = net_line(table)
    by_source = queries.mentions_by_source_and_brand(frame.session, scope)
    lonely = voice.lonely(by_source, frame.catalog.sources, who)
    return Rivals(
        standing=competitor_words.standing(who, heard.now, net, lines),
        change=voice.change(heard, who.ours.id, who.ours.name),
        rows=tuple(_row(frame, brand, who, heard, net) for brand in who.all),
        differences=_differences(frame, lines, who),
        doubts=(voice.unfair(lonely),) if lonely else (),
        who=who,
        voice=heard.now,
        mentions=heard.mentions,
        points=heard.points,
        indices=table,
        lines=lines,
    )


def net_line(table: tuple[tuple[indices.Index, Line], ...]) -> Line | None:
    """The line of net sentiment."""
    return next((line for index, line in table if index is indices.NET), None)


def _row(frame: Frame, brand: BrandRow, who: Parties, heard: Voice, net: Line | None) -> Rival:
    share, index = heard.now.get(brand.id), net.by_brand.get(brand.id) if net else None
    return Rival(
        name=brand.name,
        is_ours=brand.id == who.ours.id,
        mentions=heard.mentions[brand.id],
        voice=ru.percent(share.value) if share else "—",
        voice_interval=f"{ru.percent(share.low)} … {ru.percent(share.high)}" if share else "",
        net=ru.index(index.value) if index else "—",
        net_interval=indices.NET.interval(index) if index else "",
        net_n=index.n if index else 0,
        voice_estimate=share,
        net_estimate=index,
        link=frame.link(brands=(brand.id,)),
    )


def _differences(frame: Frame, lines: tuple[Line, ...], who: Parties) -> tuple[Duelled, ...]:
    """What is certain, the largest difference first; worse than anybody before better."""
    found = []
    for verdict in (Verdict.BEHIND, Verdict.AHEAD):
        own = [(line, contrast) for line in lines if (contrast := line.standing(verdict))]
        own.sort(key=lambda pair: -pair[1].size)
        found += [_duelled(frame, line, who, verdict) for line, _ in own[:_MOST]]
    return tuple(found)


def _duelled(frame: Frame, line: Line, who: Parties, verdict: Verdict) -> Duelled:
    return Duelled(
        name=competitor_words.name(line),
        told=competitor_words.told(line, who, verdict),
        is_better=verdict is Verdict.AHEAD,
        line=line,
        link=frame.link("competitors", touchpoints=(line.key,)),
    )
