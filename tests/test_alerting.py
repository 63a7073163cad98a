"""Rules applied to what is new: each mention once, whoever looks, whatever is killed."""

import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from alerts import DAY, EACH, HOUR, Desk, desk, said
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from world import MODEL, NOW, judged, tell, tell_all

from insights import alert_past, alert_times, alerting
from insights import alert_words as words
from nlp.labels import Kind, Tone
from otklik import alert_message
from otklik import alerting as worker
from otklik.alert_worker import Watchman
from otklik.alerting import evaluate, watches
from otklik.config import load
from otklik.house import open_house
from otklik.messages import ConfigError
from otklik.outgoing import CannotCompose
from storage import alert_rules, erasing, mentions, queries
from storage import alerting as storage_alerting
from storage import tables as t
from storage.alert_rules import RuleDeclaration
from storage.alert_values import Condition, Digest, Manners, When
from storage.database import Database
from storage.errors import NotFound, StorageError

MOSCOW, BERLIN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin")


@pytest.fixture
def own(db: Database, tmp_path: Path) -> Desk:
    return desk(db, tmp_path)


# What is new, and what is not


def test_each_new_mention_fires_once(own: Desk) -> None:
    own.rule()
    own.come(said(1), said(2))
    own.come(said(3), tone=Tone.POSITIVE)
    assert own.look() == 1
    assert (own.look(), own.queue()) == (0, [])
    (alert,) = own.alerts()
    assert own.texts(alert.mention_ids) == {said(1).text, said(2).text}
    assert (alert.n, alert.reason) == (2, "2\u00a0новых упоминания")
    (told,) = own.told()
    assert (told.channel, told.kind, told.state) == ("crisis", "alert", "waiting")


def test_without_rules_nothing_is_queued(own: Desk) -> None:
    own.come(said(1))
    assert own.queue() == []
    rule = own.rule()
    with own.house.db.write() as session:
        alert_rules.pause_rule(session, rule, enabled=False, now=NOW)
    own.come(said(2))
    assert own.queue() == []


def test_an_edit_and_another_model_are_no_news(own: Desk) -> None:
    own.rule()
    own.come(said(1))
    own.look()
    own.come(said(1, text="Курьер 1 так и не приехал, деньги не вернули"))
    with own.house.db.write() as session:
        waiting = mentions.pending(session, "another", limit=10)
        answers = [(one, judged()) for one in waiting]
        mentions.save_analyses(session, answers, model_version="another", now=NOW)
    assert (own.queue(), own.look(), len(own.alerts())) == ([], 0, 1)


def test_a_late_reading_of_the_past_wakes_nobody(own: Desk) -> None:
    own.rule(now=NOW - 2 * HOUR)
    own.rule(Condition(When.COUNT, n=1, hours=744), name="Счёт", now=NOW - 30 * DAY)
    old = NOW - alerting.FRESH - HOUR
    own.come(said("late", old), said("older", NOW - 400 * DAY))
    own.come(said("undated", date_known=False))
    assert (own.look(), own.queue()) == (0, [])
    own.come(said("before the rule", NOW - 3 * HOUR))
    assert own.look() == 1
    assert [alert.rule for alert in own.alerts()] == ["Счёт"]


def test_a_repost_is_no_news_unless_asked_for(own: Desk) -> None:
    own.rule()
    own.rule(name="С повторами", params={"tone": ["negative"], "repeats": ["1"]})
    text = "Курьер опоздал на два часа, пицца остыла, а поддержка так и не ответила мне вчера"
    own.come(said(1, text=text))
    own.look()
    own.come(said(2, text=text, source="vk"))
    own.look()
    assert Counter(alert.rule for alert in own.alerts()) == {"Правило": 1, "С повторами": 2}


