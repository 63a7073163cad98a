"""A report as files: HTML, mail, PDF and XLSX of any volume, with texts of strangers inert."""

import io
import re
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import html5lib
import pytest
from browsing import NEEDS_BROWSER, chromium
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser
from python_calamine import CalamineWorkbook
from world import MODEL, MOSCOW, NOW, fill, found, judged, said, tell

from insights import pain_words
from nlp.analysis import Opinion
from nlp.journey import default_journey
from nlp.labels import Kind, Tone, Touchpoint
from reports import building, html, pdf, pictures, xlsx
from reports.parts import JourneyRow, Quote
from reports.report import Report
from reports.sheets import write_xlsx
from reports.showing import cut, href
from reports.theme import LIGHT
from reports.workbook import LINK, SHEET_LINKS, Book, Column
from storage import queries, settings
from storage.database import Database
from storage.queries import MentionRow

TODAY = NOW.astimezone(MOSCOW).date()
DAYS = timedelta(days=27)
LONG_WORD = "щ" * 400
HOSTILE = (
    '=cmd|"/C calc"!A1 <script>alert(1)</script><img src=x onerror=alert(1)> #eval("6*7") '
    "$x^2$ @ref <label> \\u{41} `raw` */ {{7*7}} {% raw %} ]]> --> *ж* _к_ [a](javascript:x) "
    f"😡 \u2028 \u202e\u2066\x07 \ud800 \ufffe {LONG_WORD} конец"
)
#: What of it a reader must find, whatever the format.
SEEN = ('#eval("6*7")', "$x^2$", "{{7*7}}", "<script>alert(1)</script>")
NEEDS_POPPLER = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="no pdftotext here: the text of PDF is not looked at"
)


def make_report(folder: Path, template: bytes, n: int) -> tuple[Report, list[MentionRow]]:
    """A report of four weeks of ``n`` mentions in all, and its rows."""
    file = folder / f"of-{n}.db"
    file.write_bytes(template)
    db = Database(str(file))
    with db.write() as session:
        settings.put(session, settings.MODEL, MODEL)
    world = fill(found(db), n)
    if n:
        late = Opinion(Touchpoint.DELIVERY, Tone.NEGATIVE, 0.9, 0, 14)
        for number in range(12):
            tell(
                world,
                said(
                    f"Курьер опоздал на {number} часов, позор.",
                    external_id=f"late-{number}",
                    published_at=NOW - timedelta(hours=number),
                    url=f"https://maps.example.ru/review/{number}",
                    rating=1.0,
                ),
                judged(Tone.NEGATIVE, Kind.COMPLAINT, late),
            )
    with db.read() as session:
        report = building.build(
            session,
            world.brands["moroshka"],
            TODAY - DAYS,
            TODAY,
            zone=MOSCOW,
            journey=default_journey(),
            made_at=NOW,
            app="https://otklik.example.ru",
        )
        rows = list(queries.export(session, report.where))
    db.dispose()
    return report, rows


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, sqlite_template: bytes) -> Any:
    folder = tmp_path_factory.mktemp("reports")
    return cache(lambda n: make_report(folder, sqlite_template, n))


@pytest.fixture(scope="module")
def page_text(made: Any) -> Any:
    return cache(lambda n: html.render(made(n)[0]))


@pytest.fixture
def report(made: Any) -> Report:
    return made(600)[0]


@pytest.fixture
def rows(made: Any) -> list[MentionRow]:
    return made(600)[1]


def spoilt(value: Any) -> Any:
    """The same with a hostile text before every text that may come from a stranger."""
    if is_dataclass(value) and not isinstance(value, type):
        own = {field.name: getattr(value, field.name) for field in fields(value)}
        changed = {name: spoilt_field(name, of) for name, of in own.items()}
        if isinstance(value, JourneyRow):
            return replace(value, name=f"{HOSTILE} {value.name}")
        if type(value).__module__.startswith(("reports.", "insights.words", "insights.journey_w")):
            return replace(value, **changed)
        return value
    if isinstance(value, tuple):
        return tuple(spoilt(one) for one in value)
    return value


#: What no stranger writes: codes, figures, days.
OURS = {
    *("code", "touchpoint", "zone", "app", "link", "stage", "tiles", "period"),
    *("interval", "moved", "net", "voice", "voice_interval", "net_interval", "rating"),
}


