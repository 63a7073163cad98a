"""The page «Бренды» without a browser: a query written, tried, saved, applied, taken back."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from collectors.http import Http
from otklik import jobs, pipeline, transfer
from otklik.brand_queries import BrandDesk
from otklik.config import load
from otklik.house import House, open_house
from otklik.leases import Keeper, Stopped
from otklik.query.parsing import parse
from storage import rebuild
from views import query_help

ROOT = Path(__file__).parent.parent
CONFIG = """
database: {url: otklik.db}
brands:
  - {code: moroshka, name: Морошка, query: "морошка NOT ягода"}
  - {code: ambar24, name: Амбар24, aliases: [Амбар], competitor: true}
sources:
  - {name: rows, type: file, path: rows.csv, title: Карты}
"""
ROWS = """text;date;author;url
В магазине Морошка свежий хлеб;2026-03-01 12:30;Анна;https://vk.com/a
Морошка — ягода <b>лесная</b>;2026-03-02;Пётр;javascript:alert(1)
Хлеб <script>alert(1)</script> чёрствый;2026-03-03;Анна;
Дождь;2026-03-04;Пётр;
"""


@dataclass
class Town:
    """A house with four mentions, and the app that looks into it."""

    house: House

    def __post_init__(self) -> None:
        self.desk = BrandDesk(self.house.db)

    def opened(self) -> AppTest:
        app = AppTest.from_file(ROOT / "app.py", default_timeout=30).run()
        app.switch_page("views/brands.py").run()
        assert not app.exception, app.exception
        return app

    def editing(self, query: str, code: str = "moroshka") -> AppTest:
        app = self.opened()
        app.button(key=f"edit_query_{code}").click().run()
        return written(app, query, code)

    def work(self) -> None:
        """What the worker does with the job that the page left."""
        with Keeper(self.house.db, is_worker=True).beating() as keeper:
            claimed = keeper.claim_job()
            assert claimed is not None
            job, result = claimed
            ok, message = jobs.run(job, self.house, keeper, Http(), result)
            keeper.finish_job(job, ok=ok, message=message)

    def holds(self, code: str = "moroshka") -> str:
        return next(brand.query for brand in self.desk.brands() if brand.code == code)


@pytest.fixture
def town(empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    (tmp_path / "rows.csv").write_text(ROWS, encoding="utf-8")
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("OTKLIK_CONFIG", str(path))
    house = open_house(load(path))
    list(pipeline.collect(house, house.config.sources, Http()))
    yield Town(house)
    house.db.dispose()


@pytest.fixture(autouse=True)
def _fresh_caches() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


def written(app: AppTest, query: str, code: str = "moroshka") -> AppTest:
    app.text_area(key=f"query_{code}").set_value(query).run()
    assert not app.exception, app.exception
    return app


def clicked(app: AppTest, key: str) -> AppTest:
    app.button(key=key).click().run()
    assert not app.exception, app.exception
    return app


def keys(app: AppTest) -> set[str]:
    return {button.key or "" for button in app.button}


def html(app: AppTest) -> str:
    return "\n".join(str(element.proto.body) for element in app.html)


def said(app: AppTest) -> str:
    """Everything in words."""
    elements = [*app.caption, *app.info, *app.warning, *app.error, *app.markdown]
    return "\n".join([html(app), *(element.value for element in elements)])


def figures(app: AppTest) -> dict[str, str]:
    return {metric.label: str(metric.value) for metric in app.metric}


def test_without_brands_the_page_says_where_they_come_from(
    empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("database: {url: otklik.db}\n", encoding="utf-8")
    monkeypatch.setenv("OTKLIK_CONFIG", str(path))
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30).run()
    app.switch_page("views/brands.py").run()
    assert not app.exception
    assert app.info[0].value == "Брендов пока нет."
    assert not app.warning
    (tmp_path / "example.yaml").write_text(
        f"database: {{url: otklik.db}}\n{app.code[0].value}", encoding="utf-8"
    )
    assert load(tmp_path / "example.yaml").brands[0].query == "морошка NOT (ягода OR варенье)"


def test_every_brand_tells_how_it_is_found(town: Town) -> None:
    folder = town.house.config.path.parent
    (folder / "more.csv").write_text("text;company\nШум;<b>Гроза</b>\n", encoding="utf-8")
    options = transfer.options_for(town.house, folder / "more.csv", "more", {})
    transfer.import_file(town.house, options, "more", None, lambda _: None)
    told = html(town.opened())
    assert '<pre class="ok-query">морошка NOT ягода</pre>' in told
    assert "«Амбар24», «Амбар»" in told
    assert "&lt;b&gt;Гроза&lt;/b&gt;" in told
    assert "только те, где эта компания названа" in told
    assert told.index("наш бренд") < told.index("конкурент")


def test_a_brand_that_left_the_config_is_shown_and_cannot_be_edited(town: Town) -> None:
    path = town.house.config.path
    path.write_text(CONFIG.replace("- {code: ambar24", "# - {code: ambar24"), encoding="utf-8")
    open_house(load(path)).db.dispose()
    app = town.opened()
    assert "убран из config.yaml" in html(app)
    assert "edit_query_ambar24" not in keys(app)
    assert "edit_query_moroshka" in keys(app)


def test_the_count_opens_the_mentions(town: Town) -> None:
    app = clicked(town.opened(), "mentions_moroshka")
    assert app.title[0].value == "1\u00a0упоминание"


@pytest.mark.parametrize(
    ("query", "place", "marked"),
    [
        ("морошка, хлеб", "Знак 8:", "морошка<mark>,</mark> хлеб"),
        ("морошка OR", "Знак 11:", "морошка OR<mark>&nbsp;</mark>"),
        ("хлеб\nтитул:сыр", "Строка 2, знак 6:", "хлеб\nтитул<mark>:</mark>сыр"),
        ("NOT сыр", "Знак 1:", "<mark>NOT</mark> сыр"),
        ('<script> "', "Знак 1:", "<mark>&lt;</mark>script&gt; &quot;"),
    ],
)
def test_a_mistake_is_marked_at_its_place(town: Town, query: str, place: str, marked: str) -> None:
    told = html(town.editing(query))
    assert f"<b>{place}</b>" in told
    assert marked in told
    assert "Например: <code>" in told


def test_a_mistake_far_inside_is_shown_with_what_is_around(town: Town) -> None:
    told = html(town.editing("слово " * 200 + ", " + "слово " * 50))
    shown = told[told.index("<pre") : told.index("</pre>")]
    assert "…" in shown
    assert "<mark>,</mark>" in shown
    assert len(shown) < 500


def test_a_query_with_a_mistake_is_neither_tried_nor_saved(town: Town) -> None:
    app = town.editing("(морошка")
    for key in ("try_query_moroshka", "save_query_moroshka"):
        clicked(app, key)
        assert not figures(app)
        assert "скобка не закрыта" in html(app)
    assert town.holds() == "морошка NOT ягода"


def test_what_may_be_meant_otherwise_is_remarked(town: Town) -> None:
    app = town.editing("морошка or author:анна")
    assert "«or» строчными буквами" in said(app)
    assert "имена авторов не хранятся" in said(app)


def test_each_platform_is_told_its_search(town: Town) -> None:
    app = town.editing("(морошка OR moroshka) магазин NOT ягода author:анна")
    searches = dict(zip([tab.label for tab in app.tabs], app.code, strict=True))
    assert searches["ВКонтакте"].value == "морошка магазин -ягода\nmoroshka магазин -ягода"
    assert searches["YouTube"].value == "морошка|moroshka магазин -ягода"
    assert "- автор" in said(app)
    app = written(app, "author:анна")
    assert not app.code
    assert "искать не может" in said(app)


def test_a_preview_tells_what_saving_would_do(town: Town) -> None:
    app = clicked(town.editing("хлеб OR лесной"), "try_query_moroshka")
    assert figures(app) == {"Подходит": "3", "Из них новых": "2", "Перестанет подходить": "0"}
    assert [tab.label for tab in app.tabs][:2] == ["Новые: 2", "Останутся: 1"]
    told = html(app)
    assert "<mark>Хлеб</mark> &lt;script&gt;alert(1)&lt;/script&gt; чёрствый" in told
    assert "&lt;b&gt;<mark>лесная</mark>&lt;/b&gt;" in told
    assert "javascript:" not in told
    assert 'href="https://vk.com/a"' in told
    assert "1\u00a0марта\u00a02026, 12:30" in told
    assert "Проверено 4\u00a0упоминания" in said(app)
    assert town.holds() == "морошка NOT ягода"
    app = clicked(written(app, "дождь"), "try_query_moroshka")
    assert figures(app)["Перестанет подходить"] == "1"
    assert "магазине <mark>Морошка</mark> свежий" in html(app)
    assert not figures(written(app, "дождь OR снег"))  # the figures were of another query


def test_a_long_text_is_shown_around_the_first_hit(town: Town) -> None:
    folder = town.house.config.path.parent
    text = f"{'до ' * 200}хлеб {'после ' * 200}"
    (folder / "long.csv").write_text(f"text\n{text}\n", encoding="utf-8")
    options = transfer.options_for(town.house, folder / "long.csv", "long", {})
    transfer.import_file(town.house, options, "long", None, lambda _: None)
    app = clicked(town.editing("хлеб после"), "try_query_moroshka")
    told = html(app)
    sample = told[told.index("<article") : told.index("</article>")]
    assert "… до до" in sample
    assert "<mark>хлеб</mark> <mark>после</mark> <mark>после</mark>" in sample
    assert "после …" in sample.replace("<mark>", "").replace("</mark>", "")
    assert sample.count("до ") < 50


def test_a_preview_without_anything_to_try_says_so(town: Town) -> None:
    path = town.house.config.path
    path.write_text(CONFIG.replace("title:", "brand: ambar24, title:"), encoding="utf-8")
    open_house(load(path)).db.dispose()
    app = clicked(town.editing("хлеб"), "try_query_moroshka")
    assert "Примерить не на чем" in app.info[0].value


def test_a_saved_query_reaches_history_by_the_worker(town: Town) -> None:
    app = clicked(town.editing("хлеб"), "save_query_moroshka")
    assert town.holds() == "хлеб"
    assert "к собранным упоминаниям ещё не применён" in app.warning[0].value
    assert "query_moroshka" not in {area.key for area in app.text_area}
    assert "действует вместо config.yaml, где «морошка NOT ягода»" in html(app)
    town.work()
    app.run()
    assert not app.warning
    assert app.button(key="mentions_moroshka").label == "2\u00a0упоминания"


def test_while_a_query_is_applied_the_page_shows_how_far_it_is(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuild, "_BATCH", 1)
    clicked(town.editing("хлеб"), "save_query_moroshka")
    with Keeper(town.house.db, is_worker=True).beating() as keeper:
        claimed = keeper.claim_job()
        assert claimed is not None
        keeper.stop.set()
        with pytest.raises(Stopped):
            jobs.run(claimed[0], town.house, keeper, Http(), claimed[1])
        keeper.put_back(claimed[0])
        app = town.opened()
        assert "к собранным упоминаниям: 1 из 4" in str(app.get("progress")[0].proto)
    town.work()
    assert not town.opened().get("progress")


def test_work_that_nobody_was_asked_for_is_begun_from_the_page(town: Town) -> None:
    clicked(town.editing("хлеб"), "save_query_moroshka")
    with Keeper(town.house.db).beating() as keeper:
        claimed = keeper.claim_job()
        assert claimed is not None
        keeper.finish_job(claimed[0], ok=False, message="Диск *полон*")
    app = town.opened()
    assert "Диск \\*полон\\*" in app.warning[0].value
    clicked(app, "apply_queries")
    town.work()
    assert not town.opened().warning


def test_the_last_save_is_undone_and_the_config_brought_back(town: Town) -> None:
    app = clicked(town.editing("хлеб"), "save_query_moroshka")
    app = clicked(app, "edit_query_moroshka")
    app = clicked(written(app, ""), "save_query_moroshka")
    assert town.holds() == ""
    app = clicked(app, "undo_query_moroshka")
    assert town.holds() == "хлеб"
    assert "undo_query_moroshka" not in keys(app)
    app = clicked(app, "follow_config_moroshka")
    assert town.holds() == "морошка NOT ягода"
    assert "follow_config_moroshka" not in keys(app)
    app = clicked(app, "undo_query_moroshka")
    assert town.holds() == "хлеб"
    town.work()
    assert not app.run().warning
    assert app.button(key="mentions_moroshka").label == "2\u00a0упоминания"


def test_what_somebody_else_saved_is_told_before_it_is_replaced(town: Town) -> None:
    mine, theirs = town.editing("хлеб"), town.editing("дождь OR снег")
    stale = town.opened()
    clicked(theirs, "save_query_moroshka")
    clicked(mine, "save_query_moroshka")
    told = mine.error[0].value.replace("\\", "")
    assert "тем временем изменили: теперь это «дождь OR снег». Ваш текст остался" in told
    assert town.holds() == "дождь OR снег"
    assert mine.text_area(key="query_moroshka").value == "хлеб"
    clicked(mine, "save_query_moroshka")
    assert town.holds() == "хлеб"
    clicked(stale, "edit_query_moroshka")
    assert stale.text_area(key="query_moroshka").value == "морошка NOT ягода"


def test_saving_what_holds_does_nothing(town: Town) -> None:
    app = clicked(town.editing(" морошка NOT ягода "), "save_query_moroshka")
    assert "сохранять нечего" in app.info[0].value
    assert "undo_query_moroshka" not in keys(clicked(app, "close_query_moroshka"))


def test_what_is_being_written_outlives_a_look_at_another_page(town: Town) -> None:
    app = town.editing("хлеб OR бул")
    app.switch_page("views/mentions.py").run()
    app.switch_page("views/brands.py").run()
    assert app.text_area(key="query_moroshka").value == "хлеб OR бул"
    app = clicked(app, "edit_query_ambar24")
    assert [area.key for area in app.text_area] == ["query_ambar24"]
    app = clicked(app, "edit_query_moroshka")
    assert app.text_area(key="query_moroshka").value == "морошка NOT ягода"


def test_the_examples_of_the_help_are_queries() -> None:
    for example, _ in query_help.RULES:
        parse(example)