@pytest.mark.parametrize(
    ("params", "reach", "wanted"),
    [
        ({"brand": ["ambar"]}, None, set()),
        ({"brand": ["moroshka"], "topic": ["delivery"], "tone": ["negative"]}, None, {1, 2, 3}),
        ({"topic": ["delivery"], "tone": ["positive"]}, None, set()),
        ({"source": ["vk"]}, None, {2}),
        ({"rating": ["1-2"]}, None, {1}),
        ({"q": ["курьеры"]}, None, {1, 2, 3}),
        ({"q": ["ужину 3"]}, None, {3}),
        ({}, 1000, {3}),
    ],
)
def test_filters(
    own: Desk, params: dict[str, list[str]], reach: int | None, wanted: set[int]
) -> None:
    own.rule(params=params, reach=reach)
    told = {1: said(1, rating=1.0), 2: said(2, source="vk", rating=5.0)}
    told[3] = said(3, text="курьер ужин 3", views=1500)
    own.come(*told.values())
    own.look()
    seen = own.texts([number for alert in own.alerts() for number in alert.mention_ids])
    assert seen == {told[number].text for number in wanted}


def test_a_filter_that_lost_its_brand_rests(own: Desk) -> None:
    own.rule(params={"brand": ["gone"]})
    own.rule(name="Другое")
    own.come(said(1))
    own.look()
    assert [alert.rule for alert in own.alerts()] == ["Другое"]


# Conditions


def test_a_count_fires_at_its_number_and_again_after_the_pause(own: Desk) -> None:
    own.rule(Condition(When.COUNT, n=3, hours=6))
    for hour in range(12):
        moment = NOW + hour * HOUR
        own.come(said(hour, moment))
        own.look(moment)
    first, second = own.alerts()
    assert [(first.fired_at - NOW) / HOUR, (second.fired_at - NOW) / HOUR] == [2, 8]
    assert (first.n, second.n) == (3, 7)
    assert "ещё" not in first.reason
    assert "ещё 6" in second.reason.replace("\u00a0", " ")


def test_a_mean_needs_enough_ratings(own: Desk) -> None:
    own.rule(Condition(When.RATING, n=3, hours=24, below=2.5), params={})
    for number, stars in enumerate((1.0, 2.0, 5.0, 1.0, None)):
        own.come(said(number, rating=stars))
        own.look(NOW + number * HOUR / 60)
    (alert,) = own.alerts()
    assert alert.n == 4
    assert alert.reason.startswith("Средняя оценка 2,25 за")


def test_a_surge_is_told_once_however_long_it_lasts(own: Desk) -> None:
    own.rule(Condition(When.SURGE), now=NOW - 300 * DAY, params={"topic": ["delivery"]})
    usual = [said(f"u{day}", NOW - day * DAY) for day in range(120, 0, -3)]
    own.come(*usual)
    for day in range(10):
        moment = NOW + day * DAY
        own.come(*(said(f"{day}-{number}", moment) for number in range(9)))
        own.look(moment)
    (alert,) = own.alerts()
    assert alert.fired_at == NOW
    assert "жалоб" in alert.reason
    assert "вместо обычных" in alert.reason
    assert alert.params["topic"] == ["delivery"]
    assert alert.params["tone"] == ["negative"]
    own.come(*(said(f"a{day}", NOW + day * DAY) for day in range(10, 130, 3)))
    later = NOW + 131 * DAY
    own.come(*(said(f"l{number}", later) for number in range(20)))
    own.look(later)
    assert len(own.alerts()) == 2


