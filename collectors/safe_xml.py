"""XML from strangers. A document type declaration is refused where it begins.

Without one there are no entities but XML's own five: nothing external can be named, and nothing
small can grow large (OWASP: XML External Entity Prevention). What is left is bounded by the door's
limit on bodies.
"""

from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

_PROLOG, _CHUNK = 64, 1024 * 1024  # bytes parsed before the parser can be stopped
_LONGEST_PROLOG = 16 * 1024  # what is unfinished is read anew with every piece
_DEEPEST = 200  # levels; no format that we read comes near


class UnsafeXml(ValueError):
    """The document declares a type, or is nested beyond measure."""


class _Builder(TreeBuilder):
    """A tree builder that takes no declarations."""

    depth = 0
    has_root = False

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:  # noqa: ARG002
        """Refuse the declaration that a document begins with."""
        raise UnsafeXml("document type declaration")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        """Open an element."""
        self.has_root = True
        self.depth += 1
        if self.depth > _DEEPEST:
            raise UnsafeXml("nested too deeply")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        """Close an element."""
        self.depth -= 1
        return super().end(tag)


def parse_xml(body: bytes | str) -> Element:
    """The root of ``body``; raises ValueError where it is not XML or not safe.

    Of a text that was decoded already the encoding it declares does not count.
    """
    builder = _Builder()
    parser, at = XMLParser(target=builder), 0
    try:
        while at < len(body):
            if at >= _LONGEST_PROLOG and not builder.has_root:
                raise UnsafeXml("no element at the beginning")
            # An error in a handler ends the parsing only with the piece that was fed.
            piece = body[at : at + (_CHUNK if builder.has_root else _PROLOG)]
            parser.feed(piece)
            at += len(piece)
        root = parser.close()
    except (ParseError, LookupError) as error:
        raise ValueError(str(error)) from error
    assert isinstance(root, Element)
    return root


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def child_text(element: Element, name: str) -> str:
    """The text of the first child called ``name`` in whatever namespace, or «»."""
    for child in element:
        if local_name(child) == name:
            return (child.text or "").strip()
    return ""
