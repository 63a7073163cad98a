"""A letter as it came (RFC 5322, MIME) -> who wrote what, without what was only quoted.

Letters are broken in every way there is: charsets undeclared or wrong, headers in raw 8-bit,
multiparts cut short. Nothing here raises; what cannot be read is empty.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import parseaddr, parsedate_to_datetime

from collectors import bodies, quotations

_ID = re.compile(r"<([^<>\s]+)>")
_REPLY = re.compile(r"\A(?:\s*(?:re|fwd?|aw|ha|на|отв|пересл)(?:\[\d+\])?\s*:)+\s*", re.IGNORECASE)
_AUTOMATIC = re.compile(
    r"\A\s*(?:автоответ|автоматический ответ|automatic reply|auto(?:matic)?[ -]?reply|"
    r"out of (?:the )?office|вне офиса|нет на месте)\b",
    re.IGNORECASE,
)
_MACHINES = ("mailer-daemon@", "postmaster@", "mail-daemon@")


@dataclass(frozen=True, slots=True)
class Read:
    """A letter understood. ``automatic`` says in words why nobody wrote it; else it is empty.

    ``parent_id`` is the id of the letter it answers. ``is_cut`` is True where the text itself may
    go on beyond what was fetched.
    """

    message_id: str
    parent_id: str | None
    author: str | None
    address: str | None
    subject: str
    is_reply: bool
    text: str
    sent: datetime | None
    automatic: str
    is_cut: bool


def read(raw: bytes, *, whole: bool = True) -> Read:
    """What the letter says; ``whole`` is False where only its beginning was fetched."""
    message = message_from_bytes(raw)
    subject = _header(message, "Subject")
    reply = _REPLY.match(subject)
    name, address = _sender(message)
    parents = _ids(message, "In-Reply-To") or _ids(message, "References")[-1:]
    parts = list(_leaves(message))
    text, last = _text(parts)
    return Read(
        message_id=next(iter(_ids(message, "Message-ID")), ""),
        parent_id=next(iter(parents), None),
        author=name.strip() or address.partition("@")[0] or None,
        address=address.lower() or None,
        subject=subject[reply.end() :] if reply else subject,
        is_reply=bool(reply and parents),
        text=text,
        sent=_sent(message),
        automatic=_automatic(message, subject, address.lower()),
        is_cut=not whole and last,
    )


def _header(message: Message, name: str) -> str:
    """A header's first value decoded: encoded words (RFC 2047), or bytes in some charset."""
    # Not message.get(): it would hide raw bytes behind an «unknown-8bit» of its own.
    values = (value for key, value in message.raw_items() if key.lower() == name.lower())
    value = " ".join(str(next(values, "")).split())
    if not value.isascii():
        return _plain(value.encode("utf-8", "surrogateescape"), "")
    try:
        pieces = decode_header(value)
    except (ValueError, HeaderParseError):  # base64 that is none
        return value
    return "".join(
        piece if isinstance(piece, str) else _plain(piece, charset or "")
        for piece, charset in pieces
    ).strip()


def _sender(message: Message) -> tuple[str, str]:
    """Name and address of who wrote it."""
    try:
        return parseaddr(_header(message, "From"))
    except RecursionError:  # «((((…»
        return "", ""


def _plain(body: bytes, charset: str) -> str:
    return bodies.decode(body, f"text/plain; charset={charset}" if charset else "")


def _ids(message: Message, name: str) -> list[str]:
    return _ID.findall(_header(message, name))


def _sent(message: Message) -> datetime | None:
    try:
        written = parsedate_to_datetime(_header(message, "Date"))
        known = written if written.tzinfo else written.replace(tzinfo=UTC)  # «-0000»: UTC
        return known.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _automatic(message: Message, subject: str, address: str) -> str:
    """Why no person wrote this letter: RFC 3834, RFC 3462, and what older programs send.

    «auto-generated» is let through: so come the notices of review sites.
    """
    if message.get_content_type() == "multipart/report" or address.startswith(_MACHINES):
        return "Отчёт о доставке, а не письмо."
    if _header(message, "Return-Path") == "<>" and _header(message, "Auto-Submitted"):
        return "Отчёт о доставке, а не письмо."
    answered = _header(message, "Auto-Submitted").lower().startswith("auto-replied")
    older = (_header(message, name) for name in ("X-Autoreply", "X-Autorespond"))
    if answered or any(older) or _header(message, "Precedence").lower() == "auto_reply":
        return "Автоответ."
    return "Автоответ." if _AUTOMATIC.match(_REPLY.sub("", subject)) else ""


def _leaves(message: Message) -> Iterator[Message]:
    """The parts that hold something, in order; of alternatives one; no letter within a letter."""
    stack = [message]
    while stack:
        part = stack.pop()
        # Only of one with parts: any other would be decoded here, by whatever charset it names.
        inner = part.get_payload() if part.is_multipart() else None
        if not isinstance(inner, list):
            yield part
        elif part.get_content_type() == "multipart/alternative":
            stack += _best([one for one in inner if isinstance(one, Message)])
        elif part.get_content_maintype() == "multipart":
            stack += [one for one in reversed(inner) if isinstance(one, Message)]


def _best(alternatives: list[Message]) -> list[Message]:
    """The plain text where it says something, else the last: RFC 2046 puts the richest there."""
    plain = [p for p in alternatives if p.get_content_type() == "text/plain" and _body(p).strip()]
    return plain[:1] or alternatives[-1:]


def _text(parts: list[Message]) -> tuple[str, bool]:
    """The written parts as one text, and whether the last part of the letter is among them."""
    texts, last = [], False
    for number, part in enumerate(parts, 1):
        if part.get_content_maintype() != "text" or part.get_content_disposition() == "attachment":
            continue
        markup = part.get_content_type() == "text/html"
        own = quotations.of_html(_body(part)) if markup else quotations.of_text(_body(part))
        if own:
            texts.append(own)
            last = number == len(parts)
    return "\n".join(texts), last


def _body(part: Message) -> str:
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return ""
    return bodies.decode(payload, str(part.get("Content-Type", "")))