@given(
    come=some.lists(
        some.tuples(some.integers(0, 60), some.sampled_from([None, 1.0, 2.0, 4.0, 5.0])),
        min_size=1,
        max_size=25,
        unique_by=lambda one: one[0],
    ),
    condition=some.sampled_from(
        [
            EACH,
            Condition(When.COUNT, n=3, hours=12),
            Condition(When.RATING, n=2, hours=24, below=3),
        ]
    ),
    pause=some.sampled_from([None, 1, 30]),
)
@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_trial_tells_what_would_really_have_fired(
    empty_sqlite: str,
    tmp_path_factory: pytest.TempPathFactory,
    come: list[tuple[int, float | None]],
    condition: Condition,
    pause: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("trial")
    (folder / "trial.db").write_bytes(Path(empty_sqlite).read_bytes())
    own = desk(Database(str(folder / "trial.db")), folder)
    own.rule(condition, params={}, manners=Manners(cooldown=pause))
    for hour, rating in sorted(come, key=lambda one: one[0]):
        own.come(said(hour, NOW + hour * HOUR, rating=rating))
        own.look(NOW + hour * HOUR)
    live = [(alert.fired_at, alert.n, alert.reason) for alert in own.alerts()]
    start, end = NOW - DAY, NOW + 61 * HOUR
    with own.house.db.read() as session:
        (one,) = watches(session, NOW)
        past = alert_past.read(
            lambda query, *args, **named: query(session, *args, **named),
            *(condition, one.where, None, start, end, MOSCOW),
        )
    waits = Manners(cooldown=pause).pause(condition)
    tried = alert_past.firings(condition, waits, past, start, end, MOSCOW)
    assert [(one.moment, one.n, one.reason) for one in tried] == live
    own.house.db.dispose()


# When it is told


def due(
    manners: Manners, fired: datetime, told: datetime | None = None, zone: ZoneInfo = MOSCOW
) -> datetime:
    return alert_times.due(manners, EACH, zone, fired_at=fired, told_at=told)


def at(text: str, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


NIGHT = Manners(quiet=("22:00", "08:00"))


@pytest.mark.parametrize(
    ("manners", "fired", "wanted"),
    [
        (Manners(), "2026-03-01T23:00", "2026-03-01T23:00"),
        (NIGHT, "2026-03-01T21:59", "2026-03-01T21:59"),
        (NIGHT, "2026-03-01T22:00", "2026-03-02T08:00"),
        (NIGHT, "2026-03-02T03:00", "2026-03-02T08:00"),
        (NIGHT, "2026-03-02T08:00", "2026-03-02T08:00"),
        (Manners(quiet=("12:00", "14:00")), "2026-03-02T13:00", "2026-03-02T14:00"),
        (Manners(quiet=("12:00", "14:00")), "2026-03-02T23:00", "2026-03-02T23:00"),
        (Manners(digest=Digest.DAILY), "2026-03-01T08:59", "2026-03-01T09:00"),
        (Manners(digest=Digest.DAILY), "2026-03-01T09:01", "2026-03-02T09:00"),
        (Manners(digest=Digest.HOURLY), "2026-03-01T09:01", "2026-03-01T10:00"),
        (replace(NIGHT, digest=Digest.HOURLY), "2026-03-01T23:10", "2026-03-02T08:00"),
        (replace(NIGHT, digest=Digest.DAILY, at="07:00"), "2026-03-01T23:10", "2026-03-02T08:00"),
    ],
)
def test_when_it_may_be_told(manners: Manners, fired: str, wanted: str) -> None:
    assert due(manners, at(fired)) == at(wanted)


def test_quiet_hours_are_of_the_wall_clock_when_clocks_change() -> None:
    forth, back = "2026-03-29", "2026-10-25"  # 02:00 -> 03:00, 03:00 -> 02:00 in Berlin
    for day, utc in ((forth, "06:00"), (back, "07:00")):
        told = due(NIGHT, at(f"{day}T00:30", BERLIN), zone=BERLIN)
        assert told == datetime.fromisoformat(f"{day}T{utc}+00:00")
    leapt = Manners(quiet=("01:00", "02:30"))  # ends at a time that does not come
    assert due(leapt, at(f"{forth}T01:30", BERLIN), zone=BERLIN) == datetime(
        2026, 3, 29, 1, 30, tzinfo=UTC
    )
    # The second 02:10 of the night: the end of the quiet hours is the second 02:30.
    again = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)
    assert due(leapt, again, zone=BERLIN) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_zone_of_a_rule_outranks_the_houses() -> None:
    omsk = replace(NIGHT, zone="Asia/Omsk")
    assert due(omsk, at("2026-03-01T20:00")) == datetime(2026, 3, 2, 2, 0, tzinfo=UTC)


@given(
    minutes=some.integers(0, 365 * 24 * 60),
    begin=some.times(),
    lasting=some.integers(1, 1439),
    digest=some.sampled_from(Digest),
    zone=some.sampled_from([MOSCOW, BERLIN, ZoneInfo("Australia/Lord_Howe")]),
)
def test_nothing_is_told_in_quiet_hours_nor_put_off_for_days(
    minutes: int, begin: clock_time, lasting: int, digest: Digest, zone: ZoneInfo
) -> None:
    fired = NOW + timedelta(minutes=minutes)
    first = begin.hour * 60 + begin.minute
    last = (first + lasting) % 1440
    clocks = [f"{minute // 60:02}:{minute % 60:02}" for minute in (first, last)]
    told = due(Manners(quiet=(clocks[0], clocks[1]), digest=digest), fired, zone=zone)
    assert fired <= told <= fired + timedelta(days=2, hours=2)
    limits = queries.clock(clocks[0]), queries.clock(clocks[1])
    # An hour that comes twice may be quiet again: then the second end of it counts.
    assert not alert_times.is_quiet(*limits, told, zone) or told.astimezone(zone).fold


def test_what_comes_within_the_cooldown_is_one_message(own: Desk) -> None:
    own.rule(manners=Manners(cooldown=6))
    for hour in range(10):
        own.come(said(hour, NOW + hour * HOUR))
        own.look(NOW + hour * HOUR)
    first, second = own.told()
    assert (first.payload["of"], second.payload["of"]) == (1, 6)
    assert len(own.alerts()) == 10
    assert len([alert for alert in own.alerts() if alert.told_at is None]) == 3
    own.look(NOW + 12 * HOUR)
    assert [delivery.payload["of"] for delivery in own.told()] == [1, 6, 3]


def test_a_digest_waits_for_its_time_and_joins(own: Desk) -> None:
    own.rule(manners=Manners(digest=Digest.DAILY, at="09:00"), channels=("crisis", "boss"))
    night = at("2026-03-02T01:00")
    for number in range(3):
        own.come(said(number, night + number * HOUR))
        own.look(night + number * HOUR)
    assert own.told() == []
    own.look(at("2026-03-02T08:59"))
    assert own.told() == []
    own.look(at("2026-03-02T09:00"))
    own.look(at("2026-03-02T09:00"))
    assert [(one.channel, one.payload["of"]) for one in own.told()] == [("crisis", 3), ("boss", 3)]


@pytest.mark.parametrize(
    ("digest", "hours", "pause"), [(Digest.DAILY, 24 * 5, 24), (Digest.HOURLY, 5, 1)]
)
def test_a_digest_that_is_told_late_misses_no_turn(
    own: Desk, digest: Digest, hours: int, pause: int
) -> None:
    own.rule(Condition(When.COUNT, n=1, hours=pause), manners=Manners(digest=digest, at="09:00"))
    first = at("2026-03-02T08:30")
    for half in range(2 * hours):
        now = first + half * HOUR / 2 + timedelta(seconds=7)  # the worker looks every ten seconds
        own.come(said(half, now))
        own.look(now)
    told = [one.created_at - first for one in own.told()]
    turns = [HOUR / 2 + turn * pause * HOUR for turn in range(5)]
    assert told == [turn + timedelta(seconds=7) for turn in turns]


def test_what_nobody_was_there_to_tell_waits_for_the_end_of_quiet_hours(own: Desk) -> None:
    own.rule(manners=Manners(cooldown=2, quiet=("22:00", "08:00")))
    for number, moment in enumerate(("2026-03-02T18:00", "2026-03-02T18:30")):
        own.come(said(number))
        own.look(at(moment))
    assert len(own.told()) == 1
    own.look(at("2026-03-02T23:30"))  # the first look since the cooldown ended at 20:00
    assert len(own.told()) == 1
    own.look(at("2026-03-03T08:00"))
    assert len(own.told()) == 2


def test_a_clock_that_was_put_back_does_not_silence_a_rule(own: Desk) -> None:
    own.rule(Condition(When.COUNT, n=1, hours=24), manners=Manners(cooldown=24))
    own.come(said(1, NOW))
    own.look(NOW + 300 * DAY)
    own.come(said(2, NOW))
    own.look(NOW)
    assert own.queue() == []
    assert len(own.alerts()) == 1
    assert len(own.told()) == 1


def test_without_channels_the_history_is_all(own: Desk) -> None:
    rule = own.rule(channels=(), manners=Manners(digest=Digest.DAILY))
    own.come(said(1))
    own.look()
    (alert,) = own.alerts()
    assert (alert.told_at, alert.message, own.told()) == (NOW, "", [])
    with own.house.db.read() as session:
        row = queries.alert_rule(session, rule)
        assert row
        assert words.state(alert, row, NOW) == "никому не отправлено: канал не указан"


def test_a_rule_that_rests_or_is_gone_tells_no_more(own: Desk) -> None:
    rule = own.rule(manners=Manners(digest=Digest.DAILY))
    own.come(said(1))
    own.look()
    with own.house.db.write() as session:
        alert_rules.delete_rule(session, rule, now=NOW)
    own.look(NOW + DAY)
    assert own.told() == []
    with own.house.db.write() as session:
        alert_rules.restore_rule(session, rule)
    own.come(said(2, NOW + DAY))
    own.look(NOW + DAY)
    own.look(NOW + 2 * DAY)
    assert [one.payload["of"] for one in own.told()] == [1]


# Once, whoever looks and whatever is killed


@pytest.mark.parametrize("seed", range(2))
def test_each_mention_once_whatever_happens(own: Desk, tmp_path: Path, seed: int) -> None:
    """Two workers, transactions that fail half-way, edits, other models, old and foreign ones."""
    dice = random.Random(seed)
    own.rule(name="Негатив")
    own.rule(name="Карты", params={"source": ["maps"]})
    other = open_house(load(tmp_path / "config.yaml"))
    wanted: dict[str, set[str]] = {"Негатив": set(), "Карты": set()}
    known: dict[int, tuple[datetime, str, Tone]] = {}
    now = NOW
    for step in range(60):
        now += timedelta(minutes=dice.randrange(1, 90))
        lot = dice.random()
        if lot < 0.45:
            tone = dice.choice([Tone.NEGATIVE, Tone.POSITIVE])
            source = dice.choice(["maps", "vk"])
            is_old = dice.random() < 0.2
            moment = now - (10 * DAY if is_old else timedelta())
            own.come(said(step, moment, source=source), tone=tone)
            known[step] = (moment, source, tone)
            if not is_old and tone == Tone.NEGATIVE:
                wanted["Негатив"].add(f"m-{step}")
            if not is_old and source == "maps":
                wanted["Карты"].add(f"m-{step}")
        elif lot < 0.6 and known:
            number = dice.choice([*known])
            moment, source, tone = known[number]
            text = f"Переписано на шаге {step}"
            own.come(said(number, moment, source=source, text=text), tone=tone)
        elif lot < 0.7:
            cut_off(own, now)
        else:
            evaluate(dice.choice([own.house, other]), now)
    evaluate(other, now + 10 * DAY)
    evaluate(own.house, now + 10 * DAY)
    assert_each_once(own, wanted)
    other.db.dispose()


def cut_off(own: Desk, now: datetime) -> None:
    """A worker that dies before its transaction ends."""
    with suppress(ZeroDivisionError), own.house.db.write() as session:
        upto = storage_alerting.batch(session)
        if upto is not None:
            worker._apply(session, own.house.zone, upto, now)
            storage_alerting.take(session, upto)
            worker._tell(session, own.house.zone, now)
        raise ZeroDivisionError


def assert_each_once(own: Desk, wanted: dict[str, set[str]]) -> None:
    with own.house.db.read() as session:
        names = dict(session.execute(sa.select(t.mention.c.id, t.mention.c.external_id)).all())
    seen: dict[str, Counter[str]] = {name: Counter() for name in wanted}
    for alert in own.alerts():
        assert alert.n == len(alert.mention_ids)
        seen[alert.rule].update(names[number] for number in alert.mention_ids)
    assert {name: set(own) for name, own in seen.items()} == wanted
    assert all(n == 1 for own in seen.values() for n in own.values())
    told = [number for row in own.told() for number in row.payload["alerts"]]
    assert sorted(told) == sorted(alert.id for alert in own.alerts())


def test_two_schedulers_at_once(own: Desk, tmp_path: Path) -> None:
    own.rule(name="Негатив")
    houses = [open_house(load(tmp_path / "config.yaml")) for _ in range(2)]
    stop = threading.Event()
    errors: list[Exception] = []

    def work(number: int) -> None:
        while not stop.is_set():
            try:
                evaluate(houses[number], NOW)
            except Exception as error:  # told below
                errors.append(error)
                return

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for number in range(40):
        own.come(said(number))
    time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join()
    own.look()
    assert errors == []
    assert_each_once(own, {"Негатив": {f"m-{number}" for number in range(40)}})
    for house in houses:
        house.db.dispose()


_WORKER = """
    import sys
    from datetime import datetime
    from pathlib import Path
    from otklik.alerting import evaluate
    from otklik.config import load
    from otklik.house import open_house

    house = open_house(load(Path(sys.argv[1])))
    print("begun", flush=True)
    while True:
        evaluate(house, datetime.fromisoformat(sys.argv[2]))
"""


def test_kill_9_in_the_middle(own: Desk, tmp_path: Path) -> None:
    """Workers that are killed at any moment, while more and more comes."""
    own.rule(name="Негатив")
    dice = random.Random(1)
    n = 0
    for _ in range(4):
        config = str(tmp_path / "config.yaml")
        killed = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(_WORKER), config, NOW.isoformat()],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        )
        assert killed.stdout
        assert killed.stdout.readline()
        for _ in range(dice.randrange(3, 12)):
            own.come(*(said(number) for number in range(n, n + 7)))
            n += 7
        time.sleep(dice.random() / 20)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        killed.stdout.close()
    own.look()
    assert_each_once(own, {"Негатив": {f"m-{number}" for number in range(n)}})