def spoilt_field(name: str, value: Any) -> Any:
    if name in OURS:
        return value
    if name == "url":
        return "javascript:alert(1)"
    return f"{HOSTILE} {value}" if type(value) is str else spoilt(value)


# HTML


def page_of(text: str) -> BeautifulSoup:
    """The page, once a strict parser of HTML 5 has found nothing wrong with it."""
    html5lib.HTMLParser(strict=True).parse(text)
    return BeautifulSoup(text, "lxml")


def wrong_in(page: BeautifulSoup) -> Iterator[str]:
    """What a page that stands alone must not have."""
    ids = [str(tag["id"]) for tag in page.find_all(id=True)]
    yield from (f"twice: {name}" for name in set(ids) if ids.count(name) > 1)
    loading = ["script", "link", "img", "iframe", "object", "embed", "form", "base", "image", "use"]
    yield from (f"loads: {tag.name}" for tag in page.find_all(loading))
    for tag in page.find_all(True):
        yield from wrong_attributes(tag, set(ids))


def wrong_attributes(tag: Tag, ids: set[str]) -> Iterator[str]:
    for name, value in tag.attrs.items():
        told = " ".join(value) if isinstance(value, list) else str(value)
        if name.startswith("on") or name in ("src", "srcset", "xlink:href", "action"):
            yield f"{tag.name} {name}={told}"
        if name == "aria-labelledby" and told not in ids:
            yield f"no {told}"
        if "url(" in told and not re.search(r"url\(#", told):
            yield f"loads {told}"
    if tag.name == "a":
        target = str(tag.get("href", ""))
        inner = target.startswith("#") and target[1:] in ids
        if not inner and not target.startswith(("https://", "http://")):
            yield f"link {target}"
        if not inner and tag.get("rel") != ["noopener", "noreferrer"]:
            yield f"rel of {target}"
    if tag.name == "th" and not tag.get("scope"):
        yield f"no scope: {tag}"
    if tag.name == "svg" and not (tag.get("role") == "img" and tag.get("aria-label")):
        yield "a picture without words"


@pytest.mark.parametrize("n", [0, 20, 600])
def test_the_page_is_valid_and_stands_alone(made: Any, page_text: Any, n: int) -> None:
    report, text = made(n)[0], page_text(n)
    page = page_of(text)
    assert not list(wrong_in(page))
    assert page.select("html[lang=ru]")
    assert "@import" not in text
    assert not re.search(r"url\(\s*['\"]?http", text)
    assert [h.text for h in page.find_all("h1")] == ["Морошка"]
    listed = [str(a["href"]) for a in page.select("nav a")]
    assert listed == [f"#{section['id']}" for section in page.select("main > section")]
    for sentence in report.summary:
        assert sentence.text.split("\xa0")[0] in page.text


def test_the_page_tells_every_figure_with_its_n_and_interval(
    report: Report, page_text: Any
) -> None:
    page = page_of(page_text(600))
    lines = page.select("#figures tbody tr")
    assert len(lines) == len(report.tiles)
    for line, tile in zip(lines, report.tiles, strict=True):
        assert tile.told in line.text
        assert tile.interval in line.text
        assert tile.n in line.text


def test_quotes_are_marked_and_link_to_their_place(report: Report, page_text: Any) -> None:
    page = page_of(page_text(600))
    pain = next(topic for topic in report.pains if topic.touchpoint == "delivery")
    quote = pain.quotes[0]
    block = next(b for b in page.find_all("blockquote") if quote.text[:20] in b.text)
    assert [m.text for m in block.find_all("mark")] == [quote.text[quote.start : quote.end]]
    if quote.url:
        assert quote.url in [a["href"] for a in block.find_all("a")]
    assert pain_words.interval(pain.weighed.impact) in page.text


def test_charts_have_the_colours_of_both_themes(report: Report) -> None:
    svgs = pictures.Svgs()
    own = pictures.pictures(report)
    assert {"tone", "pains", "joys", "sources", "feelings", "voice"} <= set(own)
    drawn = svgs.draw(own["tone"], pictures.WIDE)
    light, dark = next(pair for pair in svgs.variables if pair[0] == LIGHT.negative)
    assert f"var(--{svgs.variables[light, dark]})" in drawn
    assert LIGHT.negative not in drawn
    assert "<text" in drawn
    assert pictures.FONT in drawn


