"""Review cards picked from a page by CSS selectors of config.yaml."""

from typing import Annotated

import soupsieve
from bs4 import BeautifulSoup, Tag
from pydantic import AfterValidator

from collectors.options import SourceOptions
from collectors.ratings import Rating, rating_of
from collectors.redirects import absolute
from collectors.texts import text_of


def _valid(selector: str) -> str:
    css = selector.rpartition("@")[0] if "@" in selector else selector
    try:
        soupsieve.compile(css or "*")
    except (soupsieve.SelectorSyntaxError, ValueError) as error:
        reason = str(error).split("\n", 1)[0]
        raise ValueError(f"«{selector}» не CSS-селектор: {reason}") from error
    return selector


Selector = Annotated[str, AfterValidator(_valid)]


class Selectors(SourceOptions):
    """Where in a page the parts of a review stand.

    ``item`` selects the cards, the others look inside a card. ``css@attribute`` takes an attribute
    instead of the text, ``@attribute`` one of the card itself.
    """

    item: Selector
    text: Selector | None = None
    pros: Selector | None = None
    cons: Selector | None = None
    title: Selector | None = None
    author: Selector | None = None
    date: Selector | None = None
    rating: Selector | None = None
    link: Selector | None = None
    id: Selector | None = None
    answer: Selector | None = None


class Card:
    """One selected card; ``url`` is the page's address."""

    def __init__(self, tag: Tag, selectors: Selectors, url: str) -> None:
        self._tag = tag
        self._selectors = selectors
        self._url = url

    def text(self, name: str) -> str:
        """The text that selector ``name`` finds, or an empty string."""
        return self._value(name, ())

    @property
    def date(self) -> str:
        """The date as written; machine-readable attributes go first."""
        return self._value("date", ("datetime", "content"))

    @property
    def link(self) -> str:
        """The absolute address of the review, or an empty string."""
        href = self._value("link", ("href",))
        return absolute(self._url, href) if href else ""

    @property
    def rating(self) -> Rating | None:
        """The rating as the card draws it."""
        found = self._find("rating")
        return rating_of(found) if found else None

    def _value(self, name: str, attributes: tuple[str, ...]) -> str:
        """What the selector finds: the attribute it names, one of ``attributes``, or text."""
        found = self._find(name)
        if found is None:
            return ""
        _, at, named = str(getattr(self._selectors, name)).rpartition("@")
        for attribute in (named,) if at else attributes:
            value = found.get(attribute)
            if value:
                return " ".join(value) if isinstance(value, list) else str(value).strip()
        return "" if at else text_of(found)

    def _find(self, name: str) -> Tag | None:
        selector: str | None = getattr(self._selectors, name)
        if not selector:
            return None
        css = selector.rpartition("@")[0].strip() if "@" in selector else selector
        return self._tag.select_one(css) if css else self._tag


def cards(soup: BeautifulSoup, selectors: Selectors, url: str) -> list[Card]:
    """All cards of a page."""
    return [Card(tag, selectors, url) for tag in soup.select(selectors.item)]
