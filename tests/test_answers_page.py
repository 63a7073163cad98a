"""«Ответы» and the statuses of «Упоминания» without a browser."""

from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs

import pytest
import sqlalchemy as sa
from streamlit.testing.v1 import AppTest
from test_app import MENTIONS, opened, text_of
from test_mentions_page import ids_of, mode, texts
from visiting import TODAY, link_of
from world import NOW, World, judged, said, tell, tell_all

from nlp.labels import Kind, Tone
from storage import commands, queries
from storage import tables as t
from storage.commands import Status, Step
from storage.errors import Locked
from storage.filters import Filter, from_params

ANSWERS = "views/answers.py"
COMPLAINT = judged(Tone.NEGATIVE, Kind.COMPLAINT)


def handle(world: World, *numbers: int, **what: object) -> None:
    with world.db.write() as session:
        commands.handle(session, numbers, Step(**what), at=datetime.now(UTC))  # type: ignore[arg-type]


def held(world: World, text: str) -> queries.Handled:
    with world.db.read() as session:
        (row,) = queries.these(session, Filter(), [ids_of(world)[text]])
    return row.handled


@pytest.fixture
def answered(world: World) -> World:
    """Of ten complaints on the maps four are answered there, after one, two … four hours; the
    social network tells nothing of its five."""
    told = []
    for number in range(10):
        published = NOW - timedelta(days=number, hours=5)
        answer = published + timedelta(hours=number + 1) if number < 4 else None
        mention = said(f"Курьер номер {number}", published_at=published, answered_at=answer)
        told.append((mention, COMPLAINT))
    told += [(said(f"Пост номер {n}", source="vk"), COMPLAINT) for n in range(5)]
    tell_all(world, told)
    return world


def table(app: AppTest) -> str:
    found = [str(html.proto.body) for html in app.html if "ok-table" in str(html.proto.body)]
    return "\n".join(found).replace("\u00a0", " ").replace("\u202f", " ")


def metrics(app: AppTest) -> dict[str, str]:
    return {str(one.label): str(one.value).replace("\u202f", " ") for one in app.metric}


def test_nothing_is_known_before_anybody_answers(world: World) -> None:
    tell(world, said(), COMPLAINT)
    app = opened(ANSWERS)
    assert "ничего не известно" in text_of(app)
    assert "Отмечайте «в работе»" in text_of(app)
    assert "неизвестно" in table(app)
    assert "0 %" not in table(app)
    assert not app.metric


def test_no_mentions_in_the_period_is_told(answered: World) -> None:
    app = opened(ANSWERS, **{"from": "2020-01-01", "to": "2020-01-02"})
    assert "упоминаний нет" in text_of(app)


def test_what_the_source_tells_fills_the_page(answered: World) -> None:
    app = opened(ANSWERS)
    told = text_of(app).replace("\u00a0", " ").replace("\u202f", " ")
    assert "Отвечено на 40 % упоминаний (4 из 10), обычно за 2 ч 30 мин" in told
    assert "об ответах известно в 1 из 2 источников" in told
    assert metrics(app) == {
        "Доля отвеченных": "40 %",
        "Время до ответа": "2\u00a0ч 30\u00a0мин",
        "Без ответа дольше 24\u00a0ч": "6",
        "Негатив без ответа": "11",
    }
    shown = table(app)
    assert "17 % … 69 %" in shown
    assert "мало для интервала, n = 4" in shown
    assert "ответ показывает источник" in shown
    assert "Пост номер" in told or "Курьер номер" in told  # the queue


def test_figures_open_their_mentions(answered: World) -> None:
    app = opened(ANSWERS)
    app.button(key="open_late").click().run()
    assert not app.exception
    assert app.title[0].value == "6\xa0упоминаний"
    assert link_of(app)["status"] == ["new", "working"]
    assert link_of(app)["source"] == ["maps"]
    assert {button.label for button in app.button if "chip" in str(button.key)} >= {
        "статус: новое", "статус: в работе",
    }  # fmt: skip
    app = opened(ANSWERS)
    app.button(key="open_queue").click().run()
    assert app.title[0].value == "11\xa0упоминаний"
    assert texts(app)[0] == "Курьер номер 9"
    with answered.db.read() as session:
        names = queries.catalog(session).names
        for part in table(opened(ANSWERS)).split('href="mentions?')[1:]:
            link, _, rest = part.partition('" target="_self">')
            where, problems = from_params(parse_qs(unescape(link)), names, TODAY)
            assert problems == ()
            shown = rest.partition("<")[0]
            if shown.isdigit():
                assert queries.count(session, where) == int(shown), link


def test_the_hours_stand_in_the_link(answered: World) -> None:
    app = opened(ANSWERS)
    app.number_input(key="answer_hours").set_value(24 * 6).run()
    assert link_of(app)["v-hours"] == ["144"]
    assert metrics(app)["Без ответа дольше 144\u00a0ч"] == "4"
    assert metrics(opened(ANSWERS, **link_of(app)))["Без ответа дольше 144\u00a0ч"] == "4"


def test_people_and_statuses(answered: World) -> None:
    number = ids_of(answered)
    hostile = "<b>Анна</b> [x](y)"
    handle(answered, number["Курьер номер 9"], status=Status.WORKING, assignee=hostile)
    handle(answered, number["Курьер номер 8"], status=Status.ANSWERED, assignee=hostile)
    handle(answered, number["Курьер номер 7"], status=Status.IGNORED)
    handle(answered, number["Пост номер 0"], status=Status.ANSWERED)
    app = opened(ANSWERS)
    assert "&lt;b&gt;Анна" in table(app)
    assert "<b>Анна" not in table(app)
    told = text_of(app).replace("\u00a0", " ").replace("\u202f", " ")
    assert "(6 из 14)" in told  # nine of the maps and five of the network
    assert "показывает источник и статусы" in table(app)
    assert "по статусам команды" in table(app)
    narrowed = opened(ANSWERS, period="all", status="answered")
    assert "фильтр по статусу на этой странице не действует" in text_of(narrowed)
    assert "(6 из 14)" in text_of(narrowed).replace("\u00a0", " ").replace("\u202f", " ")


