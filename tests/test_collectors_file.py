"""Files as people export them, and as they break."""

import csv
import io
import json
import tracemalloc
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from memory import NOW, MemoryStore
from pydantic import ValidationError

from collectors import runner
from collectors.cleaning import clean_text
from collectors.errors import NeedsHuman
from collectors.files import csvrows
from collectors.files.columns import guess
from collectors.http import Http
from collectors.outcomes import Outcome, Status
from collectors.sources import file
from collectors.sources.file import Options, inspect

HEADER = "Текст отзыва;Дата;Оценка"


def write(folder: Path, text: str, encoding: str = "utf-8", name: str = "отзывы.csv") -> Path:
    path = folder / name
    path.write_bytes(text.encode(encoding))
    return path


def crawl(path: Path, store: MemoryStore | None = None, **options: Any) -> Outcome:
    store = store if store is not None else MemoryStore()
    given = Options(path=path, **options)
    return runner.crawl("src", file, given, store, Http(), interval=None, now=NOW)


def imported(path: Path, **options: Any) -> list[Any]:
    store = MemoryStore()
    outcome = crawl(path, store, **options)
    assert outcome.status is Status.OK, outcome.error
    return list(store.items.values())


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_any_delimiter_and_encoding(tmp_path: Path, delimiter: str, encoding: str) -> None:
    text = "Тепло; вкусно, а тут\tтаб | и «ёлочки»"
    rows = [["Отзыв", "Дата", "Автор"], [text, "01.02.2025", "Ия"]]
    body = io.StringIO()
    csv.writer(body, delimiter=delimiter).writerows([*rows, ["Сыро", "02.02.2025", "Ян"]])
    path = write(tmp_path, body.getvalue(), encoding)
    first, second = imported(path)
    assert (first.text, first.author) == (text, "Ия")
    assert first.published_at == datetime(2025, 1, 31, 21, tzinfo=UTC)
    assert second.text == "Сыро"
    found = inspect(Options(path=path), NOW)
    assert found.delimiter == delimiter
    assert found.encoding == {"utf-8-sig": "utf-8-sig", "utf-8": "utf-8"}.get(encoding, encoding)


def test_broken_rows_are_listed_and_the_others_come(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{HEADER}\nраз;01.02.2025;5\nдва;01.02.2025\nтри;01.02.2025;4;лишнее\n;;\n ; ;\n"
        '"четыре\nстроки";01.02.2025;3;\nпять;01.02.2025;2\n',
    )
    store = MemoryStore()
    outcome = crawl(path, store)
    assert [item.text for item in store.items.values()] == ["раз", "четыре\nстроки", "пять"]
    assert {s.where: s.reason for s in outcome.skipped} == {
        "строка 3": "Полей 2, а колонок 3.",
        "строка 4": "Полей 4, а колонок 3.",
        "строка 6": "Нет ни текста, ни оценки.",
    }
    assert outcome.counts.skipped == 3


@pytest.mark.parametrize("rows_after", [3, 5000])
def test_an_unclosed_quote_spoils_its_own_line_only(tmp_path: Path, rows_after: int) -> None:
    tail = "".join(f"после {n};01.02.2025;5\n" for n in range(rows_after))
    path = write(tmp_path, f'{HEADER}\nдо;01.02.2025;5\n"не закрыта;01.02.2025;1\n{tail}')
    store = MemoryStore()
    outcome = crawl(path, store)
    assert len(store.items) == rows_after + 1
    assert [(s.where, s.reason) for s in outcome.skipped] == [
        ("строка 3", "Кавычка открыта и не закрыта.")
    ]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_long_cell_comes_cut(tmp_path: Path, quote: str) -> None:
    long = "очень длинный отзыв " * 20_000
    path = write(tmp_path, f"{HEADER}\n{quote}{long}{quote};01.02.2025;5\nсосед;01.02.2025;4\n")
    store = MemoryStore()
    outcome = crawl(path, store)
    assert [len(item.text) for item in store.items.values()] == [200_000, 5]
    assert not outcome.skipped
    assert any("обрезан" in note.reason for note in outcome.notes)


def test_a_record_without_end_is_told_by_its_length(tmp_path: Path) -> None:
    tail = "".join(f"после {n};01.02.2025;5\n" for n in range(20_000))
    path = write(tmp_path, f'{HEADER}\n"не закрыта;01.02.2025;1\n{tail}')
    store = MemoryStore()
    outcome = crawl(path, store)
    assert len(store.items) == 20_000
    assert [(s.where, s.reason) for s in outcome.skipped] == [
        (
            "строка 2",
            "Запись из многих строк длиннее 262144 знаков: похоже, кавычка открыта и не закрыта.",
        )
    ]


