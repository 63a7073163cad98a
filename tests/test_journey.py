"""«Путь клиента»: the map, its words and colours, the quotes in it, the page itself."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as hs
from streamlit.testing.v1 import AppTest
from visiting import wired
from world import MOSCOW, NOW, World, fill, found, judged, said, tell

from insights import journey, journey_words
from insights.journey import JourneyMap, Side, Standing, journey_map
from insights.pains import FEW_OPINIONS, part
from nlp.analysis import Analysis, Opinion
from nlp.journey import Stage, default_journey, journeys
from nlp.labels import Kind, Tone, Touchpoint
from reports.charts import feelings
from reports.charts.journey import contrast, scale, shade
from reports.theme import DARK, LIGHT
from storage import queries
from storage.database import Database
from storage.filters import Filter
from storage.queries import OpinionCount, QuoteRow, Tones
from storage.queries.quotes import sentence
from views import quoting

#: The package exports the function of the same name.
quotes_module = sys.modules["storage.queries.quotes"]
ROOT = Path(__file__).parent.parent
PAGE = "views/journey.py"
DAY = NOW.astimezone(MOSCOW).date()

counts = hs.integers(0, 40)
tones = hs.builds(Tones, negative=counts, neutral=counts, positive=counts)
opinions = hs.dictionaries(hs.sampled_from(list(Touchpoint)), tones, max_size=19).map(
    lambda found: tuple(
        OpinionCount(str(code), own, pain=own.negative / 2, joy=own.positive / 2)
        for code, own in found.items()
    )
)
sides = hs.builds(Side, opinions, hs.integers(0, 500))
ways = hs.sampled_from([journey.stages for journey in journeys()])


# What ships


def test_shipped_journeys_place_no_touchpoint_twice() -> None:
    assert [way.code for way in journeys()] == ["six", "decision", "four", "nine", "triad"]
    assert [len(way.stages) for way in journeys()] == [6, 4, 4, 9, 3]
    for way in journeys():
        placed = [code for stage in way.stages for code in stage.touchpoints]
        assert len(placed) == len(set(placed))
        assert len({stage.code for stage in way.stages}) == len(way.stages)
        # Only the triad of service looks at a part of what people speak about.
        assert set(placed) == set(Touchpoint) or way.code == "triad"
    assert default_journey() == journeys()[0].stages


# The map


@given(ways, sides, hs.none() | sides, hs.lists(hs.sampled_from(list(Touchpoint)), max_size=3))
def test_nothing_that_is_said_gets_lost_on_the_map(
    stages: tuple[Stage, ...], here: Side, there: Side | None, only: list[Touchpoint]
) -> None:
    drawn = journey_map(stages, here, there, [str(code) for code in only])
    said_here = {count.touchpoint: count for count in here.opinions}
    spoken = {*said_here, *(count.touchpoint for count in (there.opinions if there else ()))}
    shown = [cell.touchpoint for cell in drawn.cells]
    assert len(shown) == len(set(shown))
    assert {code for code in spoken if not only or code in only} <= set(shown)
    assert all(code in only for code in shown) or not only
    for cell in drawn.cells:
        own = said_here.get(cell.touchpoint, OpinionCount(cell.touchpoint, Tones()))
        assert cell.standing.here == own.tones
        assert (cell.standing.there is None) == (there is None)
        assert cell.impact == part(own.pain, here.mentions)
        assert cell.lift == part(own.joy, here.mentions)
    for column in drawn.columns:
        assert column.standing.n == sum(cell.standing.n for cell in column.cells)
        assert column.standing.there_n == sum(cell.standing.there_n for cell in column.cells)
    assert drawn.is_spoken_of == any(c.standing.n + c.standing.there_n for c in drawn.cells)


def test_a_stage_may_share_a_touchpoint_with_another_one() -> None:
    stages = [Stage(code, code, (Touchpoint.STAFF, Touchpoint.STAFF)) for code in ("a", "b")]
    drawn = journey_map(stages, Side((OpinionCount("staff", Tones(negative=3)),), 3), None)
    assert [len(column.cells) for column in drawn.columns] == [1, 1]
    assert [column.standing.n for column in drawn.columns] == [3, 3]
    assert (len(drawn.cells), drawn.outside) == (1, ())


@given(tones, hs.none() | tones)
def test_nothing_is_concluded_from_few_opinions_or_from_noise(
    here: Tones, there: Tones | None
) -> None:
    standing = Standing(here, there)
    assert standing.is_few == (0 < here.n < FEW_OPINIONS)
    if standing.moved is None:
        return
    assert there is not None
    assert min(here.n, there.n) >= FEW_OPINIONS
    assert standing.difference is not None
    assert standing.difference.significant
    assert standing.moved * standing.difference.value > 0
    # The intervals that are shown are narrower than those that decide.
    assert standing.net is not None
    assert standing.other is not None
    assert standing.net.low > standing.other.high or standing.other.low > standing.net.high


@given(tones, tones)
def test_only_one_of_two_periods_can_be_the_louder_one(here: Tones, there: Tones) -> None:
    both = Standing(here, there).is_louder, Standing(there, here).is_louder
    assert both != (True, True)
    assert not (both[0] and here.n <= there.n)
    assert not Standing(here).is_louder


def test_what_hurts_is_ranked_by_what_it_costs_and_never_by_a_handful() -> None:
    here = Side(
        (
            OpinionCount("delivery", Tones(negative=60, positive=5), pain=40.0, joy=4.0),
            OpinionCount("price", Tones(negative=80, positive=60), pain=70.0, joy=50.0),
            OpinionCount("support", Tones(negative=30), pain=20.0),
            OpinionCount("payment", Tones(negative=9), pain=9.0),
            OpinionCount("staff", Tones(positive=50), joy=45.0),
        ),
        300,
    )
    drawn = journey_map(default_journey(), here, None)
    assert [cell.touchpoint for cell in journey.sorest(drawn, 3)] == ["delivery", "support"]
    assert [cell.touchpoint for cell in journey.loved(drawn, 3)] == ["staff"]
    told = journey_words.story(drawn)
    assert told.tone is Tone.NEGATIVE
    assert "«Доставка и выдача»: индекс −85, 65\u00a0мнений" in told.text
    assert "выше на 13,3\u00a0пункта" in told.text
    assert told.lines == ("Ещё слабые места: «Поддержка» (−100).", "Радуют: «Персонал» (+100).")


def drawn_of(here: dict[str, Tones], there: dict[str, Tones]) -> JourneyMap:
    now, then = (
        Side(tuple(OpinionCount(code, own) for code, own in side.items()), 500)
        for side in (here, there)
    )
    return journey_map(default_journey(), now, then)


def test_a_comparison_names_no_winner_where_intervals_overlap() -> None:
    drawn = drawn_of(
        {"staff": Tones(12, 0, 14), "price": Tones(9, 0, 0)},
        {"staff": Tones(14, 0, 12), "price": Tones(0, 0, 90)},
    )
    told = journey_words.comparison(drawn, "Амбар", is_period=False)
    assert told.text == "Против «Амбар» уверенной разницы нет ни в одной точке контакта."
    assert told.tone is None


def test_a_comparison_tells_where_it_is_certain() -> None:
    drawn = drawn_of(
        {"staff": Tones(2, 0, 60), "delivery": Tones(70, 0, 3), "price": Tones(5, 0, 5)},
        {"staff": Tones(60, 0, 2), "delivery": Tones(3, 0, 70), "price": Tones(5, 0, 6)},
    )
    told = journey_words.comparison(drawn, "Амбар", is_period=False)
    assert "лучше в 1\u00a0точке контакта, хуже в 1\u00a0точке контакта" in told.text
    assert told.lines[0] == "Хуже: «Доставка и выдача» на 184\u00a0п."
    delivery = drawn.find("delivery")
    assert delivery is not None
    assert journey_words.reach(delivery.standing) == "(от\u00a0158 до\u00a0195)"
    assert told.lines[-1].startswith("В остальных (1) разница в пределах погрешности")
    assert told.tone is None


def test_words_for_nothing_and_for_next_to_nothing() -> None:
    assert "мало" in journey_words.story(journey_map(default_journey(), Side((), 0), None)).text
    even = journey_map(
        default_journey(), Side((OpinionCount("staff", Tones(20, 0, 20)),), 40), None
    )
    assert "поровну" in journey_words.story(even).text
    assert journey_words.about(Standing(Tones())) == "мнений нет"
    assert journey_words.difference(Standing(Tones(1), Tones())) == ""


# Colours


@given(hs.floats(-1, 1), hs.sampled_from([LIGHT, DARK]))
def test_letters_can_be_read_on_every_colour(value: float, look: object) -> None:
    chosen = shade(value, look)  # type: ignore[arg-type]
    assert contrast(chosen.fill, chosen.ink) >= 4.5


def test_the_scale_runs_from_tone_to_tone() -> None:
    for look in (LIGHT, DARK):
        steps = scale(look)
        assert (steps[0].fill, steps[-1].fill) == (look.negative, look.positive)
        assert len({step.fill for step in steps}) == len(steps)


def test_the_line_of_feelings_leaves_silent_stages_out() -> None:
    drawn = drawn_of({"staff": Tones(2, 0, 9), "price": Tones(1)}, {"staff": Tones(9, 0, 9)})
    told = str(feelings(drawn.columns, LIGHT, "Амбар").to_dict())
    assert "'stage': 'purchase'" in told
    assert "'stage': 'loyalty'" not in told
    assert "Амбар" in told


# Quotes


@given(hs.text(alphabet="аб .!?…\n«»", max_size=900), hs.data())
def test_a_quote_holds_its_evidence(text: str, data: hs.DataObject) -> None:
    start = data.draw(hs.integers(0, len(text)))
    end = data.draw(hs.integers(start, min(len(text), start + 250)))
    told, left, right = sentence(text, start, end, data.draw(hs.booleans()))
    assert 0 <= left <= right <= len(told) <= 265
    assert "\n" not in told
    evidence = text[start:end].replace("\n", " ")
    assert told[left:right].strip() == evidence.strip()


def test_a_quote_is_the_sentence_around_its_evidence() -> None:
    text = "Хлеб хороший. Но курьер опоздал на час, и никто не извинился! Больше не закажу."
    start = text.index("курьер")
    told, left, right = sentence(text, start, start + 22)
    assert told == "Но курьер опоздал на час, и никто не извинился!"
    assert told[left:right] == "курьер опоздал на час,"


def test_a_long_sentence_is_cut_at_words() -> None:
    text = "слово " * 60 + "курьер опоздал " + "слово " * 60
    start = text.index("курьер")
    told, left, right = sentence(text, start, start + 14)
    assert told[left:right] == "курьер опоздал"
    assert told.startswith("…слово ")
    assert told.endswith("слово…")


@contextmanager
def counting(db: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    sa.event.listen(db._engine, "before_cursor_execute", note)
    yield statements
    sa.event.remove(db._engine, "before_cursor_execute", note)


def ask(db: Database, where: Filter, tone: Tone, n: int = 1) -> dict[str, tuple[QuoteRow, ...]]:
    with db.read() as session:
        return queries.quotes(session, where, tone, per_touchpoint=n)


def test_quotes_are_of_opinions_that_the_filter_counts(db: Database) -> None:
    world = fill(found(db), 400)
    month = Filter(day_from=DAY - timedelta(days=30), day_to=DAY)
    filters = [
        Filter(),
        Filter(voices_only=False),
        replace(month, brands=(world.brands["moroshka"],)),
        replace(month, sources=(world.sources["vk"],), rating=(1, 3)),
        Filter(touchpoints=(Touchpoint.DELIVERY, Touchpoint.STAFF)),
        Filter(kinds=(Kind.COMPLAINT,)),
        Filter(text="курьер", lemmas="курьер"),
        Filter(day_from=DAY + timedelta(days=1), day_to=DAY + timedelta(days=2)),
    ]
    by_text = {mention.text: result for mention, result in world.told}
    for where in filters:
        with db.read() as session:
            counted = queries.opinion_counts(session, where)
        for tone in (Tone.NEGATIVE, Tone.NEUTRAL, Tone.POSITIVE):
            with counting(db) as statements:
                quoted = ask(db, where, tone, 3)
            assert len(statements) <= 4
            assert set(quoted) == {c.touchpoint for c in counted if getattr(c.tones, tone)}
            for touchpoint, rows in quoted.items():
                assert 1 <= len(rows) <= 3
                assert len({row.mention_id for row in rows}) == len(rows)
                for row in rows:
                    assert (row.touchpoint, row.tone) == (touchpoint, tone)
                    (whole,) = (text for text in by_text if text.startswith(row.text))
                    judgement = by_text[whole]
                    assert isinstance(judgement, Analysis)
                    assert (touchpoint, tone) in {
                        (o.touchpoint, o.tone) for o in judgement.opinions
                    }
            assert ask(db, where, tone, 3) == quoted


def speak(
    world: World, text: str, score: float, words: str = "", days: int = 0, **more: object
) -> None:
    """A complaint about delivery, proved by ``words`` (the whole text if empty)."""
    start = text.index(words or text)
    proof = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, score, start, start + len(words or text))
    mention = said(text, published_at=NOW - timedelta(days=days), **more)
    tell(world, mention, judged(Tone.NEGATIVE, Kind.COMPLAINT, proof))


def test_the_best_quote_is_sure_readable_and_not_against_its_rating(db: Database) -> None:
    world = found(db)
    speak(world, "Курьер опоздал на два часа и даже не извинился.", 0.9, rating=1.0)
    speak(world, "Ужас.", 0.99)
    speak(world, "Сначала ждали, потом звонили, " * 12 + "и всё зря.", 0.97)
    speak(world, "Доставка могла бы приезжать и пораньше, если честно.", 0.95, rating=5.0)
    speak(world, "Привезли не то, что заказывали, и не тогда.", 0.5)
    (best, *others) = ask(db, Filter(), Tone.NEGATIVE, 5)["delivery"]
    assert best.text == "Курьер опоздал на два часа и даже не извинился."
    assert (best.source, best.rating, best.rating_scale, best.day) == ("Карты", 1.0, 5, DAY)
    assert best.text[best.start : best.end] == best.text
    assert [row.text[:7] for row in others[-2:]] == ["Сначала", "Ужас."] or len(others) == 4


def test_the_same_words_are_quoted_once(db: Database) -> None:
    world = found(db)
    for number in range(3):
        tale = f"Магазин {number}. Курьер опоздал на час. Спасибо за внимание, {number}."
        speak(world, tale, 0.9, "Курьер опоздал на час.", external_id=f"n{number}")
    speak(world, "Курьер не приехал вовсе, ждали весь вечер.", 0.8)
    assert len(ask(db, Filter(), Tone.NEGATIVE, 3)["delivery"]) == 2


def test_quotes_are_taken_from_the_latest_days(db: Database) -> None:
    world = found(db)
    speak(world, "Курьер опоздал на целый день, ужасно.", 0.99, days=60)
    for number in range(60):
        speak(world, f"Привезли позже обещанного, заказ {number}.", 0.8, days=1 + number % 3)
    (row,) = ask(db, Filter(), Tone.NEGATIVE)["delivery"]
    assert row.day >= DAY - timedelta(days=3)


def test_the_last_weeks_alone_lead_to_the_same_quotes(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where enough is said in them, older days are not even looked at."""
    world = fill(found(db), 700)
    monkeypatch.setattr(quotes_module, "_LATEST", 2)
    wheres = [Filter(), Filter(brands=(world.brands["moroshka"],), sources=(world.sources["vk"],))]
    few = [(ask(db, where, tone, 2), tone, where) for where in wheres for tone in list(Tone)[:3]]
    monkeypatch.setattr(quotes_module, "_LATELY", timedelta(days=3650))
    assert few == [(ask(db, where, tone, 2), tone, where) for _, tone, where in few]