def test_the_worker_looks_by_itself_and_survives_what_fails(own: Desk) -> None:
    seconds = [0.0]
    own.rule()
    own.come(said(1))
    watchman = Watchman(lambda: NOW, lambda: seconds[0])
    watchman.look(own.house)
    watchman.look(own.house)  # not yet time
    watchman.finish()
    assert len(own.alerts()) == 1
    with own.house.db.write() as session:
        session.execute(sa.text("ALTER TABLE alert_queue RENAME TO lost"))
    watchman = Watchman(lambda: NOW, lambda: seconds[0])
    watchman.look(own.house)
    watchman.finish()
    with own.house.db.write() as session:
        session.execute(sa.text("ALTER TABLE lost RENAME TO alert_queue"))
    own.come(said(2))
    watchman = Watchman(lambda: NOW, lambda: seconds[0])
    watchman.look(own.house)
    watchman.finish()
    assert len(own.alerts()) == 2


# Rules of config.yaml and of the app

_RULES = """
alerts:
  - {name: Доставка, when: surge, filter: {brand: moroshka, topic: delivery}, channels: [boss]}
  - {name: Оценка, when: rating, below: 3, n: 5, within: 7д, quiet: "22:00-8:00", digest: 10:30}
"""


def test_rules_follow_config(db: Database, tmp_path: Path) -> None:
    own = desk(db, tmp_path, _RULES)
    with db.read() as session:
        grade, surge = sorted(
            queries.alert_rules(session), key=lambda rule: rule.name, reverse=True
        )
        assert [rule.origin for rule in (grade, surge)] == ["config", "config"]
    assert surge.params == {"brand": ["moroshka"], "topic": ["delivery"]}
    assert grade.condition == Condition(When.RATING, n=5, hours=168, below=3)
    assert grade.manners == Manners(quiet=("22:00", "08:00"), digest=Digest.DAILY, at="10:30")
    with pytest.raises(StorageError, match=r"config\.yaml"), db.write() as session:
        alert_rules.delete_rule(session, surge.id, now=NOW)
    with pytest.raises(StorageError, match=r"config\.yaml"), db.write() as session:
        alert_rules.change_rule(session, surge.id, RuleDeclaration("x", EACH), now=NOW)
    own.house.db.dispose()


