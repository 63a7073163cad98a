"""Authors: hashes instead of names, erasure of one for good, mentions too old to keep."""

import json
import os
import sqlite3
import stat
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import Clock, make_mention
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from shop import MOSCOW, Shop, make_analysis
from typer.testing import CliRunner

from collectors.base import Skipped
from collectors.outcomes import Counts, Coverage, Outcome, Status
from nlp.labels import Tone, Touchpoint
from otklik import authors
from otklik.cli import app
from otklik.config import load
from otklik.house import House, open_house
from otklik.messages import ConfigError
from otklik.personal import prune
from storage import commands, crawls, erasing, mentions, rollups
from storage import tables as t
from storage.commands import CorrectedOpinion
from storage.crawls import SourceDeclaration, SqlStore
from storage.database import Database
from storage.errors import NotFound, StorageError
from storage.personal import Personal, shown, without

NAME, ID = "Кузьма Прутковский", "kuzma-1803"
LONG = "Курьер опоздал на два часа, половина пакетов порвана, молоко вытекло на хлеб и сахар."


def key() -> bytes:
    return b"a key of this test, long enough"


HASHES = Personal(key)
NAMES = Personal(key, stores=True)


def put(shop: Shop, *items: Any, personal: Personal = HASHES, source: str = "reviews") -> Counts:
    store = SqlStore(
        shop.db, MOSCOW, lambda _: lambda _: shop.matched, str.lower, personal=personal
    )
    return store.save_page(source, list(items))


def kuzma(**fields: Any) -> Any:
    standard = {"author": NAME, "author_id": ID, "raw": {"user": {"id": 1}, "о ком": f"от {NAME}"}}
    return make_mention(**{**standard, **fields})


def everything(db: Database) -> str:
    """All that is stored, as text."""
    with db.read() as session:
        return "\n".join(
            str(tuple(row))
            for table in t.mention.metadata.sorted_tables
            for row in session.execute(sa.select(table))
        )


def test_names_and_ids_are_hashed_where_they_are_not_stored(shop: Shop) -> None:
    item = kuzma(raw={"author": NAME, "likes": 3, "ссылка": f"/u/{ID}", "ids": [ID.upper(), 5]})
    assert put(shop, item) == Counts(new=1)
    (row,) = shop.rows()
    assert NAME not in everything(shop.db)
    assert ID not in everything(shop.db).lower()
    assert row.raw == {"likes": 3, "ids": [5]}
    assert (shown(row.author) or "").startswith("автор ")
    assert row.author == HASHES.hash_of("  кузьма ПРУТКОВСКИЙ ")
    assert row.author_id not in (row.author, None)
    assert put(shop, item) == Counts(unchanged=1)
    assert Personal(lambda: b"another key, as long").hash_of(NAME) != row.author


def test_names_are_stored_of_sources_that_the_config_names(shop: Shop) -> None:
    some = Personal(key, stores=frozenset({"reviews"}))
    with shop.db.write() as session:
        crawls.ensure_source(session, SourceDeclaration("other", "file"), "import")
    item = kuzma()
    put(shop, item, personal=some)
    put(shop, replace(item, source="other"), personal=some, source="other")
    first, second = shop.rows()
    assert (first.author, first.author_id, first.raw) == (NAME, ID, dict(item.raw))
    assert second.author == HASHES.hash_of(NAME)
    assert second.raw == {}


@given(
    raw=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text() | st.just(NAME) | st.just(f"x {ID}"),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["a", "Author_Name", "e-mail", "b"]), inner, max_size=3
            )
        ),
        max_leaves=12,
    )
)
@hypothesis_settings(deadline=None)
def test_nothing_of_the_author_stays_in_raw(raw: Any) -> None:
    left = json.dumps(without({"raw": raw}, [NAME, ID]), ensure_ascii=False).casefold()
    assert NAME.casefold() not in left
    assert ID not in left
    assert "author_name" not in left
    assert "e-mail" not in left


