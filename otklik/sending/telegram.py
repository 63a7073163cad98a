"""Telegram by the Bot API (https://core.telegram.org/bots/api): a picture, its words, each file.

apprise's own way forgets on a retry what has been taken already, so only its reading of the URL is
used. What happened -> what happens next::

    429, 5xx, no connection, silence   later, as late as asked for
    401, 404                           not again: no such bot
    400, 403, 413                      not again to this chat
"""

import json
import mimetypes
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from collectors.answers import Response, wait_asked
from collectors.errors import CollectError, NeedsHuman, Transient
from collectors.transport import Question
from otklik.channels import Channel
from otklik.outgoing import Message
from otklik.sending.line import Line
from otklik.sending.steps import Refused, Step, digest

#: Longest caption and longest message, in UTF-16 units.
CAPTION, TEXT = 1024, 4096

_PNG = "image/png"
_LONGEST_ANSWER = 200
_LONGEST_WAIT = 24 * 3600


@dataclass(frozen=True, slots=True)
class _Chat:
    """Where a bot speaks; ``topic`` is a thread of a forum."""

    channel: Channel
    line: Line
    chat: str
    topic: str

    def call(
        self,
        method: str,
        fields: Mapping[str, str],
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> None:
        """Ask the Bot API; raises Refused."""
        plugin = self.channel.plugin
        url = f"{self.channel.api}/bot{plugin.bot_token}/{method}"
        form = {"chat_id": self.chat, **fields}
        if self.topic:
            form["message_thread_id"] = self.topic
        if plugin.silent:
            form["disable_notification"] = "true"
        try:
            answer = self.line.wire.send(Question.posting(url, form, files))
        except NeedsHuman as error:
            raise Refused(str(error), again=False, everyone=True) from error
        except CollectError as error:
            wait = error.retry_after if isinstance(error, Transient) else None
            raise Refused(str(error), again=True, wait=wait, everyone=True) from error
        _judge(answer, self.chat)

    def say(self, text: str, bold: int) -> None:
        """A message; its first ``bold`` units are a title."""
        fields = {"text": text, "link_preview_options": '{"is_disabled": true}'}
        self.call("sendMessage", fields | _bold("entities", bold))

    def show(self, picture: bytes, caption: str, bold: int) -> None:
        """A picture with its words."""
        fields = {"caption": caption} | _bold("caption_entities", bold)
        self.call("sendPhoto", fields, {"photo": ("chart.png", picture, _PNG)})

    def hand(self, name: str, path: Path) -> None:
        """A file."""
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        self.call("sendDocument", {}, {"document": (name, path.read_bytes(), kind)})


def steps(channel: Channel, message: Message, line: Line) -> list[Step]:
    """For each chat of the URL: the picture with what fits under it, the words, each file."""
    found = []
    for chat, topic in channel.plugin.targets:
        to = f"{chat}:{topic}" if topic else str(chat)
        way = _Chat(channel, line, str(chat), str(topic or ""))
        for part, send in _parts(way, message):
            found.append(Step(f"{part}:{digest(to)}", to, send))
    return found


def _parts(way: _Chat, message: Message) -> Iterator[tuple[str, Callable[[], None]]]:
    whole = f"{message.title}\n\n{message.text}".strip()
    rest, bold = whole, _units(message.title)
    if message.picture is not None:
        caption = whole if _units(whole) <= CAPTION else message.title[: CAPTION // 2]
        yield "picture", partial(way.show, message.picture, caption, min(bold, _units(caption)))
        rest, bold = ("" if caption == whole else message.text), 0
    for n, piece in enumerate(_pieces(rest, TEXT), 1):
        yield f"text{n}", partial(way.say, piece, min(bold, TEXT) if n == 1 else 0)
    for name, path in message.files:
        yield f"file:{digest(name)}", partial(way.hand, name, path)


def _pieces(text: str, limit: int) -> list[str]:
    """``text`` in pieces that Telegram takes, cut between lines or words where there are any."""
    pieces = []
    while _units(text) > limit:
        end = limit
        while _units(text[:end]) > limit:  # signs beyond the basic plane count twice
            end -= max(1, (_units(text[:end]) - limit) // 2)
        cut = next(
            at
            for mark, least in (("\n", end // 2), (" ", 0), ("", 0))
            if (at := text.rfind(mark, 0, end)) > least
        )
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text] if text else pieces


def _units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le")) // 2


def _bold(name: str, length: int) -> dict[str, str]:
    """Bold without markup, in which foreign words could hide some of their own."""
    entity = {"type": "bold", "offset": 0, "length": length}
    return {name: json.dumps([entity])} if length else {}


def _judge(answer: Response, chat: str) -> None:
    """Raise Refused where Telegram did not take it."""
    told = _told(answer)
    if answer.status == 200 and told.get("ok"):
        return
    said = str(told.get("description") or f"код {answer.status}")[:_LONGEST_ANSWER]
    asked = told.get("parameters") or {}
    if answer.status == 429:
        words = f"Телеграм просит подождать ({said})."
        raise Refused(words, again=True, wait=_wait(answer, asked), everyone=True)
    if answer.status >= 500 or answer.status == 200:
        words = f"Телеграм не смог принять сообщение ({said})."
        raise Refused(words, again=True, wait=_wait(answer, asked), everyone=True)
    if answer.status in {401, 404}:
        words = f"Телеграм не знает такого бота ({said}). Проверьте токен в адресе канала."
        raise Refused(words, again=False, everyone=True)
    raise Refused(_of_chat(answer.status, chat, said, asked), again=False)


def _wait(answer: Response, asked: Mapping[str, Any]) -> timedelta | None:
    seconds = asked.get("retry_after")
    if isinstance(seconds, int | float):
        return timedelta(seconds=min(max(seconds, 0), _LONGEST_WAIT))
    return wait_asked(answer, datetime.now(UTC))


def _of_chat(status: int, chat: str, said: str, asked: Mapping[str, Any]) -> str:
    if moved := asked.get("migrate_to_chat_id"):
        return f"Группа {chat} стала супергруппой с номером {moved}: впишите его в адрес канала."
    if status == 403:
        return f"Бота нет в чате {chat}, или он там заблокирован ({said}). Верните его туда."
    if status == 413:
        return f"Файл для Телеграма слишком велик: бот отправляет до 50 МБ ({said})."
    if "chat not found" in said:
        return f"Чат {chat} не найден. Проверьте номер и добавьте бота в чат ({said})."
    return f"Телеграм не принял сообщение для чата {chat} ({said})."


def _told(answer: Response) -> dict[str, Any]:
    try:
        told = json.loads(answer.text)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