def test_names_that_differ_by_a_space_alone_are_refused(tmp_path: Path) -> None:
    rules = "alerts: [{name: а, when: each}, {name: ' а ', when: each}]"
    (tmp_path / "config.yaml").write_text(rules, encoding="utf-8")
    with pytest.raises(ConfigError, match="встречается дважды"):
        load(tmp_path / "config.yaml")


def test_what_left_config_is_gone_and_what_changed_begins_anew(
    db: Database, tmp_path: Path
) -> None:
    own = desk(db, tmp_path)
    first = [RuleDeclaration("a", EACH), RuleDeclaration("b", EACH)]
    later = NOW + DAY
    with db.write() as session:
        alert_rules.sync(session, first, now=NOW)
        alert_rules.sync(session, [replace(first[0], channels=["boss"])], now=later)
        (kept,) = queries.alert_rules(session)
        assert (kept.name, kept.since, kept.channels) == ("a", NOW, ("boss",))
        alert_rules.sync(session, [replace(first[0], params={"tone": ["negative"]})], now=later)
        (changed,) = queries.alert_rules(session)
        assert (changed.id, changed.since) == (kept.id, later)
        alert_rules.sync(session, first, now=later + DAY)
        back = {rule.name: rule.since for rule in queries.alert_rules(session)}
    assert back == {"a": later + DAY, "b": later + DAY}
    own.house.db.dispose()


