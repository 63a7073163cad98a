"""What an answer of a server means."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from collectors import bodies
from collectors.base import LayoutChanged, NeedsHuman
from collectors.secrets import hide_secrets

REDIRECTS = {301, 302, 303, 307, 308}
BUSY = {420, 429}  # 420 is what Yandex Market answers instead of 429
CAPTCHA = 507  # what otzovik.com answers instead of a page
LONGEST_RETRY_AFTER = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer read to its end. ``url`` is the address after redirects, header names are lower."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body in its right charset, see :func:`collectors.bodies.decode`."""
        return bodies.decode(self.body, self.headers.get("content-type", ""))

    @property
    def json(self) -> Any:
        """The body as JSON; raises LayoutChanged where it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            shown = hide_secrets(self.url)
            raise LayoutChanged(f"{shown} ответил не JSON: API изменилось?", self.text) from error

    @property
    def redirects(self) -> bool:
        """True where the answer only says where to ask instead."""
        return self.status in REDIRECTS and "location" in self.headers

    @property
    def try_again(self) -> bool:
        """True where the same question may be answered later."""
        return self.status in BUSY or (self.status >= 500 and self.status != CAPTCHA)


def retry_after(header: str, now: datetime) -> timedelta | None:
    """The wait that Retry-After asks for, in seconds or as a date; None where it says nothing."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        seconds = min(int(header[:12]), int(LONGEST_RETRY_AFTER.total_seconds()))
        return timedelta(seconds=seconds)
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), LONGEST_RETRY_AFTER)


def busy_words(answer: Response) -> str:
    """Words for an answer that says «later»."""
    shown = hide_secrets(answer.url)
    if answer.status in BUSY:
        return f"{shown} просит подождать (код {answer.status}). Попробуем позже."
    return f"Сервер отвечает ошибкой {answer.status}: {shown}. Попробуем позже."


def refuse(answer: Response) -> None:
    """Raise NeedsHuman for an answer that no retry will change."""
    status, shown = answer.status, hide_secrets(answer.url)
    words = {
        401: f"{shown} требует входа (401). Проверьте ключ или пароль источника.",
        403: f"{shown} закрыт для нас (403). Проверьте доступ или уберите источник.",
        404: f"{shown} не найден (404). Проверьте адрес источника.",
        410: f"{shown} удалён навсегда (410). Уберите источник или укажите новый адрес.",
        507: f"{shown} требует капчу (507): автоматический сбор здесь закрыт.",
    }
    if not 200 <= status < 300:
        text = words.get(status, f"{shown} ответил кодом {status}. Проверьте адрес и настройки.")
        raise NeedsHuman(text, status)