def test_a_quote_closed_by_the_next_row(tmp_path: Path) -> None:
    path = write(tmp_path, f'{HEADER}\n"не закрыта;01.02.2025;1\n"хорошо";01.02.2025;5\n')
    assert [item.text for item in imported(path)] == ["хорошо"]


def test_sloppy_quotes_inside_a_text_are_kept(tmp_path: Path) -> None:
    path = write(tmp_path, f'{HEADER}\nэкран 5" хорош;01.02.2025;5\nкафе "Пенка" ок;01.02.2025;4\n')
    assert [item.text for item in imported(path)] == ['экран 5" хорош', 'кафе "Пенка" ок']


def test_too_many_broken_quotes_end_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, f"{HEADER}\n" + '"а;01.02.2025;1\nб;01.02.2025;2\n' * 300)
    assert {item.text for item in imported(path)} == {"б"}
    monkeypatch.setattr(csvrows, "MOST_REREAD", 5000)
    outcome = crawl(path)
    assert outcome.status is Status.NEEDS_HUMAN
    assert "Кавычки" in outcome.error


def test_mostly_broken_files_say_so_after_what_could_be_read(tmp_path: Path) -> None:
    store = MemoryStore()
    outcome = crawl(write(tmp_path, f"{HEADER}\nа;1\nб;2\nв;3\nг;01.02.2025;5\n"), store)
    assert outcome.status is Status.NEEDS_HUMAN
    assert "3 из 4" in outcome.error
    assert [item.text for item in store.items.values()] == ["г"]


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "пуст"),
        (b" \r\n\t\n", "a.csv", "пуст"),
        (b"\x00\x01\x02\x03" * 100, "a.csv", "не таблица"),
        (bytes(range(256)) * 200, "a.csv", "не таблица"),
        (bytes(range(1, 256)) * 200, "a.csv", "похоже, это не текст"),
        ("Имя\x1b[31m;Цена\n1;2\n".encode(), "a.csv", "не найдена колонка"),
        (b"%PDF-1.7 ...", "a.csv", "PDF"),
        (b"PK\x03\x04 no zip", "a.xlsx", "не открывается"),
        (b"\xd0\xcf\x11\xe0 no ole", "a.xls", "не открывается"),
        (b'[{"text": "a"}]', "a.json", "JSONL"),
        ("Цена;Остаток\n1;2\n".encode(), "a.csv", "не найдена колонка"),
        (b'{"price": 1}\n', "a.jsonl", "не найдена колонка"),
        (b"nonsense\n" * 3, "a.jsonl", "не найдена колонка"),
        (HEADER.encode(), "a.csv", "ни одной строки"),
    ],
)
def test_files_that_are_no_tables(tmp_path: Path, content: bytes, name: str, words: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    outcome = crawl(path)
    assert outcome.status is Status.NEEDS_HUMAN
    assert words in outcome.error
    assert "Traceback" not in outcome.error
    assert outcome.error.isprintable()


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path, words in ((tmp_path / "нет.csv", "нет"), (tmp_path, "папка")):
        with pytest.raises(NeedsHuman, match=words):
            inspect(Options(path=path))


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
@pytest.mark.parametrize("delimiter", [None, ";"])
@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("klingon", "неизвестна. Примеры: utf-8"),
        ("base64", "неизвестна"),
        ("a\0b", "неизвестна"),
        ("utf-16", "не читается"),
    ],
)
def test_wrong_encoding_given(
    tmp_path: Path, name: str, delimiter: str | None, encoding: str, words: str
) -> None:
    path = write(tmp_path, f"{HEADER}\nа;1;5\n", name=name)
    outcome = crawl(path, encoding=encoding, delimiter=delimiter)
    assert outcome.status is Status.NEEDS_HUMAN, outcome.error
    assert words in outcome.error


def test_one_bad_byte_does_not_make_cp1251_of_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f"{HEADER}\n{'хорошо ' * 30};01.02.2025;5\n".encode() + b"\xff;01.02.2025;4\n")
    assert inspect(Options(path=path)).encoding == "utf-8"
    assert imported(path)[0].text.startswith("хорошо хорошо")


