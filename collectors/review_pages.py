"""The reviews of one web page: schema.org data where it has them, CSS selectors else."""

import re
from collections import Counter
from dataclasses import replace
from typing import Annotated

from bs4 import BeautifulSoup
from pydantic import Field

from collectors import dates, schema_org
from collectors.answers import Response
from collectors.base import Context, Item, Mention, key_of
from collectors.cards import Card, Selectors, cards
from collectors.errors import CollectError, LayoutChanged, NeedsHuman, SkipItem
from collectors.options import DEFAULT_ZONE, SourceOptions, Zone, zone_of
from collectors.redirects import absolute
from collectors.texts import html_to_text, parse_html, text_of, with_pros_and_cons

# Review forms have one too; a page that is nothing else is short.
LONGEST_CAPTCHA = 600  # characters of visible text
_CAPTCHA = re.compile(r"(?i)smart-?captcha|g-recaptcha|h-captcha|cf-turnstile|showcaptcha")


class Reading(SourceOptions):
    """How a page is to be read.

    ``rating_scale`` is the best mark where the page does not tell it; ``schema_org: false`` leaves
    the page's structured data aside (some sites put only a few samples there).
    """

    selectors: Selectors | None = None
    schema_org: bool = True
    rating_scale: Annotated[int, Field(ge=2, le=100)] = 5
    timezone: Zone = DEFAULT_ZONE


def nothing_found(options: Reading, answer: Response) -> CollectError:
    """The error for a page where reviews were expected and none is."""
    if _CAPTCHA.search(answer.text) and len(text_of(parse_html(answer.text))) < LONGEST_CAPTCHA:
        return NeedsHuman(f"{answer.url} показывает капчу: автоматический сбор здесь закрыт.")
    tried = "в разметке schema.org" if options.schema_org else ""
    if options.selectors:
        tried += f"{' и ' if tried else ''}по селектору «{options.selectors.item}»"
    hint = "проверьте selectors" if options.selectors else "задайте selectors в config.yaml"
    return LayoutChanged(
        f"На странице не найдено ни одного отзыва ({tried or 'selectors не заданы'}). Откройте "
        f"{answer.url} в браузере: если отзывы там есть, {hint}.",
        answer.text,
    )


def read(ctx: Context[Reading], soup: BeautifulSoup, answer: Response) -> list[Item]:
    """The reviews of a page, keyed; unreadable ones go to ``ctx.skip``."""
    url = answer.url
    found = schema_org.reviews(soup, answer.text, url) if ctx.options.schema_org else []
    if found:
        items = ctx.readable(found, lambda review: _from_schema(ctx, review, url))
    elif ctx.options.selectors:
        chosen = cards(soup, ctx.options.selectors, url)
        items = ctx.readable(chosen, lambda card: _from_card(ctx, card, url))
    else:
        items = []
    return _keyed([item for item in items if isinstance(item, Mention)], url)


def _from_schema(ctx: Context[Reading], review: schema_org.Found, page: str) -> Mention:
    node = review.node
    bodies = (node.get("reviewBody"), node.get("description"), node.get("text"))
    text = html_to_text(next(filter(None, map(schema_org.text_value, bodies)), ""))
    rating = schema_org.rating_value(node, ctx.options.rating_scale)
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
        url=absolute(page, link) if link else page,
        published_at=ctx.now,
        date_known=False,
        author=html_to_text(schema_org.text_value(node.get("author"))) or None,
        rating=rating[0] if rating else None,
        rating_scale=rating[1] if rating else 5,
        product=review.product,
        company=review.company,
        raw={"review": node},
    )
    written = next(filter(None, map(schema_org.text_value, moments)), "")
    return _dated(ctx, mention, written)


def _lasting(node_id: object) -> object:
    """An ``@id`` that is only a fragment («#review1») may be a place on the page: not a key."""
    return None if isinstance(node_id, str) and node_id.startswith("#") else node_id


def _from_card(ctx: Context[Reading], card: Card, page: str) -> Mention:
    rating, title = card.rating, card.text("title")
    text = with_pros_and_cons(card.text("text"), card.text("pros"), card.text("cons"))
    if not text and not title and rating is None:
        raise SkipItem("В карточке по селекторам не найдено ни текста, ни оценки.")
    mention = Mention(
        source=ctx.source,
        external_id=card.text("id") or card.link,
        text=text,
        title=title,
        url=card.link or page,
        published_at=ctx.now,
        date_known=False,
        author=card.text("author") or None,
        rating=rating[0] if rating else None,
        rating_scale=(rating[1] if rating else None) or ctx.options.rating_scale,
        answer_text=card.text("answer") or None,
    )
    return _dated(ctx, mention, card.date)


def _dated(ctx: Context[Reading], mention: Mention, written: str) -> Mention:
    """The mention with its date, and the written form in ``raw`` where it is good for a key."""
    parsed = dates.parse(written, zone_of(ctx.options.timezone), ctx.now)
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
        is_lasting = raw.pop("absolute", False)
        if times[key] > 1 or key in own or absolute(page, key) in own:
            moment = mention.published_at if is_lasting else None
            # Stars alone look alike on all pages of a site; what they are for tells them apart.
            key = key_of(mention.author, moment, mention.text or mention.product)
        keyed.append(replace(mention, external_id=key, raw=raw))
    return keyed
