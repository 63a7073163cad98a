"""«Отчёты» without a browser: what it says of reports and plans, what its buttons do."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from visiting import forget_caches, link_of, page_at, wired, words_of
from world import MODEL, World, fill

from storage import commands, jobs, outbox, queries, reports, settings
from storage.commands import PlanDeclaration, ReportOrder
from storage.queries import ReportRow
from storage.reports import Outcome

ROOT = Path(__file__).parent.parent
PAGE = "views/reports.py"
TODAY = date(2026, 3, 2)
WEEK = (date(2026, 2, 23), date(2026, 3, 1))
PLAN = PlanDeclaration("Понедельники", "moroshka", "week", "0 9 * * 1", ("pdf",), ("marketing",))


@pytest.fixture
def world(empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Thirty mentions, one channel, no worker."""
    channels = "channels: [{name: marketing, url: 'json://127.0.0.1:9'}]\n"
    world = fill(wired(empty_sqlite, tmp_path, monkeypatch, channels), 30)
    write(world, settings.put, "today", TODAY.isoformat())
    return world


def write(world: World, command: Any, *arguments: Any, **named: Any) -> Any:
    with world.db.write() as session:
        return command(session, *arguments, **named)


def read(world: World, query: Any, *arguments: Any, **named: Any) -> Any:
    with world.db.read() as session:
        return query(session, *arguments, **named)


def opened(**params: str) -> AppTest:
    return page_at(PAGE, **params)


def keys(app: AppTest) -> set[str]:
    return {button.key for button in app.button if button.key}


def with_worker(world: World) -> None:
    sign = {"holder": "test", "at": datetime.now(UTC).isoformat()}
    write(world, settings.put, settings.WORKER, sign)


def ordered(world: World, *channels: str, plan: int | None = None) -> int:
    order = ReportOrder(world.brands["moroshka"], *WEEK, ("pdf", "html"), channels, plan)
    number: int = write(world, commands.order_report, order, now=datetime.now(UTC))
    return number


def built(world: World, folder: Path, *channels: str, plan: int | None = None) -> int:
    """A report whose job is done: its files are there."""
    number, now = ordered(world, *channels, plan=plan), datetime.now(UTC)
    own = folder / "var" / "reports" / str(number)
    own.mkdir(parents=True)
    (own / "a.pdf").write_bytes(b"%PDF-1.7")
    page = "<head></head><p>Главное <b>&amp;</b> &quot;важное&quot;</p>"
    page += '<a href="https://example.ru" rel="noopener noreferrer">источник</a>'
    (own / "a.html").write_text(page, encoding="utf-8")
    files = {"pdf": {"name": "a.pdf", "bytes": 250_000}, "html": {"name": "a.html", "bytes": 42}}
    stage = {"code": "a", "name": "Заказ & оплата", "touchpoints": []}
    told = Outcome("Морошка", files, {"model": MODEL, "zone": "Europe/Moscow", "journey": [stage]})
    claimed = write(world, jobs.claim_job, holder="h", now=now, until=now + timedelta(hours=1))
    write(world, reports.finish_report, number, told, now=now)
    write(world, jobs.finish_job, claimed.id, "h", ok=True, now=now)
    return number


def report(world: World, number: int) -> ReportRow:
    row: ReportRow = read(world, queries.report, number)
    return row


# Building


def test_an_empty_history_says_what_to_do_and_who_builds(world: World) -> None:
    told = words_of(opened())
    assert "Отчётов пока нет" in told
    assert "Запустите `otklik schedule`" in told
    with_worker(world)
    assert "Запустите" not in words_of(opened())