def test_a_broken_row_of_a_small_file_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    lines = (
        b"text,date",
        "отзыв нормальный,2025-01-01".encode(),
        b"\xff\xfe\xd0 broken,2025-01-02",
    )
    path.write_bytes(b"\n".join((*lines, "сосед,2025-01-03".encode())))
    store = MemoryStore()
    outcome = crawl(path, store)
    texts = [item.text for item in store.items.values()]
    assert texts == ["отзыв нормальный", "\ufffd\ufffd\ufffd broken", "сосед"]
    assert [note.where for note in outcome.notes if "испорчена" in note.reason] == [
        path.name,
        "строка 3",
    ]


def test_two_customers_with_the_same_words_and_a_second_import(tmp_path: Path) -> None:
    same, other = "Все отлично;01.02.2025;5\n", "Плохо;01.02.2025;1\n"
    path = write(tmp_path, f"{HEADER}\n{same * 3}{other}")
    store = MemoryStore()
    assert crawl(path, store).counts.new == 4
    again = crawl(path, store)
    assert (again.counts.new, again.counts.changed, again.counts.unchanged) == (0, 0, 4)
    write(tmp_path, f"{HEADER}\nНовый;03.02.2025;4\n{other}{same * 3}")
    assert crawl(path, store).counts.new == 1


def test_ids_are_keys(tmp_path: Path) -> None:
    path = write(tmp_path, "id;отзыв\n7;а\n7;б\n8;в\n")
    store = MemoryStore()
    outcome = crawl(path, store)
    assert {key: item.text for key, item in store.items.items()} == {"7": "б", "8": "в"}
    assert outcome.counts.skipped == 1


def test_day_or_month_first_is_decided_for_the_column(tmp_path: Path) -> None:
    def of(*dates: str) -> tuple[date, str]:
        rows = "".join(f"отзыв {n};{day}\n" for n, day in enumerate(dates))
        path = write(tmp_path, f"Отзыв;Дата\n{rows}")
        first = imported(path, timezone="UTC")[0].published_at.date()
        return first, " ".join(inspect(Options(path=path), NOW).guesses)

    assert of("03/04/2025", "13/04/2025")[0] == date(2025, 4, 3)
    month_first, said = of("03/04/2025", "04/13/2025")
    assert month_first == date(2025, 3, 4)
    assert "месяц/день" in said
    unsure, said = of("03/04/2025", "05/06/2025")
    assert unsure == date(2025, 4, 3)
    assert "двояко" in said
    assert of("03.04.2025", "04/13/2025")[0] == date(2025, 4, 3)


