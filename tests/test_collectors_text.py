"""Dates, ratings, texts, keys: what every source goes through."""

import json
import warnings
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from memory import NOW, mention

from collectors import dates
from collectors.base import Mention, key_of
from collectors.cleaning import LARGEST_RAW, LONGEST_TEXT, clean, clean_raw, clean_text
from collectors.errors import SkipItem
from collectors.ratings import parse_rating, rating_of
from collectors.redirects import unwrap
from collectors.texts import html_to_text, parse_html, text_of

MOSCOW = ZoneInfo("Europe/Moscow")
TODAY = datetime(2026, 11, 21, 20, 30, tzinfo=UTC)  # 23:30 in Moscow


def local(raw: str, **more: Any) -> str | None:
    parsed = dates.parse(raw, MOSCOW, TODAY, **more)
    return parsed.moment.astimezone(MOSCOW).strftime("%Y-%m-%d %H:%M") if parsed else None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2023-08-17", "2023-08-17 00:00"),
        ("2023-08-17T10:00:00Z", "2023-08-17 13:00"),
        ("2023-08-17 10:00:00.123+05:00", "2023-08-17 08:00"),
        ("2023-08-17T10:00 +0300", "2023-08-17 10:00"),
        ("2023/08/17", "2023-08-17 00:00"),
        ("23.11.2024 11:03", "2024-11-23 11:03"),
        ("1.2.24", "2024-02-01 00:00"),
        ("05.01.2026 в 9:07", "2026-01-05 09:07"),
        ("7 мая 2025", "2025-05-07 00:00"),
        ("7 Мая 2025 г. в 12:30", "2025-05-07 12:30"),
        ("15 янв. 2024", "2024-01-15 00:00"),
        ("2 января 2024, 10:00 (МСК)", "2024-01-02 10:00"),
        ("изменен 10 сентября 2024", "2024-09-10 00:00"),
        ("Отзыв от 5 мая 2024", "2024-05-05 00:00"),
        ("15 января", "2026-01-15 00:00"),
        ("21 ноября", "2026-11-21 00:00"),
        ("22 ноября", "2025-11-22 00:00"),
        ("29 февраля", "2024-02-29 00:00"),
        ("сегодня в 9:05", "2026-11-21 09:05"),
        ("Вчера", "2026-11-20 00:00"),
        ("позавчера", "2026-11-19 00:00"),
        ("3 дня назад", "2026-11-18 00:00"),
        ("неделю назад", "2026-11-14 00:00"),
        ("2 месяца назад", "2026-09-21 00:00"),
        ("год назад", "2025-11-21 00:00"),
        ("5 минут назад", "2026-11-21 23:25"),
        ("2 ч. назад", "2026-11-21 21:30"),
        ("только что", "2026-11-21 23:30"),
        ("45678", "2025-01-21 00:00"),
        ("45678.5", "2025-01-21 12:00"),
        ("1700000000", "2023-11-15 01:13"),
        ("1700000000000", "2023-11-15 01:13"),
        ("13/04/2025", "2025-04-13 00:00"),
        ("04/13/2025", "2025-04-13 00:00"),
        ("Jan 5, 2024", "2024-01-05 00:00"),
        ("январь 2024", "2024-01-01 00:00"),
    ],
)
def test_dates_as_people_write_them(raw: str, expected: str) -> None:
    assert local(raw) == expected


@pytest.mark.parametrize(
    "raw",
    ["", "abc", "5", "99999", "32.13.2024", "00.00.0000", "2024-02-30", "31 сентября", "9" * 99],
)
def test_what_is_no_date(raw: str) -> None:
    assert local(raw) is None


def test_day_and_month() -> None:
    assert local("03/04/2025") == "2025-04-03 00:00"
    assert local("03/04/2025", day_first=False) == "2025-03-04 00:00"
    assert local("03.04.2025", day_first=False) == "2025-04-03 00:00"
    found = [
        dates.numeric_order(raw) for raw in ("03/04/2025", "13-04-2025", "04/13/25", "1.2.25", "x")
    ]
    assert found == ["either", "dmy", "mdy", None, None]


