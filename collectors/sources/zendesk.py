"""Tickets of Zendesk Support (their first messages) and the ratings that customers gave.

developer.zendesk.com: the cursor-based incremental export gives every ticket that changed, in order
of the changes; satisfaction ratings have a list of their own.
"""

import base64
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from collectors import shapes
from collectors.answers import Response
from collectors.base import About, Context, Deleted, Item, Mention, Order, Quota
from collectors.errors import SkipItem
from collectors.options import Secret, SourceOptions

TICKETS, RATINGS = 1000, 100
MINUTE = timedelta(minutes=1)  # what changed later than that, the export does not give
CURSOR, RATED = "tickets", "ratings_from"  # of the source's state
SCORES = {"bad": 1, "good": 2}
ABOUT = About(
    title="Zendesk: обращения и оценки поддержки",
    auth="почта администратора и API-токен: Центр администрирования → Приложения → API Zendesk",
    limits="вся история, 1000 обращений на запрос, 10 запросов в минуту",
    caveats="берётся первое сообщение обращения; оценки (хорошо или плохо) при ratings: true",
    quota=Quota(by="subdomain", per_second=10 / 60),
)
ORDER: Order = "oldest_first"  # by change: the export's place is kept with every page
LOOKBACK = timedelta(days=7)  # a rating may be changed for days


class Options(SourceOptions):
    """``subdomain`` is the first part of the address (…zendesk.com)."""

    subdomain: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    email: str
    token: Secret
    ratings: bool = False


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Tickets from where the last export ended, then ratings.

    A first crawl that breaks off leaves a cursor but no ratings, so the moment to read ratings from
    is kept apart, and moves only when all of them are read.
    """
    started = int(min(ctx.since, ctx.now - MINUTE).timestamp())
    if ctx.options.ratings:
        ctx.state.setdefault(RATED, started)
    yield from _tickets(ctx, started)
    if ctx.options.ratings:
        yield from _ratings(ctx)
        ctx.state[RATED] = int((ctx.now - LOOKBACK).timestamp())


def _tickets(ctx: Context[Options], started: int) -> Iterator[list[Item]]:
    while True:
        cursor = str(ctx.state.get(CURSOR) or "")
        place: dict[str, str | int] = {"cursor": cursor} if cursor else {"start_time": started}
        answer = _ask(ctx, "incremental/tickets/cursor", {**place, "per_page": TICKETS})
        found = shapes.items(answer, "tickets")
        page = ctx.readable(found, lambda ticket: _ticket(ctx, ticket))
        following = shapes.text(answer.json, "after_cursor")
        if following:
            ctx.state[CURSOR] = following
        yield from ctx.given(page)
        ended = shapes.value(answer.json, "end_of_stream") is not False
        if ended or not following or following == cursor:
            return


def _ratings(ctx: Context[Options]) -> Iterator[list[Item]]:
    params: dict[str, str | int] = {
        "score": "received",
        "start_time": int(ctx.state[RATED]),
        "page[size]": RATINGS,
    }
    while True:
        answer = _ask(ctx, "satisfaction_ratings", params)
        found = shapes.items(answer, "satisfaction_ratings")
        page = ctx.readable(found, lambda rating: _rating(ctx, rating))
        yield from ctx.given(page)
        following = shapes.text(answer.json, "meta", "after_cursor")
        more = shapes.value(answer.json, "meta", "has_more") is True
        if not more or not following or following == params.get("page[after]"):
            return
        params["page[after]"] = following


def _ask(ctx: Context[Options], path: str, params: dict[str, str | int]) -> Response:
    options = ctx.options
    login = f"{options.email}/token:{options.token.get_secret_value()}"
    headers = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}
    return ctx.http.ask(f"{_site(ctx)}/api/v2/{path}.json", params=params, headers=headers)


def _site(ctx: Context[Options]) -> str:
    return f"https://{ctx.options.subdomain}.zendesk.com"


def _ticket(ctx: Context[Options], ticket: shapes.Node) -> Item:
    key = shapes.key(ticket, "id")
    if shapes.text(ticket, "status") == "deleted":
        return Deleted(key)
    text, title = shapes.text(ticket, "description"), shapes.text(ticket, "subject")
    if not text.strip() and not title.strip():
        raise SkipItem("В обращении нет ни темы, ни текста.", key)
    return Mention(
        source=ctx.source,
        external_id=key,
        text=text,
        title=title,
        url=f"{_site(ctx)}/agent/tickets/{key}",
        published_at=shapes.moment(ticket, "created_at"),
        author_id=shapes.text(ticket, "requester_id") or None,
        raw={
            "status": shapes.text(ticket, "status"),
            "channel": shapes.text(ticket, "via", "channel"),
            "tags": shapes.value(ticket, "tags") or [],
        },
    )


def _rating(ctx: Context[Options], rating: shapes.Node) -> Mention:
    key, score = shapes.key(rating, "id"), shapes.text(rating, "score")
    if score not in SCORES:
        raise SkipItem(f"Неизвестная оценка «{score[:40]}».", key)
    ticket = shapes.text(rating, "ticket_id")
    return Mention(
        source=ctx.source,
        external_id=f"rating-{key}",
        text=shapes.text(rating, "comment"),
        url=f"{_site(ctx)}/agent/tickets/{ticket}" if ticket else "",
        published_at=shapes.moment(rating, "created_at"),
        author_id=shapes.text(rating, "requester_id") or None,
        rating=SCORES[score],
        rating_scale=max(SCORES.values()),
        parent_id=ticket or None,
        raw={"reason": shapes.text(rating, "reason")},
    )
