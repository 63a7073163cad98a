"""Feeds of common elements, read quickly, say the same as feedparser makes of them."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors import bodies, plain_feeds
from collectors.answers import Response
from collectors.base import Context, Item
from collectors.sources import feed

PAGES = Path(__file__).parent / "pages" / "feed"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
_WORDS = st.sampled_from(
    ["Хлеб", "свежий", "<b>не очень</b>", "&", "<", "<br/>", "5 > 3", "«да»", "ё", "&nbsp;", "]]"]
)
_SAID = st.lists(_WORDS, max_size=6).map(" ".join)
_ADDRESS = st.sampled_from(
    ["https://a.example/1?x=1&y=2", "/local/7", "http://a.example////b", "нет", ""]
)
_DATE = st.sampled_from(
    ["Sat, 10 Jan 2026 12:10:00 +0300", "10 Jan 2026 12:10 GMT", "вчера", "2026-01-10T12:10:00Z"]
)


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def tagged(name: str, values: st.SearchStrategy[str], times: int = 1) -> st.SearchStrategy[str]:
    """An element, as it stands in a feed; sometimes not there, rarely more than once."""
    one = values.map(lambda value: f"<{name}>{escaped(value)}</{name.partition(' ')[0]}>")
    return st.lists(one, max_size=times).map("".join)


def items(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    entry = st.tuples(*parts).flatmap(st.permutations).map("".join)
    return st.lists(entry, min_size=1, max_size=3).map(lambda all_: "</>".join(all_))


RSS = items(
    tagged("title", _SAID),
    tagged("link", _ADDRESS),
    tagged("guid", _ADDRESS) | tagged('guid isPermaLink="false"', _SAID),
    tagged("description", _SAID, 2),
    tagged("content:encoded", _SAID),
    tagged("pubDate", _DATE),
    tagged("dc:date", _DATE),
    tagged("dc:creator", st.sampled_from(["Иван", "ivan@a.example (Иван)", "&amp;"])),
    tagged("author", st.just("Пётр")),
    tagged("category", st.sampled_from(["Хлеб", "", "Сыр"]), 3),
    tagged("source url='http://b.example'", _SAID),
    tagged("slash:comments", st.sampled_from(["7", "", "много"])),
    st.sampled_from(["", "<comments>http://c.example</comments>", "<unknown>x</unknown>"]),
)
ATOM = items(
    tagged("title", _SAID) | tagged("title type='html'", _SAID),
    tagged("summary", _SAID) | tagged("summary type='html'", _SAID),
    tagged("content type='html'", _SAID) | tagged("content type='text'", _SAID),
    st.sampled_from(["", "<link href='/1'/>", "<link rel='alternate' href='http://a.example/2'/>"]),
    st.sampled_from(["", "<link rel='self' href='http://a.example/me'/>", "<link href='/2'/>"]),
    tagged("id", _ADDRESS),
    tagged("updated", _DATE),
    tagged("published", _DATE),
    st.sampled_from(["", "<author><name>Ира</name></author>", "<author><name/></author>"]),
    st.sampled_from(["", "<author><name>Ира</name><email>i@a.example</email></author>"]),
    st.sampled_from(["", "<category term='а'/>", "<category term='а' scheme='б'/><category/>"]),
)


def rss(entries: str) -> str:
    inside = "".join(f"<item>{entry}</item>" for entry in entries.split("</>"))
    return (
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/' "
        "xmlns:slash='http://purl.org/rss/1.0/modules/slash/'><channel><title>Лента</title>"
        f"<link>http://a.example</link>{inside}</channel></rss>"
    )


def atom(entries: str) -> str:
    inside = "".join(f"<entry>{entry}</entry>" for entry in entries.split("</>"))
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Лента</title>{inside}</feed>"


def read(text: str) -> tuple[list[Item], Any]:
    """What the collector makes of a feed, with what it remarks."""
    answer = Response("http://a.example/feed", 200, {"content-type": "text/xml"}, text.encode())
    door: Any = SimpleNamespace(get=lambda *_, **__: answer, forget=lambda _: None)
    options = feed.Options(url="http://a.example/feed")
    ctx = Context(source="f", options=options, since=NOW, now=NOW, http=door)
    return [item for page in feed.pages(ctx) for item in page], (ctx.skipped, ctx.notes)


def read_slowly(text: str) -> tuple[list[Item], Any]:
    """The same by feedparser."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_feeds, "read", lambda _: None)
        return read(text)


@given(RSS.map(rss) | ATOM.map(atom))
def test_any_feed_says_the_same_read_quickly(text: str) -> None:
    assert read(text) == read_slowly(text)


@pytest.mark.parametrize("name", ["rss", "news", "alerts", "rdf"])
def test_recorded_feeds_say_the_same_read_quickly(name: str) -> None:
    text = bodies.decode((PAGES / f"{name}.xml").read_bytes(), "")
    assert read(text) == read_slowly(text)


def test_common_feeds_are_read_quickly() -> None:
    text = "<title>Хлеб</title><guid>http://a.example/1</guid><description>x</description>"
    assert plain_feeds.read(rss(text)) == [
        {
            "title": "Хлеб",
            "id": "http://a.example/1",
            "link": "http://a.example/1",
            "summary": "x",
            "tags": [],
        }
    ]
    assert plain_feeds.read(atom("<id>tag:1</id><link href='http://a.example/1'/>"))
    assert plain_feeds.read((PAGES / "alerts.xml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "text",
    [
        "<html><body>Войдите</body></html>",
        "<rss version='2.0'><channel><item><title>Обор",
        "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss version='2.0'><channel/></rss>",
        rss("<title>Раз</title><title>Два</title>"),
        rss("<description><b>не экранировано</b></description>"),
        rss("<title>Хлеб</title>").replace("<rss", "<rss xml:base='http://b.example'"),
        atom("<content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'>да</div></content>"),
    ],
)
def test_odd_feeds_are_left_to_feedparser(text: str) -> None:
    assert plain_feeds.read(text) is None