def test_old_quotes_are_found_where_little_is_said_lately(db: Database) -> None:
    world = found(db)
    speak(world, "Курьер опоздал на целый день, ужасно.", 0.9, days=300)
    tell(world, said("Просто зашёл."), judged(Tone.NEUTRAL, Kind.REVIEW))
    (row,) = ask(db, Filter(), Tone.NEGATIVE)["delivery"]
    assert row.day == DAY - timedelta(days=300)
    assert ask(db, Filter(brands=(world.brands["ambar"],)), Tone.NEGATIVE) == {}


def test_hostile_words_stay_words() -> None:
    text = '<script>alert(1)</script> & "кавычки" <b>жирно</b>'
    row = QuoteRow(1, "delivery", "negative", text, 0, 25, "<i>Источник</i>", 1.0, 5, DAY, "")
    told = quoting.quote(row)
    assert "<script" not in told
    assert "<b>" not in told
    assert "<i>" not in told
    assert "&lt;script&gt;" in told
    bad = replace(row, url='javascript:alert("1")')
    assert "javascript" not in quoting.quote(bad)


# The page


def opened(**params: str | list[str]) -> AppTest:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=30)
    app.query_params.update(params)
    app.run()
    app.switch_page(PAGE).run()
    assert not app.exception, app.exception
    return app


