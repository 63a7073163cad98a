"""The peer of bench/crawl.py: a Scrapy spider of feeds with an SQLite pipeline.

It is what Scrapy's manual shows (XMLFeedSpider, a pipeline that writes with sqlite3), with what a
good engineer would add: a unique key, one upsert an item, a write-ahead log, a commit every few
hundred items. «plain» stores what the feed says and needs Scrapy alone, so that it may run in an
environment of its own. «same» stores all columns of Otklik's table of mentions that a feed fills,
with its indexes and full-text search; lemmas and languages are Otklik's own functions.
"""

import hashlib
import hmac
import html
import json
import re
import resource
import sqlite3
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.spiders import XMLFeedSpider
from w3lib.html import remove_tags, replace_tags

_PLAIN = """
create table mention (
    id integer primary key, source text not null, external_id text not null, url text, title text,
    text text not null, author text, published_at text not null, day text not null,
    comments integer, raw text not null, content_hash text not null, collected_at text not null,
    updated_at text not null, unique (source, external_id));
create index ix_mention_published on mention (published_at, id);
"""
_SAME = """
alter table mention add column lemmas text not null;
alter table mention add column language text not null;
alter table mention add column text_key integer;
create index ix_mention_text_key on mention (text_key) where text_key is not null;
create virtual table mention_fts using fts5(
    lemmas, content='mention', content_rowid='id', tokenize='unicode61 remove_diacritics 0');
create trigger mention_fts_insert after insert on mention begin
    insert into mention_fts (rowid, lemmas) values (new.id, new.lemmas); end;
create trigger mention_fts_update after update of lemmas on mention begin
    insert into mention_fts (mention_fts, rowid, lemmas) values ('delete', old.id, old.lemmas);
    insert into mention_fts (rowid, lemmas) values (new.id, new.lemmas); end;
"""
_KEY = b"the key of the hashes of authors"
_COMMIT_EVERY = 500
_ZONE = ZoneInfo("Europe/Moscow")
_BREAK = re.compile(r"\s*\n\s*")
_WORD = re.compile(r"\w+")


class FeedSpider(XMLFeedSpider):
    """Reads feeds; ``feeds`` are pairs of a name and an address."""

    name = "feeds"
    itertag = "item"
    namespaces = (
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("slash", "http://purl.org/rss/1.0/modules/slash/"),
    )

    def __init__(self, feeds: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(**more)
        self._feeds = feeds

    async def start(self) -> Any:
        """The feeds."""
        for name, url in self._feeds:
            yield scrapy.Request(url, cb_kwargs={"source": name})

    def parse_node(self, response: Any, node: Any) -> Iterator[dict[str, Any]]:
        """One entry."""

        def said(name: str) -> str:
            return str(node.xpath(f"{name}/text()").get("")).strip()

        markup = replace_tags(said("description"), "\n")
        title, body = said("title"), _BREAK.sub("\n", html.unescape(markup)).strip()
        moment = parsedate_to_datetime(said("pubDate")).astimezone(UTC)
        text = body if title in body else f"{title}\n{body}"
        yield {
            "source": response.cb_kwargs["source"],
            "external_id": said("guid"),
            "url": response.urljoin(said("link")),
            "title": remove_tags(title),
            "text": text,
            "author": said("dc:creator"),
            "published_at": moment.isoformat(sep=" "),
            "day": moment.astimezone(_ZONE).date().isoformat(),
            "comments": int(said("slash:comments") or 0),
            "raw": json.dumps({"tags": node.xpath("category/text()").getall()}),
            "content_hash": hashlib.sha256(text.encode()).hexdigest(),
        }


class SqlitePipeline:
    """Stores every item once, by its source and id."""

    schema = _PLAIN

    def __init__(self, path: str) -> None:
        self._path = path
        self._waiting = 0
        self._upsert = ""

    @classmethod
    def from_crawler(cls, crawler: Any) -> "SqlitePipeline":
        """The pipeline of a crawl."""
        return cls(crawler.settings["SQLITE_PATH"])

    def open_spider(self) -> None:
        """Make the database."""
        self._db = sqlite3.connect(self._path)
        self._db.execute("pragma journal_mode=wal")
        self._db.execute("pragma synchronous=normal")
        self._db.executescript(self.schema)

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Store one item."""
        now = datetime.now(UTC).isoformat(sep=" ")
        row = item | {"collected_at": now, "updated_at": now}
        self._upsert = self._upsert or _upsert(list(row))
        self._db.execute(self._upsert, row)
        self._waiting += 1
        if self._waiting >= _COMMIT_EVERY:
            self._db.commit()
            self._waiting = 0
        return item

    def close_spider(self) -> None:
        """Store the rest."""
        self._db.commit()
        self._db.close()


def _upsert(names: list[str]) -> str:
    kept = ("source", "external_id", "collected_at")
    changed = ", ".join(f"{name} = excluded.{name}" for name in names if name not in kept)
    marks = ", ".join(f":{name}" for name in names)
    return (
        f"insert into mention ({', '.join(names)}) values ({marks}) "
        f"on conflict (source, external_id) do update set {changed} "
        "where content_hash <> excluded.content_hash"
    )


class SamePipeline(SqlitePipeline):
    """Stores what follows from an item, too: all columns that Otklik's table has."""

    schema = _PLAIN + _SAME

    def open_spider(self) -> None:
        """Make the database."""
        sys.path.insert(0, str(Path(__file__).parent.parent))
        from nlp.text import lemmas
        from storage.languages import language_of

        self._lemmas, self._language_of = lemmas, language_of
        super().open_spider()

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        """Store one item."""
        text = item["text"]
        words = " ".join(_WORD.findall(text.lower()))
        digest = hashlib.blake2b(words.encode(), digest_size=8).digest()
        author = hmac.digest(_KEY, item["author"].casefold().encode(), "sha256").hex()[:32]
        more = {
            "author": author,
            "lemmas": self._lemmas(text),
            "language": self._language_of(text),
            "text_key": int.from_bytes(digest, "big", signed=True),
        }
        return super().process_item(item | more)


def main() -> None:
    """Crawl what standard input says; tell how long it took."""
    told = json.load(sys.stdin)
    process = CrawlerProcess(
        {
            "LOG_LEVEL": "WARNING",
            "ROBOTSTXT_OBEY": True,
            "DOWNLOAD_DELAY": 0,
            "CONCURRENT_REQUESTS": told["workers"],
            "TELNETCONSOLE_ENABLED": False,
            "ITEM_PIPELINES": {SamePipeline if told["same"] else SqlitePipeline: 300},
            "SQLITE_PATH": told["database"],
        }
    )
    process.crawl(FeedSpider, feeds=told["feeds"])
    started, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    process.start()
    after = resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    json.dump({"seconds": time.perf_counter() - started, "cpu": cpu}, sys.stdout)


if __name__ == "__main__":
    main()
