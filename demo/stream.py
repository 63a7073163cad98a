"""The sample stream with its days laid onto the calendar."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo

#: The stream's last day; it is shown as the day of the first load.
LAST_DAY = 181

#: Names of the invented brands, as the sources print them.
BRAND_NAMES = {"moroshka": "Морошка", "ambar24": "Амбар24", "kupec": "Купец и Ко"}


@dataclass(frozen=True, slots=True)
class Entry:
    """One invented mention, without its gold labels: the demo must find those out itself."""

    id: str
    brand: str
    source: str
    author: str
    rating: int | None
    nps: int | None
    text: str
    moment: datetime


def entries(today: date, zone: ZoneInfo) -> list[Entry]:
    """The stream, oldest first, with day 181 on ``today``."""
    return list(_entries(today, zone))


def _entries(today: date, zone: ZoneInfo) -> Iterator[Entry]:
    text = files("demo").joinpath("mentions.jsonl").read_text(encoding="utf-8")
    for index, line in enumerate(text.splitlines()):
        row = json.loads(line)
        day = today - timedelta(days=LAST_DAY - row["day"])
        # Spread over the day, the same way at every start; today's are not in the future.
        clock = time(hour=index % 24 if row["day"] < LAST_DAY else 0, minute=index * 7 % 60)
        yield Entry(
            id=row["id"],
            brand=row["brand"],
            source=row["source"],
            author=row["author"],
            rating=row["rating"],
            nps=row["nps"],
            text=row["text"],
            moment=datetime.combine(day, clock, zone),
        )
