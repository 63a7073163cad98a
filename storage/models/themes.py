"""What exactly is said inside a touchpoint: themes, and which opinion belongs to which."""

from datetime import datetime

from sqlalchemy import Column, Index, text
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class Theme(SQLModel, table=True):
    """A cluster of opinions of one tone about one touchpoint; its id and key never change.

    ``key`` stands for it in links. ``title`` is made of its distinctive words, ``name`` is the
    user's and outranks it. A theme that was ``merged_into`` another counts for that one.
    ``centre`` is the mean of its sentences' vectors (float32), ``words`` the share of its
    sentences that have a stem: what a new opinion is compared with.
    """

    __table_args__ = (Index("ix_theme_touchpoint", "touchpoint", "tone"),)

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    touchpoint: str
    tone: str
    title: str
    name: str | None = None
    centre: bytes
    words: dict[str, float] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
    merged_into: int | None = Field(default=None, foreign_key="theme.id")
    created_at: datetime = Field(sa_type=UtcDateTime)


class ThemeGround(SQLModel, table=True):
    """What all opinions of one tone about one touchpoint have in common, summed as they come.

    ``total`` is the sum of the vectors of ``n`` sentences (float64), ``words`` tells how many of
    them have a stem. A theme is what stands out from this.
    """

    __tablename__ = "theme_ground"

    touchpoint: str = Field(primary_key=True)
    tone: str = Field(primary_key=True)
    n: int
    total: bytes
    words: dict[str, int] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))


class ThemeMark(SQLModel, table=True):
    """That an opinion was looked at, and its theme (None: it belongs to none yet).

    ``closeness`` to the theme is in thousandths. While there is no theme, ``vector`` (int8) lets
    later themes be found without reading the text again, and ``tried`` tells that they were
    looked for once.
    """

    __tablename__ = "theme_mark"
    __table_args__ = (
        Index("ix_theme_mark_theme", "theme_id", "closeness"),
        Index(
            "ix_theme_mark_left",
            "touchpoint",
            "tone",
            "mention_id",
            "tried",
            sqlite_where=text("theme_id IS NULL"),
            postgresql_where=text("theme_id IS NULL"),
        ),
        {"sqlite_with_rowid": False},
    )

    mention_id: int = Field(primary_key=True, foreign_key="mention.id")
    touchpoint: str = Field(primary_key=True)
    tone: str = Field(primary_key=True)
    start: int = Field(primary_key=True)
    theme_id: int | None = Field(default=None, foreign_key="theme.id")
    closeness: int = 0
    tried: bool = False
    vector: bytes | None = None
