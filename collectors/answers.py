"""What an answer of a server means."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from collectors import bodies
from collectors.errors import CollectError, LayoutChanged, NeedsHuman, Transient
from collectors.secrets import hide_secrets

REDIRECTS = {301, 302, 303, 307, 308}
BUSY = {408, 420, 429}  # 420 is what Yandex Market answers instead of 429
CAPTCHA = 507  # what otzovik.com answers instead of a page
LONGEST_RETRY_AFTER = timedelta(days=31)
UNIX = 10**9  # from here on a number is a moment, not a wait
# RFC 9110; Wildberries (seconds), Yandex Market (a date), Reddit (seconds) and Mastodon (ISO 8601),
# Bluesky (Unix time).
WAITS = (
    *("retry-after", "x-ratelimit-retry", "x-ratelimit-resource-until"),
    *("x-ratelimit-reset", "ratelimit-reset"),
)
PROXY_LOGIN = "Прокси не принимает имя и пароль (407). Проверьте http.proxy."


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


def wait_asked(answer: Response, now: datetime) -> timedelta | None:
    """The wait that an answer asks for, under whichever name its site gives it."""
    said = next((found for name in WAITS if (found := answer.headers.get(name))), "")
    return retry_after(said, now)


def retry_after(header: str, now: datetime) -> timedelta | None:
    """The wait that a header asks for, in seconds or as a moment; None where it says nothing."""
    header = header.strip()
    if re.fullmatch(r"\d+(\.\d+)?", header, re.ASCII):
        seconds = min(float(header[:15]), 10.0 * UNIX)
        wait = timedelta(seconds=seconds - now.timestamp() if seconds >= UNIX else seconds)
    else:
        moment = _moment(header)
        if moment is None:
            return None
        wait = moment - now
    return min(max(wait, timedelta(0)), LONGEST_RETRY_AFTER)


def _moment(written: str) -> datetime | None:
    """An HTTP date or ISO 8601, in UTC where it names no zone."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = read(written)
        except (ValueError, TypeError, OverflowError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


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
        407: PROXY_LOGIN,
        410: f"{shown} удалён навсегда (410). Уберите источник или укажите новый адрес.",
        507: f"{shown} требует капчу (507): автоматический сбор здесь закрыт.",
    }
    if not 200 <= status < 300:
        text = words.get(status, f"{shown} ответил кодом {status}. Проверьте адрес и настройки.")
        raise NeedsHuman(text, status)


def proxy_refusal(shown: str, said: str) -> CollectError:
    """What a proxy means that does not connect us; ``said`` begins with its status."""
    if said.startswith("407"):
        return NeedsHuman(PROXY_LOGIN, 407)
    if said.startswith("4"):
        return NeedsHuman(f"Прокси не пускает к {shown} ({said}). Спросите, кто им управляет.")
    return Transient(f"Прокси не соединил с {shown} ({said}). Попробуем позже.")
