"""HTML -> the text a reader sees; markup is never kept."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

from bs4 import BeautifulSoup, Tag
from bs4.builder import HTMLTreeBuilder
from bs4.element import CData, PageElement, PreformattedString

BLOCKS = {
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure"),
    *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p"),
    *("pre", "section", "table", "tr", "ul"),
}
_LABEL = re.compile(r"\A(?:достоинства|недостатки|плюсы|минусы|комментарий)\s*:\s*", re.IGNORECASE)
HIDDEN = {"script", "style", "noscript", "template"}
_EMPTY = frozenset(HTMLTreeBuilder.DEFAULT_EMPTY_ELEMENT_TAGS or ())
# Python refuses to make a number of thousands of digits, and no character has one.
_NO_CHARACTER = re.compile(r"&#(?:[0-9]{9,}|[xX][0-9a-fA-F]{9,});?")
# How markup begins, and what the parser looks for from there on, to the very end if need be.
_ENDS = [
    (re.compile(begins), re.compile(ends))
    for begins, ends in (
        (r"<(?=!--)", r"--\s*>"),
        (r"<(?=!\[(?!\s*(?:if|else|endif)\b))", r"]\s*]\s*>"),
        (r"<(?=!\[)", r"]\s*>"),
        (r"<", r">"),
    )
]
# Stands for a line break while the source's own white space is folded; is itself no white space.
_BREAK = "\x01"


def html_to_text(markup: str) -> str:
    """Text of an HTML fragment; plain text comes back as it is, entities resolved."""
    if "&#" in markup:
        markup = _NO_CHARACTER.sub("", markup)
    if "<" not in markup:
        return html.unescape(markup).strip() if "&" in markup else markup.strip()
    fragment = _Fragment()
    try:
        fragment.feed(_ended(markup))
        fragment.close()
    except AssertionError:  # how the parser says «a marked section of a sort unknown to me»
        return html_to_text(markup.replace("<![", "&lt;!["))
    return _lines("".join(fragment.pieces))


def _ended(markup: str) -> str:
    """``markup`` where what begins and never ends is text, as the parser would have it in the end.

    It would look for the end of each anew: hours for a megabyte of «<a <a <a».
    """
    for begins, ends in _ENDS:
        last = max((found.end() for found in ends.finditer(markup)), default=0)
        markup = markup[:last] + begins.sub("&lt;", markup[last:])
    return markup


def with_pros_and_cons(text: str, pros: str, cons: str) -> str:
    """One text of what a site keeps apart: advantages, drawbacks and the rest, each named."""
    if not pros and not cons:
        return text
    named = (("Достоинства", pros), ("Недостатки", cons), ("Комментарий", text))
    return "\n".join(f"{name}: {_LABEL.sub('', part)}" for name, part in named if part)


def parse_html(markup: str) -> BeautifulSoup:
    """A whole page. lxml bounds its nesting, so what walks the tree may be recursive."""
    # An XML declaration makes BeautifulSoup warn that this might not be HTML; it is.
    return BeautifulSoup(re.sub(r"\A\s*<\?xml[^>]*\?>", "", markup), "lxml")


def text_of(tag: Tag) -> str:
    """Lines of a tag, white space folded as a browser does, a line for each block."""
    return _lines("".join(_pieces(tag)))


def _lines(pieces: str) -> str:
    lines = (line.strip() for line in " ".join(pieces.split()).split(_BREAK))
    return "\n".join(line for line in lines if line)


class _Fragment(HTMLParser):
    """What :func:`_pieces` says of a tree, without making one: several times as fast.

    Fragments are short and many. No lxml here: it stops at 256 levels of nesting and drops the
    rest. An end tag closes all that was opened since its start tag, one without is passed over.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._open: list[str] = []
        self._times: Counter[str] = Counter()
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """A tag begins; one that is always empty has ended, too."""
        if tag not in _EMPTY:
            self._open.append(tag)
            self._times[tag] += 1
        self._edge(tag)
        self._hidden += tag in HIDDEN

    def handle_endtag(self, tag: str) -> None:
        """A tag ends, and what is open inside."""
        closed = ""
        while closed != tag and self._times[tag]:
            closed = self._open.pop()
            self._times[closed] -= 1
            self._hidden -= closed in HIDDEN
            self._edge(closed)

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._hidden:
            self.pieces.append(data)

    def unknown_decl(self, data: str) -> None:
        """A marked section; CDATA is text."""
        if data.upper().startswith("CDATA["):
            self.handle_data(data[len("CDATA[") :])

    def _edge(self, tag: str) -> None:
        if tag in BLOCKS:
            self.handle_data(_BREAK)


def _pieces(tag: Tag) -> Iterator[str]:
    """Strings and breaks in document order; an own stack, for nesting has no bound."""
    stack: list[tuple[bool, Iterator[PageElement]]] = [(False, iter(tag.contents))]
    while stack:
        breaks, rest = stack[-1]
        node = next(rest, None)
        if node is None:
            stack.pop()
            if breaks:
                yield _BREAK
        elif isinstance(node, Tag):
            if node.name in HIDDEN:
                continue
            breaks = node.name in BLOCKS
            if breaks:
                yield _BREAK
            stack.append((breaks, iter(node.contents)))
        elif isinstance(node, CData) or not isinstance(node, PreformattedString):
            yield str(node)
