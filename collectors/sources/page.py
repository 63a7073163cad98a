"""Review pages: schema.org data where a page has them, CSS selectors from config.yaml else.

A list of reviews is read page by page: by the ``next`` link, or by number where the address holds
``{page}``.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any

from bs4 import BeautifulSoup
from pydantic import Field, model_validator

from collectors import presets
from collectors.base import About, Context, Item, Order, dates_of
from collectors.cards import Selector
from collectors.errors import NeedsHuman
from collectors.options import MaxPages, WebAddress
from collectors.redirects import absolute
from collectors.review_pages import Reading, nothing_found, read
from collectors.texts import parse_html

ABOUT = About(
    title="Страницы с отзывами",
    auth="не нужен",
    limits="столько, сколько листает сайт, но не больше max_pages страниц",
    caveats="нужна разметка schema.org или селекторы CSS; robots.txt сайта соблюдается; готовые "
    "настройки preset: otzovik и irecommend неофициальны и требуют accept_terms",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=4)  # dates without a time (a day) and up to three days of moderation
GONE = {404, 410}  # past the last page of a list: its ordinary end


class Options(Reading):
    """``url`` of the list; with ``{page}`` in it pages are counted from ``start``.

    ``next`` selects the link to the following page otherwise. ``newest_first: false`` is for a list
    in another order: all its pages are read every time. ``pause`` is how many seconds the site is
    left alone at least between two pages, should it not say so itself. ``preset`` names a site
    whose settings are shipped (see :mod:`collectors.presets`); ``accept_terms`` says that its terms
    were read.
    """

    url: WebAddress
    next: Selector = 'a[rel~="next"], link[rel~="next"]'
    start: Annotated[int, Field(ge=0)] = 1
    max_pages: MaxPages = 100
    newest_first: bool = True
    pause: Annotated[float, Field(ge=0, le=60)] = 0.0
    preset: presets.Name | None = None
    accept_terms: bool = False

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, given: Any) -> Any:
        return presets.fill(given) if isinstance(given, dict) else given


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Page after page until all reviews of one are older than ``ctx.since``."""
    options = ctx.options
    url, visited = options.url.replace("{page}", str(options.start)), set[str]()
    for number in ctx.page_numbers(options.max_pages):
        visited.add(url)
        try:
            answer = ctx.http.get(url, conditional=number == 0, pause=options.pause)
        except NeedsHuman as error:
            if number and error.status in GONE:
                return
            raise
        soup = parse_html(answer.text)
        page = read(ctx, soup, answer)
        if not page and not ctx.unreadable:
            nothing = nothing_found(options, answer)
            if number == 0 or isinstance(nothing, NeedsHuman):
                raise nothing
            return
        yield page
        following = _following(options, soup, answer.url, number)
        stop = options.newest_first and ctx.all_older(dates_of(page))
        if stop or following is None or following in visited:
            return
        url = following


def _following(options: Options, soup: BeautifulSoup, url: str, number: int) -> str | None:
    """The address of the next page."""
    if "{page}" in options.url:
        return options.url.replace("{page}", str(options.start + number + 1))
    link = soup.select_one(options.next)
    href = link.get("href") if link else None
    following = absolute(url, href.strip()) if isinstance(href, str) else ""
    return following if following.startswith(("http://", "https://")) else None
