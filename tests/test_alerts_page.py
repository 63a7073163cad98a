"""The page «Оповещения» without a browser: rules made, tried, changed, paused, deleted; history."""

from pathlib import Path

import pytest
from alerts import DAY, EACH, HOUR, Desk, desk, said
from streamlit.testing.v1 import AppTest
from visiting import forget_caches, page_at, words_of
from world import NOW

from nlp.labels import Tone
from storage import outbox, queries, settings
from storage import tables as t
from storage.alert_values import Condition, Manners, When
from storage.database import Database
from storage.queries import RuleRow

ROOT = Path(__file__).parent.parent
_CONFIG = """
alerts:
  - {name: Из настроек, when: each, filter: {brand: moroshka, rating: 1-2}}
"""


@pytest.fixture
def own(empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    own = desk(Database(empty_sqlite), tmp_path)
    monkeypatch.setenv("OTKLIK_CONFIG", str(tmp_path / "config.yaml"))
    with own.house.db.write() as session:
        settings.put(session, "today", NOW.astimezone(own.house.zone).date().isoformat())
    forget_caches()
    return own


def opened(**link: str | list[str]) -> AppTest:
    return page_at("views/alerts.py", **link)


def fine(app: AppTest) -> AppTest:
    assert not app.exception, app.exception
    return app


def rules(own: Desk) -> dict[str, RuleRow]:
    with own.house.db.read() as session:
        return {rule.name: rule for rule in queries.alert_rules(session)}


def test_without_rules_the_page_says_what_they_are(own: Desk) -> None:
    app = opened()
    assert "Правил пока нет" in words_of(app)
    app.segmented_control(key="alerts_section").set_value("history").run()
    assert "срабатывать нечему" in words_of(fine(app))


def test_a_rule_is_made_from_a_filter_and_tried_on_the_past(own: Desk) -> None:
    own.come(*(said(number, NOW - number * DAY, rating=1.0) for number in range(7)))
    own.come(said("praise", NOW), tone=Tone.POSITIVE)
    app = opened(rule="new", brand="moroshka", tone="negative", period="28d")
    assert "За последние 30 дней сработало бы 7 раз." in words_of(app)
    assert words_of(app).count("опоздал к ужину") == 5
    assert app.button(key="save_rule").disabled
    app.text_input(key="rule_new_name").set_value("Негатив").run()
    app.multiselect(key="rule_new_channels").set_value(["crisis"]).run()
    app.button(key="save_rule").click().run()
    made = rules(own)["Негатив"]
    assert made.condition == EACH
    assert made.params == {"brand": ["moroshka"], "tone": ["negative"]}
    assert (made.channels, made.origin, made.enabled) == (("crisis",), "app", True)
    assert "Каждое новое упоминание — Морошка" in words_of(fine(app))


def test_another_condition_is_tried_at_once(own: Desk) -> None:
    own.come(*(said(number, NOW - number * HOUR, rating=1.0) for number in range(12)))
    app = opened(rule="new", brand="moroshka")
    assert "не сработало бы: всплесков не было" in words_of(app)
    app.segmented_control(key="rule_new_when").set_value("count").run()
    assert "сработало бы 1 раз" in words_of(fine(app))
    app.number_input(key="rule_new_n_count").set_value(13).run()
    assert "не сработало бы ни разу" in words_of(fine(app))
    app.segmented_control(key="rule_new_when").set_value("rating").run()
    assert "Средняя оценка 1,00" in words_of(fine(app))
    app.segmented_control(key="rule_new_when").set_value("each").run()
    app.segmented_control(key="rule_new_digest").set_value("daily").run()
    assert "С этими паузами и сводками пришло бы 2 сообщения" in words_of(fine(app))


def test_manners_are_kept_and_nonsense_is_told(own: Desk) -> None:
    from datetime import time

    app = opened(rule="new")
    app.text_input(key="rule_new_name").set_value("Ночью тихо").run()
    app.toggle(key="rule_new_is_quiet").set_value(True).run()
    app.time_input(key="rule_new_end").set_value(time(22, 0)).run()
    assert "начинаются и кончаются в одно время" in words_of(fine(app))
    assert app.button(key="save_rule").disabled
    app.time_input(key="rule_new_end").set_value(time(7, 30)).run()
    app.selectbox(key="rule_new_pause").set_value(6).run()
    app.button(key="save_rule").click().run()
    assert rules(own)["Ночью тихо"].manners == Manners(cooldown=6, quiet=("22:00", "07:30"))
    fine(app)


def test_a_rule_is_changed_paused_deleted_and_brought_back(own: Desk) -> None:
    number = own.rule(
        Condition(When.COUNT, n=7, hours=5),
        name="Счёт",
        params={"brand": ["moroshka"], "product": ["Хлеб"]},
        manners=Manners(zone="Asia/Omsk"),
    )
    app = opened(rule=str(number))
    assert "товар: Хлеб" in words_of(app)
    app.text_input(key=f"rule_{number}_name").set_value("Счёт 2").run()
    app.button(key="save_rule").click().run()
    changed = rules(own)["Счёт 2"]
    assert changed.condition == Condition(When.COUNT, n=7, hours=5)
    assert changed.params == {"brand": ["moroshka"], "product": ["Хлеб"]}
    assert changed.manners == Manners(zone="Asia/Omsk")
    app.button(key=f"pause_{number}").click().run()
    assert not rules(own)["Счёт 2"].enabled
    assert "на паузе" in words_of(fine(app))
    app.button(key=f"delete_{number}").click().run()
    assert rules(own) == {}
    app.button(key="restore_rule").click().run()
    assert set(rules(own)) == {"Счёт 2"}


def test_a_taken_name_is_told(own: Desk) -> None:
    own.rule(name="Негатив")
    app = opened(rule="new")
    app.text_input(key="rule_new_name").set_value("негатив").run()
    app.button(key="save_rule").click().run()
    assert "уже есть" in words_of(fine(app))
    assert len(rules(own)) == 1


def test_rules_of_config_are_read_only(
    empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = desk(Database(empty_sqlite), tmp_path, _CONFIG)
    monkeypatch.setenv("OTKLIK_CONFIG", str(tmp_path / "config.yaml"))
    forget_caches()
    app = opened()
    number = rules(own)["Из настроек"].id
    assert "Описано в config.yaml" in words_of(app)
    assert not [button for button in app.button if button.key == f"edit_{number}"]
    assert "меняется там" in words_of(opened(rule=str(number)))


def test_a_rule_whose_brand_is_gone_says_so(own: Desk) -> None:
    own.rule(params={"brand": ["gone"]})
    told = words_of(opened())
    assert "не работает" in told
    assert "brand=gone" in told


def test_a_rule_that_cannot_be_read_rests_and_the_others_work(own: Desk) -> None:
    number = own.rule(name="С чужого сервера")
    own.rule(name="Здешнее")
    with own.house.db.write() as session:
        zone = {"id": number, "manners": Manners().as_dict() | {"zone": "Mars/Olympus"}}
        t.update_all(session, t.alert_rule, [zone])
    own.come(said(1))
    assert own.look() == 1
    assert [alert.rule for alert in own.alerts()] == ["Здешнее"]
    told = words_of(opened())
    assert "не работает" in told
    assert "Mars/Olympus" in told


def test_the_history_shows_why_in_whose_words_and_to_whom(own: Desk) -> None:
    own.rule(name="Негатив <i>", channels=("crisis", "boss"))
    own.come(said(1, text="Курьер <script>alert(1)</script> опоздал", rating=1.0))
    own.look()
    with own.house.db.write() as session:
        first = outbox.claim(session, holder="w", now=NOW, until=NOW + HOUR)
        assert first
        outbox.fail(session, first.id, "w", error="Канал закрыт <b>", now=NOW)
    app = opened(show="history")
    told = words_of(app)
    assert "&lt;script&gt;" in told
    assert "<script>alert" not in told
    assert "Новое упоминание" in told
    assert f"{first.channel}: не отправлено" in told
    assert "Канал закрыт &lt;b&gt;" in told
    (alert,) = own.alerts()
    app.button(key=f"retry_{alert.id}_{first.id}").click().run()
    assert [row.state for row in own.told()] == ["waiting", "waiting"]
    app.button(key=f"open_alert_{alert.id}").click().run()
    assert app.title[0].value != "Оповещения"
    assert app.query_params["tone"] == ["negative"] or app.query_params["tone"] == "negative"


def test_the_history_is_paged_and_of_one_rule(own: Desk) -> None:
    first, second = own.rule(name="Первое", channels=()), own.rule(name="Второе", channels=())
    for number in range(15):
        own.come(said(number, NOW + number * HOUR / 60))
        own.look(NOW + number * HOUR / 60)
    app = opened(show="history")
    assert len([b for b in app.button if (b.key or "").startswith("open_alert_")]) == 20
    assert "никому не отправлено: канал не указан" in words_of(app)
    app = opened(show="history", page="2")
    assert len([b for b in app.button if (b.key or "").startswith("open_alert_")]) == 10
    app.selectbox(key="history_of").set_value(second).run()
    assert len([b for b in app.button if (b.key or "").startswith("open_alert_")]) == 15
    assert app.query_params["of"] in (str(second), [str(second)])
    assert first != second


@pytest.mark.parametrize(
    "link", [{"rule": "999"}, {"show": "nonsense"}, {"page": "-1"}, {"of": "x"}]
)
def test_nonsense_in_the_link_does_no_harm(own: Desk, link: dict[str, str]) -> None:
    own.rule()
    assert "Правило" in words_of(opened(**link))


def test_the_view_that_is_open_becomes_a_rule(own: Desk) -> None:
    own.come(said(1))
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.query_params.update({"topic": "delivery", "tone": "negative", "period": "28d"})
    app.run()
    app.button(key="alert_view").click().run()
    assert fine(app).title[0].value == "Новое правило"
    assert app.multiselect(key="rule_new_topics").value == ["delivery"]