def html_of(app: AppTest) -> str:
    bodies = [str(element.proto.body) for element in app.html]
    return "\n".join(body for body in bodies if "<style" not in body)


def cells_of(app: AppTest) -> list[str]:
    """The touchpoints that can be opened."""
    keys = [str(button.key) for button in app.button]
    return [key.split("_", 3)[3] for key in keys if key.startswith("cell_") and key.count("_") > 2]


def link_of(app: AppTest) -> dict[str, str]:
    params = app.query_params.items()
    return {key: value if isinstance(value, str) else value[0] for key, value in params}


def test_an_empty_database_says_what_to_do(world: World) -> None:
    assert opened().title[0].value == "Отзывов пока нет"


def test_one_opinion_looks_uncertain(world: World) -> None:
    text = "Курьер опоздал на целый час."
    proof = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, len(text))
    tell(world, said(text), judged(Tone.NEGATIVE, Kind.COMPLAINT, proof))
    app = opened()
    told = html_of(app)
    assert "Мнений пока мало" in told
    assert told.count('class="jm-cell jm-few"') == 1
    assert "от −100 до" in told
    assert "слабое № 1" not in told
    assert cells_of(app) == ["delivery"]


def test_a_mention_without_opinions_leaves_the_map_empty(world: World) -> None:
    tell(world, said("Просто зашёл."), judged(Tone.NEUTRAL, Kind.REVIEW))
    app = opened()
    assert "мнений нет" in app.info[0].value
    assert cells_of(app) == []