def test_names_are_told_apart_and_given_up_by_what_is_gone(own: Desk) -> None:
    rule = own.rule(name="Кризис")
    with pytest.raises(StorageError, match="уже есть"):
        own.rule(name="кризис ")
    with own.house.db.write() as session:
        alert_rules.delete_rule(session, rule, now=NOW)
        with pytest.raises(NotFound):
            alert_rules.pause_rule(session, rule, enabled=False, now=NOW)
    own.rule(name="Кризис")
    for wrong in (" ", "ю" * 100):
        with pytest.raises(StorageError):
            own.rule(name=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Condition(When.COUNT, n=0),
        lambda: Condition(When.COUNT, hours=10_000),
        lambda: Condition(When.RATING, below=1),
        lambda: Condition(When.SURGE, tone=Tone.MIXED),
        lambda: Manners(quiet=("9:00", "09:00")),
        lambda: Manners(quiet=("25:00", "09:00")),
        lambda: Manners(zone="Mars/Base"),
        lambda: Manners(cooldown=-1),
        lambda: RuleDeclaration("x", Condition(When.SURGE), reach=5).check(),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: object) -> None:
    with pytest.raises(StorageError):
        wrong()  # type: ignore[operator]


# The message


def test_the_message_has_the_words_and_the_way(own: Desk) -> None:
    own.rule(name="Курьеры <b>", params={"topic": ["delivery"], "tone": ["negative"]})
    nasty = "Курьер <script>alert(1)</script> опоздал & нахамил"
    own.come(said(1, text=nasty, rating=1.0, url="https://example.ru/r?a=1&b=2"))
    own.come(said(2, url="javascript:alert(1)"))
    own.look()
    (delivery,) = own.told()
    message = alert_message.compose(own.house, delivery.payload)
    assert message.title == "Курьеры <b>"
    assert message.text.startswith("2\u00a0новых упоминания\n«")
    assert nasty in message.text
    assert "https://example.ru/r?a=1&b=2" in message.text
    assert "javascript:" not in message.text + message.html
    assert "<script>" not in message.html
    assert "Курьеры &lt;b&gt;" in message.html
    assert "http://localhost:8501/mentions?" in message.text
    assert "topic=delivery" in message.text
    assert '<b style="background:#f6e3d7">Курьер</b>' in message.html