def test_without_brands_there_is_nothing_to_report(
    empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config.yaml"
    config.write_text(f"database:\n  url: {empty_sqlite}\n", encoding="utf-8")
    monkeypatch.setenv("OTKLIK_CONFIG", str(config))
    forget_caches()
    assert "брендов пока нет" in words_of(opened())


def test_a_report_is_ordered_for_the_last_whole_week(world: World) -> None:
    app = opened()
    app.button(key="build_report").click().run()
    (row,) = read(world, queries.reports, limit=10)
    assert (row.brand, row.start, row.end) == ("Морошка", *WEEK)
    assert (row.formats, row.channels) == (("pdf", "html"), ())
    told = words_of(app)
    assert "в очереди" in told
    assert "9-я неделя 2026 года, 23 февраля – 1 марта 2026" in told
    assert f"cancel_{row.id}" in keys(app)


def test_another_period_formats_and_a_channel(world: World) -> None:
    app = opened()
    app.selectbox(key="report_brand").select_index(1).run()
    app.segmented_control(key="report_period").set_value("month").run()
    app.pills(key="report_formats").set_value(["xlsx"]).run()
    app.pills(key="report_channels").set_value(["marketing"]).run()
    app.button(key="build_report").click().run()
    (row,) = read(world, queries.reports, limit=10)
    assert (row.brand, row.start, row.end) == ("Амбар", date(2026, 2, 1), date(2026, 2, 28))
    assert (row.formats, row.channels) == (("xlsx",), ("marketing",))


def test_no_format_no_report(world: World) -> None:
    app = opened()
    app.pills(key="report_formats").set_value([]).run()
    assert app.button(key="build_report").disabled
    assert "хотя бы один формат" in words_of(app)


def test_the_overview_brings_its_period_along(world: World) -> None:
    app = opened(brand="ambar", **{"from": "2026-02-03", "to": "2026-02-20"})
    assert app.selectbox(key="report_brand").value.code == "ambar"
    app.button(key="build_report").click().run()
    (row,) = read(world, queries.reports, limit=10)
    assert (row.start, row.end) == (date(2026, 2, 3), date(2026, 2, 20))
    assert "from" not in app.query_params


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-02-30", "2026-03-01"), ("2026-03-01", "2026-02-01"), ("2027-01-01", "")],
)
def test_a_link_with_days_that_make_no_sense_is_no_harm(world: World, start: str, end: str) -> None:
    app = opened(**{"from": start, "to": end})
    assert app.segmented_control(key="report_period").value == "week"


def test_days_of_one_s_own(world: World) -> None:
    app = opened()
    app.segmented_control(key="report_period").set_value("own").run()
    app.date_input(key="report_days").set_value((date(2026, 2, 5),)).run()
    assert app.button(key="build_report").disabled
    app.date_input(key="report_days").set_value((date(2026, 2, 5), date(2026, 2, 9))).run()
    app.button(key="build_report").click().run()
    (row,) = read(world, queries.reports, limit=10)
    assert (row.start, row.end) == (date(2026, 2, 5), date(2026, 2, 9))


def test_how_far_it_is_and_a_stop(world: World) -> None:
    with_worker(world)
    number, now = ordered(world), datetime.now(UTC)
    claimed = write(world, jobs.claim_job, holder="h", now=now, until=now + timedelta(hours=1))
    told = {"step": "PDF", "done": 1, "total": 4}
    write(world, jobs.renew_jobs, "h", {claimed.id: told}, until=now + timedelta(hours=1))
    app = opened()
    assert "собирается" in words_of(app)
    (bar,) = app.get("progress")
    assert (bar.proto.value, bar.proto.text.endswith(": PDF")) == (25, True)
    app.button(key=f"cancel_{number}").click().run()
    assert report(world, number).state == "cancelled"
    assert "остановлен" in words_of(app)
    app.button(key=f"rebuild_{number}").click().run()
    assert report(world, number).state == "queued"


# History


