"""The pipeline through its own functions, on both databases, with the shipped model."""

import copy
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from collectors.http import Http
from collectors.outcomes import Outcome, Status
from nlp.analyser import Analyser
from otklik import commands as command_line
from otklik import pipeline, transfer
from otklik.config import load
from otklik.house import House, open_house
from storage import commands, queries
from storage.models import Brand, Mention, MentionBrand, Source

ROWS = """text;date;company
В Морошке свежий хлеб;2026-03-01 23:30;
Ушла из Морошки в Амбар24, там дешевле;2026-03-02 10:00;
Погода хорошая;2026-03-03;
"""


class Opener:
    """Opens houses over one database and closes their connections at the end."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.houses: list[House] = []

    def __call__(self, config: str = "", rows: str = ROWS) -> House:
        (self.folder / "rows.csv").write_text(rows, encoding="utf-8")
        path = self.folder / "config.yaml"
        path.write_text(f"database: {{url: '{self.url}'}}\n{config}", encoding="utf-8")
        house = open_house(load(path))
        self.houses.append(house)
        return house


@pytest.fixture
def opened(tmp_path: Path, db_url: str) -> Iterator[Opener]:
    opener = Opener(tmp_path, db_url)
    yield opener
    for house in opener.houses:
        house.db.dispose()


BRANDS = """
brands:
  - {code: moroshka, name: Морошка}
  - {code: ambar24, name: Амбар24, competitor: true}
