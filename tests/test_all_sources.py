"""Every source type at once: the real command over the recorded pages, from config to database."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import keys
import own_places
import pytest
import sqlalchemy as sa
import yaml
from memory import NOW
from recorded import cases
from replay import Proxy, Replayed, replaying

from collectors import cleaning, registry
from collectors.base import Mention
from storage import tables as t
from storage.database import Database

ROOT = Path(__file__).parent.parent
#: The recordings are of one day: what lay under the posts of a fortnight before it, is asked still.
DAYS = (datetime.now(UTC) - NOW).days + 14
PATIENT = {"vk": {"comments_days": DAYS}, "youtube": {"replies_days": DAYS}}
KEYS = {"TEST_EC_KEY": keys.ec_key(), "TEST_RSA_KEY": keys.rsa_key()}
#: «Вчера», «3 дня назад», «15 января»: dates that depend on the day of reading.
RELATIVE = {
    ("file-maps", "2039f40a85804e2b"),
    ("page-cards", "8"),
    ("page-cards", "9"),
    ("page-jsonld", "0b4f574fe4fa69e5"),
}
#: Sources that wait for 18 and 12 seconds in a crawl: each is crawled beside all the others.
UNHURRIED = ("zendesk-desk", "page-otzovik")
#: Columns of a stored mention that say what the source said.
SAID = sorted(set(Mention.__dataclass_fields__) & set(t.mention.c.keys()) - {"external_id"})


class World:
    """A folder with a config of every source type, and the proxy that answers for their hosts."""

    def __init__(self, folder: Path, proxy: Proxy) -> None:
        self.folder, self.proxy = folder, proxy
        self.cases = {f"{case.kind}-{case.name}": case for case in proxy.cases}

    def write(self, **http: Any) -> None:
        given = {"delay": 0, "proxy": "${TEST_PROXY}", "allow_private": ["127.0.0.1"]}
        config = {
            "http": given | http,
            "personal": {"store_authors": True},
            "sources": [self._source(name, case) for name, case in self.cases.items()],
        }
        text = yaml.safe_dump(config, allow_unicode=True, sort_keys=False)
        (self.folder / "config.yaml").write_text(text, encoding="utf-8")

    def _source(self, name: str, case: Replayed) -> dict[str, Any]:
        options = case.told["options"] | PATIENT.get(case.kind, {})
        if "mail" in case.told:
            options |= own_places.mailbox(case.folder / case.told["mail"], options["folder"])
        if "path" in options:
            options["path"] = str(case.folder / options["path"])
        if "spool" in options:
            waiting = case.folder / options["spool"] / "src"
            options["spool"] = "var/hooks"
            shutil.copytree(waiting, self.folder / "var" / "hooks" / name, dirs_exist_ok=True)
        return {"name": name, "type": case.kind, **options}

    def otklik(self, *words: str, code: int = 0, **environment: str) -> str:
        """What the command prints; demands its exit code and that nothing goes wrong inside."""
        given = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "SSL_CERT_FILE": str(self.proxy.authority),
            "TEST_PROXY": f"http://otklik:s%2Fp@127.0.0.1:{self.proxy.server_port}",
            **{name: keys.on_one_line(key) for name, key in KEYS.items()},
        }
        done = subprocess.run(
            [sys.executable, "-m", "otklik.cli", *words],
            cwd=self.folder,
            env={k: v for k, v in (given | environment).items() if v},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
        return done.stdout if "--json" in words else done.stdout + done.stderr

    def crawl(self) -> list[dict[str, Any]]:
        """The outcomes of all sources, crawled by three processes at once."""
        others = [name for name in self.cases if name not in UNHURRIED]
        pieces = [others, *([name] for name in UNHURRIED)]
        with ThreadPoolExecutor(len(pieces)) as pool:
            told = list(pool.map(lambda names: self.otklik("crawl", "--json", *names), pieces))
        return [outcome for piece in told for outcome in json.loads(piece)]

    def stored(self) -> dict[tuple[str, str], dict[str, Any]]:
        """All mentions in the database, by source and id."""
        db = Database(f"sqlite:///{self.folder / 'otklik.db'}")
        asked = sa.select(t.mention, t.source.c.name).join(
            t.source, t.source.c.id == t.mention.c.source_id
        )
        with db.read() as session:
            rows = session.execute(asked.where(t.mention.c.deleted_at.is_(None))).mappings().all()
        db.dispose()
        return {(row["name"], row["external_id"]): dict(row) for row in rows}


def _apart() -> list[Replayed]:
    """A case of every type, and those that ask for nothing that another one asks for."""
    chosen: list[Replayed] = []
    asked: set[str] = set()
    for found in cases():
        case = Replayed(found.kind, found.name)
        own = set(case.told["responses"])
        if asked.isdisjoint(own):
            asked |= own
            chosen.append(case)
    return chosen


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with replaying(_apart(), folder) as proxy:
        made = World(folder, proxy)
        made.write()
        yield made


@dataclass(frozen=True)
class Checks:
    """What ``otklik check`` printed: for a program, for a person, and with two keys missing."""

    as_json: str
    in_words: str
    without_keys: str


@pytest.fixture(scope="module")
def checks(world: World) -> Checks:
    """All three at once: most of a check is waiting."""
    with ThreadPoolExecutor(3) as pool:
        as_json = pool.submit(world.otklik, "check", "--json")
        in_words = pool.submit(world.otklik, "check")
        lacking = pool.submit(world.otklik, "check", code=1, TEST_EC_KEY="", TEST_RSA_KEY="")
        made = Checks(as_json.result(), in_words.result(), lacking.result())
    assert not (world.folder / "otklik.db").exists()
    return made


def test_check_and_crawl_of_every_source_type(world: World, checks: Checks) -> None:
    assert {case.kind for case in world.cases.values()} == set(registry.types())
    checked = json.loads(checks.as_json)
    assert {answer["source"] for answer in checked} == set(world.cases)
    assert [answer for answer in checked if answer["error"] or not answer["items"]] == []

    outcomes = world.crawl()
    assert {outcome["source"]: outcome["status"] for outcome in outcomes} == dict.fromkeys(
        world.cases, "ok"
    )
    assert world.proxy.unknown == []
    assert {name: case.left for name, case in world.cases.items() if case.left} == {}
    assert set(world.proxy.logins) == {"Basic b3RrbGlrOnMvcA=="}
    assert_stored_as_recorded(world)

    again = world.crawl()
    assert {outcome["source"] for outcome in again} == set(world.cases)
    assert {o["source"] for o in again if o["new"] or o["changed"] or o["error"]} == set()


def assert_stored_as_recorded(world: World) -> None:
    stored = world.stored()
    expected: dict[tuple[str, str], dict[str, Any]] = {}
    for name, case in world.cases.items():
        for told in json.loads(case.expected_file.read_text("utf-8")):
            dates = {k: datetime.fromisoformat(told[k]) for k in _DATES & set(told)}
            mention = cleaning.clean(
                Mention(**told | dates), name, datetime.now().astimezone(), print
            )
            expected[name, mention.external_id] = asdict(mention)
    assert set(stored) == set(expected)
    for place, fields in expected.items():
        told_by_now = place in RELATIVE or not fields["date_known"]
        said = [field for field in SAID if not (told_by_now and field == "published_at")]
        assert {f: stored[place][f] for f in said} == {f: fields[f] for f in said}, place


_DATES = {"published_at", "answered_at"}


def test_check_says_what_every_source_is_and_what_a_refused_one_needs(
    world: World, checks: Checks, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = checks.in_words
    monkeypatch.setattr(world.proxy, "status", 401)
    refused = world.otklik("check", code=1)
    for name, case in world.cases.items():
        about = case.collector.ABOUT
        assert f"{name} ({about.title}): в порядке, на первой странице " in told
        line, needs = refused.split(f"{name} ({about.title}): ")[1].splitlines()[:2]
        is_asked = bool(case.told.get("responses"))
        assert ("в порядке" in line) is not is_asked
        assert (needs == f"  Доступ: {about.auth}.") is (is_asked and about.auth != "не нужен")


def test_check_names_the_secret_that_is_missing(world: World, checks: Checks) -> None:
    told = checks.without_keys
    assert "TEST_EC_KEY" in told.split("appstore_connect-reviews (")[1].splitlines()[0]
    assert "TEST_RSA_KEY" in told.split("googleplay-week (")[1].splitlines()[0]
    assert told.count("впишите её в файл .env") == sum(
        "${TEST_" in str(case.told["options"]) for case in world.cases.values()
    )
    assert world.otklik("check", code=2, TEST_PROXY="").startswith("http.proxy: не задана")
