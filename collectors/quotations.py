"""What the author of a letter wrote himself: without quoted letters and without the signature.

Cut carefully: where nothing would be left (a letter forwarded without a word), nothing is cut, and
a line is dropped only where its form leaves no doubt.
"""

import re

from bs4 import Tag

from collectors.texts import parse_html, text_of

# How mail programs mark the letter that is answered, and the signature, in HTML.
QUOTED_TAGS = (
    'blockquote[type="cite"], .gmail_quote, .gmail_quote_container, .yahoo_quoted, '
    ".moz-cite-prefix, .protonmail_quote, #divRplyFwdMsg, #appendonsend, #mail-editor-reference, "
    "[data-marker='__QUOTED_TEXT__'], .js-helper.js-readmsg-msg, .gmail_signature, "
    ".moz-signature, .protonmail_signature_block"
)
#: After these everything is another letter.
FOLLOWING_TAGS = "#divRplyFwdMsg, #appendonsend"

SHORTEST_DIVIDER = r"[-_=*]{3,}"
LONGEST_SIGNATURE, LONGEST_FAREWELL, LONGEST_LINE = 12, 6, 70  # lines, lines, characters

_QUOTE = re.compile(r"\s*>")
_DIVIDER = re.compile(
    rf"\s*{SHORTEST_DIVIDER}\s*(?:original message|forwarded message|исходное сообщение|"
    rf"пересланное сообщение|пересылаемое сообщение|пересылаемое письмо|исходное письмо|"
    rf"конец пересылаемого сообщения)\s*{SHORTEST_DIVIDER}\s*",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\s*\*?(?P<name>от|from|кому|to|копия|cc|дата|date|отправлено|sent|тема|subject)\s*:",
    re.IGNORECASE,
)
_SENDERS, _OTHERS = {"от", "from"}, 2  # such a line begins a header block of two others at least
# «12 января 2026 г., 10:00, Имя <mail> написал(а):», «On Mon, Jan 12, 2026 at 10:00 AM X wrote:»
_INTRO = re.compile(
    r"(?:пишет|писала?|писал\(а\)|написала?|написал\(а\)|wrote)\s*:\s*\Z", re.IGNORECASE
)
_WHEN_OR_WHO = re.compile(r"\d{1,2}:\d\d|\d{4}|@")
# Programs wrap it; so begins what goes on in the next line.
_WRAPPED = re.compile(
    r"\s*(?:on\b|(?:пн|вт|ср|чт|пт|сб|вс|понедельник|вторник|среда|четверг|пятница|суббота|"
    r"воскресенье)\b|\d{1,2}[./ ])",
    re.IGNORECASE,
)
LONGEST_INTRO = 400  # characters
# Without «>» below it, only a date with a time, or an address, makes it another letter's head.
_SURE = re.compile(r"\d{4}.*\d{1,2}:\d\d|\S@\S", re.DOTALL)
_SIGNATURE = re.compile(r"\s*--\s*")  # RFC 3676, 4.3; the space at the end is often lost
_DEVICE = re.compile(
    r"\s*(?:(?:отправлено|послано) (?:с|из|через) (?:моего )?(?:iphone|ipad|android|айфон|"
    r"устройства|мобильн\w+|яндекс|почты|mail|outlook|смартфона|телефона|планшета)|"
    r"sent from (?:my |outlook|mail|yahoo)|get outlook for )[^\n]{0,80}",
    re.IGNORECASE,
)
_FAREWELL = re.compile(
    r"\s*(?:с уважением|с наилучшими пожеланиями|всего доброго|всего наилучшего|"
    r"best regards|kind regards|regards|sincerely)\s*[,.!]*\s*.{0,60}",
    re.IGNORECASE,
)


def of_html(markup: str) -> str:
    """The author's own words in an HTML letter."""
    soup = parse_html(markup)
    whole = text_of(soup)  # the letter as it is, should nothing be left of it
    for mark in soup.select(FOLLOWING_TAGS):
        for after in mark.find_next_siblings():
            after.decompose()
    for tag in soup.select(QUOTED_TAGS):
        if isinstance(tag, Tag) and not tag.decomposed:
            tag.decompose()
    return of_text(text_of(soup)) or of_text(whole)


def of_text(text: str) -> str:
    """The author's own words in a plain letter; of a mere forward, all of it."""
    whole = text.replace("\r\n", "\n").replace("\xa0", " ").strip()
    lines = whole.split("\n")
    own = _without_signature(_without_quotes(lines[: _another_letter(lines)]))
    return "\n".join(own).strip() or whole


def _another_letter(lines: list[str]) -> int:
    """The line at which a quoted letter begins without being marked line by line."""
    last_quote = max((n for n, line in enumerate(lines) if _QUOTE.match(line)), default=-1)
    for number, line in enumerate(lines):
        if _DIVIDER.fullmatch(line) or _header_block(lines, number):
            return number
        intro = _intro(lines, number)
        head = "\n".join(lines[number : number + intro])
        if intro and _SURE.search(head) and last_quote < number:
            return number
    return len(lines)


def _header_block(lines: list[str], number: int) -> bool:
    """True where «От: … Кому: … Тема: …» begins, as Outlook puts it above what it quotes."""
    first = _HEADER.match(lines[number])
    if first is None or first["name"].lower() not in _SENDERS:
        return False
    return sum(bool(_HEADER.match(line)) for line in lines[number + 1 : number + 6]) >= _OTHERS


def _intro(lines: list[str], number: int) -> int:
    """How many lines (a program may wrap it) say who wrote what follows; 0 for none."""
    most = 3 if _WRAPPED.match(lines[number]) else 1
    for length in range(1, most + 1):
        head = "\n".join(lines[number : number + length])
        if len(head) > LONGEST_INTRO or number + length > len(lines):
            break
        if _INTRO.search(head):
            return length if _WHEN_OR_WHO.search(head) else 0
    return 0


def _without_quotes(lines: list[str]) -> list[str]:
    """Lines but those marked with «>» and the line that introduces them: answers between stay."""
    own: list[str] = []
    number = 0
    while number < len(lines):
        intro = _intro(lines, number)
        if intro and _quote_follows(lines, number + intro):
            number += intro
        elif _QUOTE.match(lines[number]):
            number += 1
        else:
            own.append(lines[number])
            number += 1
    return own


def _quote_follows(lines: list[str], number: int) -> bool:
    following = next((line for line in lines[number : number + 5] if line.strip()), "")
    return bool(_QUOTE.match(following))


def _without_signature(lines: list[str]) -> list[str]:
    for number in range(max(1, len(lines) - LONGEST_SIGNATURE), len(lines)):
        if _SIGNATURE.fullmatch(lines[number]):
            lines = lines[:number]
            break
    kept = [line for line in lines if not _DEVICE.fullmatch(line)]
    return kept[: _farewell(kept)]


def _farewell(lines: list[str]) -> int:
    """The line of «С уважением» with nothing but a name and an address after it."""
    for number, line in enumerate(lines):
        if _FAREWELL.fullmatch(line):
            rest = [after for after in lines[number + 1 :] if after.strip()]
            short = len(rest) <= LONGEST_FAREWELL and all(len(a) <= LONGEST_LINE for a in rest)
            if short and any(before.strip() for before in lines[:number]):
                return number
    return len(lines)