def test_forms_of_dates_do_not_read_like_dates(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\nа;15 мая 2025;5\nб;вчера;5\n")
    said = inspect(Options(path=path), NOW).summary
    assert "Даты вида: «15 января 2024» — 1, «вчера, 3 дня назад» — 1." in said


def test_dates_that_are_missing_or_cannot_be_read(tmp_path: Path) -> None:
    path = write(tmp_path, f"{HEADER}\nа;;5\nб;скоро;5\nв;2025-01-02;5\nг;01.01.2099;5\n")
    store = MemoryStore()
    outcome = crawl(path, store)
    known = {item.text: item.date_known for item in store.items.values()}
    assert known == {"а": False, "б": False, "в": True, "г": False}
    said = " ".join(note.reason for note in outcome.notes)
    assert "«скоро»" in said
    assert "в будущем" in said
    found = inspect(Options(path=path), NOW)
    assert (found.undated, found.unread_dates) == (1, 1)


def test_remarks_name_the_row_and_the_date_as_written(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        f"{HEADER}\nа;2099-01-01;5\nб;05.06.1901;5\nв;1985-01-01;5\nг;01.02.2300;5\n"
        f"д;2025-01-01;9 из 5\n{'е' * 200_001};2025-01-01;1\n",
    )
    store = MemoryStore()
    outcome = crawl(path, store)
    said = {(note.where, note.reason) for note in outcome.notes if note.where != path.name}
    assert said == {
        ("строка 2", "Дата «2099-01-01» в будущем, взято время загрузки."),
        ("строка 3", "Дата «05.06.1901» слишком давно, взято время загрузки."),
        ("строка 4", "Дата «1985-01-01» слишком давно, взято время загрузки."),
        ("строка 5", "Дата «01.02.2300» в будущем, взято время загрузки."),
        ("строка 6", "Оценка 9 вне шкалы 1–5, не учтена."),
        ("строка 7", "Текст длиннее 200000 знаков обрезан."),
    }
    assert [item.date_known for item in store.items.values()] == [False] * 4 + [True] * 2


def test_workbooks(tmp_path: Path) -> None:
    path = tmp_path / "опрос.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("Опрос")
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        sheet.write_row(0, 0, ["Выгрузка за неделю"])
        sheet.write_row(2, 0, ["Номер", "Дата", "NPS", "Комментарий", "Город"])
        sheet.write_row(3, 0, [17])
        sheet.write_datetime(3, 1, datetime(2025, 3, 1), day)  # noqa: DTZ001
        sheet.write_row(3, 2, [9, "Быстро", "Пермь"])
        sheet.write_row(4, 0, [18, 45717.5, 11, "Долго", ""])
        sheet.write_row(5, 0, ["", "", "", "", ""])
        book.add_worksheet("Пустой")
    first, second = imported(path)
    assert (first.external_id, first.nps, first.place) == ("17", 9, "Пермь")
    assert first.published_at == datetime(2025, 2, 28, 21, tzinfo=UTC)
    assert (second.external_id, second.nps) == ("18", None)
    assert second.published_at == datetime(2025, 3, 1, 9, tzinfo=UTC)
    found = inspect(Options(path=path), NOW)
    assert (found.kind, found.sheet) == ("xlsx", "Опрос")
    assert any("листов: 2" in said for said in found.guesses)
    for sheet_name, words in (("Пустой", "пуст"), ("Нет", "Есть: Опрос")):
        with pytest.raises(NeedsHuman, match=words):
            inspect(Options(path=path, sheet=sheet_name))


def test_json_lines(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": "да", "rating": 4, "extra": {"a": [1]}, "date": "2025-01-02"}),
        "не json",
        "[1]",
        "[" * 20_000,
        json.dumps({"text": None, "rating": None}),
        json.dumps({"text": "lone \ud800 surrogate \x00", "date": 1735776000}),
    ]
    path = write(tmp_path, "\n".join(lines), name="a.jsonl")
    store = MemoryStore()
    outcome = crawl(path, store)
    assert [item.text for item in store.items.values()] == ["да", "lone  surrogate"]
    assert next(iter(store.items.values())).raw["extra"] == {"a": [1]}
    assert [s.where for s in outcome.skipped] == [f"строка {n}" for n in (2, 3, 4, 5)]
    assert outcome.status is Status.NEEDS_HUMAN  # four of six


@pytest.mark.parametrize("name", ["a.csv", "a.xlsx"])
def test_an_empty_column_gives_its_field_away(tmp_path: Path, name: str) -> None:
    rows = [["Отзыв", "Комментарий", "Описание"], ["", "раз", "чай"], ["", "", "сыр"]]
    path = write(tmp_path, "\n".join(map(";".join, rows)), name=name)
    if name == "a.xlsx":
        with xlsxwriter.Workbook(str(path)) as book:
            sheet = book.add_worksheet()
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    found = inspect(Options(path=path), NOW)
    assert (found.columns["text"], found.unmapped) == ("Комментарий", ["Отзыв", "Описание"])
    assert "text" in inspect(Options(path=path, columns={"text": "Отзыв"}), NOW).columns


def test_json_values_of_odd_types(tmp_path: Path) -> None:
    rows = (
        '{"text": {"a": 1}}',
        '{"text": ["a"]}',
        '{"text": NaN}',
        '{"text": "а", "rating": NaN}',
        '{"text": "б", "rating": 1e400}',
        '{"text": "в", "rating": {"value": 5}}',
        '{"text": "г", "rating": 4, "author": {"имя": "Ия"}, "date_known": false}',
        '{"text": "д", "rating": true, "": {"a": 1}}',
    )
    path = write(tmp_path, "\n".join(rows), name="a.jsonl")
    store = MemoryStore()
    outcome = crawl(path, store)
    ratings = {item.text: item.rating for item in store.items.values()}
    assert ratings == {"а": None, "б": None, "в": None, "г": 4, "д": None}
    assert {item.author for item in store.items.values()} == {None, '{"имя": "Ия"}'}
    assert {s.where: s.reason for s in outcome.skipped} == {
        "строка 1": "В «text» не текст, а объект или список JSON.",
        "строка 2": "В «text» не текст, а объект или список JSON.",
        "строка 3": "Нет ни текста, ни оценки.",
    }
    assert inspect(Options(path=path), NOW).rejected == list(outcome.skipped)
    noted = [note.where for note in outcome.notes if note.reason.startswith("Оценка")]
    assert noted == [f"строка {n}" for n in (4, 5, 6, 8)]


def test_deep_json_values_are_no_bug(tmp_path: Path) -> None:
    rows = (f'{{"text": "{n}", "author": {"[" * n}{"]" * n}}}' for n in range(500, 1100))
    outcome = crawl(write(tmp_path, "\n".join(rows), name="a.jsonl"))
    assert outcome.status is Status.OK, outcome.error
    assert outcome.counts.new > 300


@pytest.mark.parametrize("odd", [{"отзыв": "x"}, {"text": "последний", "отзыв": "x"}])
def test_one_odd_line_does_not_take_the_text(tmp_path: Path, odd: dict[str, str]) -> None:
    lines = [json.dumps({"text": f"отзыв {n}", "date": "2025-01-02"}) for n in range(20)]
    path = write(tmp_path, "\n".join([*lines, json.dumps(odd)]), name="a.jsonl")
    assert inspect(Options(path=path)).columns["text"] == "text"
    assert {item.text for item in imported(path)} >= {f"отзыв {n}" for n in range(20)}


def test_columns_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path, "a;b\nДата тут 2025;01.02.2025\n")
    with pytest.raises(NeedsHuman, match="«a», «b»"):
        inspect(Options(path=path))
    assert imported(path, columns={"text": "a", "date": "b"})[0].date_known
    with pytest.raises(ValidationError, match="нет поля «txt»"):
        Options(path=path, columns={"txt": "a"})


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.xlsx"])
def test_a_told_column_must_be_in_the_file(tmp_path: Path, name: str) -> None:
    path = write(tmp_path, "Отзыв;Дата\nда;01.02.2025\n", name=name)
    if name == "a.jsonl":
        late = json.dumps({"Отзыв": "нет", "Позже": 5})
        path.write_text('{"Отзыв": "да", "Дата": "2025-02-01"}\n' * 1500 + late, encoding="utf-8")
        assert inspect(Options(path=path, columns={"likes": "позже"})).columns["likes"] == "Позже"
    if name == "a.xlsx":
        with xlsxwriter.Workbook(str(path)) as book:
            book.add_worksheet().write_row(0, 0, ["Отзыв", "Дата"])
    store = MemoryStore()
    outcome = crawl(path, store, columns={"text": "Нет"})
    assert outcome.status is Status.NEEDS_HUMAN
    assert "Колонки «Нет» в файле нет; есть: «Отзыв», «Дата»" in outcome.error
    assert not store.items