"""
SOURCE = "sources:\n  - {name: rows, type: file, path: rows.csv}\n"


def crawl(house: House) -> list[Outcome]:
    return list(pipeline.collect(house, house.config.sources, Http()))


def brands_of_texts(house: House) -> dict[str, set[str]]:
    with house.db.read() as session:
        found = session.exec(
            select(Mention.text, Brand.code)
            .join(MentionBrand, MentionBrand.mention_id == Mention.id)  # type: ignore[arg-type]
            .join(Brand, Brand.id == MentionBrand.brand_id)  # type: ignore[arg-type]
        ).all()
    brands: dict[str, set[str]] = {}
    for text, code in found:
        brands.setdefault(text.split()[0], set()).add(code)
    return brands


def test_a_shared_source_gives_a_mention_to_every_brand_it_names(opened: Opener) -> None:
    house = opened(BRANDS + SOURCE)
    assert [outcome.status for outcome in crawl(house)] == [Status.OK]
    assert brands_of_texts(house) == {
        "В": {"moroshka"},
        "Ушла": {"moroshka", "ambar24"},
        "Погода": {""},
    }


def test_a_new_alias_and_a_source_of_one_brand_reach_what_is_stored(opened: Opener) -> None:
    crawl(opened(BRANDS + SOURCE))
    again = opened(BRANDS.replace("name: Морошка}", "name: Морошка, aliases: [погода]}") + SOURCE)
    assert brands_of_texts(again)["Погода"] == {"moroshka"}
    own = opened(BRANDS + SOURCE.replace("path:", "brand: ambar24, path:"))
    assert set().union(*brands_of_texts(own).values()) == {"ambar24"}


def test_a_new_zone_moves_mentions_to_its_days(opened: Opener) -> None:
    crawl(opened(BRANDS + SOURCE))
    house = opened("timezone: Asia/Vladivostok\n" + BRANDS + SOURCE)
    with house.db.read() as session:
        days = session.exec(select(Mention.day).order_by(Mention.published_at)).all()  # type: ignore[arg-type]
    assert days[0] == date(2026, 3, 2)  # 23:30 in Moscow is the next morning there


def imported(house: House, folder: Path, rows: str) -> Outcome:
    file = folder / "import.csv"
    file.write_text(rows, encoding="utf-8")
    options = transfer.options_for(house, file, "by-hand", {})
    return transfer.import_file(house, options, "by-hand", None, lambda _: None)


def test_an_import_makes_brands_of_its_companies(opened: Opener, tmp_path: Path) -> None:
    house = opened(BRANDS)
    rows = (
        "text;company\nВсё хорошо;Колонка\nКолонка громкая;\nСыр свежий;Морошка\nЕщё раз;колонка\n"
    )
    outcome = imported(house, tmp_path, rows)
    assert outcome.counts.new == 4
    with house.db.read() as session:
        made = session.exec(select(Brand.code, Brand.name).where(Brand.origin == "import")).all()
    assert made == [("kolonka", "Колонка")]
    # A company's name may be a common word: texts are not searched for it.
    assert brands_of_texts(house) == {
        "Всё": {"kolonka"},
        "Колонка": {""},
        "Сыр": {"moroshka"},
        "Ещё": {"kolonka"},
    }


def test_too_many_companies_are_no_company_column(opened: Opener, tmp_path: Path) -> None:
    house = opened()
    rows = "text;company\n" + "".join(f"Текст {i};Фирма {i}\n" for i in range(70))
    assert imported(house, tmp_path, rows).counts.new == 70
    with house.db.read() as session:
        made = session.exec(select(Brand.code).where(Brand.origin == "import")).all()
    assert len(made) == 50


def test_the_queue_is_emptied_and_a_correction_holds(opened: Opener, analyser: Analyser) -> None:
    house = opened(BRANDS + SOURCE)
    crawl(house)
    steps: list[int] = []
    done = pipeline.analyse(house, analyser, steps.append)
    assert (done.texts, done.failed, sum(steps)) == (3, 0, 3)
    assert pipeline.analyse(house, analyser, steps.append).texts == 0
    with house.db.read() as session:
        first = session.exec(select(Mention.id).order_by(Mention.id)).first()  # type: ignore[arg-type]
        assert queries.status(session, analyser.version)["pending"] == 0
    assert first is not None
    with house.db.write() as session:
        commands.correct(session, first, tone="mixed", now=datetime.now(UTC))
    pipeline.analyse(house, analyser, steps.append)
    with house.db.read() as session:
        tones = session.exec(
            select(MentionBrand.tone).where(MentionBrand.mention_id == first)
        ).all()
    assert set(tones) == {"mixed"}


TOLD = """id;text;company
1;Ушла из Морошки в Ambar24, там дешевле;
2;Морошка ужасна, нахамили;
3;Всё понравилось;Морошка и Амбар24
"""


def tones_by_brand(house: House) -> list[tuple[str, str, str | None, str | None]]:
    with house.db.read() as session:
        return list(
            session.exec(
                select(Mention.external_id, Brand.code, MentionBrand.tone, MentionBrand.target_tone)
                .join(Mention, Mention.id == MentionBrand.mention_id)  # type: ignore[arg-type]
                .join(Brand, Brand.id == MentionBrand.brand_id)  # type: ignore[arg-type]
                .order_by(Mention.external_id, Brand.id)  # type: ignore[arg-type]
            )
        )


def test_several_brands_get_the_tone_towards_each(opened: Opener, analyser: Analyser) -> None:
    crawl(house := opened(BRANDS + SOURCE, TOLD))
    pipeline.analyse(house, analyser, lambda _: None)
    (first, second, alone, *unnamed) = tones_by_brand(house)
    for row, code in ((first, "moroshka"), (second, "ambar24")):
        assert row[:2] == ("1", code)
        assert row[3] in {"negative", "neutral", "positive"}
        assert row[2] == row[3]
    # Of one brand, or of brands that the text itself does not name, the text's tone holds.
    whole = [result.tone for result in analyser.analyse([*texts(TOLD)[1:]])]  # type: ignore[union-attr]
    assert alone == ("2", "moroshka", whole[0], None)
    assert unnamed == [("3", code, whole[1], None) for code in ("moroshka", "ambar24")]


def texts(rows: str) -> list[str]:
    return [line.split(";")[1] for line in rows.splitlines()[1:]]


def test_a_cut_off_analysis_goes_on_to_the_same_end(
    opened: Opener, analyser: Analyser, monkeypatch: pytest.MonkeyPatch
) -> None:
    crawl(house := opened(BRANDS + SOURCE, TOLD))
    monkeypatch.setattr(pipeline, "_TAKE", 1)

    def cut_off(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.analyse(house, analyser, cut_off)
    assert [row[2] is None for row in tones_by_brand(house)] == [False, False, True, True, True]
    assert pipeline.analyse(house, analyser, lambda _: None).texts == 2
    cut = tones_by_brand(house)
    newer = copy.copy(analyser)
    newer.version = "newer"  # the same weights under another name: all is asked anew
    assert pipeline.analyse(house, newer, lambda _: None).texts == 3
    assert tones_by_brand(house) == cut


def test_a_new_brand_is_asked_about_where_it_is_named(opened: Opener, analyser: Analyser) -> None:
    crawl(house := opened(BRANDS + SOURCE, TOLD))
    pipeline.analyse(house, analyser, lambda _: None)
    before = tones_by_brand(house)
    more = BRANDS + "  - {code: hamy, name: Хамы, aliases: [ужасна]}\n"
    house = opened(more + SOURCE, TOLD)
    added = [row for row in tones_by_brand(house) if row not in before]
    assert [(row[:2], row[3]) for row in added] == [(("2", "hamy"), None)]
    assert pipeline.analyse(house, analyser, lambda _: None).texts == 1
    named = [row for row in tones_by_brand(house) if row[0] == "2"]
    assert [(row[1], bool(row[3])) for row in named] == [("moroshka", True), ("hamy", True)]
    # The brand is taken out of the config again: one brand is left, and the text's tone.
    house = opened(BRANDS + SOURCE, TOLD)
    assert tones_by_brand(house) == before
    assert pipeline.analyse(house, analyser, lambda _: None).texts == 0


def test_an_edited_row_is_read_anew(opened: Opener, analyser: Analyser) -> None:
    rows = "id;text;date\n1;Очень хорошо, спасибо!;2026-03-01\n"
    crawl(house := opened(BRANDS + SOURCE, rows))
    pipeline.analyse(house, analyser, lambda _: None)
    house = opened(BRANDS + SOURCE, rows.replace("Очень хорошо, спасибо!", "Ужас, обманули."))
    assert crawl(house)[0].counts.changed == 1
    with house.db.read() as session:
        assert queries.status(session, analyser.version)["pending"] == 1
    assert pipeline.analyse(house, analyser, lambda _: None).texts == 1


def test_a_failing_source_is_put_off_and_says_so(opened: Opener) -> None:
    config = "sources:\n  - {name: closed, type: feed, url: 'http://127.0.0.1:9/feed'}\n"
    house = opened(config)
    outcome = crawl(house)[0]
    assert outcome.status is Status.NEEDS_HUMAN  # an address of our own network, not allowed
    assert "allow_private" in outcome.error
    again = pipeline.put_off(house, house.config.sources[0])
    assert again
    assert again.status is Status.NEEDS_HUMAN
    assert "otklik crawl closed" in again.error
    assert pipeline.switched_off(house, house.config.sources[0]) == ""
    assert command_line.crawl(house, None, as_json=True) == 1  # it is still not collected
    disabled = opened(config.replace("name: closed", "enabled: false, name: closed"))
    assert "выключен" in pipeline.switched_off(disabled, disabled.config.sources[0])


def test_secrets_stay_out_of_the_database(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OT_SECRET", "hush-hush")
    house = opened(
        "sources:\n  - {name: a, type: feed, url: 'http://127.0.0.1:9/?key=${OT_SECRET}'}\n"
    )
    outcome = crawl(house)[0]
    assert "hush-hush" not in outcome.error + outcome.detail
    with house.db.read() as session:
        source = session.exec(select(Source)).one()
        assert "hush-hush" not in str(source.options)
        assert "${OT_SECRET}" in str(source.options)
        status = queries.status(session, "any")
    assert "hush-hush" not in str(status)


def test_check_stores_nothing(opened: Opener) -> None:
    house = opened(BRANDS + SOURCE)
    (checked,) = pipeline.check(house.config, house.config.sources, Http())
    assert (checked.items, checked.error) == (3, "")
    with house.db.read() as session:
        assert queries.status(session, "any")["mentions"] == 0
