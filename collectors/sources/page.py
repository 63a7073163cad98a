"""Review pages: schema.org data where a page has them, CSS selectors from config.yaml else.

A list of reviews is read newest first, page by page: by the ``next`` link, or by number where the
address holds ``{page}``.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import urljoin

from bs4 import BeautifulSoup
from pydantic import Field

from collectors import dates, schema_org
from collectors.answers import Response
from collectors.base import (
    Context,
    Item,
    LayoutChanged,
    Mention,
    NeedsHuman,
    Order,
    SkipItem,
    key_of,
)
from collectors.cards import Card, Selector, Selectors, cards
from collectors.options import DEFAULT_ZONE, SourceOptions, WebAddress, Zone, zone_of
from collectors.texts import html_to_text, parse_html

ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=4)  # dates without a time (a day) and up to three days of moderation
GONE = {404, 410}  # past the last page of a list: its ordinary end


class Options(SourceOptions):
    """``url`` of the list; with ``{page}`` in it pages are counted from ``start``.

    ``next`` selects the link to the following page otherwise. ``rating_scale`` is the best mark
    where the page does not tell it; ``schema_org: false`` leaves the page's structured data aside
    (some sites put only a few samples there).
    """

    url: WebAddress
    next: Selector = 'a[rel~="next"], link[rel~="next"]'
    start: Annotated[int, Field(ge=0)] = 1
    max_pages: Annotated[int, Field(ge=1, le=10_000)] = 100
    selectors: Selectors | None = None
    schema_org: bool = True
    rating_scale: Annotated[int, Field(ge=2, le=100)] = 5
    timezone: Zone = DEFAULT_ZONE


def pages(ctx: Context) -> Iterator[list[Item]]:
    """Page after page until all reviews of one are older than ``ctx.since``."""
    options = _options(ctx)
    url, visited = options.url.replace("{page}", str(options.start)), set[str]()
    for number in range(options.max_pages):
        visited.add(url)
        try:
            answer = ctx.http.get(url, conditional=number == 0)
        except NeedsHuman as error:
            if number and error.status in GONE:
                return
            raise
        soup = parse_html(answer.text)
        page = _read(ctx, soup, answer)
        if not page and not ctx.unreadable:
            if number == 0:
                raise _nothing(options, answer)
            return
        yield page
        following = _following(options, soup, answer.url, number)
        if _all_older(page, ctx) or following is None or following in visited:
            return
        url = following
    ctx.capped(f"прочитано страниц: {options.max_pages} (max_pages)")


def _all_older(page: list[Item], ctx: Context) -> bool:
    """True where all dated reviews are older than asked for; a pinned old one changes nothing."""
    known = [item.published_at for item in page if isinstance(item, Mention) and item.date_known]
    return bool(known) and max(known) < ctx.since


def _options(ctx: Context) -> Options:
    assert isinstance(ctx.options, Options)
    return ctx.options


def _nothing(options: Options, answer: Response) -> LayoutChanged:
    tried = "в разметке schema.org" if options.schema_org else ""
    if options.selectors:
        tried += f"{' и ' if tried else ''}по селектору «{options.selectors.item}»"
    hint = "проверьте selectors" if options.selectors else "задайте selectors в config.yaml"
    return LayoutChanged(
        f"На странице не найдено ни одного отзыва ({tried or 'selectors не заданы'}). Откройте "
        f"{answer.url} в браузере: если отзывы там есть, {hint}.",
        answer.text,
    )


def _following(options: Options, soup: BeautifulSoup, url: str, number: int) -> str | None:
    """The address of the next page."""
    if "{page}" in options.url:
        return options.url.replace("{page}", str(options.start + number + 1))
    link = soup.select_one(options.next)
    href = link.get("href") if link else None
    following = urljoin(url, href.strip()) if isinstance(href, str) else ""
    return following if following.startswith(("http://", "https://")) else None


def _read(ctx: Context, soup: BeautifulSoup, answer: Response) -> list[Item]:
    """The reviews of a page, keyed."""
    options, url = _options(ctx), answer.url
    found = schema_org.reviews(soup, answer.text, url) if options.schema_org else []
    if found:
        items = ctx.readable(found, lambda review: _from_schema(ctx, review, url))
    elif options.selectors:
        chosen = cards(soup, options.selectors, url)
        items = ctx.readable(chosen, lambda card: _from_card(ctx, card))
    else:
        items = []
    return _keyed([item for item in items if isinstance(item, Mention)], url)


def _from_schema(ctx: Context, review: schema_org.Found, page: str) -> Mention:
    node = review.node
    bodies = (node.get("reviewBody"), node.get("description"), node.get("text"))
    text = html_to_text(next(filter(None, map(schema_org.text_value, bodies)), ""))
    rating = schema_org.rating_value(node)
    if not text and rating is None:
        raise SkipItem("В отзыве schema.org нет ни текста, ни оценки.")
    moments = (node.get("datePublished"), node.get("dateCreated"), node.get("dateModified"))
    link = schema_org.text_value(node.get("url"))
    ids = (node.get("identifier"), _lasting(node.get("@id")), link)
    mention = Mention(
        source=ctx.source,
        external_id=next(filter(None, map(schema_org.text_value, ids)), ""),
        text=text,
        title=html_to_text(schema_org.text_value(node.get("name") or node.get("headline"))),
        url=urljoin(page, link) if link else page,
        published_at=ctx.now,
        date_known=False,
        author=html_to_text(schema_org.text_value(node.get("author"))) or None,
        rating=rating[0] if rating else None,
        rating_scale=rating[1] if rating else 5,
        product=review.product,
        company=review.company,
        raw={"review": node},
    )
    return _dated(ctx, mention, next(filter(None, map(schema_org.text_value, moments)), ""))


def _lasting(node_id: object) -> object:
    """An ``@id`` that is only a fragment («#review1») may be a place on the page: not a key."""
    return None if isinstance(node_id, str) and node_id.startswith("#") else node_id


def _from_card(ctx: Context, card: Card) -> Mention:
    options = _options(ctx)
    rating, text, title = card.rating, card.text("text"), card.text("title")
    if not text and not title and rating is None:
        raise SkipItem("В карточке по селекторам не найдено ни текста, ни оценки.")
    mention = Mention(
        source=ctx.source,
        external_id=card.text("id") or card.link,
        text=text,
        title=title,
        url=card.link or options.url,
        published_at=ctx.now,
        date_known=False,
        author=card.text("author") or None,
        rating=rating[0] if rating else None,
        rating_scale=(rating[1] if rating else None) or options.rating_scale,
        answer_text=card.text("answer") or None,
    )
    return _dated(ctx, mention, card.date)


def _dated(ctx: Context, mention: Mention, written: str) -> Mention:
    """The mention with its date, and the written form in ``raw`` where it is good for a key."""
    parsed = dates.parse(written, zone_of(_options(ctx).timezone), ctx.now)
    if parsed is None:
        if written:
            where = mention.external_id or mention.text[:60]
            ctx.note(where, f"Дата «{written[:60]}» не разобрана, взято время сбора.")
        return mention
    raw = {**mention.raw, "date": written, "absolute": parsed.absolute}
    return replace(mention, published_at=parsed.moment, date_known=True, raw=raw)


def _keyed(mentions: list[Mention], page: str) -> list[Item]:
    """The mentions with a key of their own each; one that a page shows twice comes once.

    What the site gives is a key only where it tells the reviews apart: many put the page's own
    address into every review. «3 дня назад» means another day tomorrow and stays out of the hash.
    """
    unique = list({(m.external_id, m.author, m.text, m.rating): m for m in mentions}.values())
    times = Counter(mention.external_id for mention in unique)
    own = {"", page, page.partition("?")[0]}
    keyed: list[Item] = []
    for mention in unique:
        key, raw = mention.external_id, dict(mention.raw)
        absolute = raw.pop("absolute", False)
        if times[key] > 1 or key in own or urljoin(page, key) in own:
            key = key_of(mention.author, mention.published_at if absolute else None, mention.text)
        keyed.append(replace(mention, external_id=key, raw=raw))
    return keyed