# «Упоминания»


def test_the_menu_of_a_card_sets_what_holds_and_takes_it_back(world: World) -> None:
    tell(world, said("Плохо"), COMPLAINT)
    number = ids_of(world)["Плохо"]
    app = opened(MENTIONS)
    assert not [one for one in app.radio if one.key == f"set_status_{number}"]
    app.session_state[f"status_{number}"] = True
    app.run()
    app.radio(key=f"set_status_{number}").set_value(Status.WORKING)
    app.text_area(key=f"set_note_{number}").set_value("Ждём <b>фото</b>")
    app.button(key=f"save_status_{number}").click().run()
    assert not app.exception
    assert (held(world, "Плохо").status, held(world, "Плохо").note) == (
        Status.WORKING, "Ждём <b>фото</b>",
    )  # fmt: skip
    assert "Ждём &lt;b&gt;фото" in text_of(app)
    assert not app.session_state[f"status_{number}"]
    app.session_state[f"status_{number}"] = True
    app.run()
    app.button(key=f"undo_status_{number}").click().run()
    assert held(world, "Плохо").status is Status.NEW


def test_where_the_source_tells_an_answer_there_is_no_status_to_set(answered: World) -> None:
    number = ids_of(answered)["Курьер номер 0"]
    app = opened(MENTIONS)
    assert "Ответ компании · через 1\xa0ч" in text_of(app)
    app.session_state[f"status_{number}"] = True
    app.run()
    assert not [one for one in app.radio if one.key == f"set_status_{number}"]
    assert "показывает сам источник" in text_of(app)


def test_many_are_handled_at_once_and_taken_back_with_their_corrections(answered: World) -> None:
    number = ids_of(answered)
    handle(answered, number["Пост номер 1"], assignee="Вера_1")
    app = mode(opened(MENTIONS), "Несколько")
    for text in ("Пост номер 0", "Пост номер 1", "Курьер номер 0"):
        app.checkbox(key=f"pick_{number[text]}").check().run()
    app.selectbox(key="bulk_status").set_value(Status.WORKING)
    app.selectbox(key="bulk_assignee").set_value("Вера_1")
    app.selectbox(key="bulk_tone").set_value(Tone.MIXED)
    app.button(key="bulk_apply").click().run()
    assert not app.exception
    told = text_of(app)
    assert "Исправлено: 3\xa0упоминания" in told
    assert "Отмечено: 3\xa0упоминания (статус — в работе, отвечает Вера\\_1)" in told
    assert held(answered, "Пост номер 0").assignee == "Вера_1"
    assert held(answered, "Курьер номер 0").status is Status.ANSWERED
    app.button(key="undo_batch").click().run()
    assert "Прежний статус вернулся: 3\xa0упоминания" in text_of(app)
    assert held(answered, "Пост номер 0") == queries.Handled()
    assert held(answered, "Пост номер 1").assignee == "Вера_1"
    with answered.db.read() as session:
        assert not session.scalars(
            sa.select(t.correction.c.id).where(t.correction.c.undone_at.is_(None))
        ).all()


def test_keys_of_triage_set_statuses(world: World) -> None:
    for text in ("Раз", "Два", "Три"):
        tell(world, said(text, published_at=NOW - timedelta(minutes=len(text))), COMPLAINT)
    app = mode(opened(MENTIONS), "По одному")
    shortcuts = {str(button.proto.shortcut).lower() for button in app.button}
    assert {"a", "w", "n"} <= shortcuts
    first = texts(app)[0]
    app.button(key="triage_answered").click().run()
    second = texts(app)[0]
    assert (first != second, held(world, first).status) == (True, Status.ANSWERED)
    app.button(key="triage_negative").click().run()
    app.button(key="triage_working").click().run()
    assert "поставлено статусов: 2" in "\n".join(str(one.proto.text) for one in app.get("progress"))
    for _ in range(3):
        app.button(key="triage_U").click().run()
    assert texts(app) == [first]
    assert held(world, first) == queries.Handled()
    app.button(key="triage_H").click().run()
    assert "не требует ответа" in text_of(app)


def test_statuses_are_chosen_in_the_filter(answered: World) -> None:
    handle(answered, ids_of(answered)["Пост номер 1"], assignee="Анна")
    app = opened(MENTIONS)
    app.multiselect(key="filter_statuses").set_value(["answered"]).run()
    assert app.title[0].value == "4\xa0упоминания"
    app.multiselect(key="filter_statuses").set_value([]).run()
    app.multiselect(key="filter_assignees").set_value(["Анна"]).run()
    assert texts(app) == ["Пост номер 1"]
    assert link_of(app)["assignee"] == ["Анна"]
    app.multiselect(key="filter_assignees").set_value([""]).run()
    assert app.title[0].value == "14\xa0упоминаний"
    assert link_of(app)["assignee"] == ["-"]


def test_a_busy_database_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(world, said("Плохо"), COMPLAINT)
    app = mode(opened(MENTIONS), "По одному")

    def busy(*_: object, **__: object) -> int:
        raise Locked("занята")

    monkeypatch.setattr(commands, "handle", busy)
    app.button(key="triage_answered").click().run()
    assert "занята" in app.error[0].value
    assert texts(app) == ["Плохо"]