def test_a_second_column_of_the_same_name_can_be_told(tmp_path: Path) -> None:
    path = write(tmp_path, "Отзыв;Отзыв;Дата\nраз;два;01.02.2025\n")
    assert imported(path, columns={"text": "Отзыв (2)"})[0].text == "два"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            "id отзыва|Дата отзыва|Ссылка на отзыв|Автор отзыва|Текст отзыва|Ответ",
            "id|date|url|author|text|answer",
        ),
        (
            "Артикул|Оценка (1-5)|Достоинства|Недостатки|Комментарий|Дата ответа",
            "product|rating|pros|cons|text|answered_at",
        ),
        (
            "Готовы ли вы рекомендовать нас?|Что вам понравилось?|Ваше мнение|Филиал",
            "nps|pros|text|place",
        ),
        ("published_at|text|stars|brand|likes", "date|text|rating|company|likes"),
        ("Отзыв|Комментарий менеджера", "text|"),
    ],
)
def test_column_names(columns: str, expected: str) -> None:
    named = zip(expected.split("|"), columns.split("|"), strict=True)
    assert guess(columns.split("|")) == {field: column for field, column in named if field}


def test_our_own_export_comes_back(tmp_path: Path) -> None:
    head = (
        "Дата;Источник;Бренды;Автор;Оценка;Шкала оценки;NPS;Тональность;Уверенность;Вид;Намерения;"
        "Негатив о;Позитив о;Исправлено вручную;Текст;Ответ компании;Место;Товар;Ссылка"
    )
    rows = (
        "2025-01-02 10:00:00;Яндекс;Пенка;Ия;5.0;5;;негатив;0.9;отзыв;;;;;Все ок;Ага;Пермь;Чай;",
        "2025-01-02 10:00:00;Яндекс;Пенка, Сырок;;8.0;10;;;;;;;;;Так себе;;;;https://a.example/1",
        "2025-01-02 10:00:00;Яндекс;Без бренда;;;;9;;;;;;;;Мимо;;;;",
    )
    path = write(tmp_path, "\n".join((head, *rows)), "utf-8-sig")
    first, second, third = imported(path)
    assert (first.rating, first.rating_scale, second.rating, second.rating_scale) == (5, 5, 8, 10)
    assert [item.company for item in (first, second, third)] == ["Пенка", None, None]
    assert (first.place, first.product, first.answer_text) == ("Пермь", "Чай", "Ага")
    assert (second.url, third.nps) == ("https://a.example/1", 9)
    found = inspect(Options(path=path), NOW)
    assert "Источник" in found.unmapped
    assert not any("шкала" in said for said in found.guesses)