def test_a_report_is_taken_away_opened_and_built_again(world: World, tmp_path: Path) -> None:
    number = built(world, tmp_path)
    app = opened()
    told = words_of(app)
    assert "готов" in told
    assert "PDF, 244 КБ" in told
    assert "HTML, 1 КБ" in told
    app.button(key=f"open_{number}").click().run()
    assert link_of(app)["open"] == [str(number)]
    frame = str(app.get("iframe")[0].proto.srcdoc)
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame
    assert "&lt;p&gt;Главное &lt;b&gt;&amp;amp;&lt;/b&gt; &amp;quot;важное&amp;quot;" in frame
    assert "&lt;base href=&quot;about:srcdoc&quot;&gt;" in frame  # contents lead within it
    assert "target=&quot;_blank&quot; rel=&quot;noopener noreferrer&quot;" in frame
    assert "Заказ &amp; оплата" in words_of(app)
    app.button(key=f"rebuild_{number}").click().run()
    assert report(world, number).state == "queued"
    app.button(key="all_reports").click().run()
    assert "open" not in app.query_params


def test_a_vanished_file_is_told(world: World, tmp_path: Path) -> None:
    number = built(world, tmp_path)
    for file in (tmp_path / "var" / "reports" / str(number)).iterdir():
        file.unlink()
    told = words_of(opened())
    assert "Файлов на диске нет: PDF, HTML. Соберите отчёт заново." in told
    assert "Показать нечего" in words_of(opened(open=str(number)))


@pytest.mark.parametrize("number", ["99", "x", "9" * 30, "-1"])
def test_a_report_that_is_not_there_is_told(world: World, number: str) -> None:
    assert "Такого отчёта нет" in words_of(opened(open=number))


def test_why_it_failed_and_when_it_is_tried_again(world: World) -> None:
    plan = write(world, commands.add_plan, PLAN, now=datetime.now(UTC))
    number, now = ordered(world, plan=plan), datetime.now(UTC)
    claimed = write(world, jobs.claim_job, holder="h", now=now, until=now + timedelta(hours=1))
    write(world, jobs.finish_job, claimed.id, "h", ok=False, message="Нет <места>.", now=now)
    write(world, reports.settle, now=now)
    app = opened()
    told = words_of(app)
    assert "не собран" in told
    assert "Нет &lt;места&gt;. Следующая попытка" in told
    assert "по плану «Понедельники»" in told
    app.button(key=f"rebuild_{number}").click().run()
    assert report(world, number).state == "queued"


def test_a_deleted_report_comes_back(world: World, tmp_path: Path) -> None:
    number = built(world, tmp_path)
    app = opened()
    app.button(key=f"delete_{number}").click().run()
    assert "Отчёт удалён" in words_of(app)
    assert read(world, queries.count_reports) == 0
    app.button(key="restore_report").click().run()
    assert read(world, queries.count_reports) == 1
    assert "Отчёт удалён" not in words_of(app)


def test_a_long_history_has_pages(world: World) -> None:
    for day in range(1, 14):
        order = ReportOrder(world.brands["moroshka"], date(2026, 1, day), TODAY, ("pdf",))
        write(world, commands.order_report, order, now=datetime.now(UTC))
    assert sum(key.startswith("delete_") for key in keys(opened())) == 10
    assert sum(key.startswith("delete_") for key in keys(opened(page="2"))) == 3
    assert sum(key.startswith("delete_") for key in keys(opened(page="77"))) == 3


# Sending


def test_a_delivery_that_failed_is_told_and_sent_again(world: World, tmp_path: Path) -> None:
    number, now = built(world, tmp_path, "marketing"), datetime.now(UTC)
    assert "marketing: отправляется" in words_of(opened())
    until = now + timedelta(hours=1)
    claimed = write(world, outbox.claim, holder="h", now=now + timedelta(minutes=1), until=until)
    write(world, outbox.fail, claimed.id, "h", error="Ящика <нет>.", now=now)
    app = opened()
    told = words_of(app)
    assert "marketing: не отправлен" in told
    assert "Ящика &lt;нет&gt;." in told
    app.button(key=f"retry_{claimed.id}").click().run()
    (delivery,) = read(world, queries.deliveries)
    assert delivery.state == "waiting"
    app.button(key=f"send_{number}_marketing").click().run()
    assert len(read(world, queries.deliveries)) == 2


# Plans


def test_no_plans_yet(world: World) -> None:
    assert "Планов пока нет" in words_of(opened(show="plans"))


