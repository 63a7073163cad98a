"""The themes on «Боли»: what is shown of them, names and mergers in place, all of it taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import streamlit as st
from streamlit.testing.v1 import AppTest
from world import World, found, judged, said, tell_all

from nlp.analysis import Opinion
from nlp.labels import Kind, Tone, Touchpoint
from storage import queries, themes
from storage import tables as t
from storage.database import Database
from storage.queries import ThemeRow
from storage.themes import Marked

ROOT = Path(__file__).parent.parent
CONFIG = "database: {url: otklik.db}\nbrands: [{code: moroshka, name: Морошка}]\n"
NASTY = "Списали *дважды* <b>[деньги](javascript:1)"
TEXTS = (NASTY, "Дважды сняли деньги", "Терминал на кассе завис")
PART = ("payment", "negative")


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


@pytest.fixture
def world(empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Three complaints about paying: two of one theme, one of another, and a theme of nobody."""
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("OTKLIK_CONFIG", str(path))
    db = Database(empty_sqlite)
    world = found(db)
    for text in TEXTS:
        opinion = Opinion(Touchpoint.PAYMENT, Tone.NEGATIVE, 0.9, 0, len(text))
        tell_all(world, [(said(text), judged(Tone.NEGATIVE, Kind.COMPLAINT, opinion))])
    yield world
    db.dispose()


def themed(world: World) -> list[str]:
    """Give the opinions their themes; the keys."""
    with world.db.write() as session:
        now = session.execute(sa.select(sa.func.max(t.mention.c.collected_at))).scalar_one()
        names = ("Списали *дважды*", "Терминал", "Тишина")
        ids = [themes.add(session, PART, name, name.encode(), {}, now) for name in names]
        places = themes.pending(session, limit=10)
        of = {TEXTS[0]: ids[0], TEXTS[1]: ids[0], TEXTS[2]: ids[1]}
        close = {NASTY: 900}
        marks = [Marked(p, of[p.text], close.get(p.text, 500), None) for p in places]
        themes.save(session, marks, ())
    return [row.key for row in known(world)]


def known(world: World) -> tuple[ThemeRow, ...]:
    with world.db.read() as session:
        return queries.themes(session, "payment", Tone.NEGATIVE)


def opened() -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=60)
    app.query_params["period"] = "all"
    app.query_params["v-pain"] = "payment"
    app.run()
    app.switch_page("views/pains.py").run()
    assert not app.exception, app.exception
    return app


def clicked(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.html)


def told(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in (*app.markdown, *app.caption, *app.error))


def test_without_themes_the_page_says_where_they_come_from(world: World) -> None:
    assert "Тем пока нет" in told(opened())
    assert not known(world)


def test_each_theme_is_told_with_its_count_and_a_quote_and_opens_its_mentions(
    world: World,
) -> None:
    first, second, silent = themed(world)
    app = opened()
    keys = [button.key for button in app.button if (button.key or "").startswith("theme_open_")]
    assert keys == [f"theme_open_{first}", f"theme_open_{second}"]
    assert app.button(key=f"theme_open_{first}").label == "Списали \\*дважды\\*"
    assert "3 из 3\u00a0мнений" in told(app)
    page = html(app)
    assert "2\u00a0жалобы" in page
    assert "1\u00a0жалоба" in page
    assert "Списали *дважды* &lt;b&gt;[деньги](javascript:1)" in page
    assert "<b>[деньги]" not in page
    app = clicked(app, f"theme_open_{second}")
    assert "Терминал на кассе завис" in html(app)
    assert "Дважды сняли деньги" not in html(app)
    assert silent not in str(app.session_state)


def test_a_theme_is_renamed_and_the_name_taken_back(world: World) -> None:
    first, *_ = themed(world)
    app = clicked(opened(), f"theme_edit_{first}")
    (field,) = [one for one in app.text_input if one.label == "Название"]
    field.set_value("Двойное [списание]")
    (save,) = [one for one in app.button if one.label == "Сохранить название"]
    save.click().run()
    assert not app.exception, app.exception
    assert known(world)[0].name == "Двойное [списание]"
    assert app.button(key=f"theme_open_{first}").label == "Двойное \\[списание\\]"
    app = clicked(app, "theme_undo")
    assert known(world)[0].name is None
    assert app.button(key=f"theme_open_{first}").label == "Списали \\*дважды\\*"
    assert "theme_undo" not in {button.key for button in app.button}


def test_themes_are_merged_parted_and_all_of_it_taken_back(world: World) -> None:
    first, second, _ = themed(world)
    app = clicked(opened(), f"theme_edit_{second}")
    assert app.button(key=f"theme_merge_{second}").disabled
    app.selectbox(key=f"theme_into_{second}").set_value(first).run()
    app = clicked(app, f"theme_merge_{second}")
    assert known(world)[1].into == first
    assert "3\u00a0жалобы" in html(app)
    assert f"theme_open_{second}" not in {button.key for button in app.button}
    app = clicked(app, "theme_undo")
    assert known(world)[1].into == ""
    app = clicked(app, f"theme_edit_{second}")
    app.selectbox(key=f"theme_into_{second}").set_value(first).run()
    app = clicked(clicked(app, f"theme_merge_{second}"), f"theme_edit_{first}")
    app = clicked(app, f"theme_part_{second}")
    assert [row.into for row in known(world)] == ["", "", ""]
    app = clicked(app, "theme_undo")
    assert known(world)[1].into == first


def test_a_theme_that_is_gone_is_told(world: World) -> None:
    first, *_ = themed(world)
    app = clicked(opened(), f"theme_edit_{first}")
    with world.db.write() as session:
        for table in (t.theme_daily, t.theme_mark, t.theme):
            session.execute(sa.delete(table))
    (field,) = [one for one in app.text_input if one.label == "Название"]
    field.set_value("Поздно")
    (save,) = [one for one in app.button if one.label == "Сохранить название"]
    save.click().run()
    assert not app.exception, app.exception
    assert "Этой темы больше нет" in told(app)


def test_nothing_heard_in_the_period_is_told_apart_from_nothing_known(world: World) -> None:
    themed(world)
    with world.db.write() as session:
        session.execute(sa.delete(t.theme_daily))
    assert "За этот период" in told(opened())
