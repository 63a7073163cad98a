"""A mention as HTML and as a row of a file: evidence in its place, nothing that runs."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from python_calamine import CalamineWorkbook
from world import MOSCOW, NOW, World, found, judged, said, tell

from nlp.labels import Kind, Tone
from reports.rows import write_csv, write_jsonl
from reports.sheets import write_xlsx
from storage import commands, queries
from storage.database import Database
from storage.filters import Filter
from views.cards import card, highlighted


@pytest.fixture
def world(empty_sqlite: str) -> Iterator[World]:
    db = Database(empty_sqlite)
    yield found(db)
    db.dispose()


def test_evidence_is_marked_where_it_stands() -> None:
    text = "Курьер & хам, хлеб < вкусный"

    def opinion(tone: Tone, start: int, end: int) -> queries.OpinionRow:
        return queries.OpinionRow("staff", tone, start, end, 0.9)

    html = highlighted(text, [opinion(Tone.NEGATIVE, 0, 12), opinion(Tone.POSITIVE, 9, 28)])
    assert html.count("<mark") == 3
    assert 'class="ok-mixed"' in html  # where both speak
    assert "Курьер &amp; " in html
    # Offsets of another revision of the text, or of none, must not break the page.
    assert highlighted(text, [opinion(Tone.NEGATIVE, 90, 99), opinion(Tone.NEGATIVE, 0, 0)]) == (
        "Курьер &amp; хам, хлеб &lt; вкусный"
    )


def test_a_long_text_is_folded_and_whole(world: World) -> None:
    text = "слово " * 500 + "конец."
    tell(world, said(text), judged())
    with world.db.read() as session:
        (row,) = queries.mentions(session, Filter(), limit=1)
    html = card(row, MOSCOW)
    assert "<details" in html
    assert "конец." in html


def test_only_web_addresses_become_links(world: World) -> None:
    for number, url in enumerate(["javascript:alert(1)", "data:text/html,x", "http://[", ""]):
        tell(world, said("Хлеб", external_id=str(number), url=url), judged())
    tell(world, said("Хлеб", external_id="good", url='https://example.org/"a'), judged())
    with world.db.read() as session:
        rows = queries.mentions(session, Filter(), limit=10)
    links = [card(row, MOSCOW) for row in rows if "href=" in card(row, MOSCOW)]
    assert len(links) == 1
    assert 'href="https://example.org/&quot;a"' in links[0]


FORMULAS = [
    '=HYPERLINK("http://x")', "+7 900", "-отзыв с минуса", "@SUM(A1)", "{=1+1}", "\t=1", "обычный",
]  # fmt: skip


def exported(world: World) -> list[queries.MentionRow]:
    with world.db.read() as session:
        return list(queries.export(session, Filter()))


def csv_of(rows: list[queries.MentionRow]) -> list[dict[str, str]]:
    table = io.BytesIO()
    write_csv(rows, table, MOSCOW)
    assert table.getvalue().startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(table.getvalue().decode("utf-8-sig")), delimiter=";"))


def xlsx_of(rows: list[queries.MentionRow]) -> tuple[list[dict[str, Any]], str]:
    """The rows as another program reads them, and the XML of the sheet."""
    out = io.BytesIO()
    write_xlsx(rows, out, MOSCOW)
    out.seek(0)
    head, *lines = CalamineWorkbook.from_filelike(out).get_sheet_by_index(0).to_python()
    with zipfile.ZipFile(out) as parts:
        xml = parts.read("xl/worksheets/sheet1.xml").decode()
    return [dict(zip(map(str, head), line, strict=True)) for line in lines], xml


def test_exports_run_no_formulas(world: World) -> None:
    for number, text in enumerate(FORMULAS):
        tell(world, said(text, external_id=str(number), author=text), judged())
    rows = exported(world)
    written = {row.text for row in rows}
    # CSV has no types, so an apostrophe guards; XLSX has, so texts stay as they were written.
    guarded = {row["Текст"] for row in csv_of(rows)}
    assert not [text for text in guarded if text.startswith(("=", "+", "-", "@", "\t"))]
    assert {"обычный", "'-отзыв с минуса"} <= guarded
    cells, xml = xlsx_of(rows)
    assert {row["Текст"] for row in cells} == written
    assert all(isinstance(row["Текст"], str) and row["Автор"] for row in cells)
    assert not re.search(r"<f[ >/]", xml)


def test_a_text_too_long_for_a_cell_says_that_it_was_cut(world: World) -> None:
    tell(world, said("Хлеб 🍞 " * 4_500, external_id="long"), judged())
    tell(world, said("я" * 32_767, external_id="fits"), judged())
    texts = {str(row["Текст"]) for row in xlsx_of(exported(world))[0]}
    assert "я" * 32_767 in texts
    (cut,) = texts - {"я" * 32_767}
    assert cut.endswith("… [обрезано]")
    assert 32_760 <= len(cut.encode("utf-16-le")) // 2 <= 32_767


@pytest.fixture
def compared(world: World) -> World:
    """A text that praises one brand and scolds the other."""
    text = said("В Морошке грубят, ушла в Амбар24")
    towards = {"moroshka": Tone.NEGATIVE, "ambar": Tone.POSITIVE}
    tell(world, text, judged(Tone.NEGATIVE), "moroshka", "ambar", towards=towards)
    return world


def test_a_card_tells_the_tone_towards_a_brand_where_it_is_another(compared: World) -> None:
    def html(*brands: int) -> str:
        with compared.db.read() as session:
            (row,) = queries.mentions(session, Filter(brands=brands), limit=1)
        return card(row, MOSCOW).replace("\xa0", " ")

    assert "Морошка · к бренду Амбар: + позитив" in html()
    assert "Вероятности по модели" in html()
    ambar = html(compared.brands["ambar"])
    assert 'title="К бренду Амбар; текст в целом: негатив"><i>+</i>позитив' in ambar
    assert "Вероятности по модели" not in ambar
    with compared.db.write() as session:
        commands.correct(session, 1, kind=Kind.REVIEW, now=NOW)
    assert "к бренду Амбар: + позитив" in html()
    with compared.db.write() as session:
        commands.correct(session, 1, tone=Tone.POSITIVE, now=NOW)
    assert "к бренду" not in html()


def test_exports_tell_the_tone_towards_each_of_several_brands(compared: World) -> None:
    tell(compared, said("О хлебе"), judged(), "moroshka")
    rows = exported(compared)
    for cells in (csv_of(rows), xlsx_of(rows)[0]):
        assert {row["Текст"]: row["Тональность к брендам"] for row in cells} == {
            "В Морошке грубят, ушла в Амбар24": "Морошка: негатив, Амбар: позитив",
            "О хлебе": "",
        }
    out = io.BytesIO()
    write_jsonl(rows, out, MOSCOW)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [[brand["tone"] for brand in line["brands"]] for line in lines] == [
        ["negative"],
        ["negative", "positive"],
    ]


def test_exports_tell_what_repeats_what(world: World) -> None:
    text = "Курьер опоздал на два часа, половина пакетов порвана, молоко вытекло на хлеб"
    earlier = NOW - timedelta(days=1)
    for number, moment in enumerate((NOW, earlier, NOW)):
        tell(world, said(text, external_id=f"r{number}", published_at=moment), judged())
    tell(world, said("О хлебе"), judged())
    with world.db.read() as session:
        rows = list(queries.export(session, Filter(repeats=True)))
    repeats = [(row.external_id, row.repeats, row.is_repeat) for row in rows]
    assert sorted(repeats) == [
        ("r0", 2, True),
        ("r1", 2, False),
        ("r2", 2, True),
        ("О хлебе", 0, False),
    ]
    words = {True: "да", False: ""}
    told = [(str(n) if n else "", words[repeat]) for _, n, repeat in repeats]
    assert [(row["Повторов"], row["Это повтор"]) for row in csv_of(rows)] == told
    cells = [(row["Повторов"], row["Это повтор"]) for row in xlsx_of(rows)[0]]
    assert cells == [(n or "", words[repeat]) for _, n, repeat in repeats]
    out = io.BytesIO()
    write_jsonl(rows, out, MOSCOW)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [(line["id"], line["repeats"], line["is_repeat"]) for line in lines] == repeats


def test_no_brand_is_an_empty_cell(world: World) -> None:
    tell(world, said("О чём-то"), judged(), "")
    tell(world, said("О хлебе"), judged(), "moroshka", "ambar")
    rows = exported(world)
    for cells in (csv_of(rows), xlsx_of(rows)[0]):
        assert {row["Текст"]: row["Бренды"] for row in cells} == {
            "О чём-то": "",
            "О хлебе": "Морошка, Амбар",
        }