def test_a_plan_is_made_changed_paused_and_removed(world: World) -> None:
    app = opened(show="plans")
    app.button(key="new_plan").click().run()
    assert app.button(key="save_plan").disabled
    app.text_input(key="plan_name").set_value("Итоги").run()
    app.segmented_control(key="plan_period").set_value("month").run()
    assert "1-го числа каждого месяца в 09:00: " in words_of(app)
    app.pills(key="plan_channels").set_value(["marketing"]).run()
    app.button(key="save_plan").click().run()
    (plan,) = read(world, queries.plans)
    assert (plan.name, plan.period, plan.schedule) == ("Итоги", "month", "0 9 1 * *")
    assert (plan.formats, plan.channels, plan.origin) == (("pdf", "html"), ("marketing",), "app")
    told = words_of(app)
    assert "1-го числа каждого месяца в 09:00 · за прошлый месяц · PDF, HTML · в marketing" in told
    app.button(key=f"edit_plan_{plan.id}").click().run()
    app.selectbox(key="plan_when_month").set_value("own").run()
    app.text_input(key="plan_cron_month").set_value("каждый день").run()
    assert app.button(key="save_plan").disabled
    assert "пять полей cron" in words_of(app)
    app.text_input(key="plan_cron_month").set_value("15 8 3 * *").run()
    app.button(key="save_plan").click().run()
    (plan,) = read(world, queries.plans)
    assert (plan.name, plan.schedule) == ("Итоги", "15 8 3 * *")
    app.button(key=f"enable_{plan.id}").click().run()
    assert "на паузе" in words_of(app)
    app.button(key=f"enable_{plan.id}").click().run()
    assert "время назначит работник" in words_of(app)
    app.button(key=f"remove_plan_{plan.id}").click().run()
    assert read(world, queries.plans) == ()
    app.button(key="restore_plan").click().run()
    assert len(read(world, queries.plans)) == 1


def test_a_name_that_is_taken_is_told_and_the_form_stays(world: World) -> None:
    write(world, commands.add_plan, PLAN, now=datetime.now(UTC))
    app = opened(plan="new")
    app.text_input(key="plan_name").set_value("понедельники").run()
    app.button(key="save_plan").click().run()
    assert "уже есть: выберите другое имя" in words_of(app)
    assert app.text_input(key="plan_name").value == "понедельники"


def test_a_plan_is_run_at_once_and_shows_its_last_report(world: World, tmp_path: Path) -> None:
    plan = write(world, commands.add_plan, PLAN, now=datetime.now(UTC))
    app = opened(show="plans")
    app.button(key=f"run_{plan}").click().run()
    (row,) = read(world, queries.reports, limit=10)
    assert (row.start, row.end, row.channels) == (*WEEK, ("marketing",))
    assert app.button(key=f"run_{plan}").disabled
    assert "Последний: 9-я неделя 2026 года" in words_of(app)
    app.button(key=f"last_{plan}").click().run()
    assert link_of(app)["open"] == [str(row.id)]


def test_a_plan_of_the_config_is_read_only(world: World) -> None:
    from storage import report_plans

    write(world, report_plans.sync_plans, [PLAN], now=datetime.now(UTC))
    (plan,) = read(world, queries.plans)
    app = opened(show="plans")
    assert "описан в config.yaml" in words_of(app)
    assert keys(app) >= {f"run_{plan.id}"}
    assert not {f"edit_plan_{plan.id}", f"enable_{plan.id}", f"remove_plan_{plan.id}"} & keys(app)
    assert "Планов" not in words_of(opened(plan=str(plan.id)))  # no form opens by its link


def test_the_overview_leads_here(world: World) -> None:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.query_params.update({"brand": "ambar", "from": "2026-02-03", "to": "2026-02-28"})
    app.run()
    app.button(key="report_of_period").click().run()
    assert app.title[0].value == "Отчёты"
    assert app.selectbox(key="report_brand").value.code == "ambar"
    assert app.date_input(key="report_days").value == (date(2026, 2, 3), date(2026, 2, 28))
