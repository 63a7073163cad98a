"""A tone report as a workbook: every figure as a number, every mention with its link.

Texts of strangers are texts: no cell is a formula (:mod:`reports.workbook`).
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from insights import russian as ru
from insights.indices import Index, Scale
from insights.pains import Side
from insights.stats import Estimate
from nlp.labels import TONE_NAMES
from reports.parts import JourneyRow, Quote, Rival, SourceTold, Tile, Topic
from reports.report import Report
from reports.sheets import write_mentions
from reports.theme import STACK
from reports.workbook import (
    COUNT,
    DAY,
    INDEX,
    LINK,
    POINTS,
    RATING,
    SHARE,
    SIGNED,
    WRAPPED,
    Book,
    Cell,
    Column,
    Link,
    Told,
)
from storage.queries import MentionRow, Tones

_INTERVAL = (Column("От (95 %)", 10, INDEX), Column("До (95 %)", 10, INDEX))
_TONES = tuple(Column(TONE_NAMES[tone].capitalize(), 11, COUNT) for tone in STACK)
#: Points of a share.
_SHARE_POINTS = '+0" п.п.";−0" п.п.";0" п.п."'
_OPEN = Column("Открыть", 11)
_SIDES = {Side.PAIN: "боль", Side.JOY: "радость"}


def write(report: Report, rows: Iterable[MentionRow], path: Path) -> None:
    """The report and its mentions (``rows``, read as they are written) as an XLSX file."""
    zone = ZoneInfo(report.zone)
    with path.open("wb") as out, Book(out, Told(report.title, report.made_at)) as book:
        _summary(book, report)
        _course(book, report)
        _journey(book, report)
        for title, topics in (("Боли", report.pains), ("Радости", report.joys)):
            _topics(book, report, title, topics)
        _quotes(book, report)
        _rivals(book, report)
        _sources(book, report)
        _method(book, report)
        write_mentions(rows, book, zone)


def _summary(book: Book, report: Report) -> None:
    made = ru.moment(report.made_at.astimezone(ZoneInfo(report.zone)))
    compared = f" · в сравнении с периодом {report.period.compared}" * bool(report.period.compared)
    above = [
        report.title,
        f"{report.period.title}{compared}",
        f"Составлен {made} ({report.zone})",
        "",
        *(sentence.text for sentence in report.summary),
        "",
    ]
    columns = (
        Column("Показатель", 28), Column("Значение", 11, COUNT), Column("Изменение", 12, COUNT),
        Column("Было", 11, COUNT), Column("От (95 %)", 10, COUNT), Column("До (95 %)", 10, COUNT),
        Column("n", 10, COUNT), Column("Вывод об изменении", 40, WRAPPED),
        Column("Что это", 60, WRAPPED), _OPEN,
    )  # fmt: skip
    table = book.table("Сводка", columns, above)
    for tile in report.tiles:
        table.write([*_figures(tile), tile.note, tile.definition, _opens(report, tile.link)])


def _figures(tile: Tile) -> list[Any]:
    """Name, value, change, before, interval, n: as numbers, in the index's own form."""
    now, before, index = tile.measure.now, tile.measure.before, tile.index
    if now is None:
        return [tile.name, tile.told, None, None, None, None, None]
    if index is None:
        moved = Cell(now.value - before.value, "+#,##0;−#,##0;0") if before else None
        was = Cell(before.value, COUNT) if before else None
        return [tile.name, Cell(now.value, COUNT), moved, was, None, None, None]
    form = SHARE if index.scale is Scale.SHARE else INDEX
    points = _SHARE_POINTS if index.scale is Scale.SHARE else INDEX
    values = (before.value if before else None, now.low, now.high)
    return [
        tile.name,
        Cell(_shown(index, now.value), form),
        Cell(tile.measure.points, points) if before else None,
        *(Cell(_shown(index, value), form) for value in values),
        now.n,
    ]


def _shown(index: Index, value: float | None) -> float | None:
    """Shares as parts of one, which a spreadsheet shows as percent; balances as −100…100."""
    if value is None:
        return None
    return value if index.scale is Scale.SHARE else value * 100


def _course(book: Book, report: Report) -> None:
    columns = (
        Column("С", 12, DAY), Column("По", 12, DAY), Column("С тональностью", 15, COUNT),
        *_TONES, Column("Индекс", 10, INDEX), *_INTERVAL,
    )  # fmt: skip
    table = book.table("Динамика", columns)
    for point in report.points:
        tones = _tones(point.tones)
        table.write([point.start, point.end, point.tones.n, *tones, *_balance(point.net)])


def _journey(book: Book, report: Report) -> None:
    columns = (
        Column("Этап", 22), Column("Точка контакта", 30), Column("Индекс", 10, INDEX), *_INTERVAL,
        Column("Мнений", 10, COUNT), *_TONES, Column("Изменение индекса", 12, INDEX),
        Column("Стоит пунктов индекса", 14, POINTS), _OPEN,
    )  # fmt: skip
    above = [report.journey.story.text, *report.journey.story.lines, ""]
    table = book.table("Точки контакта", columns, above)
    for row in report.journey.rows:
        table.write([*_touchpoint(row), _opens(report, row.link)])


def _touchpoint(row: JourneyRow) -> list[Any]:
    standing, impact = row.cell.standing, row.cell.impact
    return [
        row.stage,
        row.name,
        *_balance(standing.net),
        standing.n,
        *_tones(standing.here),
        standing.moved,
        impact.value * 100 if impact else None,
    ]


