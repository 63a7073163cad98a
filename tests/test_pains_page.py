"""The page «Боли» without a browser: the list, one opened, notes that are set and taken back."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visiting import TODAY, link_of
from world import NOW, World, fill, judged, said, tell, tell_all

from nlp.analysis import Opinion
from nlp.labels import TOUCHPOINT_NAMES, Intent, Kind, Tone, Touchpoint
from storage import commands, queries
from storage.commands import NoteStatus
from storage.errors import Locked

ROOT = Path(__file__).parent.parent


def opened(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.query_params.update({key.replace("_", "-"): value for key, value in params.items()})
    app.run()
    app.switch_page("views/pains.py").run()
    assert not app.exception, app.exception
    return app


def text_of(app: AppTest) -> str:
    elements = [*app.markdown, *app.html, *app.caption, *app.title, *app.info, *app.warning]
    told = [str(element.proto.body) for element in elements]
    told += [f"{metric.label} {metric.value} {metric.delta}" for metric in app.metric]
    told += [f"{button.label}" for button in app.button]
    return "\n".join(told).replace("\u00a0", " ").replace("\u202f", " ")


def complain(world: World, n: int, day: int = 0, **fields: object) -> None:
    """``n`` complaints about delivery, each a mention of its own, so many days ago."""
    opinion = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 6)
    leaving = judged(Tone.NEGATIVE, Kind.COMPLAINT, opinion, intents=(Intent.CHURN,))
    told = (
        said(
            f"Курьер номер {day}-{number} опоздал на {number} минут, больше не закажу",
            published_at=NOW - timedelta(days=day, minutes=number),
            **fields,
        )
        for number in range(n)
    )
    tell_all(world, [(mention, leaving) for mention in told])


def praise(world: World, n: int, day: int = 0, tone: Tone = Tone.POSITIVE) -> None:
    opinion = Opinion(Touchpoint.QUALITY, tone, 0.9, 0, 4)
    told = (
        said(
            f"Хлеб номер {day}-{number} {tone} и свежий, испечён в {number} часов",
            published_at=NOW - timedelta(days=day, minutes=number),
        )
        for number in range(n)
    )
    tell_all(world, [(mention, judged(tone, Kind.PRAISE, opinion)) for mention in told])


def noted(world: World, status: NoteStatus, note: str = "", day: date = TODAY) -> None:
    own, day_of = world.brands["moroshka"], {"day": day, "today": TODAY, "now": NOW}
    with world.db.write() as session:
        commands.set_note(session, own, "delivery", status, note=note, **day_of)  # type: ignore[arg-type]


# The list


def test_an_empty_database_says_what_to_do(world: World) -> None:
    assert opened().title[0].value == "Отзывов пока нет"


def test_one_complaint_is_shown_as_uncertain(world: World) -> None:
    complain(world, 1)
    told = text_of(opened())
    assert "Данных мало, чтобы делать выводы" in told
    assert "стоит бренду 100,0 пункта индекса — данных мало" in told
    assert "уходят 1 из 1" in told


def test_the_list_says_what_each_pain_costs(world: World) -> None:
    complain(world, 12)
    praise(world, 28)
    told = text_of(opened())
    assert "Дороже всего обходится «Доставка и выдача»: 30,0 пункта индекса тональности" in told
    assert "стоит бренду 30,0 пункта индекса" in told
    assert "уходят 100 %" in told
    assert "Качество" not in told


def test_strengths_are_a_click_away_and_stand_in_the_link(world: World) -> None:
    complain(world, 12)
    praise(world, 28)
    app = opened()
    app.segmented_control(key="pain_side").set_value("joy").run()
    assert link_of(app)["v-side"] == ["joy"]
    told = text_of(app)
    assert "Больше всего даёт «Качество»: 70,0 пункта" in told
    assert "уходят" not in told
    assert text_of(opened(**link_of(app))) == told


def test_growth_is_told_where_it_is_beyond_chance(world: World) -> None:
    complain(world, 25)
    complain(world, 1, day=40)
    praise(world, 20)
    praise(world, 30, day=40, tone=Tone.NEUTRAL)
    told = text_of(opened())
    assert "и это больше, чем в предыдущем таком же периоде" in told
    assert "▲ +52,3 пункта" in told


def test_the_page_chooses_tones_itself_and_says_so(world: World) -> None:
    complain(world, 3)
    praise(world, 3)
    told = text_of(opened(tone="positive", period="all"))
    assert "из фильтра они не взяты" in told
    assert "Доставка и выдача" in told
    told = text_of(opened(topic="price", period="all"))
    assert "О выбранном в фильтре такого не говорили" in told


def test_a_period_without_mentions_says_so(world: World) -> None:
    complain(world, 3, day=100)
    assert "За этот период по этим фильтрам упоминаний нет" in text_of(
        opened(**{"from": "2026-02-20", "to": "2026-02-22"})
    )


# One of them


def test_a_pain_is_opened_by_its_name_and_by_a_link(world: World) -> None:
    complain(world, 12, place="Лесная, 8", rating=1.0)
    praise(world, 28)
    app = opened()
    app.button(key="pain_open_delivery").click().run()
    assert link_of(app)["v-pain"] == ["delivery"]
    told = text_of(app)
    assert app.title[0].value == "Доставка и выдача"
    assert "Без этого индекс тональности был бы +70 вместо +40." in told
    assert "Собираются уйти 100 %" in told
    assert "<mark" in told
    assert text_of(opened(**link_of(app))) == told
    app.button(key="pain_back").click().run()
    assert "v-pain" not in link_of(app)


def test_the_way_to_the_mentions_keeps_what_is_counted(world: World) -> None:
    complain(world, 12)
    praise(world, 28)
    app = opened(v_pain="delivery")
    app.button(key="pain_leaving").click().run()
    assert app.title[0].value == "12\u00a0упоминаний"
    assert link_of(app)["intent"] == ["churn"]
    app = opened(v_pain="delivery")
    app.button(key="pain_mentions").click().run()
    assert link_of(app)["topic"] == ["delivery"]
    assert link_of(app)["tone"] == ["negative"]


def test_a_pain_nobody_speaks_of_now_still_opens(world: World) -> None:
    praise(world, 3)
    told = text_of(opened(v_pain="delivery"))
    assert "негативных мнений об этом нет" in told
    assert "Отметить" in told


@pytest.mark.parametrize(("side", "period"), [("pain", {"period": "all"}), ("joy", {})])
def test_a_large_database_is_ranked_and_opened(
    world: World, side: str, period: dict[str, str]
) -> None:
    fill(world, 500)
    told = text_of(opened(brand="moroshka", v_side=side, **period))
    assert "пункта индекса" in told
    for touchpoint in ("delivery", "communication"):
        app = opened(v_pain=touchpoint, v_side=side, brand="moroshka", **period)
        assert app.title[0].value == TOUCHPOINT_NAMES[Touchpoint(touchpoint)]
        assert "Кто это говорит" in "".join(head.value for head in app.subheader)


def test_nonsense_in_a_link_is_harmless(world: World) -> None:
    complain(world, 3)
    told = text_of(opened(v_pain="<script>", v_side="'; DROP TABLE mention"))
    assert "Доставка и выдача" in told
    assert "<script>" not in told


def test_hostile_texts_stay_texts(world: World) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:x) "кавычки"'
    opinion = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 1, 0, 30)
    hostiles = (
        said(
            f"{number}{hostile}",
            place=f"<i>{number % 2}</i>",
            product='"})[0];alert(1)//',
            url="javascript:alert(1)",
        )
        for number in range(30)
    )
    tell_all(world, [(one, judged(Tone.NEGATIVE, Kind.COMPLAINT, opinion)) for one in hostiles])
    noted(world, NoteStatus.WORKING, "<script>3</script>")
    for params in ({}, {"v_pain": "delivery"}):
        told = text_of(opened(brand="moroshka", **params))
        for tag in ("<script>", "<img", "<i>0", 'href="javascript'):
            assert tag not in told


# Notes


def test_a_note_is_set_shown_and_taken_back(world: World) -> None:
    complain(world, 12)
    app = opened(brand="moroshka", v_pain="delivery")
    app.button(key="edit_note").click().run()
    app.segmented_control(key="note_status").set_value(NoteStatus.FIXED).run()
    day = TODAY - timedelta(2)
    app.date_input(key="note_day_fixed").set_value(day)
    app.text_area(key="note_text").set_value("Новая служба доставки")
    app.button(key="save_note").click().run()
    assert not app.exception
    told = text_of(app)
    assert "исправлено 27 февраля" in told
    assert "Новая служба доставки" in told
    assert "слишком мало, чтобы сравнивать" in told
    listed = text_of(opened(brand="moroshka"))
    assert "исправлено 27 февраля" in listed
    app.button(key="undo_note").click().run()
    assert 'class="ok-chip ok-busy"' not in text_of(app)
    assert "новое" in text_of(app)
    with world.db.read() as session:
        notes = queries.notes(session, world.brands["moroshka"])
    assert [note.undone for note in notes] == [True]


def test_the_fall_after_a_fix_is_told(world: World) -> None:
    for day in range(10, 20):
        complain(world, 4, day=day)
    praise(world, 60)
    noted(world, NoteStatus.FIXED, day=TODAY - timedelta(9))
    told = text_of(opened(brand="moroshka", v_pain="delivery"))
    assert "Исправлено 20 февраля.</b> Стало реже" in told
    assert "не случайность" in told


def test_several_brands_are_asked_to_be_one(world: World) -> None:
    complain(world, 3)
    tell(world, said("Амбар хороший", company="ambar"), judged(Tone.POSITIVE, Kind.PRAISE))
    app = opened(brand=["moroshka", "ambar"], v_pain="delivery")
    assert "выберите один бренд" in text_of(app)
    app.button(key=f"note_brand_{world.brands['moroshka']}").click().run()
    assert link_of(app)["brand"] == ["moroshka"]
    assert app.button(key="edit_note")


def test_a_busy_database_loses_no_note(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    complain(world, 3)
    app = opened(brand="moroshka", v_pain="delivery")
    app.button(key="edit_note").click().run()
    app.text_area(key="note_text").set_value("важная заметка")

    def busy(*_: object, **__: object) -> None:
        raise Locked("База данных занята другим процессом.")

    monkeypatch.setattr(commands, "set_note", busy)
    app.button(key="save_note").click().run()
    assert "занята" in app.error[0].value
    assert app.text_area(key="note_text").value == "важная заметка"
    monkeypatch.undo()