def test_a_hostile_page_is_inert(report: Report) -> None:
    text = html.render(spoilt(report))
    page = page_of(text)
    assert not list(wrong_in(page))
    assert all(seen in page.text for seen in SEEN)
    assert "49" not in re.findall(r"\{\{|49", page.find("h1").text)  # type: ignore[union-attr]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x07]", text)


def mail_of(report: Report) -> BeautifulSoup:
    """The mail without the picture that its letter brings along, where there is one."""
    page = page_of(html.mail_body(report))
    brought = page.find_all("img", src="cid:picture")
    assert len(brought) == (pictures.key_picture(report) is not None)
    for image in brought:
        image.decompose()
    return page


@pytest.mark.parametrize("n", [0, 20, 600])
def test_the_mail_is_valid_and_plain(made: Any, n: int) -> None:
    report, _ = made(n)
    text = html.mail_body(report)
    page = mail_of(report)
    assert not list(wrong_in(page))
    assert not page.find_all(["svg", "style", "img"])
    assert "var(--" not in text
    assert len(text.encode()) < 100_000  # Gmail cuts what is longer
    words = html.plain(report)
    for sentence in report.summary:
        assert sentence.text in words
    assert "<" not in words
    assert "\n\n\n" not in words


def test_a_hostile_mail_is_inert(report: Report) -> None:
    page = mail_of(spoilt(report))
    assert not list(wrong_in(page))
    assert all(seen in page.text for seen in SEEN)


@NEEDS_BROWSER[0]
@NEEDS_BROWSER[1]
def test_a_browser_loads_nothing_and_nothing_sticks_out(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(html.render(spoilt(report)), encoding="utf-8")
    with chromium() as browser:
        for width, scheme in ((1280, "light"), (390, "dark")):
            told, wide = look_at(browser, file, width, scheme)
            assert told == [file.as_uri()]
            assert wide <= width


def look_at(browser: Browser, file: Path, width: int, scheme: Any) -> tuple[list[str], int]:
    """What a page asks for and says, and how wide it is."""
    page = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme
    ).new_page()
    told: list[str] = []
    page.on("request", lambda request: told.append(request.url))
    page.on("dialog", lambda dialog: told.append(dialog.message))
    page.on("console", lambda message: told.append(message.text))
    page.goto(file.as_uri())
    return told, page.evaluate("document.documentElement.scrollWidth")


# Quotes and links


def quote(text: str, start: int = 0, end: int = 0, url: str = "") -> Quote:
    return Quote(text, start, end, "Карты", "", TODAY, "сегодня", url, "")


def test_a_long_quote_is_cut_around_its_evidence() -> None:
    text = "Начало истории. " * 300 + "Курьер опоздал." + " И так далее." * 400
    start = text.index("Курьер")
    part = cut(quote(text, start, start + 15))
    assert part.evidence == "Курьер опоздал."
    assert part.before.startswith("…")
    assert part.after.endswith("…")
    assert len(part.before) + len(part.evidence) + len(part.after) <= 603
    whole = cut(quote("Коротко\nи\u2028ясно", 0, 7))
    assert (whole.before, whole.evidence, whole.after) == ("", "Коротко", " и ясно")
    assert len(cut(quote("ы" * 10_000, 0, 10_000)).evidence) <= 401


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "//x.ru", "https://x.ru/\"onclick='", "file:///x",
     "https://x.ru/a b", " https://x.ru", "https://x.ru/" + "a" * 3000, ""],
)  # fmt: skip
def test_other_addresses_are_no_links(url: str) -> None:
    assert href(url) == ""


# PDF


def pdf_pages(file: Path) -> list[str]:
    """What a reader sees, page by page."""
    done = subprocess.run(
        ["pdftotext", "-enc", "UTF-8", str(file), "-"], capture_output=True, check=True, timeout=60
    )
    return done.stdout.decode().split("\f")[:-1]


def letters(text: str) -> str:
    """A text without what typesetting changes: spaces, hyphens, joints."""
    return re.sub(r"[\s\u2060\u00ad\u200b-]+", "", text)