def test_json_lines_of_our_own_export(tmp_path: Path) -> None:
    row = {
        "id": "7", "source": "demo", "url": "", "date": "2025-01-02T10:00:00+03:00", "author": None,
        "text": "Все ок", "rating": 5.0, "rating_scale": 5, "nps": None, "place": "Пермь",
        "product": "Чай", "answer": "Ага", "company": "Пенка", "brands": [{"code": "p"}],
        "tone": "positive", "kind": "review", "intents": [], "opinions": [], "error": None,
    }  # fmt: skip
    lines = (row, {**row, "id": "8", "rating": 8.0, "rating_scale": 10, "company": None})
    first, second = imported(write(tmp_path, "\n".join(map(json.dumps, lines)), name="a.jsonl"))
    assert (first.rating_scale, second.rating_scale) == (5, 10)
    assert (first.external_id, first.company, second.company) == ("7", "Пенка", None)
    assert (first.place, first.product, first.answer_text) == ("Пермь", "Чай", "Ага")


def test_paths_are_relative_to_the_config(tmp_path: Path) -> None:
    write(tmp_path, f"{HEADER}\nа;01.02.2025;5\n", name="a.csv")
    options = Options.model_validate({"path": "a.csv"}, context={"folder": tmp_path})
    assert inspect(options).rows == 1


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        with path.open("w", encoding="utf-8") as out:
            out.write(f"{HEADER}\n")
            out.writelines(f"отзыв номер {n} {'да ' * 30};2025-01-02;5\n" for n in range(rows))
        options = Options(path=path)
        ctx_pages = file.pages(runner.Context("s", options, NOW, NOW, Http()))
        tracemalloc.start()
        total = sum(len(page) for page in ctx_pages)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert total == rows
        return most

    small, large = peak(500), peak(4_000)
    assert large < small + 500_000


QUICK = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
texts = st.text(max_size=60)
tables = st.lists(st.tuples(texts, texts), min_size=1, max_size=8)


@given(rows=tables, delimiter=st.sampled_from(";,\t|"))
@QUICK
def test_any_texts_come_through_csv(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str
) -> None:
    path = tmp_path / "any.csv"
    with path.open("w", encoding="utf-8", errors="surrogatepass", newline="") as out:
        writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL)
        writer.writerows([("Текст отзыва", "Автор"), *rows])
    store = MemoryStore()
    crawl(path, store, encoding="utf-8", delimiter=delimiter)
    if all(text.isprintable() for row in rows for text in row):
        expected = sorted(clean_text(text) for text, _ in rows if clean_text(text))
        assert sorted(item.text for item in store.items.values()) == expected


@given(body=st.binary(max_size=400), name=st.sampled_from(["a.csv", "a.jsonl", "a.xlsx"]))
@QUICK
def test_any_bytes_end_in_an_outcome(tmp_path: Path, body: bytes, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(f"{HEADER}\n".encode() + body if name == "a.csv" else body)
    assert crawl(path).status is not Status.BUG


def test_numbers_of_rows_are_no_ids(tmp_path: Path) -> None:
    """Next month's export begins with 1 again and must not replace this month's."""
    store = MemoryStore()
    for month in ("03", "04"):
        rows = "".join(f"{n};Отзыв {n} за {month};1{n}.{month}.2025\n" for n in (1, 2))
        path = write(tmp_path, f"№;Отзыв;Дата\n{rows}")
        assert crawl(path, store).counts.new == 2
    found = inspect(Options(path=path), NOW)
    assert "id" not in found.columns
    assert any("«№» номера строк" in said for said in found.guesses)
    assert {m.external_id for m in imported(path, columns={"id": "№"})} == {"1", "2"}
    real = write(tmp_path, "№;Отзыв\n7051;Тепло\n7052;Светло\n")
    assert {m.external_id for m in imported(real)} == {"7051", "7052"}
