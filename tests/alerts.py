"""A house for tests of alerts: two brands, three sources, a channel, and mentions that come."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import world
from world import CATALOG, NOW, World, found, judged

from collectors.base import Mention
from nlp.analysis import Opinion
from nlp.labels import Kind, Tone, Touchpoint
from otklik import alerting
from otklik.config import load
from otklik.house import House, open_house
from storage import alert_rules, queries
from storage import tables as t
from storage.alert_rules import RuleDeclaration
from storage.alert_values import Condition, Manners, When
from storage.database import Database
from storage.queries import AlertRow

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EACH = Condition(When.EACH)
_CONFIG = """
database: {{url: "{url}"}}
{catalog}channels:
  - {{name: crisis, url: "json://127.0.0.1:1"}}
  - {{name: boss, url: "json://127.0.0.1:2"}}
{more}
"""


@dataclass
class Desk:
    """The house, its world, and the shortest words for a test."""

    house: House
    world: World
    folder: Path

    def rule(
        self,
        condition: Condition = EACH,
        *,
        name: str = "Правило",
        now: datetime = NOW - 30 * DAY,
        params: Mapping[str, Sequence[str]] | None = None,
        manners: Manners | None = None,
        channels: Sequence[str] = ("crisis",),
        reach: int | None = None,
    ) -> int:
        given = params if params is not None else {"tone": ["negative"]}
        rule = RuleDeclaration(name, condition, given, reach, manners or Manners(), channels)
        with self.house.db.write() as session:
            return alert_rules.add_rule(session, rule, now=now)

    def come(self, *mentions: Mention, tone: Tone = Tone.NEGATIVE) -> None:
        """Mentions that are stored and answered for at once."""
        opinion = Opinion(Touchpoint.DELIVERY, tone, 0.9, 0, 6)
        kind = Kind.COMPLAINT if tone == Tone.NEGATIVE else Kind.PRAISE
        world.tell_all(self.world, [(one, judged(tone, kind, opinion)) for one in mentions])

    def look(self, now: datetime = NOW) -> int:
        return alerting.evaluate(self.house, now)

    def alerts(self) -> tuple[AlertRow, ...]:
        """What fired, the first first."""
        with self.house.db.read() as session:
            return tuple(reversed(queries.alerts(session, limit=10_000)))

    def told(self) -> list[Any]:
        """What stands in the outbox, in order."""
        with self.house.db.read() as session:
            query = sa.select(t.delivery).order_by(t.delivery.c.id)
            return list(session.execute(query).all())

    def queue(self) -> list[int]:
        with self.house.db.read() as session:
            return list(session.scalars(sa.select(t.alert_queue.c.mention_id)))

    def texts(self, ids: Iterable[int]) -> set[str]:
        with self.house.db.read() as session:
            query = sa.select(t.mention.c.text).where(t.mention.c.id.in_(list(ids)))
            return set(session.scalars(query))


def desk(db: Database, folder: Path, more: str = "") -> Desk:
    """A house over ``db`` with its config in ``folder``."""
    url = db.url.render_as_string(hide_password=False)
    file = folder / "config.yaml"
    file.write_text(_CONFIG.format(url=url, catalog=CATALOG, more=more), encoding="utf-8")
    return Desk(open_house(load(file), db), found(db), folder)


def said(number: int | str, at: datetime = NOW, **fields: Any) -> Mention:
    """A complaint like no other."""
    standard = {"source": "maps", "external_id": f"m-{number}", "published_at": at}
    # Under ten words: longer ones that differ by a number would count as repeats.
    text = f"Курьер {number} опоздал к ужину"
    return Mention(**{"text": text, **standard, **fields})
