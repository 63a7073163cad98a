"""Where links lead, those of Google's feeds too, without asking anyone."""

import base64
import binascii
import re
from urllib.parse import parse_qs, urljoin, urlsplit

_GOOGLE = re.compile(r"(?:^|\.)google\.[a-z.]{2,6}$")
_URL = re.compile(rb"https?://[\x21-\x7e]+")


def absolute(base: str, link: str) -> str:
    """The address that a link on the page ``base`` leads to; "" for one that leads nowhere."""
    try:
        return urljoin(base, link)
    except ValueError:  # «http://[::1»
        return ""


def is_google_news(url: str) -> bool:
    """True for a link of Google News."""
    return (urlsplit(url).hostname or "") == "news.google.com"


def unwrap(url: str) -> str:
    """The page behind a Google Alerts or Google News link; any other link as it is.

    Alerts carry the page in the ``url`` parameter. Google News links made before 2024 carry it in
    base64; later ones do not tell it offline and stay as they are.
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url
    if not _GOOGLE.search(host):
        return url
    if host == "news.google.com":
        return _from_base64(parts.path.rstrip("/").rpartition("/")[2]) or url
    query = parse_qs(parts.query)
    inner = (query.get("url") or query.get("q") or [""])[0]
    return inner if parts.path == "/url" and inner.startswith(("http://", "https://")) else url


def _from_base64(code: str) -> str | None:
    try:
        body = base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))
    except (binascii.Error, ValueError):
        return None
    match = _URL.search(body)
    return match[0].decode("ascii") if match else None
