"""What could not be collected of a period, source by source, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from insights import collecting_words as words
from insights import russian as ru
from storage.queries import Capped, Coverage, SourceNow, State

#: A source that was read so shortly before the end of a period is told to have been read: its
#: next turn is at most a day away.
_SLACK = timedelta(days=1)
_RESTING = {
    State.PAUSED: "Стоит на паузе.",
    State.OFF: "Выключен в config.yaml.",
    State.GONE: "Убран из настроек.",
}
_ITEM: ru.Forms = ("запись", "записи", "записей")


@dataclass(frozen=True, slots=True)
class Span:
    """The moments of a period: ``until`` is its end or, where it is not over, the moment of the
    report; ``at`` is that moment in the zone in which days are told."""

    begin: datetime
    until: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Missing:
    """A source that was not wholly read, and why."""

    source_id: int
    name: str
    text: str


def expected(
    sources: Iterable[SourceNow], covered: Mapping[int, Coverage], span: Span
) -> tuple[SourceNow, ...]:
    """The sources that should have been read in the period: those that rest are left out, unless
    somebody read them, or tried to, shortly before it or later."""
    lately = span.begin - (span.until - span.begin)
    found = []
    for source in sources:
        rests = source.state in _RESTING or source.state is State.BY_HAND
        read_at = covered[source.id].read_at if source.id in covered else None
        tried_at = source.crawl.finished_at if source.crawl else None
        if not rests or any(at >= lately for at in (read_at, tried_at) if at):
            found.append(source)
    return tuple(found)


def missing(
    sources: Iterable[SourceNow], covered: Mapping[int, Coverage], span: Span
) -> tuple[Missing, ...]:
    """What is missing of each source, a line each; sources read to the end are not told."""
    found = []
    for source in sources:
        own = covered.get(source.id)
        parts = [_not_read(source, own.read_at if own else None, span)]
        parts += [_capped(capped, span) for capped in own.capped] if own else []
        parts += [_skipped(own.skipped)] if own and own.skipped else []
        if told := " ".join(dict.fromkeys(filter(None, parts))):
            found.append(Missing(source.id, source.label, told))
    return tuple(found)


def _not_read(source: SourceNow, read_at: datetime | None, span: Span) -> str:
    """Why nothing is known from some moment of the period on; empty where all is."""
    crawl = source.crawl
    failing = crawl is not None and not words.is_fine(crawl)
    if read_at is not None and read_at >= (span.until if failing else span.until - _SLACK):
        return ""
    since = "Ни разу не прочитан до конца."
    if read_at is not None:
        since = f"Прочитан по {_day(read_at, span)}, дальше нет."
        if read_at < span.begin:
            since = f"За этот период не читался, последний раз {_day(read_at, span)}."
    return f"{since} {_why(source, failing=failing)}"


def _why(source: SourceNow, *, failing: bool) -> str:
    if source.state in _RESTING:
        return _RESTING[source.state]
    if failing and source.crawl:
        if words.is_spent(source):
            return "Исчерпан суточный лимит вызовов."
        told = source.crawl.error or words.outcome(source.crawl)
        parked = " Ждёт человека." if source.state is State.PARKED else ""
        return f"{told.rstrip('.')}.{parked}"
    if source.state is State.BY_HAND:
        return "Пополняется вручную."
    return "Сбор с тех пор не запускался." if source.crawl else "Сбор ещё не запускался."


def _capped(capped: Capped, span: Span) -> str:
    begin = max(capped.asked_from or span.begin, span.begin)
    if capped.oldest is None:
        return f"Источник отдал не всё: {capped.limit.rstrip('.')}."
    until = min(capped.oldest, span.until)
    days = ru.days(*(moment.astimezone(span.at.tzinfo).date() for moment in (begin, until)))
    return f"Источник отдал не всё ({capped.limit.rstrip('.')}): неизвестно, что было {days}."


def _skipped(n: int) -> str:
    return f"Не удалось прочитать {ru.counted(n, _ITEM)} за один сбор."


def _day(moment: datetime, span: Span) -> str:
    return ru.day(moment.astimezone(span.at.tzinfo).date())