@given(st.text(max_size=90))
def test_no_text_breaks_the_date_parser(raw: str) -> None:
    parsed = dates.parse(raw, MOSCOW, TODAY)
    assert parsed is None or parsed.moment.utcoffset() == timedelta(0)


@given(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_written_dates_come_back(moment: datetime) -> None:
    moment = moment.replace(second=0, microsecond=0)
    for form in ("%d.%m.%Y %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"):
        parsed = dates.parse(moment.strftime(form), UTC, TODAY)
        assert parsed is not None
        assert parsed.moment == moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("4,5 из 5", (4.5, 5)),
        ("4.5 out of 5 stars", (4.5, 5)),
        ("7/10", (7, 10)),
        ("80%", (4, 5)),
        ("★★★★☆", (4, 5)),
        ("★★★", (3, 5)),
        ("★★★½", (3.5, 5)),
        ("Оценка: 4", (4, None)),
        ("отлично", None),
        ("", None),
    ],
)
def test_ratings_in_words(text: str, expected: tuple[float, int | None] | None) -> None:
    assert parse_rating(text) == expected


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ('<b content="4">плохо</b>', (4, None)),
        ('<b data-rating="3,5"></b>', (3.5, None)),
        ('<b title="Оценка 2 из 5"></b>', (2, 5)),
        ('<b><i style="width: 60%;"></i></b>', (3, 5)),
        (
            '<b><i class="star star--on"></i><i class="star star--on"></i><i class="star"></i></b>',
            (2, None),
        ),
        ('<b class="stars-4"></b>', (4, None)),
        ('<b><i class="rating_4-5"></i></b>', (4.5, None)),
        ("<b></b>", None),
    ],
)
def test_ratings_as_drawn(markup: str, expected: tuple[float, int | None] | None) -> None:
    tag = parse_html(markup).find("b")
    assert tag is not None
    assert rating_of(tag) == expected


def test_html_becomes_what_a_reader_sees() -> None:
    markup = (
        "<p>Привет,<br>мир</p>ещё <b>жир</b>ный<ul><li>1<li>2</ul>"
        "<script>x</script><!-- c -->\n\n а &amp; я"
    )
    assert html_to_text(markup) == "Привет,\nмир\nещё жирный\n1\n2\nа & я"
    assert html_to_text("просто &laquo;текст&raquo; 5 > 3") == "просто «текст» 5 > 3"


def test_ten_thousand_levels_of_nesting() -> None:
    assert html_to_text("<div>" * 10_000 + "дно" + "</div>" * 10_000) == "дно"


@given(st.text(alphabet=st.characters(codec="utf-8") | st.sampled_from("<>&;/!-'\""), max_size=200))
def test_no_markup_breaks_the_reader(markup: str) -> None:
    html_to_text(markup)


_PIECES = (
    "слово", " два слова \n", "<p>", "</p>", "<p/>", "<br>", "</br>", "<div a='x>y'>", "</div>",
    "<b>", "</b>", "<ul><li>", "</ul>", "<td>", "<script>", "</script>", "<noscript>",
    "</noscript>", "<template>", "</template>", "<!-- c -->", "<![CDATA[ вот ]]>", "<!doctype a>",
    "<img src=x>", "<3 ", "&amp;", "&nbsp;", "&#1040;", "</h1>", "<?pi?>", "<![if !mso]>", " < ",
)  # fmt: skip


