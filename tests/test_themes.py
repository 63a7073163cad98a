"""Themes by the real encoder: found, kept from run to run, grown by what comes, made anew."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa
from demo_stream import Demo
from hypothesis import given
from hypothesis import strategies as st
from world import World, found, judged, tell_all
from world import said as mention

from nlp import theme_words
from nlp.analyser import WEIGHTS, embedded_version
from nlp.analysis import Analysis, Opinion
from nlp.labels import Kind, Tone, Touchpoint
from nlp.sentences import Sentences, around
from nlp.theme_words import said, title
from nlp.themes import REACH, Centre, Ground, Rarity, Said, Space
from nlp.vectors import embed
from otklik import themes, theming
from otklik.config import load
from otklik.house import House, open_house
from otklik.leases import Stopped
from storage import commands, queries
from storage import settings as facts
from storage import tables as t
from storage import themes as store
from storage.filters import Filter
from storage.queries import ThemeRow

CHARGED = (
    "Списали деньги дважды за один заказ", "С карты дважды списали оплату", "Двойное списание",
    "Деньги списали два раза, возврата нет", "Списали дважды и не возвращают",
    "Оплата прошла дважды, деньги списали два раза", "За заказ списали деньги дважды",
    "Банк показал двойное списание денег", "Дважды списали сумму с карты",
    "Списали с карты деньги за один чек дважды",
)  # fmt: skip
QUEUED = (
    "Касса самообслуживания не принимает карту", "На кассе самообслуживания завис терминал",
    "Касса самообслуживания зовёт кассира на каждый банан", "Терминал на кассе не работает",
    "Кассы самообслуживания сломаны, терминалы висят", "Зависла касса самообслуживания",
    "Терминал самообслуживания не читает карту", "Касса зависла, терминал перезагружали",
    "На кассах самообслуживания терминалы выключены", "Терминал на кассе завис",
)  # fmt: skip
OTHERS = (
    "Сдачу дали мелочью", "Купон не приняли", "Ипотека завтра", "Чек потеряли", "Промокод истёк",
    "Паспорт попросили зачем-то", "Пенсии не хватает",
)  # fmt: skip
ALL = [*CHARGED, *QUEUED, *OTHERS]
WHERE = ("payment", Tone.NEGATIVE)
CONFIG = 'database: {{url: "{url}"}}\nbrands: [{{code: moroshka, name: Морошка}}]\n'


class Town(World):
    """A house with opinions about paying."""

    house: House

    def hear(self, texts: Sequence[str]) -> None:
        """So many mentions, each of one sentence that is a negative opinion about paying."""
        tell_all(self, [(mention(text), _answer(text)) for text in texts])

    def find(self) -> themes.Themed:
        return themes.find(self.house, lambda _: None)

    def known(self) -> tuple[ThemeRow, ...]:
        with self.db.read() as session:
            return queries.themes(session, *WHERE)

    def theme_of(self) -> dict[str, str | None]:
        """The key of the theme of each text."""
        mark, text = t.theme_mark.c, t.mention.c.text
        rows = (
            sa.select(text, t.theme.c.key)
            .join(t.theme_mark, mark.mention_id == t.mention.c.id)
            .outerjoin(t.theme, t.theme.c.id == mark.theme_id)
        )
        with self.db.read() as session:
            return {row.text: row.key for row in session.execute(rows)}


def _answer(text: str) -> Analysis:
    opinion = Opinion(Touchpoint.PAYMENT, Tone.NEGATIVE, 0.9, 0, len(text))
    return judged(Tone.NEGATIVE, Kind.COMPLAINT, opinion)


@pytest.fixture
def town(db_url: str, tmp_path: Path) -> Iterator[Town]:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG.format(url=db_url), encoding="utf-8")
    house = open_house(load(path))
    town = Town(house.db)
    world = found(house.db)
    town.brands, town.sources, town.house = world.brands, world.sources, house
    yield town
    house.db.dispose()


def test_themes_are_found_and_nothing_changes_until_something_comes(town: Town) -> None:
    town.hear(ALL)
    first = town.find()
    assert (first.opinions, first.placed) == (len(ALL), 0)
    assert first.themes == len(town.known()) >= 2
    of = town.theme_of()
    charged, queued = ({of[text] for text in texts} - {None} for texts in (CHARGED, QUEUED))
    assert charged
    assert queued
    assert not charged & queued
    assert sum(of[text] is not None for text in (*CHARGED, *QUEUED)) >= 16
    names = " ".join(theme.title.lower() for theme in town.known())
    assert "спис" in names
    assert "касс" in names
    before = town.known(), of
    assert town.find() == themes.Themed()
    assert (town.known(), town.theme_of()) == before


def test_what_comes_later_joins_the_themes_that_are_there(town: Town) -> None:
    town.hear(ALL)
    town.find()
    known, of = town.known(), town.theme_of()
    town.hear(["Снова списали деньги дважды", "Терминал на кассе самообслуживания висит", "Дождь"])
    done = town.find()
    assert (done.opinions, done.placed, done.themes) == (3, 2, 0)
    assert town.known() == known
    now = town.theme_of()
    assert {text: now[text] for text in of} == of
    assert now["Снова списали деньги дважды"] in {of[text] for text in CHARGED}
    assert now["Терминал на кассе самообслуживания висит"] in {of[text] for text in QUEUED}
    assert now["Дождь"] is None


def test_enough_of_what_belonged_nowhere_becomes_a_new_theme(town: Town) -> None:
    town.hear(ALL)
    town.find()
    known, of = town.known(), town.theme_of()
    town.hear([f"Курьер просит чаевые на карту, дом {number}" for number in range(12)])
    done = town.find()
    assert done.themes == 1
    assert town.known()[: len(known)] == known
    assert {text: town.theme_of()[text] for text in of if of[text]} == {
        text: key for text, key in of.items() if key
    }
    (new,) = town.known()[len(known) :]
    assert "чаев" in new.title.lower() or "курьер" in new.title.lower()


def test_few_opinions_have_no_themes(town: Town) -> None:
    town.hear(CHARGED)
    assert town.find().themes == 0
    assert not town.known()
    town.hear(QUEUED)
    assert town.find().themes >= 2


def test_a_run_that_is_cut_off_goes_on_where_it_was(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(themes, "_TAKE", 10)
    town.hear(ALL)

    def stop(_: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        themes.find(town.house, stop)
    with town.db.read() as session:
        assert len(store.pending(session, limit=100)) == len(ALL) - 10
        assert [ground.n for ground in store.grounds(session)] == [10]
    town.find()
    with town.db.read() as session:
        assert [ground.n for ground in store.grounds(session)] == [len(ALL)]
    assert len(town.known()) >= 2


def test_another_encoder_keeps_the_themes(town: Town) -> None:
    town.hear(ALL)
    town.find()
    known, of = town.known(), town.theme_of()
    with town.db.write() as session:
        facts.put(session, facts.THEMES, "otklik-0-other")
        noise = np.random.default_rng(0).normal(size=384).astype(np.float32)
        session.execute(sa.update(t.theme).values(centre=noise.tobytes()))
    done = town.find()
    assert (done.opinions, done.themes) == (len(ALL), 0)
    assert town.known() == known
    now = town.theme_of()
    assert sum(now[text] == key for text, key in of.items()) >= len(of) - 2
    with town.db.read() as session:
        assert facts.get(session, facts.THEMES) == embedded_version()


def test_a_rebuild_finds_the_same_again_and_keeps_what_was_named(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    town.hear(ALL)
    town.find()
    known = town.known()
    with town.db.write() as session:
        commands.rename_theme(session, known[0].key, "Моё название")
    assert theming.rebuild(town.house, as_json=False) == 0
    assert "Разобрано по темам" in capsys.readouterr().err
    now = town.known()
    assert (now[0].key, now[0].name) == (known[0].key, "Моё название")
    assert len(now) >= 2
    assert all(town.theme_of()[texts[0]] for texts in (CHARGED, QUEUED))
    assert theming.status(town.house, as_json=True) == 0
    assert '"pending": 0' in capsys.readouterr().out


def test_a_merged_theme_takes_what_is_close_to_it(town: Town) -> None:
    town.hear(ALL)
    town.find()
    of = town.theme_of()
    one, other = of[CHARGED[0]], of[QUEUED[0]]
    assert one
    assert other not in (None, one)
    with town.db.write() as session:
        commands.merge_theme(session, one, other)

    def listed() -> int:
        with town.db.read() as session:
            return queries.count(session, Filter(theme=other))

    before = listed()
    town.hear(["Снова списали деньги дважды"])
    town.find()
    assert listed() == before + 1


# Vectors


def test_the_graph_of_vectors_answers_as_torch_does() -> None:
    texts = ["Списали 2340 два раза!!! Чат молчит, но банк ответил сразу.", "Вкусно", "Слов " * 400]
    asked = [(text, (0, 5)) for text in texts] + [(texts[0], (30, 40))]
    ours = Sentences().read(asked)
    assert [one.text for one in ours][:2] == ["Списали 2340 два раза!!!", "Вкусно"]
    assert ours[3].text == "Чат молчит"
    sentences = list(dict.fromkeys(one.text for one in ours))
    known = [*texts, *sentences]
    exact = dict(zip(known, embed(WEIGHTS, known, 2, lambda _: None), strict=True))
    for one, (text, _) in zip(ours[:2] + ours[3:], asked[:2] + asked[3:], strict=True):
        amid = exact[text]
        row = [start for start, _ in amid.spans].index(text.index(one.text))
        both = sum(v / np.linalg.norm(v) for v in (amid.parts[row], exact[one.text].parts[0]))
        assert np.dot(one.vector, both / np.linalg.norm(both)) > 0.99
    assert all(np.linalg.norm(one.vector) == pytest.approx(1) for one in ours)


def test_a_text_without_words_has_no_vector() -> None:
    (silent,) = Sentences().read([("10/10", (0, 5))])
    assert silent.text == "10/10" == around("10/10", (0, 5))
    assert not silent.vector.any()
    assert Sentences().read([]) == []


def test_the_shipped_graph_is_made_of_the_shipped_model() -> None:
    onnx = pytest.importorskip("onnx", reason="the training extra is not installed")
    from nlp.training import graph

    model = onnx.load(WEIGHTS / "model.onnx", load_external_data=False)
    made = graph.vectors(model).SerializeToString(deterministic=True)
    shipped = onnx.load(WEIGHTS / "vectors.onnx", load_external_data=False)
    assert made == shipped.SerializeToString(deterministic=True)


# Names


@pytest.mark.parametrize(
    ("members", "others", "name"),
    [
        (["Списали дважды", "У меня списали дважды", "Дважды списали"], ["Чек потеряли"],
         "Списали дважды"),
        (["Касса завис", "кассы самообслуживания", "на кассе"], ["Чек", "Сдача"], "Касса"),
        (["не дозвониться", "никак не дозвониться"], ["отвечают быстро"], "Не дозвониться"),
        (["Анна приехала", "Анна уехала"], ["Пётр"], ""),
        (["Морошка упала", "Морошка встала"], ["Другое"], ""),
        (["один", "два", "три"], [], ""),
    ],
)  # fmt: skip
def test_a_theme_is_named_by_what_its_sentences_say(
    members: list[str], others: list[str], name: str
) -> None:
    brand = theme_words.stems(said("Морошка"))
    assert title([said(one) for one in members], [said(one) for one in others], brand) == name


WORDS = st.sampled_from(
    ("касса", "чек", "списали", "дважды", "деньги", "не", "карта", "Анна", "и", "на", "12", "ё🙂")
)
SENTENCES = st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=8)


@given(SENTENCES, SENTENCES)
def test_a_name_is_made_of_what_was_said(members: list[str], others: list[str]) -> None:
    words = [said(one) for one in members]
    name = title(words, [said(one) for one in others])
    spoken = theme_words.stems([word for sentence in words for word in sentence])
    assert theme_words.stems(said(name)) <= spoken


# Clusters


def _said(vectors: np.ndarray, texts: Sequence[str]) -> list[Said]:
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return [
        Said(vector.astype(np.float32), said(text))
        for vector, text in zip(units, texts, strict=True)
    ]


def _space(sentences: Sequence[Said]) -> Space:
    ground = Ground(0, np.zeros(8), {}).plus(sentences)
    return Space(ground, Rarity([ground]))


@given(st.integers(0, 10_000), st.integers(0, 60))
def test_themes_are_apart_large_enough_and_near_their_centres(seed: int, n: int) -> None:
    random = np.random.default_rng(seed)
    words = ("касса", "чек", "списали", "курьер", "деньги", "12", "")
    texts = [" ".join(random.choice(words, 2)) for _ in range(n)]
    vectors = random.normal(size=(n, 8)) * random.integers(0, 2, (n, 1))
    sentences = _said(vectors, texts)
    space = _space(sentences) if n else Space(Ground(0, np.zeros(8), {}), Rarity([]))
    themes = space.find(sentences)
    members = [number for theme in themes for number in theme.members]
    assert len(members) == len(set(members))
    for theme in themes:
        assert len(theme.members) >= 4
        assert min(theme.closeness) >= REACH
        assert list(theme.closeness) == sorted(theme.closeness, reverse=True)
    assert [theme.members for theme in space.find(sentences)] == [t.members for t in themes]


def test_nothing_is_near_where_there_is_nothing() -> None:
    sentences = _said(np.eye(8), ["касса"] * 8)
    space = _space(sentences)
    assert space.nearest(sentences, [])[1].max() == -1
    assert len(space.nearest([], [Centre(np.ones(8, np.float32), {})])[0]) == 0


# The demo


def test_in_the_demo_a_double_charge_is_told_from_a_crash_at_payment(
    demo: Demo, tmp_path: Path
) -> None:
    house = replace(demo.house, db=demo.copied(tmp_path / "demo.db"))
    themes.find(house, lambda _: None)
    mark, text = t.theme_mark.c, t.mention.c.text
    rows = (
        sa.select(mark.theme_id, t.mention.c.day, t.theme.c.title)
        .join(t.mention, t.mention.c.id == mark.mention_id)
        .join(t.theme, t.theme.c.id == mark.theme_id)
        .where(mark.touchpoint == "payment", mark.tone == "negative")
    )
    with house.db.read() as session:
        charged = session.execute(rows.where(text.contains("Списали 2340 два раза"))).one()
        crashed = session.execute(rows.where(text.contains("вылетает ровно на кнопке"))).first()
        days = session.scalars(
            sa.select(t.mention.c.day)
            .join(t.theme_mark, t.mention.c.id == mark.mention_id)
            .where(mark.theme_id == charged.theme_id)
        ).all()
    house.db.dispose()
    assert "спис" in charged.title.lower()
    assert crashed is None or crashed.theme_id != charged.theme_id
    in_week_nine = sum(demo.day(56) <= day <= demo.day(62) for day in days)
    assert len(days) >= 8
    assert in_week_nine >= len(days) / 2
