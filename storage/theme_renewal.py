"""Themes made anew, and themes that stay while the encoder of their vectors changes."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage import settings
from storage import tables as t
from storage.themes import SAME, SPOKEN, Place, place_of

_mark, _theme = t.theme_mark.c, t.theme.c


def closest(session: Session, theme_id: int, limit: int) -> list[Place]:
    """The opinions in the middle of a theme."""
    mention = t.mention.c
    rows = session.execute(
        sa.select(*SPOKEN, mention.text, mention.content_hash)
        .select_from(t.theme_mark)
        .join(t.opinion, SAME)
        .join(t.mention, mention.id == _mark.mention_id)
        .where(_mark.theme_id == theme_id)
        .order_by(_mark.closeness.desc(), _mark.mention_id)
        .limit(limit)
    )
    return [place_of(row) for row in rows]


def move(session: Session, theme_id: int, centre: bytes) -> None:
    """Give a theme another centre, because sentences have got other vectors."""
    session.execute(sa.update(t.theme).where(_theme.id == theme_id).values(centre=centre))


def begin_anew(session: Session, *, keep_all: bool) -> None:
    """Let all opinions wait again. Without ``keep_all``, only what a user named or merged stays."""
    for table in (t.theme_daily, t.theme_mark, t.theme_ground):
        session.execute(sa.delete(table))
    if not keep_all:
        other = t.theme.alias()
        target = sa.exists().where(other.c.merged_into == _theme.id)
        session.execute(
            sa.delete(t.theme).where(_theme.name.is_(None), _theme.merged_into.is_(None), ~target)
        )


def encoder(session: Session) -> str | None:
    """The version of the encoder that the stored vectors are of; None before the first run."""
    version: str | None = settings.get(session, settings.THEMES)
    return version


def set_encoder(session: Session, version: str) -> None:
    """Remember whose vectors are stored from now on."""
    settings.put(session, settings.THEMES, version)
