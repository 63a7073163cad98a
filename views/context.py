"""What every page is given: the database, the zone, the journey and the words for the search."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import streamlit as st

from nlp.journey import Stage
from storage.database import Database
from views.brand_desk import BrandDesk

_KEY = "app_context"


@dataclass(frozen=True, slots=True)
class AppContext:
    """Wired once by app.py. ``lemmas`` turns a search text into dictionary forms.

    ``brands`` gives the desk of brand queries, whose dictionaries are loaded for who asks.
    ``reports`` is the folder of built reports, ``channels`` the names of config.yaml to send to.
    """

    db: Database
    zone: ZoneInfo
    journey: tuple[Stage, ...]
    lemmas: Callable[[str], str]
    brands: Callable[[], BrandDesk]
    reports: Path
    channels: tuple[str, ...]

    def clock(self) -> date:
        """Today in the configured zone."""
        return datetime.now(self.zone).date()


def put(context: AppContext) -> None:
    """Give the context to the pages of this session."""
    st.session_state[_KEY] = context


def get() -> AppContext:
    """The context of this session."""
    context: AppContext = st.session_state[_KEY]
    return context