@pytest.mark.parametrize("way", [journey.code for journey in journeys()])
def test_every_journey_shows_all_that_is_said(world: World, way: str) -> None:
    fill(world, 600)
    app = opened(**{"period": "all", "v-journey": way})
    with world.db.read() as session:
        counted = queries.opinion_counts(session, Filter())
    assert sorted(cells_of(app)) == sorted(count.touchpoint for count in counted)
    stages = next(journey.stages for journey in journeys() if journey.code == way)
    assert all(f"</i>{stage.name}</b>" in html_of(app) for stage in stages)
    told = "\n".join(str(button.label) for button in app.button)
    for count in counted:
        standing = Standing(count.tones)
        assert f"{journey_words.name(count.touchpoint)}: {journey_words.about(standing)}" in told


def test_an_own_journey_comes_first_and_its_names_are_text(
    empty_sqlite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = 'journey:\n  - {code: a, name: "<i>Везём</i> *сами*", touchpoints: [delivery]}\n'
    world = wired(empty_sqlite, tmp_path, monkeypatch, way)
    fill(world, 200)
    app = opened(period="all")
    assert app.selectbox(key="journey_choice").options[0] == "Свой путь из config\\.yaml"
    told = html_of(app)
    assert "<i>Везём" not in told
    assert "&lt;i&gt;Везём" in told
    assert "В этот путь не входят" in told
    assert "delivery" in cells_of(app)
    app.selectbox(key="journey_choice").set_value("nine").run()
    assert link_of(app)["v-journey"] == "nine"
    assert "Сторонник" in html_of(app)


def test_hostile_words_in_a_quote_stay_words(world: World) -> None:
    for number in range(12):
        # Short, or they would be taken for repeats of each other.
        text = f"<img src=x onerror=alert({number})> <b>хам</b>"
        proof = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, len(text))
        mention = said(text, external_id=str(number))
        tell(world, mention, judged(Tone.NEGATIVE, Kind.COMPLAINT, proof))
    app = opened()
    app.button(key="cell_4_0_delivery").click().run()
    told = html_of(app)
    assert "слабое № 1" in told
    assert told.count("&lt;img src=x") >= 2
    assert "<img" not in told
    assert "<b>хам" not in told