# Without any tag it is plain text, whose white space stays.
@given(st.lists(st.sampled_from(_PIECES), max_size=14).map("".join).map("<b>{}".format))
def test_a_fragment_says_what_its_tree_would(markup: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of texts that look like an address
        tree = BeautifulSoup(markup, "html.parser")
    assert html_to_text(markup) == text_of(tree)


def test_a_marked_section_of_an_unknown_sort_is_text() -> None:
    assert html_to_text("<p>до<![что-то[ после") == "до<![что-то[ после"


@pytest.mark.parametrize(
    ("markup", "end"),
    [("<a ", ""), ("<!--", ""), ("<!--", "x>"), ("<![CDATA[", ""), ("<![CDATA[", "]>"), ("</", "")],
)
def test_markup_that_never_ends_costs_no_more_than_its_length(markup: str, end: str) -> None:
    """Looked for anew from every beginning, the end of these would be found tomorrow."""
    text = html_to_text(markup * 200_000 + end)
    assert text == (markup * 200_000 + end).strip()


def test_unstorable_characters_go_and_the_rest_stays() -> None:
    assert clean_text("а\x00б\ud800в\r\nг\rд\x1b \ufffe") == "абв\nг\nд"
    family = "👩‍👩‍👧 e\u0301 ёж\u00a0—"
    assert clean_text(family) == family


@given(st.text(alphabet=st.characters(), max_size=200))
def test_any_text_can_be_stored_after_cleaning(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert "\x00" not in cleaned
    assert clean_text(cleaned) == cleaned


def cleaned(**fields: Any) -> tuple[Mention, list[str]]:
    notes: list[str] = []
    return clean(mention(1, **fields), "src", NOW, notes.append), notes


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://a.example/1?x=2#y", "https://a.example/1?x=2#y"),
        (" HTTP://a.example ", "HTTP://a.example"),
        ("https://пример.рф/отзыв", "https://пример.рф/отзыв"),
        ("javascript:alert(1)//https://a.example", ""),
        ("java\x00script:alert(1)", ""),
        ("data:text/html,<script>", ""),
        ("file:///etc/passwd", ""),
        ("//a.example/1", ""),
        ("https://", ""),
        ("нет", ""),
    ],
)
def test_only_web_links_are_kept(url: str, kept: str) -> None:
    assert cleaned(url=url)[0].url == kept


def test_a_title_becomes_a_part_of_the_text_once() -> None:
    assert cleaned(title="Плохо", text="Ждал час")[0].text == "Плохо\nЖдал час"
    assert cleaned(title="Ждал", text="Ждал час")[0].text == "Ждал час"
    assert cleaned(title="Только заголовок", text="")[0].text == "Только заголовок"


def test_what_is_out_of_bounds_is_cut_and_noted() -> None:
    item, notes = cleaned(
        text="а" * (LONGEST_TEXT + 1), author="б" * 1000, url="http://x/" + "y" * 9999
    )
    assert len(item.text) == LONGEST_TEXT
    assert item.author is not None
    assert len(item.author) == 500
    assert len(item.url) == 4000
    assert len(notes) == 1
    item, notes = cleaned(rating=7.0, nps=12, likes=-1, views=2**40, external_id="к" * 500)
    assert (item.rating, item.nps, item.likes, item.views) == (None, None, None, None)
    assert item.external_id == key_of("к" * 500)
    assert len(notes) == 1
    assert cleaned(rating=float("nan"))[0].rating is None
    assert cleaned(text="", rating=3.0)[0].rating == 3.0


def test_an_item_that_says_nothing_is_skipped() -> None:
    with pytest.raises(SkipItem):
        cleaned(text="\x00 \n")
    with pytest.raises(SkipItem):
        cleaned(external_id="\x00")


def test_raw_is_bounded_json() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    assert json.dumps(clean_raw(deep), allow_nan=False)
    assert clean_raw({"a": float("nan"), "b": {1, 2}, "c": object, "d": "\x00x"})["a"] is None
    assert clean_raw({"a": "x" * LARGEST_RAW}).keys() == {"too_large"}


def test_the_hash_is_of_the_content() -> None:
    assert mention(1, likes=1).content_hash == mention(2, text="отзыв 1", likes=2).content_hash
    assert mention(1).content_hash != mention(1, rating=1.0).content_hash
    assert key_of("a", "b") != key_of("ab", "")
    assert key_of(None) != key_of("None")


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://www.google.com/url?rct=j&url=https://a.ru/x%3Fy%3D1&ct=ga", "https://a.ru/x?y=1"),
        ("https://www.google.ru/url?q=http://b.ru/", "http://b.ru/"),
        ("https://www.google.com/url?url=javascript:alert(1)", None),
        ("https://news.google.com/rss/articles/CBMiAU_yqLPopaque?oc=5", None),
        ("https://notgoogle.com/url?url=http://a.ru", None),
        ("https://google.evil.example/url?url=http://a.ru", None),
        ("http://[broken", None),
    ],
)
def test_googles_redirect_links(url: str, page: str | None) -> None:
    assert unwrap(url) == (page or url)