def _topics(book: Book, report: Report, title: str, topics: Iterable[Topic]) -> None:
    columns = (
        Column("О чём", 30), Column("Тема", 36), Column("Пунктов индекса", 11, POINTS),
        Column("От (95 %)", 10, POINTS), Column("До (95 %)", 10, POINTS),
        Column("Мнений", 10, COUNT), Column("Было мнений", 10, COUNT),
        Column("Упоминаний (n)", 13, COUNT), Column("Было пунктов", 11, POINTS),
        Column("Изменение, пунктов", 12, SIGNED), Column("Уходят", 10, SHARE),
        Column("Вывод", 60, WRAPPED), _OPEN,
    )  # fmt: skip
    table = book.table(title, columns)
    for topic in topics:
        table.write([*_topic(topic), _opens(report, topic.link)])
        for theme in topic.themes:
            told = [None, None, None, theme.n, theme.before, *[None] * 5]
            table.write([topic.name, theme.name, *told, _opens(report, theme.link)])


def _topic(topic: Topic) -> list[Any]:
    one = topic.weighed
    before = one.impact_before
    return [
        topic.name,
        "все",
        *(100 * value for value in (one.impact.value, one.impact.low, one.impact.high)),
        one.opinions,
        one.opinions_before,
        one.impact.n,
        before.value * 100 if before else None,
        one.growth.value * 100 if one.growth else None,
        one.churn.value if one.churn else None,
        topic.compared,
    ]


def _quotes(book: Book, report: Report) -> None:
    columns = (
        Column("Боль или радость", 12), Column("О чём", 30), Column("Дата", 12, DAY),
        Column("Источник", 22), Column("Оценка", 10), Column("Доказательство", 60, WRAPPED),
        Column("Весь текст", 80, WRAPPED), Column("Ссылка", 40, LINK),
    )  # fmt: skip
    table = book.table("Цитаты", columns)
    for topic in (*report.pains, *report.joys):
        for quote in topic.quotes:
            table.write([_SIDES[topic.side], topic.name, *_quote(quote)])


def _quote(quote: Quote) -> list[Any]:
    evidence = quote.text[quote.start : quote.end]
    return [quote.day, quote.source, quote.rating, evidence, quote.text, quote.url]


def _rivals(book: Book, report: Report) -> None:
    if report.rivals is None:
        return
    columns = (
        Column("Бренд", 26), Column("Упоминаний", 12, COUNT), Column("Доля упоминаний", 12, SHARE),
        Column("Доля от", 10, SHARE), Column("Доля до", 10, SHARE), Column("Индекс", 10, INDEX),
        *_INTERVAL, Column("Тональность у (n)", 12, COUNT), _OPEN,
    )  # fmt: skip
    standing = report.rivals.standing
    differences = (f"{one.name}: {one.told}" for one in report.rivals.differences)
    told = (report.rivals.change, *standing.reasons, *differences, *report.rivals.doubts)
    above = [standing.text, *dict.fromkeys(filter(None, told)), ""]
    table = book.table("Конкуренты", columns, above)
    for row in report.rivals.rows:
        table.write([*_rival(row), _opens(report, row.link)])


def _rival(row: Rival) -> list[Any]:
    voice, net = row.voice_estimate, row.net_estimate
    shares = (voice.value, voice.low, voice.high) if voice else (None, None, None)
    return [row.name, row.mentions, *shares, *_balance(net), net.n if net else None]


def _sources(book: Book, report: Report) -> None:
    columns = (
        Column("Источник", 28), Column("Вид", 16), Column("Упоминаний", 12, COUNT), *_TONES,
        Column("Индекс", 10, INDEX), *_INTERVAL, Column("Средняя оценка", 10, RATING),
        Column("Оценок", 10, COUNT), Column("Как собрано", 60, WRAPPED),
        Column("Не удалось собрать", 80, WRAPPED), _OPEN,
    )  # fmt: skip
    missing = [gap.text for gap in report.gaps if not gap.source]
    above = ["Источники и полнота сбора", *filter(None, (report.others, report.unread, *missing))]
    table = book.table("Источники", columns, [*above, ""])
    for source in report.sources:
        gaps = "; ".join(gap.text for gap in report.gaps if gap.source == source.name)
        table.write([*_source(source), gaps, _opens(report, source.link)])
    known = {source.name for source in report.sources}
    for gap in report.gaps:
        if gap.source and gap.source not in known:
            table.write([gap.source, *[None] * (len(columns) - 3), gap.text, None])


def _source(source: SourceTold) -> list[Any]:
    tones = source.line.tones
    return [
        source.name,
        source.type,
        source.mentions,
        *_tones(tones),
        *_balance(source.line.net),
        source.mean_rating,
        source.rated or None,
        source.collected,
    ]


def _method(book: Book, report: Report) -> None:
    table = book.table("Методика", (Column("Понятие", 34, WRAPPED), Column("Смысл", 110, WRAPPED)))
    for sentence in report.accuracy:
        table.write(["Точность модели", sentence])
    for definition in report.method:
        table.write([definition.name, definition.text])


def _opens(report: Report, link: str) -> Link:
    return Link(report.url(link), "в Отклике")


def _tones(tones: Tones) -> Iterator[int]:
    return (getattr(tones, tone) for tone in STACK)


def _balance(net: Estimate | None) -> list[float | None]:
    """A balance with its interval, −100…100."""
    if net is None:
        return [None, None, None]
    return [100 * value for value in (net.value, net.low, net.high)]
