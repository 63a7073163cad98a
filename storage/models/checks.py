"""What is known of the model's work on these very mentions: random checks, and trainings."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from storage.models.types import Json, UtcDateTime


class SpotCheck(SQLModel, table=True):
    """Mentions drawn at random, to be judged by a human: how they were judged tells corrections.

    ``params`` is the link of the filter that left ``population`` analysed mentions to draw from;
    ``mention_ids`` are in the order of the draw. It examines the answers of ``model_version``.
    """

    __tablename__ = "spot_check"

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(sa_type=UtcDateTime)
    model_version: str
    params: dict[str, list[str]] = Field(
        default_factory=dict, sa_column=Column(Json, nullable=False)
    )
    population: int
    mention_ids: list[int] = Field(default_factory=list, sa_column=Column(Json, nullable=False))


class Training(SQLModel, table=True):
    """How a training (``kind`` «train») or a return to former weights («restore») ended.

    ``model_version`` is in use afterwards; ``result`` tells what was learnt and why it is used.
    """

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str
    model_version: str
    result: dict[str, Any] = Field(default_factory=dict, sa_column=Column(Json, nullable=False))