@pytest.mark.parametrize("n", [0, 20, 600])
def test_pdf_of_any_volume(made: Any, tmp_path: Path, n: int) -> None:
    report, _ = made(n)
    file = tmp_path / "report.pdf"
    pdf.render(report, file)
    data = file.read_bytes()
    assert data.startswith(b"%PDF-1.")
    assert len(data) < 3_000_000
    assert b"https://otklik.example.ru/" in data
    again = tmp_path / "again.pdf"
    pdf.render(report, again)
    assert again.stat().st_size == len(data)


@NEEDS_POPPLER
def test_pdf_tells_the_report_in_russian(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    pdf.render(report, file)
    pages = pdf_pages(file)
    text = letters(" ".join(pages))
    for sentence in report.summary:
        assert letters(sentence.text) in text
    quoted = next(topic for topic in report.pains if topic.touchpoint == "delivery").quotes[0]
    assert letters(quoted.text) in text
    for number, page in enumerate(pages, 1):
        assert f"{number} из {len(pages)}" in page
        assert letters(report.period.words) in letters(page)


@NEEDS_POPPLER
def test_all_fonts_of_pdf_are_embedded(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    pdf.render(report, file)
    told = subprocess.run(["pdffonts", str(file)], capture_output=True, check=True, timeout=60)
    lines = told.stdout.decode().splitlines()[2:]
    assert any("Libertinus" in line for line in lines)
    assert lines
    assert all(re.search(r"\byes\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+$", line) for line in lines)


@NEEDS_POPPLER
def test_a_hostile_pdf_is_inert(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    pdf.render(spoilt(report), file)
    text = letters(" ".join(pdf_pages(file)))
    assert all(letters(seen) in text for seen in SEEN)
    assert "javascript:alert" not in file.read_bytes().decode("latin-1")
    boxes = subprocess.run(
        ["pdftotext", "-bbox", str(file), "-"], capture_output=True, check=True, timeout=60
    ).stdout.decode(errors="replace")
    right = max(float(value) for value in re.findall(r'xMax="([\d.]+)"', boxes))
    assert right <= 595.3, "a word runs over the edge of the page"


# XLSX


def workbook(report: Report, rows: Iterable[MentionRow], folder: Path) -> Path:
    file = folder / "report.xlsx"
    xlsx.write(report, rows, file)
    return file


def sheet(file: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a sheet under its heading, which stands where the first frozen line ends."""
    lines = CalamineWorkbook.from_path(str(file)).get_sheet_by_name(name).to_python()
    with zipfile.ZipFile(file) as parts:
        xml = parts.read(f"xl/worksheets/sheet{number_of(file, name)}.xml").decode()
    frozen = re.search(r'ySplit="(\d+)"', xml)
    assert frozen
    assert 'state="frozen"' in xml
    top = int(frozen[1])
    return [dict(zip(map(str, lines[top - 1]), line, strict=True)) for line in lines[top:]]


def number_of(file: Path, name: str) -> int:
    return CalamineWorkbook.from_path(str(file)).sheet_names.index(name) + 1


def xml_of(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as parts:
        return {name: parts.read(name).decode() for name in parts.namelist()}


def test_the_workbook_holds_numbers_dates_and_links(
    report: Report, rows: list[MentionRow], tmp_path: Path
) -> None:
    file = workbook(report, rows, tmp_path)
    summary = {line["Показатель"]: line for line in sheet(file, "Сводка")}
    assert summary["Упоминания"]["Значение"] == report.figures.mentions
    negative = next(tile for tile in report.tiles if tile.code == "negative").measure.now
    assert negative is not None
    assert summary["Негатив"]["Значение"] == pytest.approx(negative.value)
    assert summary["Негатив"]["От (95 %)"] == pytest.approx(negative.low)
    assert summary["Негатив"]["n"] == negative.n
    net = next(tile for tile in report.tiles if tile.code == "net").measure.now
    assert net is not None
    assert summary["Индекс тональности"]["Значение"] == pytest.approx(100 * net.value)
    days = sheet(file, "Динамика")
    assert [line["С"] for line in days] == [point.start for point in report.points]
    assert all(type(line["С"]) is date for line in days)
    mentions = sheet(file, "Упоминания")
    assert [line["Текст"] for line in mentions] == [row.text for row in rows]
    assert all(isinstance(line["Дата"], date) for line in mentions)
    assert any(isinstance(line["Дата"], datetime) for line in mentions)
    assert {line["Ссылка"] for line in mentions} >= {row.url for row in rows if row.url}
    pains = sheet(file, "Боли")
    assert pains[0]["О чём"] == report.pains[0].name
    assert pains[0]["Пунктов индекса"] == pytest.approx(100 * report.pains[0].weighed.impact.value)


def test_sheets_filter_and_links_open(
    report: Report, rows: list[MentionRow], tmp_path: Path
) -> None:
    file = workbook(report, rows, tmp_path)
    parts = xml_of(file)
    names = CalamineWorkbook.from_path(str(file)).sheet_names
    assert names[0] == "Сводка"
    assert {"Точки контакта", "Боли", "Радости", "Цитаты", "Источники", "Упоминания"} <= set(names)
    for number, name in enumerate(names, 1):
        assert "<autoFilter" in parts[f"xl/worksheets/sheet{number}.xml"], name
    links = "".join(text for name, text in parts.items() if name.endswith(".rels"))
    targets = re.findall(r'Target="([^"]*)" TargetMode="External"', links)
    assert any(target.startswith("https://maps.example.ru/review/") for target in targets)
    assert any(target.startswith("https://otklik.example.ru/") for target in targets)
    assert all(target.startswith(("https://", "http://")) for target in targets)
    styles = parts["xl/styles.xml"]
    assert "0.0%" in styles
    assert "dd.mm.yyyy" in styles


@pytest.mark.parametrize("n", [0, 20])
def test_a_workbook_of_few(made: Any, tmp_path: Path, n: int) -> None:
    report, rows = made(n)
    file = workbook(report, rows, tmp_path)
    assert len(sheet(file, "Упоминания")) == len(rows)
    told = CalamineWorkbook.from_path(str(file)).get_sheet_by_name("Сводка").to_python()
    assert [line[0] for line in told if line[0] == report.summary[0].text]


def test_a_hostile_workbook_is_inert(
    report: Report, rows: list[MentionRow], tmp_path: Path
) -> None:
    hostile = [replace(row, text=HOSTILE, author=HOSTILE, url="javascript:x") for row in rows[:3]]
    file = workbook(spoilt(report), hostile, tmp_path)
    texts = [line["Текст"] for line in sheet(file, "Упоминания")]
    assert len(texts) == 3
    assert all(text.startswith("=cmd|") and text.endswith("конец") for text in texts)
    parts = xml_of(file)
    for name, text in parts.items():
        assert not re.search(r"<f[ >/]", text), name
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", text), name
    assert "javascript:" not in "".join(t for n, t in parts.items() if n.endswith(".rels"))


def test_a_sheet_takes_so_many_links_and_tells_the_rest_as_texts() -> None:
    out = io.BytesIO()
    with Book(out) as book:
        table = book.table("Ссылки", [Column("Ссылка", 20, LINK)])
        for number in range(SHEET_LINKS + 5):
            table.write([f"https://x.ru/{number}"])
        table.write(["https://x.ru/" + "a" * 3000])
    out.seek(0)
    written = CalamineWorkbook.from_filelike(out).get_sheet_by_index(0).to_python()
    assert len(written) == SHEET_LINKS + 7
    assert written[-2] == [f"https://x.ru/{SHEET_LINKS + 4}"]
    with zipfile.ZipFile(out) as parts:
        assert parts.read("xl/worksheets/sheet1.xml").count(b"<hyperlink ") == SHEET_LINKS


def test_a_workbook_needs_no_more_memory_for_more_rows(rows: list[MentionRow]) -> None:
    def peak(n: int) -> int:
        tracemalloc.start()
        write_xlsx((replace(rows[0], id=k, url="") for k in range(n)), io.BytesIO(), MOSCOW)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(10)  # imports
    few, many = peak(300), peak(3_000)
    assert many < few + 2_000_000


# The key picture


def test_the_key_picture(made: Any) -> None:
    data = pictures.key_picture(made(600)[0])
    assert data is not None
    assert data.startswith(b"\x89PNG")
    assert len(data) > 10_000
    assert pictures.key_picture(made(0)[0]) is None