def test_many_alerts_are_one_message(own: Desk) -> None:
    own.rule(manners=Manners(digest=Digest.DAILY))
    for number in range(13):
        own.come(said(number, NOW + number * HOUR / 60))
        own.look(NOW + number * HOUR / 60)
    own.look(NOW + DAY)
    (delivery,) = own.told()
    message = alert_message.compose(own.house, delivery.payload)
    assert "13\u00a0оповещений" in message.title
    assert message.text.count("Открыть в Отклике") == 10
    assert "И ещё 3\u00a0оповещения: http://localhost:8501/alerts" in message.text


def test_erased_mentions_leave_the_queue_and_the_message(own: Desk) -> None:
    own.rule()
    own.come(said(1))
    own.look()
    own.come(said(2))
    with own.house.db.write() as session:
        erasing.erase(session, list(session.scalars(sa.select(t.mention.c.id))))
    assert own.queue() == []
    (delivery,) = own.told()
    message = alert_message.compose(own.house, delivery.payload)
    assert "Курьер" not in message.text
    with pytest.raises(CannotCompose):
        alert_message.compose(own.house, {**delivery.payload, "alerts": [999]})


@pytest.mark.parametrize("condition", [EACH, Condition(When.COUNT, n=1, hours=1)])
def test_a_number_that_an_erased_mention_had_is_news_again(own: Desk, condition: Condition) -> None:
    own.rule(condition)
    own.come(said(1))
    assert own.look() == 1
    with own.house.db.write() as session:
        erasing.erase(session, list(session.scalars(sa.select(t.mention.c.id))))
    own.come(said(2, NOW + 2 * HOUR))
    assert own.look(NOW + 2 * HOUR) == 1
    assert len(own.told()) == 2
    fired = sorted(own.alerts(), key=lambda alert: alert.fired_at)
    assert [len(alert.mention_ids) for alert in fired] == [0, 1]


