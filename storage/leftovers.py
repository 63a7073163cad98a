"""What crawls, jobs, the desk and other people's mentions keep of an author besides their mentions.

An outcome may hold pieces of pages and a job the first mentions of a source: both are looked at for
some days and are of no use afterwards. At the desk views, checks and notes may name somebody.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import tables as t
from storage.filters import Key
from storage.personal import Personal, without_values

#: Columns of a crawl's outcome that may hold pieces of pages.
_PIECES: dict[str, Any] = {"samples": [], "notes": [], "detail": ""}
_ERASED = "Подробности стёрты: в них мог быть назван автор."
_crawl, _job, _mention = t.crawl.c, t.job.c, t.mention.c
_HOLDS_PIECES = sa.or_(
    *(
        sa.cast(_crawl[name], sa.String) != ("[]" if empty == [] else empty)
        for name, empty in _PIECES.items()
    )
)
_ENDED = _job.state.in_(("done", "failed"))


def clear_crawls(session: Session, source_ids: Collection[int], needles: Sequence[str]) -> int:
    """Empty what outcomes kept of pages: all of these sources', elsewhere what holds a name.

    Errors are in our own words and stay, unless they hold a name or (only a hash was given) might.
    """
    changed = []
    query = sa.select(
        _crawl.id, _crawl.source_id, _crawl.error, *(_crawl[name] for name in _PIECES)
    )
    for row in session.execute(query):
        tells = _tells(f"{row.error} {row.samples} {row.notes} {row.detail}", needles)
        kept = row.samples or row.notes or row.detail or row.error
        if (kept and row.source_id in source_ids) or tells:
            error = _ERASED if row.error and (tells or not needles) else row.error
            changed.append({"id": row.id, **_PIECES, "error": error})
    t.update_all(session, t.crawl, changed)
    return len(changed)


def clear_old_crawls(session: Session, before: datetime) -> int:
    """Empty what outcomes kept of pages until a moment; how many had something."""
    cleared = session.execute(
        sa.update(t.crawl).where(_crawl.finished_at < before, _HOLDS_PIECES).values(_PIECES)
    )
    return cleared.rowcount  # type: ignore[attr-defined, no-any-return]


def drop_old_pages(session: Session, before: datetime) -> None:
    """Drop pages and traces kept for mending a collector until a moment."""
    old = sa.and_(_crawl.finished_at < before, _crawl.detail != "")
    session.execute(sa.update(t.crawl).where(old).values(detail=""))


def clear_jobs(session: Session, needles: Sequence[str]) -> int:
    """Drop ended looks at a first page, which show mentions, and whatever else holds a name."""
    columns = (_job.id, _job.kind, _job.payload, _job.message, _job.result)
    gone = [
        row.id
        for row in session.execute(sa.select(*columns).where(_ENDED))
        if row.kind in {"preview", "check"}
        or _tells(f"{row.payload} {row.message} {row.result}", needles)
    ]
    for chunk in t.in_chunks(gone):
        session.execute(sa.delete(t.job).where(_job.id.in_(chunk)))
    return len(gone)


def drop_jobs(session: Session, before: datetime | None = None) -> None:
    """Drop jobs that ended before a moment, or all that ended."""
    old = sa.true() if before is None else _job.finished_at < before
    session.execute(sa.delete(t.job).where(_ENDED, old))


def clear_desk(session: Session, needles: Sequence[str]) -> int:
    """Delete saved views that name the author, empty notes and links of checks that do; how many.

    A view without the name would show everybody, a rule would wake for everybody: the one goes, the
    other rests. A step of handling somebody else's mention keeps its status without the note or the
    assignee that names the author.
    """
    view, note, spot = t.saved_view.c, t.touchpoint_note.c, t.spot_check.c

    def named(*columns: sa.Column[Any]) -> list[tuple[int, dict[str, Any]]]:
        """Ids of the rows that name the author, and what of these columns does not."""
        rows = session.execute(sa.select(columns[0].table.c.id, *columns))
        told = [(row.id, {one.name: getattr(row, one.name) for one in columns}) for row in rows]
        kept = [(number, own, without_values(own, needles)) for number, own in told]
        return [(number, rest) for number, own, rest in kept if rest != own]

    step = t.handling.c
    views, notes, links = named(view.name, view.params), named(note.note), named(spot.params)
    rules, alerts = named(t.alert_rule.c.params), named(t.alert.c.params)
    steps = named(step.assignee, step.note)
    for chunk in t.in_chunks(number for number, _ in views):
        session.execute(sa.delete(t.saved_view).where(view.id.in_(chunk)))
    t.update_all(session, t.touchpoint_note, [{"id": one, "note": _ERASED} for one, _ in notes])
    t.update_all(session, t.spot_check, [{"id": one, **rest} for one, rest in links])
    ended = {"gone": True, "enabled": False}
    t.update_all(session, t.alert_rule, [{"id": one} | rest | ended for one, rest in rules])
    t.update_all(session, t.alert, [{"id": one, **rest} for one, rest in alerts])
    unnamed = {"assignee": "", "note": _ERASED}
    t.update_all(session, t.handling, [{"id": one} | unnamed | rest for one, rest in steps])
    return sum(map(len, (views, notes, links, steps, rules, alerts)))


def unlink_alerts(session: Session, mention_ids: Collection[int]) -> None:
    """Take erased mentions out of what fired: SQLite may give their numbers to others."""
    gone = set(mention_ids)
    rows = session.execute(sa.select(t.alert.c.id, t.alert.c.mention_ids)).all()
    left = [(row, [one for one in row.mention_ids if one not in gone]) for row in rows]
    changed = [{"id": row.id, "mention_ids": ids} for row, ids in left if ids != row.mention_ids]
    t.update_all(session, t.alert, changed)


def mask_links(session: Session, personal: Personal) -> None:
    """Put hashes in place of authors in views and links of checks, where names are stored no more.

    They lead to the same mentions as before.
    """

    def masked(author: str) -> str:
        own = sa.or_(_mention.author == author, _mention.author_id == author)
        is_stored = session.execute(sa.select(_mention.id).where(own).limit(1)).first()
        return author if is_stored else personal.hash_of(author)

    for table in (t.saved_view, t.spot_check, t.alert_rule, t.alert):
        rows = session.execute(sa.select(table.c.id, table.c.params)).all()
        changed = [
            {"id": row.id, "params": row.params | {Key.AUTHOR: [masked(one) for one in authors]}}
            for row in rows
            if (authors := row.params.get(Key.AUTHOR))
        ]
        t.update_all(session, table, changed)


def clean_raw(session: Session, needles: Sequence[str]) -> int:
    """Take the author's names and ids out of what sources told besides other people's texts."""
    spelled = {form for needle in needles for form in _spellings(needle)}
    if not spelled:
        return 0
    raw = sa.cast(_mention.raw, sa.String)
    holds = sa.or_(*(raw.contains(form, autoescape=True) for form in sorted(spelled)))
    rows = session.execute(sa.select(_mention.id, _mention.raw).where(holds)).all()
    cleaned = [{"id": row.id, "raw": without_values(row.raw, needles)} for row in rows]
    changed = [new for new, row in zip(cleaned, rows, strict=True) if new["raw"] != row.raw]
    for chunk in t.in_chunks(changed):
        t.update_all(session, t.mention, chunk)
    return len(changed)


def _tells(said: str, needles: Sequence[str]) -> bool:
    said = said.casefold()
    return any(needle.casefold() in said for needle in needles)


def _spellings(needle: str) -> set[str]:
    """As JSON may hold it: in the usual cases of its letters, escaped or not."""
    cases = {needle, needle.lower(), needle.upper(), needle.title()}
    return cases | {json.dumps(case)[1:-1] for case in cases}