def test_a_cell_opens_down_to_its_mentions(world: World) -> None:
    fill(world, 600)
    app = opened(period="all", brand="moroshka")
    app.button(key="cell_4_0_delivery").click().run()
    assert link_of(app)["v-cell"] == "delivery"
    brand = world.brands["moroshka"]
    with world.db.read() as session:
        counted = queries.opinion_counts(session, Filter(brands=(brand,)))
    negative = next(c.tones.negative for c in counted if c.touchpoint == "delivery")
    button = app.button(key="cell_negative")
    assert button.label == f"− негатив ({negative})"
    button.click().run()
    assert not app.exception
    assert app.title[0].value.startswith(f"{negative}\u00a0")
    assert (link_of(app)["topic"], link_of(app)["tone"]) == ("delivery", "negative")
    assert "v-cell" not in link_of(app)


def test_a_link_opens_the_same_cell_beside_the_same_rival(world: World) -> None:
    fill(world, 900)
    link = {"period": "all", "brand": "moroshka", "v-beside": "brand-ambar", "v-cell": "staff"}
    app = opened(**link)
    told = html_of(app)
    assert "слева <b>Морошка</b>, справа <b>Амбар</b>" in told
    assert "<dt>Амбар</dt>" in told
    assert app.selectbox(key="journey_beside").value == "brand-ambar"
    assert "jm-pair" in told
    assert link_of(app)["v-cell"] == "staff"


