"""Feeds as most are: well-formed RSS 2.0 or Atom of common elements, read quickly.

feedparser knows all that was ever called a feed and mends what is broken; that takes it half a
millisecond an entry, about a third of all that is done to one. Here only such feeds are read
of which there is one reading, and the same one (a test compares); any other is left to it: one with
an unknown version, with elements that mean several things or stand there twice, with markup that is
not escaped, with a base of its addresses, with a document type.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import Element

from collectors.safe_xml import parse_xml

Entry = dict[str, Any]

_ATOM = "{http://www.w3.org/2005/Atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
#: Where a text goes: the elements of which an entry may have one.
_RSS = {
    "title": "title",
    "link": "link",
    "guid": "id",
    "description": "summary",
    "{http://purl.org/rss/1.0/modules/content/}encoded": "content",
    "pubDate": "published",
    f"{_DC}date": "updated",
    "author": "author",
    f"{_DC}creator": "author",
    "{http://purl.org/rss/1.0/modules/slash/}comments": "slash_comments",
}
_ATOM_TEXTS = {
    f"{_ATOM}{name}": name for name in ("title", "id", "summary", "content", "published", "updated")
}
#: What says nothing of what is stored.
_PASSED = {
    "comments",
    "enclosure",
    f"{_ATOM}rights",
    "{http://wellformedweb.org/CommentAPI/}commentRss",
    "{http://wellformedweb.org/CommentAPI/}comment",
    "{http://search.yahoo.com/mrss/}thumbnail",
    "{http://search.yahoo.com/mrss/}content",
    "{com-wordpress:feed-additions:1}post-id",
}
_TYPES = {"text", "html", "text/html", "text/plain"}
_SLASHES = re.compile(r"[A-Za-z][\w+.-]*:///")
_DATE = re.compile(
    r"(?:\w{3}, )?\d{1,2} [A-Za-z]{3} \d{4} \d\d:\d\d(?::\d\d)? (?:[+-]\d{4}|GMT|UTC?|Z|MSK)"
    r"|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)"
)
_REFERENCE = re.compile(r"&([A-Za-z0-9_]+);")
_C1 = re.compile("[\x80-\x9f]")


class _Odd(Exception):
    """Not a feed of this sort."""


def read(text: str) -> list[Entry] | None:
    """The entries of a feed, named as feedparser names them; None where it must say."""
    try:
        return list(_entries(parse_xml(text)))
    except (_Odd, ValueError):
        return None


def _entries(root: Element) -> Iterator[Entry]:
    if f"{_XML}base" in root.attrib:
        raise _Odd
    if root.tag == "rss" and root.get("version", "").startswith("2."):
        (channel, *others) = root
        if others or channel.tag != "channel" or channel.attrib:
            raise _Odd
        parent, tag, of = channel, "item", _rss
    elif root.tag == f"{_ATOM}feed":
        parent, tag, of = root, f"{_ATOM}entry", _atom
    else:
        raise _Odd
    for child in parent:
        if child.tag == tag:
            yield _entry(child, of)
        elif _is_entry(child):
            raise _Odd


def _is_entry(child: Element) -> bool:
    names = (element.tag.rpartition("}")[2].lower() for element in child.iter())
    return any(name in {"item", "entry"} for name in names)


def _entry(element: Element, of: Callable[[Element, Entry], None]) -> Entry:
    entry: Entry = {"tags": []}
    if element.attrib:
        raise _Odd
    for child in element:
        if f"{_XML}base" in child.attrib:
            raise _Odd
        if child.tag not in _PASSED or len(child):
            of(child, entry)
    entry.setdefault("link", entry.get("id") if entry.pop("id_is_link", False) else None)
    if content := entry.get("content"):
        entry["content"] = [{"value": content}]
    return entry


def _rss(child: Element, entry: Entry) -> None:
    """One element of an item."""
    name = _RSS.get(child.tag)
    if child.tag == "category" and not child.attrib:
        _tag(entry, _text(child))
    elif child.tag == "source":
        _put(entry, "source", {"title": _text(child)})
    elif child.tag == "guid":
        attributes = {key.lower(): value for key, value in child.attrib.items()}
        _put(entry, "id_is_link", attributes.get("ispermalink", "true") == "true")
        _put(entry, "id", _address(child) if entry["id_is_link"] else _text(child))
    elif name is None or child.attrib:
        raise _Odd
    elif name == "link":
        _put(entry, name, _REFERENCE.sub(r"&\g<1>", _address(child).replace("&amp;", "&")))
    else:
        _put(entry, name, _text(child))


def _atom(child: Element, entry: Entry) -> None:
    """One element of an entry."""
    if child.tag == f"{_ATOM}link":
        if child.get("rel", "alternate") == "alternate":
            if child.get("type", "text/html") != "text/html" or not child.get("href"):
                raise _Odd
            _put(entry, "link", _plain_address(child.attrib["href"]))
    elif child.tag == f"{_ATOM}category":
        _tag(entry, child.get("term", ""), child.get("scheme"), child.get("label"))
    elif child.tag == f"{_ATOM}author":
        told = [part.tag for part in child if part.tag != f"{_ATOM}uri" or part.attrib]
        if told != [f"{_ATOM}name"]:
            raise _Odd
        _put(entry, "author", _text(child.find(f"{_ATOM}name")))
    elif child.tag in _ATOM_TEXTS:
        name = _ATOM_TEXTS[child.tag]
        if child.get("type", "text") not in _TYPES or child.attrib.keys() - {"type", f"{_XML}lang"}:
            raise _Odd
        _put(entry, name, _address(child) if name == "id" else _text(child))
        if name == "id":
            entry["id_is_link"] = True
    else:
        raise _Odd


def _put(entry: Entry, name: str, value: Any) -> None:
    if name in entry:
        raise _Odd
    if name in {"published", "updated"} and not _DATE.fullmatch(value):
        raise _Odd
    entry[name] = value


def _tag(entry: Entry, term: str, scheme: str | None = None, label: str | None = None) -> None:
    if not term:
        raise _Odd
    tag = {"term": term, "scheme": scheme, "label": label}
    if tag not in entry["tags"]:
        entry["tags"].append(tag)


def _text(element: Element | None) -> str:
    if element is None or len(element):
        raise _Odd
    text = (element.text or "").strip()
    # Windows' characters in the wrong place, or UTF-8 read as Latin-1: feedparser mends both.
    if _C1.search(text) or (not text.isascii() and max(text) < "\u0100"):
        raise _Odd
    return text


def _address(element: Element) -> str:
    return _plain_address(_text(element))


def _plain_address(address: str) -> str:
    if not address or _SLASHES.match(address):
        raise _Odd
    return address