def full(shop: Shop) -> None:
    """Two authors with all that may hang on a mention, and a group of repeats over both."""
    shop.matched = [shop.brands["moroshka"]]
    put(shop, kuzma(external_id="k1", text=LONG), kuzma(external_id="k2"), personal=NAMES)
    other = make_mention(external_id="o1", text=LONG, author="Анна", author_id="7")
    put(shop, other, make_mention(external_id="o2", author="Анна"), personal=NAMES)
    put(shop, kuzma(external_id="k2", text="Было иначе, а стало так."), personal=NAMES)
    shop.analyse(make_analysis(opinions=[(Touchpoint.DELIVERY, Tone.NEGATIVE)]))
    quote = CorrectedOpinion(Touchpoint.STAFF, Tone.POSITIVE, 0, 5)
    with shop.db.write() as session:
        commands.correct(session, 1, tone=Tone.POSITIVE, opinions=[quote], now=shop.clock.now)
    outcome = Outcome(
        source="reviews",
        status=Status.LAYOUT_CHANGED,
        started_at=shop.clock.now,
        finished_at=shop.clock.now,
        counts=Counts(),
        coverage=Coverage(),
        skipped=(Skipped("строка 3", f"нет текста у {NAME}"),),
        error=f"Не понята запись {NAME}",
        detail=f"<div>{NAME} ({ID})</div>",
    )
    SqlStore(shop.db, MOSCOW, lambda _: lambda _: (), str).save_outcome(outcome, 1)


def forget(shop: Shop, author: str, **how: Any) -> erasing.Forgotten:
    with shop.db.write() as session:
        told = erasing.forget(session, author, HASHES, now=shop.clock.tick(), **how)
    if not how.get("dry_run"):
        erasing.scrub(shop.db)
    return told


@pytest.mark.parametrize(
    "author", [NAME, NAME.upper(), ID, f"https://example.ru/users/{ID}/", HASHES.hash_of(ID)]
)
def test_a_forgotten_author_is_nowhere_and_stays_away(shop: Shop, author: str) -> None:
    full(shop)
    if author.startswith("hmac:"):
        with shop.db.write() as session:
            from storage.personal import mask_stored

            mask_stored(session, HASHES)
    told = forget(shop, author)
    assert told.sources == {"reviews": 2}
    assert told.counts["mention"] == told.counts["mention_brand"] == told.counts["opinion"] == 2
    assert (told.counts["correction"], told.counts["mention_revision"]) == (1, 1)
    left = everything(shop.db)
    assert NAME.casefold() not in left.casefold()
    assert ID not in left
    assert [row.external_id for row in shop.rows()] == ["o1", "o2"]
    assert {row.mention_id for row in shop.rows(t.analysis)} == {row.id for row in shop.rows()}
    kept = {row.text_key for row in shop.rows() if row.text_key is not None}
    assert {row.text_key for row in shop.rows(t.text_band)} <= kept
    # The other one of the group counts now.
    assert [row.group_id for row in shop.rows()] == [None, None]
    assert sum(row.n for row in shop.rows(t.mention_daily)) == 2
    sums = [shop.rows(table) for table in (t.mention_daily, t.opinion_daily)]
    with shop.db.write() as session:
        rollups.recount(session)
    assert sums == [shop.rows(table) for table in (t.mention_daily, t.opinion_daily)]
    back = [kuzma(external_id="k1", text=LONG), kuzma(external_id="k3"), make_mention()]
    for personal in (NAMES, HASHES):
        put(shop, *back, personal=personal)
    assert {row.external_id for row in shop.rows()} == {"o1", "o2", back[2].external_id}
    (*_, line) = shop.rows(t.erasure)
    assert line.counts["mention"] == 2
    assert line.at == shop.clock.now


def test_nothing_is_left_in_the_file(empty_sqlite: str, clock: Clock) -> None:
    shop = Shop(Database(empty_sqlite), clock)
    secret = "небывальщина"
    full(shop)
    put(shop, kuzma(text=f"{LONG} {secret}"), personal=NAMES)
    forget(shop, NAME)
    shop.db.dispose()
    for file in Path(empty_sqlite).parent.glob("otklik.db*"):
        for word in (secret, NAME, ID):
            assert word.encode() not in file.read_bytes(), file.name
    assert sqlite3.connect(empty_sqlite).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_dry_run_changes_nothing(shop: Shop) -> None:
    full(shop)
    before = everything(shop.db)
    told = forget(shop, NAME, dry_run=True)
    assert (told.sources, told.counts) == ({"reviews": 2}, {})
    assert everything(shop.db) == before


