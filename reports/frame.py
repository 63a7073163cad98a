"""What every part of a report is built from: the database, the filter, links into the app."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sqlmodel import Session

from storage.filters import Filter, to_params
from storage.queries import BrandRow, Catalog


@dataclass(frozen=True, slots=True)
class Frame:
    """A report that is being built; ``made_at`` is in the zone in which days are told."""

    session: Session
    catalog: Catalog
    brand: BrandRow
    where: Filter
    start: date
    end: date
    zone: ZoneInfo
    made_at: datetime

    def link(self, page: str = "mentions", **parts: Any) -> str:
        """A page of the app under the report's filter with these parts changed."""
        params = to_params(replace(self.where, **parts), self.catalog.names)
        return f"{page}?{urlencode(params, doseq=True)}"

    def opinions(self, touchpoint: str, tone: str, **parts: Any) -> str:
        """The mentions with opinions of a tone about a touchpoint."""
        return self.link(touchpoints=(touchpoint,), tones=(tone,), **parts)