def test_periods_that_can_be_compared_are_those_with_mentions(world: World) -> None:
    fill(world, 600)
    days = {"from": (DAY - timedelta(days=27)).isoformat(), "to": DAY.isoformat()}
    app = opened(brand="moroshka", **days)
    options = app.selectbox(key="journey_beside").options
    assert [option.split(":")[0] for option in options] == [
        "не сравнивать",
        "с предыдущим периодом",
        "с тем, что до него",
        "с «Амбар»",
    ]
    app.selectbox(key="journey_beside").set_value("previous").run()
    assert link_of(app)["v-beside"] == "previous"
    assert "jm-pair" in html_of(app)
    assert not app.exception
    everything = opened(period="all").selectbox(key="journey_beside")
    assert everything.options == ["не сравнивать"]


def test_a_filter_by_touchpoint_leaves_the_others_out_and_says_so(world: World) -> None:
    fill(world, 400)
    app = opened(period="all", topic="delivery", tone="negative")
    assert cells_of(app) == ["delivery"]
    assert any("Показаны только выбранные точки" in caption.value for caption in app.caption)
    app.button(key="whole_way").click().run()
    assert len(cells_of(app)) > 10
    assert "topic" not in link_of(app)
    assert "tone" not in link_of(app)


def test_a_stage_opens_the_mentions_of_all_its_touchpoints(world: World) -> None:
    fill(world, 300)
    app = opened(period="all")
    app.button(key="stage_5").click().run()
    assert not app.exception
    assert app.query_params["topic"] == ["support", "returns"]
    assert "упоминан" in app.title[0].value
