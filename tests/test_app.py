"""The app page by page, without a browser: what it shows, what it survives, what it changes."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from visiting import TODAY, forget_caches, link_of
from world import (
    NOW,
    World,
    crawl,
    fill,
    judged,
    said,
    tell,
    tell_all,
)

from collectors.base import Mention
from collectors.outcomes import Status
from nlp.analysis import Failure, Opinion, Result
from nlp.labels import Kind, Tone, Touchpoint
from storage import queries
from storage.filters import Filter

ROOT = Path(__file__).parent.parent
MENTIONS = "views/mentions.py"


def opened(page: str = "", **params: str | list[str]) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    app.query_params.update(params)
    app.run()
    if page:
        app.switch_page(page).run()
    assert not app.exception, app.exception
    return app


def text_of(app: AppTest) -> str:
    """Everything that can be read on the page."""
    elements = [*app.markdown, *app.html, *app.caption, *app.title, *app.info, *app.warning]
    told = [str(element.proto.body) for element in elements]
    told += [f"{metric.label} {metric.value} {metric.delta}" for metric in app.metric]
    return "\n".join(told)


def metric(app: AppTest, label: str) -> str:
    return next(str(found.value) for found in app.metric if found.label == label)


def test_import_loads_neither_model_nor_network() -> None:
    code = "import app, sys; print(*sys.modules)"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"torch", "transformers", "onnxruntime", "sklearn", "httpx", "pymorphy3"}


@pytest.mark.parametrize("page", ["", MENTIONS])
def test_an_empty_database_says_what_to_do(world: World, page: str) -> None:
    app = opened(page)
    assert app.title[0].value == "Отзывов пока нет"
    told = "\n".join(code.value for code in app.code)
    assert "otklik crawl" in told
    assert "otklik import" in told


def test_a_broken_config_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTKLIK_CONFIG", str(tmp_path / "none.yaml"))
    forget_caches()
    assert "otklik init" in opened().error[0].value


def test_one_mention_is_enough(world: World) -> None:
    tell(world, said("Хлеб вкусный."), judged(Tone.POSITIVE, Kind.PRAISE))
    app = opened()
    assert metric(app, "Упоминания") == "1"
    assert metric(app, "Индекс тональности") == "+100"
    assert "Хлеб вкусный." in text_of(app)
    app.switch_page(MENTIONS).run()
    assert app.title[0].value == "1\u00a0упоминание"


@pytest.mark.parametrize("page", ["", MENTIONS])
def test_a_large_database_shows_the_same_figures_as_the_queries(world: World, page: str) -> None:
    fill(world, 3000)
    crawl(world, "vk", Status.NEEDS_HUMAN, "robots.txt запрещает")
    where = Filter(
        brands=(world.brands["moroshka"],), day_from=TODAY - timedelta(days=27), day_to=TODAY
    )
    with world.db.read() as session:
        figures = queries.figures(session, where)
    app = opened(page)
    if page:
        assert app.title[0].value.startswith(f"{figures.mentions}\u00a0упоминан")
        return
    assert metric(app, "Упоминания") == str(figures.mentions)
    assert f"Ещё не проанализировано: {figures.unread} из" in text_of(app)
    assert "robots.txt запрещает" in text_of(app)


def test_pages_turn_and_a_filter_leads_back_to_the_first(world: World) -> None:
    fill(world, 200)
    app = opened(MENTIONS, period="all")
    first = text_of(app)
    app.pagination[0].set_value(2).run()
    assert link_of(app)["period"] == ["all"]
    assert text_of(app) != first
    app.text_input(key="filter_text").set_value("магазин").run()
    assert app.session_state["mentions_page"] == 1


def test_search_finds_another_form_of_a_word(world: World) -> None:
    mention = said("Курьер опоздал.")
    tell(world, mention, judged())
    with world.db.write() as session:
        from sqlalchemy import update

        from nlp.text import lemmas
        from storage import tables as t

        session.execute(update(t.mention).values(lemmas=lemmas(mention.text)))
    app = opened(MENTIONS)
    app.text_input(key="filter_text").set_value("опоздали курьеры").run()
    assert app.title[0].value == "1\u00a0упоминание"
    app.text_input(key="filter_text").set_value("!!!").run()
    assert "знаки — нет" in text_of(app)
    app.text_input(key="filter_text").set_value("самолёт").run()
    assert app.title[0].value == "0\u00a0упоминаний"


def test_a_correction_changes_the_figures_and_can_be_undone(world: World) -> None:
    tell(
        world,
        said("Доставка — сказка: три часа ждали."),
        judged(Tone.POSITIVE, Kind.PRAISE, Opinion(Touchpoint.DELIVERY, Tone.POSITIVE, 0.9, 0, 17)),
    )
    assert metric(opened(), "Индекс тональности") == "+100"
    with world.db.read() as session:
        (row,) = queries.mentions(session, Filter(), limit=1)
    app = opened(MENTIONS)
    app.button(key=f"edit_{row.id}").click().run()
    app.segmented_control(key=f"tone_{row.id}").set_value(Tone.NEGATIVE)
    app.selectbox(key=f"kind_{row.id}").set_value(Kind.COMPLAINT)
    app.multiselect(key=f"positive_{row.id}").set_value([])
    app.multiselect(key=f"negative_{row.id}").set_value(["delivery", "speed"])
    app.button(key=f"save_{row.id}").click().run()
    assert not app.exception
    assert "исправлено вручную" in text_of(app)
    with world.db.read() as session:
        (fixed,) = queries.mentions(session, Filter(), limit=1)
    assert (fixed.tone, fixed.kind) == (Tone.NEGATIVE, Kind.COMPLAINT)
    assert {(o.touchpoint, o.tone) for o in fixed.opinions} == {
        ("delivery", "negative"),
        ("speed", "negative"),
    }
    assert metric(opened(), "Индекс тональности") == "−100"
    app.button(key=f"undo_{row.id}").click().run()
    assert "исправлено вручную" not in text_of(app)
    assert metric(opened(), "Индекс тональности") == "+100"


def test_saving_nothing_new_corrects_nothing(world: World) -> None:
    opinion = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 6)
    tell(world, said("Курьер опоздал."), judged(Tone.NEGATIVE, Kind.COMPLAINT, opinion))
    app = opened(MENTIONS)
    with world.db.read() as session:
        (row,) = queries.mentions(session, Filter(), limit=1)
    app.button(key=f"edit_{row.id}").click().run()
    app.button(key=f"save_{row.id}").click().run()
    assert not app.exception
    with world.db.read() as session:
        (after,) = queries.mentions(session, Filter(), limit=1)
    assert after == row


def test_the_filter_survives_pages_and_stands_in_every_url(world: World) -> None:
    fill(world, 100)
    app = opened()
    assert link_of(app)["brand"] == ["moroshka"]
    app.segmented_control(key="filter_period").set_value(91).run()
    app.multiselect(key="filter_sources").set_value([world.sources["vk"]]).run()
    app.multiselect(key="filter_touchpoints").set_value(["delivery"]).run()
    app.pills(key="filter_tones").set_value(["negative", "positive"]).run()
    app.selectbox(key="filter_rating").set_value((1, 5)).run()
    app.toggle(key="filter_voices").set_value(False).run()
    link = link_of(app)
    assert link == {
        "brand": ["moroshka"],
        "from": [(TODAY - timedelta(days=90)).isoformat()],
        "to": [TODAY.isoformat()],
        "source": ["vk"],
        "topic": ["delivery"],
        "tone": ["negative", "positive"],
        "rating": ["1-5"],
        "all": ["1"],
    }
    app.query_params.clear()  # as Streamlit does when the page changes
    app.switch_page(MENTIONS).run()
    assert link_of(app) == link
    shared = opened(MENTIONS, **link)
    assert shared.title[0].value == app.title[0].value
    assert link_of(shared) == link
    app.button(key="reset").click().run()
    assert {*link_of(app)} == {"brand", "from", "to"}


def test_no_mention_is_left_out_without_a_word(world: World) -> None:
    tell(world, said("Хлеб вкусный."), judged(Tone.POSITIVE, Kind.PRAISE))
    tell(world, said("Скидки на хлеб!"), judged(Tone.NEUTRAL, Kind.PROMO))
    tell(world, said("Хлеб подорожал."), judged(Tone.NEUTRAL, Kind.OTHER))
    app = opened()
    assert "только голоса клиентов, ещё 2 — реклама, новости, прочее" in text_of(app)
    app.switch_page(MENTIONS).run()
    assert app.title[0].value == "1\u00a0упоминание"
    button = app.button(key="show_left_out")
    assert button.label == "Ещё 2: реклама, новости и прочее — показать"
    button.click().run()
    assert app.title[0].value == "3\u00a0упоминания"
    assert link_of(app)["all"] == ["1"]
    assert "Ещё 2" not in " ".join(button.label for button in app.button)
    app.switch_page("views/overview.py").run()
    assert "только голоса клиентов" not in text_of(app)


def test_a_text_about_two_brands_counts_for_each_and_that_is_said(world: World) -> None:
    tell(world, said(), judged(), "moroshka", "ambar")
    app = opened(period="all")
    assert metric(app, "Упоминания") == "2"
    assert "о двух брендах считается для каждого" in app.button(key="open_volume").help
    app.switch_page(MENTIONS).run()
    assert app.title[0].value == "1\u00a0упоминание"


def test_a_finding_opens_what_proves_it(world: World) -> None:
    late = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 6)
    told: list[tuple[Mention, Result | None]] = []
    for back in range(70):
        at = NOW - timedelta(days=back)
        told.append((said(f"Хлеб вкусный {back}", published_at=at), judged(Tone.POSITIVE)))
        for number in range(5 if 3 <= back <= 6 else back % 9 == 0):
            text = f"Курьер опоздал {back} {number}"
            told.append((said(text, published_at=at), judged(Tone.NEGATIVE, Kind.REVIEW, late)))
    tell_all(world, told)
    app = opened()
    assert app.button(key="open_finding_1").label.startswith(
        "Доставка и выдача: 20\u00a0жалоб вместо обычных 0–"
    )
    app.button(key="open_finding_1").click().run()
    assert not app.exception
    assert app.title[0].value == "20\u00a0упоминаний"
    link = link_of(app)
    assert (link["topic"], link["tone"]) == (["delivery"], ["negative"])
    assert link["from"] == [(TODAY - timedelta(days=6)).isoformat()]
    assert link["to"] == [(TODAY - timedelta(days=3)).isoformat()]


@pytest.mark.parametrize(
    ("tile", "part"),
    [
        ("volume", {}),
        ("negative", {"tone": ["negative"]}),
        ("churn", {"intent": ["churn"]}),
        ("nps_signal", {"intent": ["recommend", "warn"]}),
        ("csat", {"rating": ["1-5"]}),
    ],
)
def test_a_key_figure_opens_its_mentions(
    world: World, tile: str, part: dict[str, list[str]]
) -> None:
    fill(world, 300)
    app = opened(period="all")
    before = link_of(app)
    app.button(key=f"open_{tile}").click().run()
    assert not app.exception
    assert "упоминан" in app.title[0].value
    assert link_of(app) == before | part


def test_a_kind_asked_for_by_name_is_shown(world: World) -> None:
    tell(world, said("Скидки на хлеб!"), judged(Tone.NEUTRAL, Kind.PROMO))
    app = opened(MENTIONS, period="all", kind="promo")
    assert app.title[0].value == "1\u00a0упоминание"
    assert app.toggle(key="filter_voices").disabled


def test_chips_take_parts_of_the_filter_away(world: World) -> None:
    fill(world, 50)
    app = opened(topic=["delivery", "price"], q="хлеб", rating="1-2", period="all")
    labels = [button.label for button in app.button if (button.key or "").startswith("chip_")]
    assert labels == ["Доставка и выдача", "Цена и условия", "оценка: 1–2 ★", "«хлеб»"]
    app.button(key="chip_0").click().run()
    assert link_of(app)["topic"] == ["price"]


def test_a_link_puts_no_picture_into_a_chip(world: World) -> None:
    fill(world, 5)
    app = opened(q="![](https://example.com/x.png)", period="all")
    assert "!\\[\\]\\(https" in app.button(key="chip_0").label


def test_days_can_be_chosen_and_never_cross(world: World) -> None:
    fill(world, 50)
    app = opened()
    day = TODAY - timedelta(days=100)
    app.date_input(key="filter_day_to").set_value(day).run()
    assert link_of(app)["from"] == link_of(app)["to"] == [day.isoformat()]
    assert app.segmented_control(key="filter_period").value is None


@pytest.mark.parametrize("page", ["", MENTIONS])
def test_nonsense_in_a_link_is_told_and_harmless(world: World, page: str) -> None:
    fill(world, 30)
    junk = ["<script>alert(1)</script>", "'; DROP TABLE mention; --", "**", "\x00"]
    app = opened(page, brand=junk, rating="9-1", tone="bad", **{"from": "tomorrow"})
    if not page:
        assert "rating=9\\-1" in app.warning[0].value
        assert "<script>" not in app.warning[0].value


def test_an_unknown_part_of_a_link_is_told(world: World) -> None:
    fill(world, 30)
    told = opened(period="28", foo="1").warning[0].value
    assert "foo=1" in told
    assert "period=28" in told
    app = opened(foo="1")
    assert "foo=1" in app.warning[0].value
    assert {*link_of(app)} == {"brand", "from", "to"}  # the default view
    app.segmented_control(key="filter_period").set_value(7).run()
    assert not app.warning
    assert not opened().warning


def test_texts_of_strangers_stay_texts(world: World) -> None:
    hostile = '<script>alert(1)</script><img src=x onerror=alert(1)> & "кавычки" [a](javascript:x)'
    tell(
        world,
        said(
            hostile, author="<b>Ян</b>", url="javascript:alert(1)", place="<i>", product="<u>",
            answer_text="<script>2</script>",
        ),
        judged(Tone.NEGATIVE, Kind.COMPLAINT, Opinion(Touchpoint.STAFF, Tone.NEGATIVE, 1, 0, 12)),
    )  # fmt: skip
    for page in ("", MENTIONS):
        app = opened(page)
        told = "\n".join(html.proto.body for html in app.html)
        assert "alert(1)" in told
        for tag in (
            "<script>alert",
            "<script>2",
            "<img",
            "<b>Ян",
            "<i>",
            "<u>",
            "javascript:alert",
        ):
            assert tag not in told.replace("<i>−</i>", "")


def test_failed_and_pending_are_told_apart(world: World) -> None:
    tell(world, said("Первый"), Failure("в тексте нет слов"))
    tell(world, said("Второй"), None)
    tell(world, said("Третий"), judged())
    app = opened()
    assert "Ещё не проанализировано: 2 из 3" in text_of(app)
    assert "Не удалось проанализировать во всей базе: 1." in text_of(app)
    app.button(key="show_unread").click().run()
    assert link_of(app)["tone"] == ["-"]
    assert app.title[0].value == "2\u00a0упоминания"
    assert "не удалось проанализировать" in text_of(app)
