"""The key of the authors' hashes: another one is noticed before it makes two persons of each."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from conftest import make_mention
from typer.testing import CliRunner

from otklik import authors
from otklik.cli import app
from otklik.config import load
from otklik.house import House, open_house
from otklik.messages import ConfigError
from storage import tables as t
from storage.database import Database

NAME = "Кузьма Прутковский"


class Place:
    """A folder with a house; ``url`` names a database that another folder may share."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.houses: list[House] = []

    def open(self, **personal: object) -> House:
        config = {
            "database": {"url": self.url},
            "sources": [{"name": "reviews", "type": "file", "path": "x.csv"}],
            "personal": personal,
        }
        (self.folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
        loaded = load(self.folder / "config.yaml")
        db = Database(loaded.database_url)
        try:
            self.houses.append(open_house(loaded, db))
        except ConfigError:
            db.dispose()
            raise
        return self.houses[-1]

    def close(self) -> None:
        for house in self.houses:
            house.db.dispose()

    def run(self, *words: str, code: int = 0) -> str:
        ended = CliRunner().invoke(app, [*words, "--config", str(self.folder / "config.yaml")])
        if isinstance(ended.exception, ConfigError):
            return str(ended.exception)
        assert ended.exit_code == code, (ended.output, ended.exception)
        return str(ended.output)

    @property
    def key(self) -> Path:
        return self.folder / authors.KEY_FILE


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, "otklik.db")
    yield made
    made.close()


def authors_in(house: House) -> set[str]:
    with house.db.read() as session:
        return set(session.scalars(sa.select(t.mention.c.author)))


def put(house: House) -> None:
    house.store().save_page("reviews", [make_mention(author=NAME)])


def test_a_lost_key_is_not_made_anew(place: Place) -> None:
    put(place.open())
    kept = place.key.read_text()
    place.key.unlink()
    with pytest.raises(ConfigError, match=r"нет файла .*Верните прежний ключ.*accept-key"):
        place.open()
    assert "Верните прежний ключ" in place.run("forget", NAME)
    assert not place.key.exists()
    place.key.write_text(kept)
    put(place.open())
    assert len(authors_in(place.open())) == 1


def test_another_key_is_noticed_wherever_it_comes_from(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place.open())
    kept = place.key.read_text()
    place.key.write_text("0" * 64)
    with pytest.raises(ConfigError, match="не тот, что был"):
        place.open()
    monkeypatch.setenv("OTKLIK_AUTHOR_KEY", "another key, long enough")
    with pytest.raises(ConfigError, match=r"personal\.key: ключ хешей авторов не тот"):
        place.open(key="${OTKLIK_AUTHOR_KEY}")
    # The same key by another way is the same.
    monkeypatch.setenv("OTKLIK_AUTHOR_KEY", kept)
    put(place.open(key="${OTKLIK_AUTHOR_KEY}"))
    assert len(authors_in(place.houses[-1])) == 1


def test_a_second_machine_needs_the_key_of_the_first(tmp_path: Path, db_url: str) -> None:
    places = [Place(tmp_path / name, db_url) for name in ("one", "other")]
    for place in places:
        place.folder.mkdir()
    first, second = places
    put(first.open())
    with pytest.raises(ConfigError, match="с машины, где работает эта же база"):
        second.open()
    assert not second.key.exists()
    second.key.write_text(first.key.read_text())
    put(second.open())
    assert len(authors_in(second.houses[-1])) == 1
    for place in places:
        place.close()


def test_a_new_key_may_be_accepted_knowingly(place: Place) -> None:
    first = place.open()
    put(first)
    place.run("forget", "Анна")
    place.key.unlink()
    told = " ".join(place.run("accept-key").split())
    assert "авторы упоминаний: 1 и записей о стёртых авторах: 1" in told
    second = place.open()
    put(second)
    assert len(authors_in(second)) == 2
    # By the old hash, as the app shows it, and by the name both go.
    old = first.personal.hash_of(NAME)
    place.run("forget", old)
    place.run("forget", NAME)
    assert authors_in(second) == set()


def test_where_names_are_stored_the_key_is_first_needed_to_forget(place: Place) -> None:
    house = place.open(store_authors=True)
    put(house)
    assert not place.key.exists()
    place.run("forget", "Анна")
    assert place.key.exists()
    place.key.unlink()
    with pytest.raises(ConfigError, match="нет файла"):
        place.open(store_authors=True)
