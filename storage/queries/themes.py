"""What is said inside a touchpoint: its themes, how often each is heard and when, in what words."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, literal_column, select, union_all
from sqlmodel import Session, col

from nlp.labels import Tone
from storage.filters import Filter
from storage.models import Brand, Opinion, Theme, ThemeDaily, ThemeMark
from storage.queries.conditions import MARKED, dimensions, members, voices
from storage.queries.quotes import QuoteRow, quote_of, with_texts
from storage.queries.scope import that_count


@dataclass(frozen=True, slots=True)
class ThemeRow:
    """A theme; ``title`` is made of its words, ``name`` was given by a user.

    ``into`` is the key of the theme that it was merged into; "" where it stands alone.
    """

    key: str
    title: str
    name: str | None
    into: str


@dataclass(frozen=True, slots=True)
class ThemeStatus:
    """The themes of a touchpoint and tone, opinions that belong to one, and those that do not."""

    touchpoint: str
    tone: str
    themes: int
    inside: int
    outside: int


def theme_status(session: Session) -> tuple[ThemeStatus, ...]:
    """What was found so far, by touchpoint and tone."""
    part = (col(Theme.touchpoint), col(Theme.tone))
    alone = func.count().filter(col(Theme.merged_into).is_(None))
    known: dict[tuple[str, str], int] = {
        (touchpoint, tone): n
        for touchpoint, tone, n in session.execute(select(*part, alone).group_by(*part))
    }
    part = (col(ThemeMark.touchpoint), col(ThemeMark.tone))
    inside = func.count(col(ThemeMark.theme_id))
    rows = session.execute(select(*part, inside, func.count()).group_by(*part).order_by(*part))
    return tuple(
        ThemeStatus(touchpoint, tone, known.get((touchpoint, tone), 0), within, n - within)
        for touchpoint, tone, within, n in rows
    )


def themes(session: Session, touchpoint: str, tone: Tone) -> tuple[ThemeRow, ...]:
    """All themes of the touchpoint, merged ones too, the oldest first."""
    target = select(col(Theme.id), col(Theme.key)).subquery()
    rows = session.execute(
        select(col(Theme.key), col(Theme.title), col(Theme.name), func.coalesce(target.c.key, ""))
        .outerjoin(target, target.c.id == col(Theme.merged_into))
        .where(*_of(touchpoint, tone))
        .order_by(col(Theme.id))
    )
    return tuple(ThemeRow(*row) for row in rows)


def theme_name(session: Session, key: str) -> str | None:
    """What a theme is called; None where there is none of this key."""
    named = func.coalesce(col(Theme.name), col(Theme.title))
    return session.execute(select(named).where(col(Theme.key) == key)).scalar()


def theme_counts(
    session: Session, where: Filter, touchpoint: str, tone: Tone
) -> dict[str, dict[date, int]]:
    """Opinions by theme (its own key, merged or not) and day."""
    where = replace(where, touchpoints=(touchpoint,), tones=(str(tone),), theme="")
    facts = (_sums(where) if _roll_up_tells(where) else _rows(session, where)).subquery()
    rows = session.execute(
        select(col(Theme.key), facts.c.day, func.sum(facts.c.n))
        .join(facts, facts.c.theme_id == col(Theme.id))
        .where(*_of(touchpoint, tone))
        .group_by(col(Theme.key), facts.c.day)
    )
    found: dict[str, dict[date, int]] = defaultdict(dict)
    for key, day, n in rows:
        found[key][day] = int(n)
    return dict(found)


def theme_quotes(
    session: Session,
    where: Filter,
    touchpoint: str,
    tone: Tone,
    days: Mapping[str, Sequence[date]],
) -> dict[str, QuoteRow]:
    """The opinion in the middle of each theme, by key; in one query.

    ``days`` are those on which it is looked for, a few of each theme, so that what is looked
    through is bounded. What was merged into a theme speaks for it.
    """
    if not days:
        return {}
    where = replace(where, touchpoints=(touchpoint,), tones=(str(tone),), theme="")
    parts = [_middle(session, where, key, own).subquery() for key, own in days.items()]
    best = union_all(*(select(part) for part in parts)).subquery()
    return {row.key: quote_of(row, tone) for row in session.execute(with_texts(best))}


def _roll_up_tells(where: Filter) -> bool:
    """Whether nothing is asked that the daily sums are not cut by."""
    known = replace(where, brands=(), day_from=None, day_to=None, sources=(), rating=None)
    known = replace(known, touchpoints=(), tones=(), voices_only=True, repeats=False)
    return known == Filter()


def _sums(where: Filter) -> Select[Any]:
    table = ThemeDaily
    own = select(col(Theme.id)).where(
        col(Theme.touchpoint).in_(where.touchpoints), col(Theme.tone).in_(where.tones)
    )
    columns: tuple[Any, ...] = (table.theme_id, table.day, table.n)
    return select(*columns).where(
        col(table.theme_id).in_(own), *dimensions(where, table), *voices(where, table)
    )


def _rows(session: Session, where: Filter) -> Select[Any]:
    columns: tuple[Any, ...] = (ThemeMark.theme_id, Opinion.day, literal_column("1").label("n"))
    marked: Select[Any] = that_count(session, where, *columns).join(ThemeMark, MARKED)
    return marked.where(col(ThemeMark.theme_id).is_not(None))


def _middle(session: Session, where: Filter, key: str, days: Sequence[date]) -> Select[Any]:
    """The opinion of these days that is closest to the theme."""
    names = ("mention_id", "touchpoint", "day", "start", "end")
    columns = (literal(key).label("key"), *(getattr(Opinion, name) for name in names))
    # Brand and day are said of the opinions, so that no plan begins elsewhere.
    return (
        that_count(session, replace(where, brands=(), day_from=None, day_to=None), *columns)
        .join(ThemeMark, MARKED)
        .where(
            col(Opinion.brand_id).in_(where.brands or select(col(Brand.id))),
            col(Opinion.day).in_(days),
            col(ThemeMark.theme_id).in_(members(key)),
        )
        .order_by(col(ThemeMark.closeness).desc(), col(Opinion.id))
        .limit(1)
    )


def _of(touchpoint: str, tone: Tone) -> tuple[ColumnElement[bool], ...]:
    return col(Theme.touchpoint) == touchpoint, col(Theme.tone) == str(tone)
