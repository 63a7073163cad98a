"""Alerts on the demo: what was planted in it wakes somebody in time, and pure chance does not."""

from datetime import datetime, time
from pathlib import Path

import pytest
import sqlalchemy as sa
from demo_stream import Demo
from test_demo_story import dealt_out_anew

from insights.anomalies import noticed
from otklik import alert_commands, alert_replay, alerting
from otklik.config import load
from otklik.house import House, open_house
from storage import queries
from storage import tables as t
from storage.filters import Filter
from storage.queries import AlertRow

COURIERS = "Всплеск жалоб на доставку"
SHOP = "Всплеск жалоб на приложение, оплату и цены"


def day_of(demo: Demo, alert: AlertRow) -> int:
    """The day of the stream on which it fired."""
    return (alert.fired_at.astimezone(demo.house.zone).date() - demo.day(0)).days


def history(house: House) -> list[AlertRow]:
    with house.db.read() as session:
        return list(reversed(queries.alerts(session, limit=10_000)))


@pytest.fixture
def house(demo: Demo, tmp_path: Path) -> House:
    """A house of its own over a copy of the filled demo."""
    demo.copied(tmp_path / "copy.db").dispose()
    return house_at(demo, tmp_path, "copy.db")


def house_at(demo: Demo, folder: Path, file: str) -> House:
    config = demo.config.read_text(encoding="utf-8").replace("var/demo.db", file)
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    return open_house(load(folder / "config.yaml"))


def test_filling_the_demo_wakes_nobody_but_is_looked_at(demo: Demo, house: House) -> None:
    """Its mentions are older than its rules: they wait in the queue and leave it silently."""
    with house.db.read() as session:
        queued = session.scalar(sa.select(sa.func.count()).select_from(t.alert_queue))
    assert queued == len(demo.gold)
    later = datetime.combine(demo.day(181), time(23), house.zone)
    assert alerting.evaluate(house, later) == 0
    assert history(house) == []


def test_the_courier_crisis_fires_by_its_third_day(demo: Demo, house: House) -> None:
    found = alert_replay.replay(house, demo.day(0), demo.day(181))
    n = alert_replay.record(house, found)
    told = history(house)
    assert len(told) == n
    (couriers,) = [alert for alert in told if alert.rule == COURIERS]
    assert 98 <= day_of(demo, couriers) <= 100
    assert couriers.reason.startswith("Доставка и выдача: ")
    others = {alert.params["topic"][0]: day_of(demo, alert) for alert in told if alert.rule == SHOP}
    assert 57 <= others["payment"] <= 59
    assert 135 <= others["price"] <= 137
    assert all(alert.replayed and alert.told_at and not alert.deliveries for alert in told)
    assert alert_replay.record(house, found) == n  # again: the same, not twice
    assert [alert.reason for alert in history(house)] == [alert.reason for alert in told]


def test_the_worker_sees_it_by_the_third_day_too(demo: Demo, house: House) -> None:
    """The live way, not the replay: the days come one by one; what is later is not looked at."""
    with house.db.write() as session:
        long_ago = datetime.combine(demo.day(0), time(), house.zone)
        session.execute(sa.update(t.alert_rule).values(since=long_ago))
        session.execute(sa.delete(t.alert_queue))
        rows = session.execute(sa.select(t.mention.c.id, t.mention.c.day)).all()
    fired: dict[int, list[AlertRow]] = {}
    known = 0
    for number in range(96, 103):
        with house.db.write() as session:
            came = [{"mention_id": row.id} for row in rows if row.day == demo.day(number)]
            session.execute(sa.insert(t.alert_queue), came)
        now = datetime.combine(demo.day(number), time(23, 59), house.zone)
        alerting.evaluate(house, now)
        alerts = history(house)
        fired[number] = [alert for alert in alerts[known:] if alert.rule == COURIERS]
        known = len(alerts)
    days = [number for number, own in fired.items() if own]
    assert len(days) == 1
    assert 98 <= days[0] <= 100


@pytest.mark.parametrize("seed", [1, 2])
def test_few_alerts_where_days_mean_nothing(demo: Demo, tmp_path: Path, seed: int) -> None:
    dealt_out_anew(demo, tmp_path / "shuffled.db", seed).dispose()
    house = house_at(demo, tmp_path, "shuffled.db")
    found = alert_replay.replay(house, demo.day(0), demo.day(181))
    surges = [
        one for own in found if own.watch.rule.name in (COURIERS, SHOP) for one in own.firings
    ]
    assert len(surges) <= 1


def test_replay_tells_and_sends_nothing(
    demo: Demo, house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    first, last = demo.day(90), demo.day(110)
    assert alert_commands.replay(house, first, last, keep=False, as_json=False) == 0
    told = capsys.readouterr().err
    assert COURIERS in told
    assert "Ничего не отправлено" in told
    assert history(house) == []
    assert alert_commands.trial(house, "клиент уходит", as_json=False) == 0
    assert "сработало бы" in capsys.readouterr().err


def test_each_day_is_told_as_if_nothing_later_were_known(demo: Demo) -> None:
    with demo.house.db.read() as session:
        own = Filter((queries.names(session).brands["moroshka"],))
        tones, opinions = queries.tones_by_day(session, own), queries.opinions_by_day(session, own)
    whole = list(noticed(tones, opinions, demo.day(0), demo.day(181)))
    assert len(whole) > 50
    for number in range(40, 182, 9):
        day = demo.day(number)
        known = [{d: own for d, own in by.items() if d <= day} for by in (tones, opinions)]
        alone = list(noticed(known[0], known[1], day, day))  # type: ignore[arg-type]
        assert alone == [found for found in whole if found[0] == day]
