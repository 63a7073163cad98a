"""What came of a job: its words, and the mentions that a first page holds."""

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any

import streamlit as st

from insights import collecting_words as words
from insights import russian as ru
from storage.queries import JobRow
from views import style

_SHOWN = 3


def tell(job: JobRow, now: datetime) -> None:
    """The end of a job; ``now`` in the zone of the screen."""
    told = style.plain(f"{words.job(job, now)}. {job.message}")
    if job.state == "failed":
        st.error(told, icon=":material/error:")
        return
    st.success(told, icon=":material/check:")
    mentions(job.result.get("mentions") or [], now)


def mentions(found: list[Mapping[str, Any]], now: datetime) -> None:
    """Mentions that are not stored: the first few, the others one click away."""
    if not found:  # a range has none to show, and an empty page neither
        return
    st.html("".join(_card(mention, now) for mention in found[:_SHOWN]))
    if len(found) > _SHOWN:
        with st.expander(f"Ещё {ru.number(len(found) - _SHOWN)}"):
            st.html("".join(_card(mention, now) for mention in found[_SHOWN:]))


def _card(mention: Mapping[str, Any], now: datetime) -> str:
    moment = datetime.fromisoformat(mention["published_at"]).astimezone(now.tzinfo)
    facts = [ru.moment(moment) if mention.get("date_known") else "без даты"]
    if mention.get("rating") is not None:
        facts.append(f"оценка {ru.number(mention['rating'])} из {mention.get('rating_scale', 5)}")
    facts.append(str(mention.get("author") or ""))
    text = str(mention.get("text") or mention.get("title") or "без слов")
    shown = text if len(text) <= 280 else f"{text[:280].rstrip()}…"
    return (
        '<article class="ok-latest"><div class="ok-meta">'
        f"{escape(' · '.join(fact for fact in facts if fact))}</div>"
        f'<div class="ok-text">{escape(shown)}</div></article>'
    )
