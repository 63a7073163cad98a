"""A mention as HTML and as a row of a file: evidence in its place, nothing that runs."""

import csv
import io
from collections.abc import Iterator

import pytest
from python_calamine import CalamineWorkbook
from world import MOSCOW, World, found, judged, said, tell

from nlp.labels import Tone
from reports.rows import write_csv, write_xlsx
from storage import queries
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


FORMULAS = ['=HYPERLINK("http://x")', "+7 900", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "обычный"]


def test_exports_run_no_formulas(world: World) -> None:
    for number, text in enumerate(FORMULAS):
        tell(world, said(text, external_id=str(number), author=text), judged())
    with world.db.read() as session:
        rows = list(queries.export(session, Filter()))
    sheet, table = io.BytesIO(), io.BytesIO()
    write_csv(rows, table, MOSCOW)
    write_xlsx(rows, sheet, MOSCOW)
    assert table.getvalue().startswith(b"\xef\xbb\xbf")
    lines = list(csv.reader(io.StringIO(table.getvalue().decode("utf-8-sig")), delimiter=";"))
    book = CalamineWorkbook.from_filelike(io.BytesIO(sheet.getvalue())).get_sheet_by_index(0)
    for cells in (lines, book.to_python()):
        assert len(cells) == len(FORMULAS) + 1
        texts = [str(row[cells[0].index("Текст")]) for row in cells[1:]]
        assert not [text for text in texts if text.startswith(("=", "+", "-", "@", "\t", "\r"))]
        assert "обычный" in texts
