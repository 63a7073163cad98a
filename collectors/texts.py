"""HTML -> the text a reader sees, by BeautifulSoup; markup is never kept."""

import html
import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import CData, PageElement, PreformattedString

BLOCKS = {
    *("address", "article", "aside", "blockquote", "br", "dd", "div", "dl", "dt", "figure"),
    *("footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "ol", "p"),
    *("pre", "section", "table", "tr", "ul"),
}
_LABEL = re.compile(r"\A(?:достоинства|недостатки|плюсы|минусы|комментарий)\s*:\s*", re.IGNORECASE)
HIDDEN = {"script", "style", "noscript", "template"}
# Stands for a line break while the source's own white space is folded; is itself no white space.
_BREAK = "\x01"


def html_to_text(markup: str) -> str:
    """Text of an HTML fragment; plain text comes back as it is, entities resolved."""
    if "<" not in markup:
        return html.unescape(markup).strip() if "&" in markup else markup.strip()
    # The pure Python parser: lxml's stops at 256 levels of nesting and drops the rest.
    return text_of(BeautifulSoup(markup, "html.parser"))


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
    folded = " ".join("".join(_pieces(tag)).split())
    lines = (line.strip() for line in folded.split(_BREAK))
    return "\n".join(line for line in lines if line)


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
