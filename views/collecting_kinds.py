"""The source types that can be added in the app: their fields, and what becomes of what is typed.

These need no key and read no file of the machine; all others are described in config.yaml.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

Options = dict[str, Any]


class Incomplete(Exception):
    """What is typed is not enough; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A source type: how it is called, what it gives, and its fields.

    ``fields`` draws them in a form and returns a reader of what was typed, which gives the
    options or raises Incomplete. ``address`` of options is what is shown of them, ``place`` what
    a name is made of.
    """

    title: str
    about: str
    fields: Callable[[], Callable[[], Options]]
    address: Callable[[Mapping[str, Any]], str]
    place: Callable[[Mapping[str, Any]], str]


def _web(typed: str, missing: str) -> str:
    """An address; one without a scheme is taken for https."""
    address = typed.strip()
    if not address:
        raise Incomplete(missing)
    address = address if "://" in address else f"https://{address}"
    if not _is_web(address):
        raise Incomplete(
            "Это не адрес сайта. Нужен такой, какой виден в строке браузера: https://example.com/…"
        )
    return address


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    has_space = any(char.isspace() for char in address)
    return parts.scheme.lower() in {"http", "https"} and bool(parts.hostname) and not has_space


def _host(options: Mapping[str, Any]) -> str:
    try:
        return (urlsplit(options["url"]).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def _url(options: Mapping[str, Any]) -> str:
    return str(options["url"])


def _feed() -> Callable[[], Options]:
    url = st.text_input(
        "Адрес ленты", placeholder="https://example.com/rss", key="feed_url", max_chars=2000
    )
    return lambda: {"url": _web(url, "Впишите адрес ленты.")}


_SELECTORS = {
    "item": "Карточка отзыва",
    "text": "Текст",
    "link": "Ссылка на отзыв",
    "rating": "Оценка",
    "date": "Дата",
    "author": "Автор",
}


def _page() -> Callable[[], Options]:
    url = st.text_input(
        "Адрес списка отзывов",
        placeholder="https://example.com/otzyvy",
        help="Где номер страницы стоит в адресе, напишите `{page}`: `…/otzyvy?page={page}`",
        key="page_url",
        max_chars=2000,
    )
    with st.expander("Если отзывы не находятся сами: селекторы CSS", icon=":material/code:"):
        st.caption("Нужны там, где нет разметки schema.org. Хватит карточки и текста.")
        left, right = st.columns(2)
        half = len(_SELECTORS) // 2
        typed = {
            name: (left if place < half else right).text_input(
                title, key=f"page_{name}", max_chars=500
            )
            for place, (name, title) in enumerate(_SELECTORS.items())
        }
        following = st.text_input("Ссылка на следующую страницу", key="page_next", max_chars=500)

    def read() -> Options:
        options: Options = {"url": _web(url, "Впишите адрес страницы с отзывами.")}
        selectors = {name: css.strip() for name, css in typed.items() if css.strip()}
        if selectors and "item" not in selectors:
            raise Incomplete("Впишите и селектор карточки: остальные ищутся внутри неё.")
        if selectors:
            options["selectors"] = selectors
        if following.strip():
            options["next"] = following.strip()
        return options

    return read


def _telegram() -> Callable[[], Options]:
    channel = st.text_input(
        "Канал", placeholder="@channel или https://t.me/channel", key="telegram_channel",
        max_chars=200,
    )  # fmt: skip
    query = st.text_input(
        "Только записи со словами (можно не заполнять)", key="telegram_query", max_chars=200
    )

    def read() -> Options:
        name = re.sub(r"^(https?://)?(t\.me/(s/)?)?@?|/$", "", channel.strip())
        if not name:
            raise Incomplete("Впишите имя или адрес канала.")
        if not re.fullmatch(r"[A-Za-z]\w{3,31}", name, re.ASCII):
            raise Incomplete(
                "Это не имя канала. Нужно имя открытого канала латиницей, без пробелов: @channel; "
                "закрытый канал, в который зовут ссылкой, прочитать нельзя."
            )
        return {"channel": name} | ({"query": query.strip()} if query.strip() else {})

    return read


def _appstore() -> Callable[[], Options]:
    app = st.text_input(
        "Номер или адрес приложения",
        placeholder="123456789 или https://apps.apple.com/ru/app/…/id123456789",
        key="appstore_app",
        max_chars=500,
    )
    countries = st.text_input(
        "Страны", "ru", key="appstore_countries", max_chars=200,
        help="Двухбуквенные коды через пробел: `ru kz by`",
    )  # fmt: skip

    def read() -> Options:
        found = re.search(r"id(\d+)", app) or re.fullmatch(r"\s*(\d+)\s*", app)
        if found is None:
            raise Incomplete("Впишите номер приложения: в его адресе он стоит после «id».")
        codes = re.findall(r"\w+", countries.lower())
        if not codes:
            raise Incomplete("Впишите хотя бы одну страну, например ru.")
        if not all(re.fullmatch("[a-z]{2}", code) for code in codes):
            raise Incomplete("Страны пишутся двумя латинскими буквами через пробел: ru kz by.")
        return {"app_id": found[1], "countries": codes}

    return read


def _store(options: Mapping[str, Any]) -> str:
    return f"приложение {options['app_id']}, страны: {', '.join(options['countries'])}"


KINDS: Mapping[str, Kind] = {
    "feed": Kind(
        "Лента RSS",
        "Новости, Google Alerts, поиск Reddit (search.rss) и любая другая лента.",
        _feed,
        _url,
        _host,
    ),
    "page": Kind(
        "Страница с отзывами",
        "Сайт, где отзывы открыты всем. Его robots.txt соблюдается.",
        _page,
        _url,
        _host,
    ),
    "telegram": Kind(
        "Телеграм-канал",
        "Записи открытого канала; комментариев под ними просмотр не показывает.",
        _telegram,
        lambda options: f"https://t.me/s/{options['channel']}",
        lambda options: str(options["channel"]),
    ),
    "appstore": Kind(
        "App Store",
        "Отзывы любого приложения: последние 500 на страну.",
        _appstore,
        _store,
        lambda options: str(options["app_id"]),
    ),
}
