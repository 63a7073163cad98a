"""Reviews of one's own app by the Google Play Developer API.

developers.google.com/android-publisher/api-ref/rest/v3/reviews/list
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from collectors import shapes, tokens
from collectors.base import About, Context, Item, Mention, Order, dates_of
from collectors.errors import NeedsHuman, SkipItem
from collectors.options import Package
from collectors.tokens import Access, KeyOptions

API = "https://androidpublisher.googleapis.com/androidpublisher/v3/applications/"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
LIFE = timedelta(minutes=10)  # of the signed request for a token; Google takes up to an hour
PAGE = 100
WINDOW = timedelta(days=7)
ABOUT = About(
    title="Google Play: отзывы своего приложения",
    auth="сервисный аккаунт Google (ключ JSON) с правом «Отвечать на отзывы» в Play Console",
    limits="только отзывы, написанные или изменённые за последние 7 дней; 200 000 запросов в сутки",
    caveats="собирайте хотя бы раз в неделю; оценки без текста не приходят",
)
ORDER: Order = "newest_first"
LOOKBACK = timedelta(days=2)


class Options(KeyOptions):
    """``package`` is the app's name in its address (ru.brand.app); the key is the JSON file."""

    package: Package


def pages(ctx: Context[Options]) -> Iterator[list[Item]]:
    """Reviews of the last week, the latest written or edited first."""
    url = f"{API}{ctx.options.package}/reviews"
    access, token, used = _access(ctx), "", set[str]()
    if ctx.since < ctx.now - WINDOW:
        ctx.capped("Google Play отдаёт отзывы только за последние 7 дней")
    while token not in used:
        used.add(token)
        params: dict[str, str | int] = {"maxResults": PAGE}
        answer = access.ask(url, params | ({"token": token} if token else {}))
        told = answer.json
        if not isinstance(told, dict):
            raise shapes.changed(answer, "нет объекта с отзывами")
        if "reviews" not in told and "tokenPagination" not in told and told:
            raise shapes.changed(answer, "нет списка «reviews»")
        page = ctx.readable(shapes.nodes(told, "reviews"), lambda review: _mention(ctx, review))
        yield from ctx.given(page)
        token = shapes.text(told, "tokenPagination", "nextPageToken")
        if not token or ctx.all_older(dates_of(page)):
            return


def _access(ctx: Context[Options]) -> Access:
    """The API with the token that the service account's signature gets (RFC 7523)."""
    try:
        account = json.loads(ctx.options.written_key, strict=False)  # .env may hold real newlines
    except ValueError:
        account = None
    email, written = shapes.text(account, "client_email"), shapes.text(account, "private_key")
    if not email or not written:
        raise NeedsHuman(
            "Ключ сервисного аккаунта не разобрать: нужен файл JSON целиком, с полями "
            "client_email и private_key."
        )
    key = tokens.rsa_key(written)
    claims = {"iss": email, "scope": SCOPE, "aud": tokens.GOOGLE}

    def issue() -> str:
        assertion = tokens.signed(ctx.http, key, claims, LIFE)
        grant = {"grant_type": tokens.JWT_BEARER, "assertion": assertion}
        return tokens.google_token(ctx.http, grant)

    return Access(ctx.http, issue, tokens.bearer)


def _mention(ctx: Context[Options], review: Any) -> Mention:
    key = shapes.key(review, "reviewId")
    said = _last(review, "userComment")
    if said is None:
        raise SkipItem("В отзыве нет слов пользователя.", key)
    reply = _last(review, "developerComment")
    # Titles are no longer asked for; an old one stands before a tab.
    title, _, body = shapes.text(said, "text").rpartition("\t")
    fields = ("device", "androidOsVersion", "reviewerLanguage", "appVersionCode", "thumbsDownCount")
    return Mention(
        source=ctx.source,
        external_id=key,
        text=body.strip(),
        title=title.strip(),
        url=f"https://play.google.com/store/apps/details?id={ctx.options.package}&reviewId={key}",
        published_at=shapes.moment(said, "lastModified", "seconds"),
        author=shapes.text(review, "authorName") or None,
        rating=shapes.whole(said, "starRating"),
        likes=shapes.whole(said, "thumbsUpCount"),
        app_version=shapes.text(said, "appVersionName") or None,
        answer_text=shapes.text(reply, "text") or None,
        answered_at=shapes.moment_or_none(reply, "lastModified", "seconds"),
        raw={name: said[name] for name in fields if name in said},
    )


def _last(review: Any, side: str) -> shapes.Node | None:
    """What ``side`` said last: an edited review and an edited answer leave their older words."""
    said = [
        comment[side]
        for comment in shapes.nodes(review, "comments")
        if isinstance(comment.get(side), dict)
    ]
    return max(said, key=lambda c: shapes.whole(c, "lastModified", "seconds") or 0, default=None)
