"""«Конкуренты» in the app: with no competitor, one, several, hostile names, and its links."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from urllib.parse import parse_qs

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from test_app import opened, text_of
from visiting import link_of
from world import COMPETITOR, MODEL, MOSCOW, NOW, OURS, World, fill, found, judged, said, tell_all

from nlp.analysis import Opinion, Result
from nlp.labels import Kind, Tone, Touchpoint
from storage import queries, settings
from storage.crawls import BrandDeclaration, SourceDeclaration, sync_catalog
from storage.database import Database
from storage.filters import from_params

PAGE = "views/competitors.py"
HOSTILE = '<img src=x onerror=alert(1)> **жирно** [a](javascript:alert(2)) $x$ "&'
THIRD = BrandDeclaration("third", HOSTILE, competitor=True)

LATE = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 14)
QUICK = Opinion(Touchpoint.DELIVERY, Tone.POSITIVE, 0.9, 0, 14)


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def make(
    empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., World]:
    """Makes a database of these brands that the app finds."""

    def world(*brands: BrandDeclaration) -> World:
        (tmp_path / "config.yaml").write_text(f"database:\n  url: {empty_sqlite}\n")
        monkeypatch.setenv("OTKLIK_CONFIG", str(tmp_path / "config.yaml"))
        made = found(Database(empty_sqlite), *brands)
        with made.db.write() as session:
            settings.put(session, "today", NOW.astimezone(MOSCOW).date().isoformat())
            settings.put(session, settings.MODEL, MODEL)
        return made

    return world


def told(world: World, brand: str, n: int, result: Result, text: str = "Курьер опоздал") -> None:
    """``n`` mentions of today about a brand."""
    items = [(said(f"{text} {brand} {number}."), result) for number in range(n)]
    tell_all(world, items, brand)  # type: ignore[arg-type]


def won_and_lost(world: World, *rivals: str) -> None:
    """Our delivery is hated, that of the first rival loved, of the others both."""
    told(world, "moroshka", 60, judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE))
    told(world, rivals[0], 40, judged(Tone.POSITIVE, Kind.PRAISE, QUICK), "Курьер успел")
    for rival in rivals[1:]:
        told(world, rival, 30, judged(Tone.POSITIVE, Kind.PRAISE, QUICK), "Курьер успел")
        told(world, rival, 30, judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE))


def page(**link: str | list[str]) -> AppTest:
    return opened(PAGE, **link)


def test_without_a_competitor_the_page_says_how_to_name_one(
    make: Callable[..., World],
) -> None:
    told(make(OURS), "moroshka", 5, judged())
    app = page()
    assert app.title[0].value == "Сравнить пока не с кем"
    assert "ни одного конкурента" in text_of(app)
    assert "competitor: true" in "\n".join(code.value for code in app.code)


def test_without_a_brand_of_ours_the_page_says_so(make: Callable[..., World]) -> None:
    told(make(COMPETITOR), "ambar", 5, judged())
    assert "ни одного своего бренда" in text_of(page())


def test_one_competitor(make: Callable[..., World]) -> None:
    won_and_lost(make(OURS, COMPETITOR), "ambar")
    app = page()
    text = text_of(app)
    assert "Морошка: 60\u202f% упоминаний всех сравниваемых брендов" in text
    assert "индекс тональности −100 против +100 у «Амбар»: хуже." in text
    assert "Проигрываем: Доставка и выдача −100 против +100 у «Амбар»" in text
    assert "в среднем" not in text  # the mean of one is that one
    assert not [pills for pills in app.pills if pills.key == "competitors_rival"]
    assert app.selectbox(key="rivals_topic").value == "delivery"
    assert "Курьер опоздал</mark> moroshka" in text
    assert "Курьер успел" in text


def test_several_competitors_and_one_alone_by_link(make: Callable[..., World]) -> None:
    won_and_lost(make(OURS, COMPETITOR, THIRD), "ambar", "third")
    app = page()
    everybody = text_of(app)
    assert "в среднем у конкурентов" in everybody
    assert "38\u202f% упоминаний" in everybody
    app.pills(key="competitors_rival").set_value("ambar").run()
    assert not app.exception
    assert link_of(app)["v-rival"] == ["ambar"]
    alone = text_of(app)
    assert "60\u202f% упоминаний" in alone
    assert "в среднем у конкурентов" not in alone
    shared = page(**link_of(app))
    assert text_of(shared) == alone
    shared.pills(key="competitors_rival").set_value("all").run()
    assert text_of(shared) == everybody
    assert "v-rival" not in link_of(shared)


def test_hostile_names_stay_names(make: Callable[..., World]) -> None:
    won_and_lost(make(OURS, COMPETITOR, THIRD), "third", "ambar")
    app = page()
    html = "\n".join(str(element.proto.body) for element in app.html)
    assert "&lt;img src=x" in html
    assert "<img" not in html
    markdown = "\n".join(str(e.proto.body) for e in (*app.markdown, *app.caption))
    labels = "\n".join(button.label for button in app.button)
    for shown in (markdown, labels):
        assert "**жирно**" not in shown
        assert "](javascript" not in shown
    assert "\\<img" in labels


def test_names_that_are_the_same_are_told_apart_by_code(make: Callable[..., World]) -> None:
    twin = BrandDeclaration("twin", COMPETITOR.name, competitor=True)
    won_and_lost(make(OURS, COMPETITOR, twin), "ambar", "twin")
    text = text_of(page())
    assert "Амбар (ambar)" in text
    assert "Амбар (twin)" in text


def test_a_period_without_mentions_is_no_error(make: Callable[..., World]) -> None:
    won_and_lost(make(OURS, COMPETITOR), "ambar")
    empty = page(brand="moroshka", **{"from": "2020-01-01", "to": "2020-01-31"})
    assert "упоминаний нет" in text_of(empty)


def test_competitors_that_nobody_mentions(make: Callable[..., World]) -> None:
    told(make(OURS, COMPETITOR), "moroshka", 30, judged(Tone.NEGATIVE, Kind.COMPLAINT, LATE))
    app = page()
    assert "О конкурентах написали слишком мало" in text_of(app)
    assert "100\u202f% упоминаний" in text_of(app)


def test_filters_by_tone_are_set_aside_and_that_is_said(make: Callable[..., World]) -> None:
    won_and_lost(make(OURS, COMPETITOR), "ambar")
    app = page(brand="moroshka", period="all", tone="negative")
    assert "здесь не действует" in text_of(app)
    assert "против +100 у «Амбар»" in text_of(app)


def test_whoever_the_filter_names_all_competitors_are_seen(make: Callable[..., World]) -> None:
    won_and_lost(make(OURS, COMPETITOR), "ambar")
    for brands in (["ambar"], ["moroshka"], ["ambar", "moroshka"]):
        assert "Морошка: 60\u202f% упоминаний" in text_of(page(brand=brands, period="all"))


def test_every_figure_of_the_table_opens_the_mentions_behind_it(
    make: Callable[..., World],
) -> None:
    world = fill(make(OURS, COMPETITOR), 600)
    table = next(str(h.proto.body) for h in page(period="all").html if "ok-indices" in h.proto.body)
    rows = re.findall(r"<tr><td>.*?</tr>", table)
    links = {
        re.sub(r"<[^>]+>", "", row.split("</span>")[0]): re.findall(
            r'title="n = ([\d\u202f]+)[^"]*"><a href="mentions\?([^"]+)"', row
        )
        for row in rows
    }
    assert all(len(found) == 2 for found in links.values())  # ours and theirs
    with world.db.read() as session:
        names = queries.catalog(session).names
        for name in ("CSAT", "Индекс тональности"):
            for n, link in links[name]:
                where, problems = from_params(parse_qs(unescape(link)), names, NOW.date())
                assert not problems
                figures = queries.figures(session, where)
                shown = figures.tones.n if name != "CSAT" else figures.mentions
                assert int(n) == shown, name
        for name, tone in (("Негатив", "negative"),):
            assert all(parse_qs(unescape(link))["tone"] == [tone] for _, link in links[name])


def test_a_topic_of_the_lists_is_shown_from_both_sides(make: Callable[..., World]) -> None:
    world = make(OURS, COMPETITOR)
    won_and_lost(world, "ambar")
    rude = Opinion(Touchpoint.STAFF, Tone.NEGATIVE, 0.9, 0, 8)
    kind = Opinion(Touchpoint.STAFF, Tone.POSITIVE, 0.9, 0, 8)
    told(world, "moroshka", 40, judged(Tone.POSITIVE, Kind.PRAISE, kind), "Продавцы вежливы")
    told(world, "ambar", 40, judged(Tone.NEGATIVE, Kind.COMPLAINT, rude), "Продавцы хамят")
    app = page()
    app.button(key="rivals_ahead_staff").click().run()
    assert not app.exception
    assert app.selectbox(key="rivals_topic").value == "staff"
    assert link_of(app)["v-rivals-topic"] == ["staff"]
    assert "вежливы moroshka" in text_of(app)
    assert "хамят ambar" in text_of(app)
    app.button(key="rivals_all_ambar").click().run()
    assert link_of(app)["brand"] == ["ambar"]
    assert link_of(app)["topic"] == ["staff"]
    assert app.title[0].value == "40\u00a0упоминаний"


def test_sources_that_tell_only_of_us_are_named_and_can_be_left_out(
    make: Callable[..., World],
) -> None:
    world = make(OURS, COMPETITOR)
    with world.db.write() as session:
        sources = [SourceDeclaration("survey", "file", "Опрос"), SourceDeclaration("maps", "feed")]
        sync_catalog(session, [OURS, COMPETITOR], sources)
    with world.db.read() as session:
        world.sources = dict(queries.catalog(session).names.sources)
    won_and_lost(world, "ambar")
    asked = [(said(f"Ответ {n}", source="survey"), judged()) for n in range(30)]
    tell_all(world, asked, "moroshka")  # type: ignore[arg-type]
    app = page()
    assert "30\u00a0упоминаний из источников, где пишут только о нас: «Опрос»" in text_of(app)
    app.button(key="without_lonely").click().run()
    assert link_of(app)["source"] == ["maps"]
    assert "только о нас" not in text_of(app)
    assert "Морошка: 60\u202f% упоминаний" in text_of(app)


def test_direct_comparisons_are_told(make: Callable[..., World]) -> None:
    world = make(OURS, COMPETITOR)
    won_and_lost(world, "ambar")
    assert "ни один текст не сравнивает" in text_of(page())
    both = [
        (said(f"Морошка против Амбара {n}"), judged(Tone.MIXED, Kind.COMPARISON)) for n in (1, 2)
    ]
    towards = {"moroshka": Tone.NEGATIVE, "ambar": Tone.POSITIVE}
    tell_all(world, both, "moroshka", "ambar", towards=towards)  # type: ignore[arg-type]
    st.cache_data.clear()
    app = page()
    assert "Всего 2\u00a0текста: слишком мало, чтобы судить." in text_of(app)
    app = page(period="all", **{"v-duel": "ambar:theirs"})
    assert "Морошка против Амбара 1" in text_of(app)
