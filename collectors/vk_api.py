"""VK's API: its calls, its errors, and what its answers tell of people and posts.

Methods and fields: github.com/VKCOM/vk-api-schema, version 5.199. The key goes in the body, where
no log of addresses sees it.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta

from collectors.answers import Response
from collectors.base import Context
from collectors.errors import CollectError, NeedsHuman, QuotaSpent, Transient
from collectors.options import DEFAULT_ZONE, MaxPages, Secret, SourceOptions, zone_of
from collectors.quotas import next_midnight
from collectors.shapes import Node, changed, items, nodes, text, value, whole

API, VERSION = "https://api.vk.com/method", "5.199"
DAY_SPENT, CAPTCHA = 29, 14
BUSY = {1: None, 6: timedelta(seconds=1), 9: timedelta(hours=1), 10: None}
BAD_KEY = {4, 5, 27, 28}
CLOSED = {7, 15, 18, 30, 203, 212}
# «[id1|Анна], добрый день»: how VK writes a link to a person or a group.
_LINK = re.compile(r"\[(?:id|club|public|event)\d+(?::bp[-\d]+_\d+)?\|([^\]]+)\]")


class Access(SourceOptions):
    """The key, and how many pages of a list are read at most."""

    token: Secret
    max_pages: MaxPages = 100


class Closed(NeedsHuman):
    """Closed to us or gone."""


def call(ctx: Context[Access], method: str, **params: str | int) -> Response:
    """The answer of a method; raises what its error object stands for."""
    form = {name: str(given) for name, given in params.items()}
    form |= {"extended": "1", "fields": "city", "v": VERSION}
    form["access_token"] = ctx.options.token.get_secret_value()

    def judge(answer: Response) -> None:
        error = value(answer.json, "error")
        if error is not None:
            code = whole(error, "error_code")
            if code is None:
                raise changed(answer, "ошибка без кода")
            raise _refusal(ctx, code, text(error, "error_msg"))

    return ctx.http.ask(f"{API}/{method}", form=form, judge=judge)


def listed(
    ctx: Context[Access], method: str, offset: int = 0, **params: str | int
) -> Iterator[tuple[Response, list[Node]]]:
    """Answers of a method and their items, page by page."""
    for _ in ctx.page_numbers(ctx.options.max_pages):
        answer = call(ctx, method, count=100, offset=offset, **params)
        found = items(answer, "response", "items")
        if not found:
            return
        yield answer, found
        offset += len(found)
        total = whole(answer.json, "response", "current_level_count")
        total = whole(answer.json, "response", "count") if total is None else total
        if total is not None and offset >= total:
            return


def people(answer: Response) -> dict[str, Node]:
    """Id as ``from_id`` has it (groups negative) -> profile or group."""
    body = answer.json
    found = {text(person, "id"): person for person in nodes(body, "response", "profiles")}
    return found | {f"-{text(group, 'id')}": group for group in nodes(body, "response", "groups")}


def name_of(person: Node | None) -> str | None:
    """What a person or a group is called."""
    names = (text(person, "name"), text(person, "first_name"), text(person, "last_name"))
    return " ".join(filter(None, names)) or None


def city_of(person: Node | None) -> str | None:
    """Where a person says to live."""
    return text(person, "city", "title") or None


def words(node: Mapping[str, object]) -> str:
    """The text of a post or comment, links to people as their names."""
    return _LINK.sub(r"\1", text(node, "text"))


def _refusal(ctx: Context[Access], code: int, said: str) -> CollectError:
    told = f"ошибка {code}: {said}"
    if code == DAY_SPENT:
        until = next_midnight(ctx.now, zone_of(DEFAULT_ZONE))
        sentence = "Дневной лимит запросов к VK исчерпан, сбор продолжится завтра."
        return QuotaSpent(sentence, until, until - ctx.now)
    if code in BUSY:
        return Transient(f"VK просит подождать ({told}). Попробуем позже.", BUSY[code])
    if code == CAPTCHA:
        return NeedsHuman("VK требует капчу. Возьмите сервисный ключ приложения: с ним её нет.")
    if code in BAD_KEY:
        return NeedsHuman(f"VK не принимает ключ ({told}). Выпустите новый и впишите его в token.")
    if code in CLOSED:
        return Closed(f"VK не даёт это прочесть ({told}). Проверьте, что группа открыта.")
    return NeedsHuman(f"VK отказал ({told}). Проверьте настройки источника.")
