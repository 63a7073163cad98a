"""Reviews of any app in the App Store, by Apple's public feed.

``itunes.apple.com/{country}/rss/customerreviews``, as JSON; its Atom form is read where the dates
are missing in JSON, which has happened.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated
from xml.etree.ElementTree import Element

from pydantic import Field

from collectors import shapes
from collectors.answers import Response
from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.options import Digits, SourceOptions
from collectors.safe_xml import parse_xml

URL = (
    "https://itunes.apple.com/{country}/rss/customerreviews/page={page}/id={app}/sortby=mostrecent"
)
PAGES = 10
ATOM, IM = "{http://www.w3.org/2005/Atom}", "{http://itunes.apple.com/rss}"
ABOUT = About(
    title="App Store: отзывы любого приложения",
    auth="не нужен",
    limits="последние 500 отзывов на страну",
    caveats="лента обновляется с задержкой до суток и иногда приходит пустой; версия есть",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=4)  # dates are exact; the feed lags and reviews are moderated for days
Country = Annotated[str, Field(pattern=r"^[a-z]{2}$")]


class Options(SourceOptions):
    """``app_id`` is the number in the app's address (…/id123456789); ``countries`` the stores."""

    app_id: Digits
    countries: Annotated[tuple[Country, ...], Field(min_length=1)] = ("ru",)


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Store after store, each newest first, fifty reviews a page."""
    for country in ctx.options.countries:
        yield from _store(ctx, country)


def _store(ctx: Context[Options], country: str) -> Iterator[list[Item]]:
    seen = set[str]()
    for number in range(1, PAGES + 1):
        url = URL.format(country=country, page=number, app=ctx.options.app_id)
        reviews = [one for one in _reviews(ctx, url) if shapes.text(one, "id", "label") not in seen]
        seen.update(filter(None, (shapes.text(one, "id", "label") for one in reviews)))
        page = ctx.readable(reviews, lambda review: _mention(ctx, review, country))
        if not page and not ctx.unreadable:
            if number == 1:
                ctx.note(country, "Лента отзывов этой страны пуста.")
            return
        yield page
        if ctx.all_older(dates_of(page)):
            return
    ctx.capped(f"App Store отдаёт последние 500 отзывов на страну ({country})")


def _reviews(ctx: Context[Options], url: str) -> list[shapes.Node]:
    """The reviews of a page, in the shape of the JSON feed."""
    answer = ctx.http.get(f"{url}/json", accept="application/json")
    if not isinstance(shapes.value(answer.json, "feed"), dict):
        raise shapes.changed(answer, "нет поля «feed»")
    # The app itself may stand first: it has no rating.
    found = [e for e in shapes.nodes(answer.json, "feed", "entry") if "im:rating" in e]
    if all(shapes.text(entry, "updated", "label") for entry in found):
        return found
    return _from_atom(ctx.http.get(f"{url}/xml", accept="application/atom+xml,application/xml"))


def _from_atom(answer: Response) -> list[shapes.Node]:
    """The reviews of the Atom form, as the JSON form would tell them."""
    try:
        feed = parse_xml(answer.body)
    except ValueError as error:
        raise shapes.changed(answer, "это не лента Atom") from error
    return [_as_json(e) for e in feed.iter(f"{ATOM}entry") if e.find(f"{IM}rating") is not None]


def _as_json(entry: Element) -> shapes.Node:
    def label(path: str) -> dict[str, str]:
        return {"label": entry.findtext(path, "")}

    names = ("rating", "version", "voteSum", "voteCount")
    link = entry.find(f"{ATOM}link")
    return {
        **{name: label(f"{ATOM}{name}") for name in ("id", "updated", "title")},
        **{f"im:{name}": label(f"{IM}{name}") for name in names},
        "content": label(f"{ATOM}content[@type='text']"),  # another one is HTML
        "author": {name: label(f"{ATOM}author/{ATOM}{name}") for name in ("name", "uri")},
        "link": {"attributes": dict(link.attrib) if link is not None else {}},
    }


def _mention(ctx: Context[Options], review: shapes.Node, country: str) -> Mention:
    author_page = shapes.text(review, "author", "uri", "label")
    links = shapes.nodes(review, "link")
    return Mention(
        source=ctx.source,
        external_id=shapes.key(review, "id", "label"),
        text=shapes.text(review, "content", "label"),
        title=shapes.text(review, "title", "label"),
        url=shapes.text(links[0], "attributes", "href") if links else "",
        published_at=shapes.moment(review, "updated", "label"),
        author=shapes.text(review, "author", "name", "label") or None,
        author_id=author_page.rpartition("/id")[2] or None,
        rating=shapes.whole(review, "im:rating", "label"),
        likes=shapes.whole(review, "im:voteSum", "label"),
        app_version=shapes.text(review, "im:version", "label") or None,
        raw={"country": country, "votes": shapes.text(review, "im:voteCount", "label")},
    )