def test_a_forgotten_author_is_watched_no_more(own: Desk) -> None:
    own.rule(params={"author": ["Иван Петров"], "tone": ["negative"]})
    own.come(said(1, author="Иван Петров"))
    own.look()
    with own.house.db.write() as session:
        erasing.forget(session, "Иван Петров", own.house.personal, now=NOW)
        (rule,) = queries.alert_rules(session, gone=True)
    assert rule.gone
    assert "Петров" not in f"{rule.params} {[alert.params for alert in own.alerts()]}"


def test_the_address_of_the_app_stands_in_links(db: Database, tmp_path: Path) -> None:
    own = desk(db, tmp_path, "app: {address: 'https://otklik.example.ru/'}")
    own.rule()
    own.come(said(1))
    own.look()
    message = alert_message.compose(own.house, own.told()[0].payload)
    assert "https://otklik.example.ru/mentions?" in message.text


def test_figures_of_unread_texts_do_not_count_as_news_twice(own: Desk) -> None:
    """A text that failed is looked at once, as it is; a later answer is no news."""
    from nlp.analysis import Failure

    own.rule(params={})
    tell(own.world, said(1), Failure("в тексте нет слов"))
    assert own.look() == 1
    tell_all(own.world, [(said(2), judged(Tone.NEUTRAL, Kind.REVIEW))])
    assert own.look() == 1
    with own.house.db.write() as session:
        waiting = mentions.pending(session, "second", limit=10)
        answers = [(one, judged()) for one in waiting]
        mentions.save_analyses(session, answers, model_version="second", now=NOW)
    assert own.look() == 0
    assert MODEL != "second"