def test_an_author_may_be_forgotten_in_one_source_only(shop: Shop) -> None:
    with shop.db.write() as session:
        crawls.ensure_source(session, SourceDeclaration("other", "file"), "import")
    for source in ("reviews", "other"):
        put(shop, kuzma(source=source), personal=NAMES, source=source)
    assert forget(shop, ID, source="other").sources == {"other": 1}
    assert put(shop, kuzma(source="other"), source="other") == Counts()
    assert put(shop, kuzma()) == Counts(new=1)
    with pytest.raises(NotFound):
        forget(shop, ID, source="нет такого")


def test_the_beginning_of_a_hash_will_do_where_it_is_one_author_s(shop: Shop) -> None:
    put(shop, kuzma(), make_mention(author="Анна"))
    author = shown(shop.rows()[0].author) or ""
    assert forget(shop, author).sources == {"reviews": 1}
    assert [row.author for row in shop.rows()] == [HASHES.hash_of("Анна")]
    with shop.db.write() as session:
        for name in ("11", "22"):
            session.execute(
                sa.update(t.mention).values(**{"author" if name == "11" else "author_id": (
                    f"hmac:abcdef{name * 13}")})
            )  # fmt: skip
    with pytest.raises(StorageError, match="разных авторов"):
        forget(shop, "автор abcdef")
    with pytest.raises(NotFound, match="Среди сохранённого нет автора «автор 000000»"):
        forget(shop, "автор 000000")


def test_an_id_tells_more_than_a_name(shop: Shop) -> None:
    put(shop, kuzma(), kuzma(author="Новое Имя"), kuzma(author_id="другой"), personal=NAMES)
    assert forget(shop, NAME).sources == {"reviews": 3}


def test_old_mentions_are_pruned_and_do_not_come_back(shop: Shop) -> None:
    old, new = datetime.now(UTC) - timedelta(days=100), datetime.now(UTC) - timedelta(days=2)
    items = [make_mention(text=LONG, published_at=old), make_mention(text=LONG, published_at=new)]
    put(shop, *items)
    assert [row.is_repeat for row in shop.rows(t.mention_brand)] == [False, True]
    with shop.db.write() as session:
        before = datetime.now(UTC) - timedelta(days=30)
        assert erasing.prune(session, before, limit=10, now=shop.clock.now) == 1
        assert erasing.prune(session, before, limit=10, now=shop.clock.now) == 0
    assert [row.is_repeat for row in shop.rows(t.mention_brand)] == [False]
    assert [row.n for row in shop.rows(t.mention_daily)] == [1]
    (line,) = shop.rows(t.erasure)
    assert (line.author, line.counts["mention"]) == (None, 1)
    monthly = Personal(key, stores=True, keep=timedelta(days=30))
    assert put(shop, *items, personal=monthly) == Counts(unchanged=1)


# --- the program around it -----------------------------------------------------------------

CONFIG = """\
database: {{url: otklik.db}}
sources: [{{name: reviews, type: file, path: reviews.jsonl}}]
personal: {personal}
"""


def house(folder: Path, personal: str = "{}") -> House:
    (folder / "config.yaml").write_text(CONFIG.format(personal=personal), encoding="utf-8")
    return open_house(load(folder / "config.yaml"))


def fill(opened: House, *items: Any) -> None:
    opened.store().save_page("reviews", list(items))


def stored_authors(opened: House) -> list[str | None]:
    with opened.db.read() as session:
        return list(session.scalars(sa.select(t.mention.c.author).order_by(t.mention.c.id)))


def test_the_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = house(tmp_path).personal.hash_of(NAME)
    file = tmp_path / authors.KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text()) == 64
    assert house(tmp_path).personal.hash_of(NAME) == first
    assert os.listdir(tmp_path).count(authors.KEY_FILE) == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith(authors.KEY_FILE + ".")]
    fill(house(tmp_path), kuzma())
    for path in tmp_path.glob("otklik.db*"):
        assert file.read_text().encode() not in path.read_bytes()
    file.write_text("")
    with pytest.raises(ConfigError, match="резервной"):
        house(tmp_path).personal.hash_of(NAME)


def test_no_key_is_made_where_names_are_stored(tmp_path: Path) -> None:
    opened = house(tmp_path, "{store_authors: true}")
    fill(opened, kuzma())
    assert stored_authors(opened) == [NAME]
    assert not (tmp_path / authors.KEY_FILE).exists()


