"""«Упоминания» without a browser: order, marking, batches, threads, authors, saved views, keys."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest
from test_adapting import fill as collect
from test_adapting import opened as house_of
from test_app import MENTIONS, opened, text_of
from visiting import TODAY, link_of
from world import NOW, World, fill, judged, said, tell

from nlp.labels import Intent, Kind, Tone
from otklik import jobs
from otklik.crawling import door
from otklik.house import House
from otklik.leases import Keeper, Stopped
from storage import commands, queries
from storage import tables as t
from storage.filters import Filter
from views import mention_batch

EVERYTHING = Filter(voices_only=False)


def ids_of(world: World) -> dict[str, int]:
    with world.db.read() as session:
        return dict(session.execute(sa.select(t.mention.c.external_id, t.mention.c.id)).all())


def tone_of(world: World, text: str) -> str | None:
    with world.db.read() as session:
        rows = queries.mentions(session, EVERYTHING, limit=1000)
    return next(row.tone for row in rows if row.text == text)


def mode(app: AppTest, name: str) -> AppTest:
    return app.segmented_control(key="mentions_mode").set_value(name).run()


def texts(app: AppTest) -> list[str]:
    """The texts of the cards, in their order."""
    cards = [str(html.proto.body) for html in app.html if "ok-card" in str(html.proto.body)]
    return [card.partition('class="ok-text">')[2].partition("</div>")[0] for card in cards]


@pytest.fixture
def three(world: World) -> World:
    for hours, (text, tone, rating) in enumerate(
        [
            ("Хорошо.", Tone.POSITIVE, 5.0),
            ("Плохо.", Tone.NEGATIVE, 2.0),
            ("Так.", Tone.NEUTRAL, 1.0),
        ]
    ):
        moment = NOW - timedelta(hours=hours)
        tell(world, said(text, published_at=moment, rating=rating), judged(tone, Kind.REVIEW))
    return world


def test_the_order_is_chosen_and_stands_in_the_link(three: World) -> None:
    app = opened(MENTIONS)
    assert texts(app) == ["Хорошо.", "Плохо.", "Так."]
    app.selectbox(key="mentions_order").set_value("rating").run()
    assert texts(app) == ["Так.", "Плохо.", "Хорошо."]
    assert link_of(app)["v-order"] == ["rating"]
    shared = opened(MENTIONS, **link_of(app))
    assert texts(shared) == ["Так.", "Плохо.", "Хорошо."]
    app.selectbox(key="mentions_order").set_value("newest").run()
    assert "v-order" not in link_of(app)


def test_several_mentions_are_corrected_and_it_is_undone_at_once(three: World) -> None:
    app = mode(opened(MENTIONS), "Несколько")
    app.button(key="bulk_apply").click().run()
    assert "Сначала отметьте" in text_of(app)
    number = ids_of(three)
    app.checkbox(key=f"pick_{number['Плохо.']}").check().run()
    app.checkbox(key=f"pick_{number['Так.']}").check().run()
    app.button(key="bulk_apply").click().run()
    assert "Выберите, что изменить" in text_of(app)
    app.selectbox(key="bulk_tone").set_value(Tone.MIXED)
    app.button(key="bulk_apply").click().run()
    assert not app.exception
    assert "Исправлено: 2\xa0упоминания (тональность — смешанно)" in text_of(app)
    assert [tone_of(three, text) for text in ("Хорошо.", "Плохо.", "Так.")] == [
        "positive", "mixed", "mixed",
    ]  # fmt: skip
    app.button(key="undo_batch").click().run()
    assert "Отменено: 2\xa0упоминания" in text_of(app)
    assert tone_of(three, "Плохо.") == "negative"


def test_marks_of_another_filter_are_gone(three: World) -> None:
    app = mode(opened(MENTIONS), "Несколько")
    app.button(key="pick_all").click().run()
    assert "Отмечено: 3" in text_of(app)
    app.pills(key="filter_tones").set_value(["negative"]).run()
    assert "Отмечено: 0" in text_of(app)


def test_many_are_asked_about_and_left_to_the_worker(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, 120)
    monkeypatch.setattr(mention_batch, "_IN_PLACE", 20)
    app = mode(opened(MENTIONS, period="all"), "Несколько")
    app.button(key="pick_all").click().run()
    app.selectbox(key="bulk_tone").set_value(Tone.NEUTRAL)
    app.button(key="bulk_apply").click().run()
    assert "Будет изменено" in text_of(app)
    app.button(key="bulk_confirm").click().run()
    assert not app.exception
    with world.db.read() as session:
        (job,) = queries.open_jobs(session)
        shown = queries.listed(session, Filter(), limit=1000)
    assert (job.kind, job.payload["tone"]) == ("correct", "neutral")
    assert set(job.payload["ids"]) == set(shown)


def test_all_of_too_many_cannot_be_marked(three: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("views.mention_bulk._MOST_AT_ONCE", 2)
    app = mode(opened(MENTIONS), "Несколько")
    assert app.button(key="pick_all").disabled


def test_a_thread_and_an_author_open_in_place(world: World) -> None:
    tell(world, said("Запись"), judged())
    for text in ("Ответ раз", "Ответ два"):
        mention = said(text, parent_id="Запись", author="hmac:" + "ab" * 16)
        tell(world, mention, judged())
    number = ids_of(world)
    app = opened(MENTIONS)
    assert app.toggle(key=f"thread_{number['Запись']}").label == "Ветка: на это 2\xa0ответа"
    toggle = app.toggle(key=f"thread_{number['Ответ раз']}")
    assert toggle.label == "Ветка: ответ на запись, рядом ещё 1\xa0ответ"
    toggle.set_value(True).run()
    assert "В ответ на" in text_of(app)
    assert "Ответили на то же" in text_of(app)
    other = app.toggle(key=f"author_{number['Ответ раз']}")
    assert other.label == "ещё 1 с той же подписью"
    other.set_value(True).run()
    app.button(key=f"open_author_{number['Ответ раз']}").click().run()
    assert app.title[0].value == "2\xa0упоминания"
    assert app.button(key="chip_1").label == "автор ababab"
    assert link_of(app)["author"] == ["hmac:" + "ab" * 16]
    assert not any(key.startswith("thread_") for key in (str(x.key) for x in app.checkbox))


def test_one_at_a_time_by_keys(three: World) -> None:
    app = mode(opened(MENTIONS), "По одному")
    assert texts(app) == ["Хорошо."]
    shortcuts = {str(button.proto.shortcut) for button in app.button} - {""}
    assert {"1", "2", "3", "4", "e", "h", "j", "k", "u"} <= {key.lower() for key in shortcuts}
    app.button(key="triage_J").click().run()
    assert texts(app) == ["Плохо."]
    app.button(key="triage_positive").click().run()
    assert texts(app) == ["Так."]
    assert tone_of(three, "Плохо.") == "positive"
    app.button(key="triage_U").click().run()
    assert texts(app) == ["Плохо."]
    assert tone_of(three, "Плохо.") == "negative"
    app.button(key="triage_E").click().run()
    number = ids_of(three)["Плохо."]
    app.selectbox(key=f"kind_{number}").set_value(Kind.QUESTION)
    app.button(key=f"save_{number}").click().run()
    assert not app.exception
    for _ in range(2):
        app.button(key="triage_J").click().run()
    assert "Очередь разобрана" in "\n".join(str(done.value) for done in app.success)
    app.button(key="triage_H").click().run()
    assert "клавиша" in text_of(app)


def test_a_confirmed_tone_is_marked_as_seen_by_a_human(three: World) -> None:
    app = mode(opened(MENTIONS), "По одному")
    app.button(key="triage_positive").click().run()
    with three.db.read() as session:
        row = queries.mentions(session, EVERYTHING, limit=1)[0]
    assert (row.tone, row.corrected) == ("positive", True)


def test_what_leaves_the_filter_does_not_shift_the_queue(three: World) -> None:
    app = mode(opened(MENTIONS, period="all", tone=["negative", "neutral"]), "По одному")
    assert texts(app) == ["Плохо."]
    app.button(key="triage_positive").click().run()
    assert texts(app) == ["Так."]
    app.button(key="triage_K").click().run()
    assert texts(app) == ["Плохо."]


def save(app: AppTest, name: str) -> AppTest:
    app.text_input(key="new_view_name").set_value(name)
    return app.button(key="save_view").click().run()


def test_a_saved_view_opens_its_page_and_its_period_moves(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(world, 400)
    app = opened(MENTIONS)
    app.segmented_control(key="filter_period").set_value(91).run()
    app.pills(key="filter_tones").set_value(["negative"]).run()
    app.selectbox(key="mentions_order").set_value("oldest").run()
    save(app, "Негатив [недели]")
    assert not app.exception
    title = app.title[0].value
    with world.db.read() as session:
        (view,) = queries.saved_views(session)
    assert view.params["period"] == ["91d"]
    assert view.page == "mentions"
    other = opened(period="all")
    assert other.button(key=f"view_{view.id}").label == "Негатив \\[недели\\]"
    other.button(key=f"view_{view.id}").click().run()
    assert not other.exception
    assert other.title[0].value == title
    assert link_of(other)["from"] == [(TODAY - timedelta(days=90)).isoformat()]
    assert link_of(other)["v-order"] == ["oldest"]


def test_a_saved_view_is_renamed_deleted_and_brought_back(three: World) -> None:
    app = save(save(opened(), "Первая"), "Вторая")
    save(app, "первая")
    assert "уже есть" in app.error[0].value
    with three.db.read() as session:
        number = {view.name: view.id for view in queries.saved_views(session)}
    app.button(key=f"rename_view_{number['Первая']}").click().run()
    app.text_input(key=f"view_name_{number['Первая']}").set_value("Главная").run()
    assert app.button(key=f"view_{number['Первая']}").label == "Главная"
    app.button(key=f"delete_view_{number['Первая']}").click().run()
    assert "Закладка «Главная» удалена" in text_of(app)
    app.button(key="restore_view").click().run()
    with three.db.read() as session:
        assert [view.name for view in queries.saved_views(session)] == ["Вторая", "Главная"]


def test_intents_and_facets_of_a_link_are_chips(world: World) -> None:
    leaving = judged(Tone.NEGATIVE, Kind.COMPLAINT, intents=(Intent.CHURN,))
    tell(world, said("Ухожу", city="Казань", place="Мира, 1"), leaving)
    tell(world, said("Остаюсь", city="Уфа"), judged())
    link: dict[str, str | list[str]] = {
        "intent": "churn",
        "city": ["Казань"],
        "place": ["Мира, 1"],
        "theme": "нет такой",
    }
    app = opened(MENTIONS, period="all", **link)
    labels = [button.label for button in app.button if (button.key or "").startswith("chip_")]
    assert labels == [
        "уходит", "место: Мира, 1", "город: Казань", "тема, которой больше нет",
    ]  # fmt: skip
    app.button(key="chip_3").click().run()
    assert texts(app) == ["Ухожу"]
    assert app.multiselect(key="filter_facet_city").value == ["Казань"]
    app.multiselect(key="filter_facet_city").set_value([]).run()
    app.multiselect(key="filter_intents").set_value(["return"]).run()
    assert link_of(app) == {"period": ["all"], "intent": ["return"], "place": ["Мира, 1"]}
    assert not [one for one in app.multiselect if one.key == "filter_facet_product"]


def test_a_list_that_ends_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(world, 90)
    monkeypatch.setattr(queries, "MOST_LISTED", 40)
    monkeypatch.setattr(import_module("storage.queries.mentions"), "MOST_LISTED", 40)
    app = opened(MENTIONS, period="all")
    assert "Показаны 40 самых новых из" in text_of(app)
    app.selectbox(key="mentions_order").set_value("reach").run()
    assert "Упорядочены 40 самых новых из" in text_of(app)


def test_too_much_for_a_download_is_told(three: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("views.download.MOST", 2)
    app = opened(MENTIONS)
    assert "otklik export" in "\n".join(code.value for code in app.code)


def test_a_large_file_is_made_in_two_steps(three: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("views.download._AT_ONCE", 1)
    app = opened(MENTIONS)
    app.button(key="make_download_xlsx").click().run()
    assert not app.exception
    assert "download_xlsx" in {str(element.key) for element in app.get("download_button")}


@pytest.mark.parametrize("name", ["Список", "Несколько", "По одному"])
def test_texts_of_strangers_stay_texts_in_every_mode(world: World, name: str) -> None:
    hostile = "<script>alert(1)</script> ![](https://example.com/x.png)"
    for number in range(2):
        mention = said(
            f"{hostile} {number}", author=hostile, city=hostile, url="javascript:alert(1)",
            parent_id=f"{hostile} 0" if number else None,
        )  # fmt: skip
        tell(world, mention, judged())
    app = mode(opened(MENTIONS, period="all", city=hostile), name)
    assert "<script>alert" not in "\n".join(str(html.proto.body) for html in app.html)
    assert "!\\[\\]" in app.button(key="chip_0").label
    assert not app.get("link_button")


def test_queries_do_not_grow_with_the_page(world: World) -> None:
    counts = []
    for n in (9, 100):
        fill(world, n)
        app = mode(opened(MENTIONS, period="all", all="1"), "Несколько")
        st.cache_data.clear()
        statements: list[str] = []

        def listen(*args: object, kept: list[str] = statements) -> None:
            kept.append(str(args[2]))

        sa.event.listen(sa.Engine, "before_cursor_execute", listen)
        try:
            app.run()
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", listen)
        assert len(texts(app)) == min(n, 20)
        counts.append(len(statements))
    assert counts[0] == counts[1]


# The worker's side


@pytest.fixture
def house(tmp_path: Path, empty_sqlite: str) -> Iterator[House]:
    yield from house_of(tmp_path, empty_sqlite)


def ask(house: House, what: str, payload: dict[str, object]) -> int:
    with house.db.write() as session:
        return commands.enqueue_job(session, what, payload, now=NOW)


def work(house: House, then: Callable[[Keeper], object] | None = None) -> tuple[bool, str]:
    """Do the job that waits; after its first step, do ``then``."""
    keeper = Keeper(house.db)
    claimed = keeper.claim_job()
    assert claimed

    class Watched(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            super().__setitem__(key, value)
            if key == "done" and then:
                then(keeper)

    try:
        return jobs.run(claimed[0], house, keeper, door(house.config), Watched())
    except Stopped:
        keeper.put_back(claimed[0])
        raise


def stop(keeper: Keeper) -> None:
    keeper.stop.set()


def holding(house: House) -> int:
    with house.db.read() as session:
        return queries.in_batch(session, NOW)


def test_the_worker_corrects_and_undoes_what_it_was_cut_off_from(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = list(collect(house, [f"Курьер опоздал {n}." for n in range(25)]).values())
    monkeypatch.setattr(jobs, "_TOGETHER", 10)
    change: dict[str, object] = {
        "tone": "negative",
        "kind": None,
        "without": None,
        "at": NOW.isoformat(),
    }
    ask(house, "correct", change | {"ids": ids})
    with pytest.raises(Stopped):
        work(house, stop)
    assert holding(house) == 10
    assert work(house) == (True, "Исправлено: 15.")
    with house.db.read() as session:
        rows = queries.mentions(session, EVERYTHING, limit=100)
        figures = queries.figures(session, EVERYTHING)
    assert {row.tone for row in rows} == {"negative"}
    assert figures.tones.negative == 25
    number = ask(house, "uncorrect", {"at": NOW.isoformat(), "total": 25})

    def cancel(_: Keeper) -> None:
        with house.db.write() as session:
            commands.cancel_job(session, number, now=NOW)

    # Once it is cancelled nothing is changed, heartbeat or not: what is asked next would miss it.
    with pytest.raises(Stopped):
        work(house, cancel)
    assert holding(house) == 15
    ask(house, "uncorrect", {"at": NOW.isoformat(), "total": 15})
    assert work(house) == (True, "Отменено: 15.")
    with house.db.read() as session:
        assert queries.figures(session, EVERYTHING).tones.negative == 0
