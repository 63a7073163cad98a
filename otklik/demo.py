"""`otklik demo`: the sample stream through the real collectors and the embedded model."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from sqlmodel import func, select

from demo import exports, stream
from demo.site import serve
from otklik import alert_replay
from otklik.house import House
from otklik.messages import ConfigError
from storage import settings
from storage.models import Mention

#: config.yaml of the demo takes the address of the local site from this variable.
SITE_KEY = "OTKLIK_DEMO_SITE"


@contextmanager
def site(house: House) -> Iterator[None]:
    """Lay the stream onto the calendar, write the exports and run the site while in use.

    Raises ConfigError where the database holds anything but the demo.
    """
    entries = stream.entries(_first_load(house), house.zone)
    exports.write(house.config.path.parent / "var" / "demo", entries)
    with serve(entries) as address:
        os.environ[SITE_KEY] = address
        yield


def replay_alerts(house: House) -> int:
    """Record what the rules would have fired on each day of the stream; how many alerts."""
    today = alert_replay.today_of(house)
    first = today - timedelta(days=stream.LAST_DAY)
    return alert_replay.record(house, alert_replay.replay(house, first, today))


def _first_load(house: House) -> date:
    """The day that is shown as the stream's last; fixed at the first load."""
    with house.db.write() as session:
        known = settings.get(session, "today")
        if known:
            return date.fromisoformat(known)
        if session.exec(select(func.count()).select_from(Mention)).one():
            raise ConfigError(
                "в этой базе уже есть настоящие упоминания: демо с ними не смешивается — "
                "запустите otklik demo в папке с config.yaml из поставки"
            )
        today = datetime.now(house.zone).date()
        settings.put(session, "today", today.isoformat())
        return today