def test_the_key_may_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_key = "{key: '${OTKLIK_AUTHOR_KEY}'}"
    monkeypatch.setenv("OTKLIK_AUTHOR_KEY", "k" * 40)
    first = house(tmp_path, given_key).personal.hash_of(NAME)
    assert first == Personal(lambda: b"k" * 40).hash_of(NAME)
    assert not (tmp_path / authors.KEY_FILE).exists()
    monkeypatch.setenv("OTKLIK_AUTHOR_KEY", "short")
    with pytest.raises(ConfigError, match="короче"):
        house(tmp_path, given_key).personal.hash_of(NAME)
    monkeypatch.delenv("OTKLIK_AUTHOR_KEY")
    with pytest.raises(ConfigError, match="OTKLIK_AUTHOR_KEY"):
        house(tmp_path, given_key).personal.hash_of(NAME)


def test_stored_names_become_hashes_when_the_config_says_so(tmp_path: Path) -> None:
    opened = house(tmp_path, "{store_authors: true}")
    fill(opened, kuzma(text="Всё отлично"), kuzma(text="Всё отлично"))
    opened = house(tmp_path, "{store_authors: false}")
    hashed = opened.personal.hash_of(NAME)
    assert stored_authors(opened) == [hashed, hashed]
    assert NAME not in everything(opened.db)
    with opened.db.read() as session:
        assert session.scalars(sa.select(t.mention.c.group_id)).all() == [1, 1]
    # What comes next joins them: the keys of short texts follow the hashes.
    fill(opened, kuzma(text="Всё отлично"))
    with opened.db.read() as session:
        assert session.scalars(sa.select(t.mention.c.group_id)).all() == [1, 1, 1]


@pytest.mark.parametrize(
    "personal", ["{keep: скоро}", "{keep: 0д}", "{store_authors: да}", "{x: 1}"]
)
def test_nonsense_in_the_config_is_told(tmp_path: Path, personal: str) -> None:
    with pytest.raises(ConfigError, match="personal"):
        house(tmp_path, personal)


def test_prune_of_a_house(tmp_path: Path) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    opened = house(tmp_path)
    fill(opened, *(make_mention() for _ in range(700)), make_mention(published_at=now))
    assert prune(opened, now=now) == 0
    opened = house(tmp_path, "{keep: 5 дней}")
    assert prune(opened, now=now) == 700
    assert prune(opened, now=now) == 0
    assert len(stored_authors(opened)) == 1


def test_commands_tell_what_they_did(tmp_path: Path) -> None:
    fill(house(tmp_path), kuzma(), make_mention(author="Анна"))
    config = ["--config", str(tmp_path / "config.yaml")]
    runner = CliRunner()
    dry = runner.invoke(app, ["forget", NAME, "--dry-run", *config])
    assert dry.exit_code == 0, dry.output
    assert "упоминаний: 1 (reviews — 1)" in " ".join(dry.output.split())
    done = runner.invoke(app, ["forget", NAME, *config])
    assert done.exit_code == 0, done.output
    assert "Отклик не помнит" in done.output
    assert NAME not in done.output
    again = runner.invoke(app, ["forget", NAME, "--json", *config])
    assert json.loads(again.stdout)["sources"] == {}
    assert "не задан" in runner.invoke(app, ["prune", *config]).output
    house(tmp_path, "{keep: 1д}")
    told = json.loads(runner.invoke(app, ["prune", "--json", *config]).stdout)
    assert told == {"erased": 1, "keep_days": 1}


def test_a_group_of_one_author_keeps_its_sums(shop: Shop) -> None:
    """Erasing whole groups and parts of groups leaves what a recount finds."""
    texts = [LONG, f"{LONG} Тверь", "Коротко", "Коротко"]
    put(shop, *(make_mention(text=text, author=f"а{n % 2}") for n, text in enumerate(texts * 4)))
    with shop.db.write() as session:
        erasing.erase(session, [1, 3, 6, 9, 10, 14])
    tables = (t.mention, t.mention_brand, t.mention_daily)
    before = [shop.rows(table) for table in tables]
    with shop.db.write() as session:
        mentions.regroup(session)
    assert [shop.rows(table) for table in tables] == before
    assert Counter(row.is_repeat for row in shop.rows(t.mention_brand))[True] > 0
