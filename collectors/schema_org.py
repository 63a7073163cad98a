"""Reviews in a page's structured data: JSON-LD first, microdata else.

Vocabulary: schema.org/Review. The reviews stand alone, in a list, in ``@graph``, or nested in what
they are about (Product, LocalBusiness, …).
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bs4 import BeautifulSoup

Node = dict[str, Any]
REVIEW_TYPES = {"review", "userreview", "criticreview", "employerreview", "claimreview"}
PRODUCT_TYPES = {"product", "softwareapplication", "mobileapplication", "book", "movie", "course"}
# Nodes with a name that is not the name of what a review is about.
PAGE_TYPES = {
    *("webpage", "collectionpage", "itempage", "profilepage", "qapage", "faqpage", "website"),
    *("itemlist", "listitem", "breadcrumblist", "article", "newsarticle", "blogposting"),
    *("person", "rating", "aggregaterating", "offer", "imageobject", "question", "answer"),
}
MOST_NODES = 100_000  # of one page; bounds a document made to be walked for ever
_CONTROL_COMMENT = re.compile(r"\A\s*(?:<!--|//<!\[CDATA\[|/\*<!\[CDATA\[\*/)|(?:-->|//\]\]>)\s*\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """A review node and the name of what it is about."""

    node: Node
    product: str | None = None
    company: str | None = None


def reviews(soup: BeautifulSoup, markup: str, url: str) -> list[Found]:
    """All reviews of a page, in its order; the same ones in both notations come once."""
    found = list(_walk(_json_ld(soup)))
    if not found and "itemprop" in markup:
        found = list(_walk(_microdata(markup, url)))
    return found


def text_value(value: Any) -> str:
    """A property as text: a plain value, the first of a list, or the name or value of a node."""
    for _ in range(8):
        if isinstance(value, list):
            value = value[0] if value else ""
        elif isinstance(value, dict):
            value = next((value[k] for k in ("name", "value", "@value") if k in value), "")
    return str(value).strip() if isinstance(value, str | int | float) else ""


def rating_value(node: Node, usual: int = 5) -> tuple[float, int] | None:
    """(rating, scale) of a review node; the scale is bestRating, else ``usual`` or one that fits.

    A scale that is no «nought or one to best» (thumbs, -5…5, 6 the worst) comes as one of five.
    """
    rating = node.get("reviewRating") or node.get("rating")
    rating = rating[0] if isinstance(rating, list) and rating else rating
    given = rating if isinstance(rating, dict) else {"ratingValue": rating}
    value = _number(given.get("ratingValue"))
    if value is None:
        return None
    best, worst = _number(given.get("bestRating")), _number(given.get("worstRating"))
    if best is not None and worst is not None and (best < 2 or worst not in {0, 1}):
        return _of_five(value, worst, best)
    if best is None or best < max(value, 2) or best > 1000:
        best = next((scale for scale in (usual, 5, 10, 100) if value <= scale), None)
    return (value, round(best)) if best else None


def _of_five(value: float, worst: float, best: float) -> tuple[float, int] | None:
    share = (value - worst) / (best - worst) if best != worst else -1
    return (round(1 + 4 * share, 2), 5) if 0 <= share <= 1 else None


def _number(value: Any) -> float | None:
    match = re.search(r"-?\d+(?:[.,]\d+)?", text_value(value)[:40])
    return float(match[0].replace(",", ".")) if match else None


def _json_ld(soup: BeautifulSoup) -> list[Any]:
    """The page's JSON-LD documents; a broken one does not take the others with it."""
    documents = []
    for script in soup.find_all("script", type=re.compile(r"application/ld\+json", re.I)):
        body = _CONTROL_COMMENT.sub("", script.get_text())
        try:
            documents.append(json.loads(body.strip().rstrip(";"), strict=False))
        except (ValueError, RecursionError):
            continue
    return documents


def _microdata(markup: str, url: str) -> list[Any]:
    # extruct draws rdflib in with it: a third of a second that a page without microdata spares.
    from extruct.w3cmicrodata import MicrodataExtractor

    try:
        items = MicrodataExtractor(nested=True).extract(markup.encode(), base_url=url)
        return [_as_json_ld(item) for item in items]
    except (ValueError, RecursionError):
        return []  # nothing that could be read; the caller tries its selectors


def _as_json_ld(item: Any) -> Any:
    """extruct's ``{type, properties}`` as the flat node that JSON-LD has."""
    if isinstance(item, list):
        return [_as_json_ld(part) for part in item]
    if not isinstance(item, dict):
        return item
    node = {name: _as_json_ld(value) for name, value in (item.get("properties") or {}).items()}
    node["@type"] = item.get("type")
    if item.get("id"):
        node["@id"] = item["id"]
    return node


def _walk(documents: list[Any]) -> Iterator[Found]:
    """Review nodes in document order, each with the nearest thing around it that has a name."""
    stack: list[tuple[Any, Found]] = [(documents, Found({}))]
    for _ in range(MOST_NODES):
        if not stack:
            return
        node, around = stack.pop()
        if isinstance(node, list):
            stack.extend((part, around) for part in reversed(node))
        elif isinstance(node, dict):
            kinds = _types(node)
            if kinds & REVIEW_TYPES:
                about = _subject(node.get("itemReviewed"), around)
                yield Found(node, about.product, about.company)
                continue
            inner = _subject(node, around)
            stack.extend((value, inner) for value in reversed(list(node.values())))


def _subject(node: Any, around: Found) -> Found:
    if isinstance(node, list):
        node = node[0] if node else None
    name = text_value(node.get("name")) if isinstance(node, dict) else ""
    kinds = _types(node) if isinstance(node, dict) else set()
    if not name or not kinds or kinds & PAGE_TYPES:
        return around
    if kinds & PRODUCT_TYPES:
        return Found({}, product=name, company=around.company)
    return Found({}, product=around.product, company=name)


def _types(node: Node) -> set[str]:
    given = node.get("@type")
    kinds = given if isinstance(given, list) else [given]
    return {str(kind).rpartition("/")[2].lower() for kind in kinds if kind}
