"""Answer bodies: bounded decompression and the right charset."""

import codecs
import mmap
import re
import zlib
from collections.abc import Iterable

from collectors.errors import NeedsHuman, Transient

ENCODINGS = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # content coding -> zlib window bits
PIECE = 256 * 1024  # decompressed bytes taken at a time, so that a bomb is noticed early

_META = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]+)|<meta[^>]{0,300}?charset\s*=\s*["']?([\w.:-]+)""",
    re.IGNORECASE,
)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_body(chunks: Iterable[bytes], coding: str, limit: int) -> bytes:
    """All of ``chunks``, decompressed; raises NeedsHuman beyond ``limit`` bytes.

    ``coding`` is the Content-Encoding header. Only one coding is taken: nested ones multiply, and
    nobody honest nests them. A stream that ends early raises Transient.
    """
    coding = coding.strip().lower()
    if coding in {"", "identity"}:
        return _collect(chunks, limit)
    if coding not in ENCODINGS:
        raise Transient(f"Ответ сжат неизвестным способом ({coding[:40]}), его не просили.")
    try:
        return _collect(_inflated(chunks, coding), limit)
    except zlib.error as error:
        raise Transient("Сжатый ответ повреждён. Попробуем ещё раз позже.") from error


def _collect(chunks: Iterable[bytes], limit: int) -> bytes:
    # Memory of its own, which goes back at once: the heap of a thread keeps most of what was
    # large, so that some endless answers would cost hundreds of megabytes for good.
    with mmap.mmap(-1, max(limit, 1)) as body:
        for chunk in chunks:
            if body.tell() + len(chunk) > limit:
                raise NeedsHuman(
                    f"Ответ больше {limit // 1024} КиБ, чтение прервано. Проверьте адрес: похоже, "
                    "это не страница и не лента, а файл."
                )
            body.write(chunk)
        return body[: body.tell()]


def _inflated(chunks: Iterable[bytes], coding: str) -> Iterable[bytes]:
    """Decompressed pieces of at most ``PIECE`` bytes; gzip may hold several members."""
    inflate = zlib.decompressobj(ENCODINGS[coding])
    started = False
    for chunk in chunks:
        data = chunk
        while data:
            if inflate.eof:
                if not data.startswith(b"\x1f\x8b"):
                    return  # padding after the last member
                inflate = zlib.decompressobj(ENCODINGS[coding])
            if not started and coding == "deflate" and data[0] & 0x0F != 8:
                inflate = zlib.decompressobj(-15)  # raw deflate, as some old servers send it
            started = True
            yield inflate.decompress(data, PIECE)
            data = inflate.unconsumed_tail or inflate.unused_data
    if started and not inflate.eof:
        yield inflate.flush()
        if not inflate.eof:
            raise Transient("Сжатый ответ оборвался на середине. Попробуем ещё раз позже.")


def decode(body: bytes, content_type: str) -> str:
    """Text of ``body``: BOM, then the header, then meta or XML declaration, UTF-8, cp1251.

    Servers lie about charsets; a declared one that does not fit is passed over. Bytes that are
    valid UTF-8 beyond ASCII are UTF-8 whatever single-byte charset was declared: by chance that
    happens to Russian text practically never.
    """
    for bom, name in _BOMS:
        if body.startswith(bom):
            return body.decode(name, "replace")
    for charset in _candidates(body, content_type):
        try:
            return body.decode(charset)
        except (LookupError, ValueError):
            continue
    return body.decode("cp1251", "replace")


def _candidates(body: bytes, content_type: str) -> list[str]:
    header = _HEADER.search(content_type)
    meta = _META.search(body[:4096])
    declared = [header.group(1)] if header else []
    if meta:
        declared.append((meta.group(1) or meta.group(2)).decode("ascii"))
    wide = [name for name in declared if name.lower().startswith(("utf-16", "utf-32"))]
    return [*wide, "utf-8", *(name for name in declared if name not in wide)]
