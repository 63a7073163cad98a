"""Reports as files, through the public door: built whole or not at all, kept, built again, sent."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from demo_stream import Demo
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner
from world import CATALOG, MODEL, World, fill, found

from collectors.http import Http
from otklik import personal, report_jobs, report_mail, reporting
from otklik.cli import app
from otklik.config import load
from otklik.house import House, open_house
from otklik.jobs import run
from otklik.leases import Keeper, Stopped
from otklik.messages import ConfigError
from otklik.outgoing import CannotCompose
from otklik.schedule import Scheduler
from storage import commands, erasing, jobs, queries, report_plans, settings
from storage import tables as t
from storage.commands import PlanDeclaration, ReportOrder
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.jobs import ClaimedJob
from storage.leases import SILENCE
from storage.queries import ReportRow

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
TODAY = date(2026, 3, 2)
MOSCOW = ZoneInfo("Europe/Moscow")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CONFIG = """\
database: {{url: "{url}"}}
{catalog}channels:
  - {{name: marketing, url: "json://127.0.0.1:9"}}
  - {{name: crisis, url: "json://127.0.0.1:9"}}
{more}
"""
COMMAND = (sys.executable, "-m", "otklik.cli", "report")
PLAN = PlanDeclaration(
    "Неделя", "moroshka", "week", "0 9 * * 1", ("xlsx",), ("marketing", "crisis")
)


@dataclass
class Place:
    """A house of one's own with 300 mentions over twenty weeks, and its folder."""

    house: House
    world: World
    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def brand(self) -> int:
        return self.world.brands["moroshka"]

    def told(self, more: str) -> House:
        """The house after its config.yaml was changed."""
        text = CONFIG.format(
            url=self.house.db.url.render_as_string(hide_password=False), catalog=CATALOG, more=more
        )
        self.config.write_text(text, encoding="utf-8")
        return open_house(load(self.config), self.house.db)

    def write(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with self.house.db.write() as session:
            return call(session, *arguments, **named)

    def read(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        with self.house.db.read() as session:
            return call(session, *arguments, **named)

    def order(self, *channels: str, plan: int | None = None, formats: Any = ("xlsx",)) -> int:
        """Ask for a report of a week; its id."""
        days = (date(2026, 2, 16), date(2026, 2, 22))
        order = ReportOrder(self.brand, *days, formats, channels, plan)
        number: int = self.write(commands.order_report, order, now=NOW)
        return number

    def report(self, number: int) -> ReportRow:
        row: ReportRow = self.read(queries.report, number)
        return row

    def deliveries(self) -> list[tuple[str, str]]:
        rows = self.read(queries.deliveries)
        return sorted((row.key, row.channel) for row in rows)

    def left(self) -> list[str]:
        """What lies in the folder of reports, folder by folder."""
        root = self.folder / "var" / "reports"
        return sorted(str(one.relative_to(root)) for one in root.rglob("*") if one.is_file())

    def run(self, keeper: Keeper) -> tuple[bool, str]:
        """Do the next job, as the worker does."""
        claimed = keeper.claim_job()
        assert claimed
        ok, message = self.build(keeper, claimed)
        keeper.finish_job(claimed[0], ok=ok, message=message)
        return ok, message

    def build(self, keeper: Keeper, claimed: tuple[ClaimedJob, dict[str, Any]]) -> tuple[bool, str]:
        """Do a job that ``keeper`` claimed, and leave it open."""
        job, result = claimed
        return run(job, self.house, keeper, Http(), result)


def make_place(db: Database, url: str, folder: Path) -> Place:
    world = fill(found(db), 300)
    (folder / "config.yaml").write_text(
        CONFIG.format(url=url, catalog=CATALOG, more=""), encoding="utf-8"
    )
    with db.write() as session:
        settings.put(session, settings.MODEL, MODEL)
        settings.put(session, "today", TODAY.isoformat())
    return Place(open_house(load(folder / "config.yaml"), db), world, folder)


@pytest.fixture
def place(db: Database, db_url: str, tmp_path: Path) -> Place:
    """Once on each sort of database."""
    return make_place(db, db_url, tmp_path)


@pytest.fixture
def lite(empty_sqlite: str, tmp_path: Path) -> Iterator[Place]:
    """The same on SQLite alone, for what has nothing to do with the database."""
    db = Database(empty_sqlite)
    yield make_place(db, empty_sqlite, tmp_path)
    db.dispose()


def keeper_at(house: House, now: datetime = NOW) -> Keeper:
    return Keeper(house.db, clock=lambda: now)


def otklik(place: Place, *words: str) -> Any:
    return CliRunner().invoke(app, ["report", *words, "--config", str(place.config)])


# The command


def test_the_command_builds_all_formats_and_keeps_what_builds_them_again(place: Place) -> None:
    out = place.folder / "отчёты" / "март"
    asked = ("--brand", "moroshka", "--period", "2026-02-16..2026-02-22", "--out", str(out))
    told = subprocess.run(
        [*COMMAND, *asked, "--json", "--config", str(place.config)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    answer = json.loads(told.stdout)
    name = "otklik-moroshka-2026-W08"
    assert answer["files"] == [str(out / f"{name}.{form}") for form in ("pdf", "html", "xlsx")]
    assert (out / f"{name}.pdf").read_bytes().startswith(b"%PDF-")
    assert "16–22\u00a0февраля\u00a02026" in (out / f"{name}.html").read_text(encoding="utf-8")
    assert CalamineWorkbook.from_path(out / f"{name}.xlsx").sheet_names[0] == "Сводка"
    row = place.report(answer["id"])
    assert (row.state, row.formats, row.model) == ("done", ("pdf", "html", "xlsx"), MODEL)
    assert row.params["zone"] == "Europe/Moscow"
    assert len(row.params["journey"]) == 6
    assert len(place.left()) == 6  # three formats, the letter in two forms, the chart
    assert {file.name for file in out.iterdir()} == {Path(file).name for file in answer["files"]}


def test_the_command_tells_where_the_files_are(lite: Place) -> None:
    told = otklik(lite, "--brand", "ambar", "--period", "месяц", "--format", "html")
    assert told.exit_code == 0
    assert "otklik-ambar-2026-02.html" in told.stderr
    assert (lite.folder / "var/reports/1/otklik-ambar-2026-02.html").is_file()


def test_a_period_that_is_not_over_ends_today_and_says_so(lite: Place) -> None:
    told = otklik(lite, "--brand", "moroshka", "--period", "2026-Q1", "--format", "html")
    assert "по сегодняшний день, 2 марта 2026" in told.stderr.replace("\u00a0", " ")
    assert "otklik-moroshka-2026-01-01_2026-03-02.html" in told.stderr


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (("--brand", "rival", "--period", "неделя"), "есть: moroshka (Морошка), ambar (Амбар)"),
        (("--brand", "moroshka", "--period", "вчера"), "2026-W17"),
        (("--brand", "moroshka", "--period", "2026-03-09..2026-03-01"), "раньше начала"),
        (("--brand", "moroshka", "--period", "2027-Q1"), "ещё не начался"),
        (("--brand", "moroshka", "--period", "неделя", "--format", "doc"), "pdf, html, xlsx"),
        (("--brand", "moroshka", "--period", "неделя", "--send", "boss"), "Канала «boss» нет"),
    ],
)
def test_wrong_use_is_told_before_any_work(lite: Place, asked: Any, says: str) -> None:
    told = otklik(lite, *asked)
    assert isinstance(told.exception, ConfigError)
    assert says in str(told.exception)
    assert lite.left() == []
    assert lite.read(queries.count_reports) == 0


def test_a_place_that_cannot_be_written_is_told(lite: Place) -> None:
    asked = ("--brand", "moroshka", "--period", "неделя", "--format", "html", "--out")
    for out, says in (
        (lite.config, "а нужна папка"),
        (lite.config / "inside", "не папка"),
        (Path("/proc/otklik"), "такого файла или папки нет"),
    ):
        told = otklik(lite, *asked, str(out))
        assert isinstance(told.exception, ConfigError)
        assert says in str(told.exception)
    assert lite.left() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
def test_a_full_disk_leaves_no_half_file(lite: Place) -> None:
    out = lite.folder / "out"
    out.mkdir()
    (out / ".part-otklik-moroshka-2026-W09.html").symlink_to("/dev/full")
    asked = ("--brand", "moroshka", "--period", "неделя", "--format", "html", "--out", str(out))
    told = otklik(lite, *asked)
    assert isinstance(told.exception, ConfigError)
    assert "на диске нет места" in str(told.exception)
    assert list(out.iterdir()) == lite.left() == []
    assert lite.read(queries.count_reports) == 0
    assert otklik(lite, *asked).exit_code == 0


def test_a_kill_half_way_leaves_nothing_that_looks_like_a_report(lite: Place) -> None:
    out, folder = lite.folder / "out", lite.folder / "var" / "reports"
    asked = ("--brand", "moroshka", "--period", "2026-Q1")
    process = subprocess.Popen(
        [*COMMAND, *asked, "--out", str(out), "--config", str(lite.config)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    until = time.monotonic() + 60
    while not any(folder.glob(".part-*/*.pdf")) and time.monotonic() < until:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert list(out.iterdir()) == list(folder.glob("[0-9]*")) == []
    assert lite.read(queries.count_reports) == 0
    left = next(folder.glob(".part-*"))
    os.utime(left, (0, 0))
    assert otklik(lite, *asked, "--format", "html").exit_code == 0
    assert not left.exists()


def test_the_command_sends_at_once_and_tells_how_it_went(lite: Place) -> None:
    asked = ("--brand", "moroshka", "--period", "неделя", "--format", "html", "--json")
    with taking() as (address, got):
        config = lite.config.read_text(encoding="utf-8")
        lite.config.write_text(config.replace("127.0.0.1:9", address, 1), encoding="utf-8")
        told = otklik(lite, *asked, "--send", "marketing")
        assert told.exit_code == 0, told.output
        assert json.loads(told.stdout)["sent"] == [
            {"channel": "marketing", "state": "sent", "error": ""}
        ]
        assert got[0]["title"] == lite.report(1).title
    told = otklik(lite, *asked, "--send", "crisis")  # nobody listens there
    assert told.exit_code == 1
    (sent,) = json.loads(told.stdout)["sent"]
    assert (sent["channel"], sent["state"]) == ("crisis", "waiting")
    assert sent["error"]


@contextmanager
def taking() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A service that takes messages of apprise's sort «json»: its address and what came."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# What the worker builds


def test_the_worker_builds_what_is_asked_for_once_and_tells_each_channel_once(
    place: Place,
) -> None:
    number = place.order("marketing", "crisis")
    assert place.order("marketing", "crisis") == number  # asked twice while it waits
    assert place.report(number).is_open
    one, two = keeper_at(place.house), keeper_at(place.house)
    claimed = one.claim_job()
    assert claimed
    assert two.claim_job() is None
    assert place.build(one, claimed) == (True, "Отчёт собран.")
    assert claimed[1] == {"step": "Письмо", "done": 2, "total": 3}
    one.finish_job(claimed[0], ok=True, message="")
    keys = [(f"report:{number}:{name}", name) for name in ("crisis", "marketing")]
    assert place.deliveries() == keys
    assert place.report(number).state == "done"
    place.write(commands.rebuild_report, number, now=NOW)
    assert place.report(number).state == "queued"
    assert place.run(one)[0]
    assert place.deliveries() == keys
    place.write(commands.send_report, number, ["crisis"], now=NOW)
    assert len(place.deliveries()) == 3


def test_a_worker_that_was_taken_for_dead_puts_nothing_in_place(place: Place) -> None:
    number = place.order("marketing")
    slow, quick = keeper_at(place.house), keeper_at(place.house, NOW + 2 * SILENCE)
    claimed = slow.claim_job()
    assert claimed
    assert place.run(quick)[0]
    built = place.report(number).finished_at
    with place.house.db.write() as session:
        session.execute(
            sa.update(t.report).values(state="queued")
        )  # as it was seen by the slow one
    with pytest.raises(Stopped):
        place.build(slow, claimed)
    assert place.report(number).finished_at == built
    assert len(place.deliveries()) == 1


def test_a_worker_that_died_after_the_last_step_is_followed_by_one_that_sees_it(
    place: Place,
) -> None:
    number = place.order("marketing")
    first, second = keeper_at(place.house), keeper_at(place.house, NOW + 2 * SILENCE)
    claimed = first.claim_job()
    assert claimed
    assert place.build(first, claimed)[0]
    before = place.report(number)
    assert place.run(second) == (True, "Отчёт собран.")
    assert place.report(number) == before
    assert len(place.deliveries()) == 1


def test_a_cancelled_report_stops_at_its_next_step(place: Place) -> None:
    number = place.order()
    keeper = keeper_at(place.house)
    claimed = keeper.claim_job()
    assert claimed
    place.write(commands.cancel_report, number, now=NOW)
    keeper.beat()
    with pytest.raises(Stopped):
        place.build(keeper, claimed)
    assert place.report(number).state == "cancelled"
    assert place.left() == []
    # One that was built before is as it was.
    place.write(commands.rebuild_report, number, now=NOW)
    assert place.run(keeper)[0]
    place.write(commands.rebuild_report, number, now=NOW)
    place.write(commands.cancel_report, number, now=NOW)
    assert place.report(number).state == "done"


def test_a_disk_that_refuses_ends_the_job_in_words(lite: Place) -> None:
    house = lite.told("reports: {folder: config.yaml/inside}")
    number = lite.order()
    ok, message = replace(lite, house=house).run(keeper_at(house))
    assert (ok, "часть пути — не папка" in message) == (False, True)
    report_jobs.look(house, NOW)
    row = lite.report(number)
    assert (row.state, row.message, row.retry_at) == ("failed", message, None)


def test_a_report_whose_worker_died_again_and_again_is_told_and_can_be_asked_for_again(
    place: Place,
) -> None:
    number = place.order()
    for step in range(jobs.MOST_ATTEMPTS):
        assert keeper_at(place.house, NOW + 2 * step * SILENCE).claim_job()
    late = NOW + 10 * SILENCE
    assert keeper_at(place.house, late).claim_job() is None
    report_jobs.look(place.house, late)
    assert place.report(number).state == "failed"
    assert "несколько раз останавливался" in place.report(number).message
    place.write(commands.rebuild_report, number, now=late)
    assert place.run(keeper_at(place.house, late))[0]
    assert place.report(number).state == "done"


def test_a_report_of_a_plan_that_failed_is_tried_again_and_then_waits_for_a_word(
    place: Place,
) -> None:
    plan = place.write(commands.add_plan, PLAN, now=NOW)
    number, now = place.order(plan=plan), NOW
    for pause in (timedelta(minutes=5), HOUR, 6 * HOUR, None):
        keeper = keeper_at(place.house, now)
        claimed = keeper.claim_job()
        assert claimed
        keeper.finish_job(claimed[0], ok=False, message="Диск полон.")
        report_jobs.look(place.house, now)
        row = place.report(number)
        assert (row.state, row.message) == ("failed", "Диск полон.")
        assert row.retry_at == (now + pause if pause else None)
        if pause:
            now += pause
            report_jobs.look(place.house, now - timedelta(seconds=1))
            assert place.report(number).state == "failed"
            report_jobs.look(place.house, now)
            assert place.report(number).state == "queued"


# History


def test_a_vanished_file_is_built_again_for_its_message(place: Place) -> None:
    number = place.order("marketing", formats=("html", "xlsx"))
    assert place.run(keeper_at(place.house))[0]
    row = place.report(number)
    folder = reporting.folder_of(place.house, number)
    message = report_mail.compose(place.house, {"report": number})
    assert message.title == "Морошка: отчёт о тональности, 16–22\u00a0февраля\u00a02026"
    assert [name for name, _ in message.files] == [
        "otklik-moroshka-2026-W08.html",
        "otklik-moroshka-2026-W08.xlsx",
    ]
    assert message.picture
    assert message.picture.startswith(b"\x89PNG")
    assert "<table" in message.html
    assert "Морошка" in message.text
    for file in (folder / "otklik-moroshka-2026-W08.xlsx", folder / "mail.html"):
        file.unlink()
        assert not reporting.is_whole(place.house, row)
        again = report_mail.compose(place.house, {"report": number})
        assert all(path.is_file() for _, path in again.files)
        assert reporting.is_whole(place.house, row)
    assert len(place.deliveries()) == 1


def test_the_same_stored_parameters_build_the_same_report(lite: Place) -> None:
    number = lite.order(formats=("html",))
    assert lite.run(keeper_at(lite.house))[0]
    file = reporting.folder_of(lite.house, number) / "otklik-moroshka-2026-W08.html"
    first = file.read_text(encoding="utf-8")
    own = "journey: [{code: all, name: Всё сразу, touchpoints: [delivery, quality]}]"
    lite.house = lite.told(own)  # the journey of the app changed since
    lite.write(commands.rebuild_report, number, now=NOW)
    assert lite.run(keeper_at(lite.house))[0]
    assert drawn(file.read_text(encoding="utf-8")) == drawn(first)


def drawn(page: str) -> str:
    """The page without the names that the drawing of charts makes up as it goes."""
    return re.sub(r"(clip|view_|gradient_|mark_)\w+", "", page)


def test_a_deleted_report_comes_back_and_its_message_goes_no_more(place: Place) -> None:
    number = place.order("marketing")
    assert place.run(keeper_at(place.house))[0]
    place.write(commands.delete_report, number, now=NOW)
    assert place.read(queries.reports, limit=10) == ()
    with pytest.raises(NotFound):
        place.report(number)
    with pytest.raises(CannotCompose, match="удалён"):
        report_mail.compose(place.house, {"report": number})
    report_jobs.drop_files(place.house, now=NOW + DAY)
    assert place.left()
    report_jobs.drop_files(place.house, now=NOW + 8 * DAY)
    assert place.left() == []
    place.write(commands.restore_report, number)
    assert [row.id for row in place.read(queries.reports, limit=10)] == [number]
    assert report_mail.compose(place.house, {"report": number}).files  # built again


def test_a_report_built_again_keeps_no_picture_of_what_was_erased(lite: Place) -> None:
    number = lite.order()
    keeper = keeper_at(lite.house)
    assert lite.run(keeper)[0]
    assert report_mail.compose(lite.house, {"report": number}).picture
    with lite.house.db.write() as session:
        erasing.erase(session, list(session.scalars(sa.select(t.mention.c.id))))
    lite.write(commands.rebuild_report, number, now=NOW)
    assert lite.run(keeper)[0]
    assert report_mail.compose(lite.house, {"report": number}).picture is None


def test_who_is_forgotten_stays_in_no_file(lite: Place) -> None:
    number = lite.order()
    assert lite.run(keeper_at(lite.house))[0]
    personal.forget(lite.house, "author-7", None, dry_run=True, as_json=False)
    assert lite.left()
    personal.forget(lite.house, "author-7", None, dry_run=False, as_json=False)
    assert lite.left() == []
    assert report_mail.compose(lite.house, {"report": number}).files


def test_files_about_days_that_are_kept_no_longer_go(lite: Place) -> None:
    number = lite.order()
    assert lite.run(keeper_at(lite.house))[0]
    house = lite.told("personal: {keep: 14д}")
    personal.prune(house, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert lite.left()
    personal.prune(house, now=datetime(2026, 3, 4, tzinfo=UTC))
    assert lite.left() == []
    assert lite.report(number).state == "done"


def test_what_makes_no_report_is_refused(place: Place) -> None:
    days = (date(2026, 2, 16), date(2026, 2, 22))
    for order, says in (
        (ReportOrder(place.brand, *days, ()), "хотя бы один"),
        (ReportOrder(place.brand, *days, ("doc",)), "pdf, html, xlsx"),
        (ReportOrder(999, *days, ("pdf",)), "Бренда 999"),
    ):
        with pytest.raises(StorageError, match=says):
            place.write(commands.order_report, order, now=NOW)
    number = place.order()
    with pytest.raises(StorageError, match="ещё не собран"):
        place.write(commands.send_report, number, ["marketing"], now=NOW)


# Plans


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


def taken(place: Place, now: datetime, zone: ZoneInfo = MOSCOW) -> list[datetime]:
    turns = place.write(report_plans.take_turns, zone=zone, now=now)
    return [turn.due_at for turn in turns]


def planned(place: Place, **other: Any) -> int:
    told = {name: getattr(PLAN, name) for name in PlanDeclaration.__slots__} | other
    number: int = place.write(commands.add_plan, PlanDeclaration(**told), now=NOW)
    return number


def test_a_turn_is_taken_once_though_many_reach_for_it(place: Place, db_url: str) -> None:
    planned(place)
    assert taken(place, utc(2026, 3, 2, 12)) == []  # planned after this Monday's nine o'clock
    dbs = [Database(db_url) for _ in range(3)]
    houses = [open_house(load(place.config), db) for db in dbs]
    due = utc(2026, 3, 9, 6)
    threads = [threading.Thread(target=report_jobs.look, args=(house, due)) for house in houses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for db in dbs:
        db.dispose()
    (row,) = place.read(queries.reports, limit=10)
    assert (row.plan, row.state, row.channels) == ("Неделя", "queued", ("marketing", "crisis"))
    (plan,) = place.read(queries.plans)
    assert (plan.next_due, plan.last) == (utc(2026, 3, 16, 6), row)
    assert plan.words == "по понедельникам в 09:00"


def test_a_missed_turn_is_made_up_once_for_the_period_it_was_of(place: Place) -> None:
    with place.house.db.write() as session:
        settings.drop(session, "today")
    planned(place)
    report_jobs.look(place.house, utc(2026, 3, 2, 12))
    # Nobody was there on the 9th and on the 16th; somebody comes on Friday the 20th.
    report_jobs.look(place.house, utc(2026, 3, 20, 12))
    (row,) = place.read(queries.reports, limit=10)
    assert (row.start, row.end) == (date(2026, 3, 9), date(2026, 3, 15))
    report_jobs.look(place.house, utc(2026, 3, 20, 13))
    assert len(place.read(queries.reports, limit=10)) == 1
    report_jobs.look(place.house, utc(2026, 3, 23, 6))
    newest, _ = place.read(queries.reports, limit=10)
    assert (newest.start, newest.end) == (date(2026, 3, 16), date(2026, 3, 22))


def test_a_turn_at_midnight_is_of_the_day_in_the_zone(place: Place) -> None:
    """In Moscow April begins while it is March in UTC."""
    with place.house.db.write() as session:
        settings.drop(session, "today")
    planned(place, period="month", schedule="0 0 1 * *")
    report_jobs.look(place.house, utc(2026, 3, 30))
    report_jobs.look(place.house, utc(2026, 3, 31, 21))
    (row,) = place.read(queries.reports, limit=10)
    assert (row.start, row.end) == (date(2026, 3, 1), date(2026, 3, 31))


def test_clocks_that_are_put_forward_or_back_cost_and_double_no_turn(place: Place) -> None:
    zone = ZoneInfo("Europe/Berlin")
    planned(place, schedule="30 2 * * *")
    for begin in (utc(2026, 3, 27), utc(2026, 10, 23)):
        taken(place, begin, zone)
        turns = [
            turn
            for minute in range(0, 4 * 24 * 60, 10)
            for turn in taken(place, begin + timedelta(minutes=minute), zone)
        ]
        days = [turn.astimezone(zone).date() for turn in turns]
        assert days == [begin.date() + n * DAY for n in range(4)]


def test_a_clock_that_leapt_ahead_and_back_costs_no_turn(place: Place) -> None:
    planned(place)
    taken(place, utc(2031, 1, 1))
    assert taken(place, utc(2026, 3, 3)) == []
    assert taken(place, utc(2026, 3, 9, 6)) == [utc(2026, 3, 9, 6)]


def test_turns_of_a_rest_are_not_made_up(place: Place) -> None:
    number = planned(place)
    taken(place, utc(2026, 3, 3))
    place.write(commands.enable_plan, number, enabled=False)
    assert taken(place, utc(2026, 3, 9, 7)) == []
    (plan,) = place.read(queries.plans)
    assert (plan.enabled, plan.next_due) == (False, None)
    place.write(commands.enable_plan, number, enabled=True)
    assert taken(place, utc(2026, 3, 10)) == []
    assert taken(place, utc(2026, 3, 16, 6)) == [utc(2026, 3, 16, 6)]


def test_another_schedule_holds_from_the_next_look_on(place: Place) -> None:
    number = planned(place)
    taken(place, utc(2026, 3, 3))
    changed = PlanDeclaration("Неделя", "moroshka", "week", "0 9 * * 5", ("pdf",))
    place.write(commands.change_plan, number, changed)
    taken(place, utc(2026, 3, 3, 1))
    (plan,) = place.read(queries.plans)
    assert (plan.next_due, plan.formats) == (utc(2026, 3, 6, 6), ("pdf",))


def test_a_removed_plan_rests_and_comes_back(place: Place) -> None:
    number = planned(place)
    place.write(commands.remove_plan, number)
    assert place.read(queries.plans) == ()
    assert taken(place, utc(2026, 3, 9, 7)) == []
    place.write(commands.restore_plan, number)
    assert [plan.id for plan in place.read(queries.plans)] == [number]
    place.write(commands.remove_plan, number)
    assert planned(place, period="month") == number  # a new one of the same name


def test_plans_of_the_config_are_changed_there_only(place: Place) -> None:
    more = "reports: {plans: [{name: Неделя, brand: moroshka, period: week, every: 0 9 * * 1}]}"
    place.told(more)
    (plan,) = place.read(queries.plans)
    assert (plan.origin, plan.formats, plan.channels) == ("config", ("pdf", "html", "xlsx"), ())
    for refused in (
        lambda session: commands.remove_plan(session, plan.id),
        lambda session: commands.enable_plan(session, plan.id, enabled=False),
        lambda session: commands.change_plan(session, plan.id, PLAN),
        lambda session: commands.add_plan(session, PLAN, now=NOW),
    ):
        with pytest.raises(StorageError, match=r"config\.yaml|уже есть"):
            place.write(refused)
    taken(place, utc(2026, 3, 3))
    place.told(more)  # a restart changes nothing
    assert place.read(queries.plans)[0].next_due == utc(2026, 3, 9, 6)
    place.told("")
    assert place.read(queries.plans) == ()
    assert taken(place, utc(2026, 3, 9, 7)) == []


def test_what_is_no_plan_is_told(place: Place) -> None:
    for other, says in (
        ({"name": " "}, "Назовите"),
        ({"brand_code": "rival"}, "«rival» не описан"),
        ({"period": "year"}, "week, month, quarter"),
        ({"schedule": "1д"}, "пять полей cron"),
        ({"schedule": "0 9 30 2 *"}, "пять полей cron"),
        ({"formats": ()}, "pdf, html, xlsx"),
        ({"formats": ("doc",)}, "pdf, html, xlsx"),
    ):
        with pytest.raises(StorageError, match=says):
            planned(place, **other)
    planned(place)
    with pytest.raises(StorageError, match="уже есть"):
        planned(place, name="НЕДЕЛЯ")


@pytest.mark.parametrize(
    ("plan", "says"),
    [
        ("{name: а, brand: rival, period: week, every: 0 9 * * 1}", "нет бренда «rival»"),
        ("{name: а, brand: ambar, period: год, every: 0 9 * * 1}", "разрешено: week"),
        ("{name: а, brand: ambar, period: week, every: 1д}", "пять полей cron"),
        ("{name: а, brand: ambar, period: week, every: 0 9 * * 1, formats: []}", "хотя бы один"),
        ("{name: а, brand: ambar, period: week, every: 0 9 * * 1, formats: [doc]}", "разрешено"),
        (
            "{name: а, brand: ambar, period: week, every: 0 9 * * 1, channels: [boss]}",
            "нет канала «boss»; есть: marketing, crisis",
        ),
        ("{name: а, brand: ambar, period: week, evry: 0 9 * * 1}", "every"),
    ],
)
def test_a_plan_that_cannot_be_is_told_with_its_place(lite: Place, plan: str, says: str) -> None:
    with pytest.raises(ConfigError, match="reports") as told:
        lite.told(f"reports: {{plans: [{plan}]}}")
    assert says in str(told.value)


def test_the_worker_builds_a_plan_when_its_turn_comes(place: Place) -> None:
    planned(place)
    now = [utc(2026, 3, 3)]
    worker = Scheduler(place.house, clock=lambda: now[0])
    try:
        worker.step()
        now[0] = utc(2026, 3, 9, 6)
        until = time.monotonic() + 60
        while not place.deliveries() and time.monotonic() < until:
            worker.step()
            now[0] += timedelta(seconds=3)
            time.sleep(0.05)
    finally:
        worker.stop()
        worker.finish()
    (row,) = place.read(queries.reports, limit=10)
    assert (row.state, row.plan) == ("done", "Неделя")
    assert [channel for _, channel in place.deliveries()] == ["crisis", "marketing"]


# The demo


def test_the_demo_s_week_of_the_courier_crisis_in_all_formats(demo: Demo, tmp_path: Path) -> None:
    demo.copied(tmp_path / "demo.db").dispose()
    text = demo.config.read_text(encoding="utf-8").replace("var/demo.db", "demo.db")
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    days = f"{demo.day(112)}..{demo.day(118)}"
    asked = ["report", "--brand", "moroshka", "--period", days, "--format", "pdf,html,xlsx"]
    asked += ["--out", str(tmp_path / "out"), "--json", "--config", str(tmp_path / "config.yaml")]
    told = CliRunner().invoke(app, asked)
    assert told.exit_code == 0, told.output
    files = {Path(file).suffix: Path(file) for file in json.loads(told.stdout)["files"]}
    assert files[".pdf"].stat().st_size > 100_000
    assert CalamineWorkbook.from_path(files[".xlsx"]).sheet_names[-1] == "Мнения"
    said = re.sub(r"<[^>]+>|\s+", " ", files[".html"].read_text(encoding="utf-8"))
    assert "Главная проблема — доставка и выдача" in re.sub(" +", " ", said)
