"""`otklik forget` with an attacker's eyes: what is left of the author, anywhere on the disk."""

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from conftest import make_mention
from shop import make_analysis
from sqlmodel import Session
from typer.testing import CliRunner

from collectors import spool
from collectors.base import Skipped
from collectors.outcomes import Counts, Outcome, Status
from collectors.spool import Event, Spool
from nlp.labels import Tone
from otklik.cli import app
from otklik.config import load
from otklik.house import House, open_house
from storage import commands, database, mentions, queries, settings
from storage import tables as t
from storage.errors import Locked, StorageError
from storage.filters import Names, from_params
from storage.notes import NoteStatus

NAME, ID, WORD = "Кузьма Прутковский", "kuzma-1803", "небывальщина"
LONG = "Курьер опоздал на два часа, половина пакетов порвана, молоко вытекло на хлеб и сахар."
CONFIG = """\
database: {{url: otklik.db}}
brands: [{{code: moroshka, name: Морошка}}]
sources:
  - {{name: reviews, type: file, path: reviews.jsonl}}
  - {{name: survey, type: webhook, secret: "${{HOOK}}", fields: {{author: who.name, text: say}}}}
personal: {personal}
"""


class Place:
    """A folder with a house in it, used as people use it: by files and commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.houses: list[House] = []

    def house(self, personal: str = "{store_authors: true}") -> House:
        file = self.folder / "config.yaml"
        file.write_text(CONFIG.format(personal=personal), encoding="utf-8")
        self.houses.append(open_house(load(file)))
        return self.houses[-1]

    def run(self, *words: str, code: int = 0) -> str:
        ended = CliRunner().invoke(app, [*words, "--config", str(self.folder / "config.yaml")])
        assert ended.exit_code == code, (ended.output, ended.exception)
        return str(ended.output)

    def spool(self, name: str = "survey") -> Spool:
        return Spool(spool.folder_of(self.folder / "var/hooks", name))

    def files_with(self, *words: str) -> list[str]:
        """Files of the folder in which one of these stands: plain, as JSON or as UTF-16."""
        forms = [form for word in words for form in forms_of(word)]
        return [
            file.relative_to(self.folder).as_posix()
            for file in sorted(self.folder.rglob("*"))
            if file.is_file() and any(form in file.read_bytes().lower() for form in forms)
        ]


def forms_of(word: str) -> Iterator[bytes]:
    for case in (word, word.lower(), word.upper()):
        yield case.encode()
        yield json.dumps(case)[1:-1].lower().encode()
        yield case.encode("utf-16-le")


@pytest.fixture
def careless() -> Iterator[None]:
    """SQLite that leaves what is deleted in freed pages; some builds of it overwrite by default."""

    def leave(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA secure_delete=OFF")

    sa.event.listen(sa.Engine, "connect", leave)
    yield
    sa.event.remove(sa.Engine, "connect", leave)


@pytest.fixture
def place(tmp_path: Path, careless: None) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    for house in made.houses:
        house.db.dispose()


def kuzma(**fields: Any) -> Any:
    standard = {"author": NAME, "author_id": ID, "raw": {"user": {"login": ID}, "от": NAME}}
    return make_mention(**{**standard, **fields})


def lived_in(house: House) -> None:
    """All that a house may know of an author, by the ways in which it comes to know it."""
    now = datetime.now(UTC)
    store = house.store()
    store.save_page("reviews", [kuzma(external_id="k1", text=f"{LONG} {WORD}")])
    store.save_page("reviews", [kuzma(external_id="k1", text=f"{LONG} Стало иначе. {WORD}ы")])
    store.save_page("reviews", [kuzma(external_id="k2", text="Коротко")])
    answer = {"reply_to": NAME.upper(), "parents": [{"by": ID}], "likes": 3}
    store.save_page("reviews", [make_mention(external_id="a", author="Анна", raw=answer)])
    store.save_page("reviews", [make_mention(external_id="b", text=LONG, author="Борис")])
    with house.db.write() as session:
        waiting = mentions.pending(session, "v1", limit=9)
        answers = [(one, make_analysis()) for one in waiting]
        mentions.save_analyses(session, answers, model_version="v1", now=now)
        commands.correct(session, 1, tone=Tone.POSITIVE, now=now)
        job = {"kind": "crawl", "payload": {"source": "reviews"}, "state": "done", "attempts": 1}
        job |= {"message": f"Не понято: {NAME}", "created_at": now, "finished_at": now}
        session.execute(sa.insert(t.job).values(job | {"result": {"samples": [{"where": ID}]}}))
    outcome = Outcome(
        source="reviews",
        status=Status.LAYOUT_CHANGED,
        started_at=now,
        finished_at=now,
        counts=Counts(),
        skipped=(Skipped("строка 3", f"нет текста у {NAME}"),),
        detail=f"<div>{NAME} ({ID}): {WORD}</div>",
        error=f"Не понята запись {NAME}",
    )
    store.save_outcome(outcome, 1)


def at_the_desk(session: Session) -> None:
    now = datetime.now(UTC)
    for name, params in (("Он", {"author": [ID]}), (f"О {NAME}", {}), ("Все", {"q": ["молоко"]})):
        commands.save_view(session, name, page="mentions", params=params, now=now)
    today = now.date()
    for touchpoint, note in (("delivery", f"Позвонить: {NAME}"), ("price", "Скидка")):
        status = NoteStatus.WORKING
        commands.set_note(
            session, 1, touchpoint, status, note=note, day=today, today=today, now=now
        )
    params = {"author": [NAME.upper()], "tone": ["negative"]}
    commands.start_spot_check(
        session, [1], population=1, model_version="v1", params=params, now=now
    )


def test_the_desk_forgets_the_author_and_nothing_else(place: Place) -> None:
    house = place.house()
    lived_in(house)
    with house.db.write() as session:
        at_the_desk(session)
    told = json.loads(place.run("forget", NAME, "--json"))
    assert told["erased"]["desk"] == 4
    with house.db.read() as session:
        views = session.execute(sa.select(t.saved_view.c.name, t.saved_view.c.params)).all()
        notes = session.scalars(sa.select(t.touchpoint_note.c.note)).all()
        params = session.scalars(sa.select(t.spot_check.c.params)).all()
    assert views == [("Все", {"q": ["молоко"]})]
    assert notes == ["Подробности стёрты: в них мог быть назван автор.", "Скидка"]
    assert params == [{"author": [], "tone": ["negative"]}]


def test_no_byte_of_the_author_is_left(place: Place) -> None:
    house = place.house()
    lived_in(house)
    with house.db.write() as session:
        at_the_desk(session)
    events = place.spool()
    now = datetime.now(UTC)
    events.put(Event("1", now, {"who": {"name": NAME}, "say": WORD}))
    events.put(Event("2", now, {"client": {"email": ID}, "say": WORD}))
    events.reject(Event("3", now, f"nonsense of {NAME}: {WORD}", "не JSON"))
    kept = Event("4", now, {"who": {"name": "Анна"}, "say": "Всё хорошо", "number": ID})
    events.put(kept)
    removed = place.spool("removed")  # a source that config.yaml does not name any more
    removed.put(Event("5", now, {"author": NAME, "say": WORD}))
    assert place.files_with(NAME, WORD)
    told = json.loads(place.run("forget", NAME, "--json"))
    assert told["sources"] == {"reviews": 2}
    assert (told["erased"]["event"], told["erased"]["raw"], told["scrubbed"]) == (4, 1, True)
    assert place.files_with(NAME, WORD) == []
    assert place.files_with(ID) == [events.waiting()[0].relative_to(place.folder).as_posix()]
    assert [spool.load(file) for file in events.waiting()] == [kept]
    with house.db.read() as session:
        raws = session.scalars(sa.select(t.mention.c.raw).order_by(t.mention.c.id)).all()
        log = session.execute(sa.select(t.erasure.c.author, t.erasure.c.counts)).all()
    assert raws == [{"parents": [{}], "likes": 3}, {}]
    assert any(row.counts == {"event": 4} for row in log)
    with sqlite3.connect(place.folder / "otklik.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    # What a crawl took from the spool before it was cleared is refused by storage.
    assert house.store().save_page("survey", [kuzma(source="survey")]) == Counts()


def test_other_people_s_raw_loses_the_name_and_nothing_that_only_holds_its_letters(
    place: Place,
) -> None:
    house = place.house()
    raw = {"a": "ванна и Анна", "b": "ванна", "c": ["АННА", "Жанна"], "d": 15, "e": "5", "f": 5}
    house.store().save_page("reviews", [make_mention(author="Борис", raw=raw)])
    place.run("forget", "Анна")
    with house.db.read() as session:
        left = session.scalar(sa.select(t.mention.c.raw))
    assert left == {"b": "ванна", "c": ["Жанна"], "d": 15, "e": "5", "f": 5}
    place.run("forget", "5")
    with house.db.read() as session:
        assert session.scalar(sa.select(t.mention.c.raw)) == {"b": "ванна", "c": ["Жанна"], "d": 15}


def test_events_of_one_source_alone(place: Place) -> None:
    place.house()
    for name in ("survey", "другой"):
        place.spool(name).put(Event("1", datetime.now(UTC), {"author": NAME, "say": "а"}))
    place.run("forget", NAME, "--source", "survey")
    assert place.spool().waiting() == []
    assert len(place.spool("другой").waiting()) == 1


def test_a_number_that_is_no_author_s_is_no_reason_to_erase_an_event(place: Place) -> None:
    place.house()
    place.spool().put(Event("1", datetime.now(UTC), {"say": "а", "rating": 5, "order": "5"}))
    place.spool().put(Event("2", datetime.now(UTC), {"say": "а", "user": {"id": 5}}))
    assert json.loads(place.run("forget", "5", "--json"))["erased"]["event"] == 1
    assert spool.load(place.spool().waiting()[0]).id == "1"


def test_exports_that_may_hold_the_author_are_named(place: Place) -> None:
    house = place.house()
    house.store().save_page("reviews", [kuzma()])
    kept, gone = place.folder / "a.csv", place.folder / "b.jsonl"
    for file in (kept, gone):
        for _ in range(2):
            place.run("export", "--format", file.suffix[1:], "--out", str(file))
    gone.unlink()
    told = json.loads(place.run("forget", NAME, "--json"))
    assert told["exports"] == [str(kept)]
    shown = place.run("forget", NAME)
    assert f"В этих выгрузках автор может остаться: {kept}" in shown.replace("\n", "")
    assert place.files_with(NAME) == ["a.csv"]


def test_what_a_reader_holds_on_to_is_told_and_done_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "WAIT_SECONDS", 0.1)
    house = place.house()
    house.store().save_page("reviews", [kuzma(text=WORD)])
    with sqlite3.connect(place.folder / "otklik.db", isolation_level=None) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM mention").fetchone()
        assert "остатки ещё лежат" in place.run("forget", NAME, code=1)
        with pytest.raises(Locked):
            house.db.compact()
        reader.execute("ROLLBACK")
    reader.close()
    assert place.files_with(WORD)
    place.house()  # any command that opens the house makes up for it
    assert place.files_with(WORD, NAME) == []


def test_names_that_become_hashes_leave_nothing_in_the_file(place: Place) -> None:
    house = place.house()
    lived_in(house)
    with house.db.write() as session:  # what others say of him stays
        session.execute(sa.update(t.mention).where(t.mention.c.external_id == "a").values(raw={}))
        params = {"author": [ID], "all": ["1"]}
        commands.save_view(session, "Он", page="mentions", params=params, now=datetime.now(UTC))
    assert place.files_with(NAME, ID, "Анна", "Борис")
    house = place.house("{}")
    assert place.files_with(NAME, ID, "Анна", "Борис") == []
    with house.db.read() as session:
        assert session.execute(sa.select(t.crawl.c.detail)).scalar_one() == ""
        link = session.execute(sa.select(t.saved_view.c.params)).scalar_one()
        where, _ = from_params(link, Names({}, {}), datetime.now(UTC).date())
        assert queries.count(session, where) == 2  # it still leads to the same mentions
        assert settings.get(session, settings.UNSCRUBBED) is None


def test_a_full_disk_while_the_file_is_rewritten_is_told(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = place.house()
    house.store().save_page("reviews", [kuzma()])

    class Full:
        def cursor(self) -> Any:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error

        def close(self) -> None:
            pass

    monkeypatch.setattr(house.db._engine, "raw_connection", Full)
    with pytest.raises(StorageError, match="кончилось место"):
        house.db.compact()


def test_errors_of_the_database_name_nobody(place: Place) -> None:
    """They go to otklik-error.log and to outcomes."""
    house = place.house()
    row = {"source_id": 99, "external_id": NAME, "content_hash": "", "text": WORD}
    with pytest.raises(sa.exc.IntegrityError) as caught, house.db.write() as session:
        session.execute(sa.insert(t.mention).values(**row))
    assert NAME not in str(caught.value)
    assert WORD not in str(caught.value)
