"""What is kept of the people who wrote: names and ids as they are, or keyed hashes instead.

A hash (HMAC-SHA256, RFC 2104) tells one author from another and cannot be turned back by trying
names without the key, which never enters the database. Texts are stored as they were written, and
the link to the source with them: on some sites it holds the author's id.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from collectors.base import Deleted, Item, Mention
from storage import settings
from storage import tables as t

_MARK = "hmac:"
_HASH = re.compile(r"hmac:[0-9a-f]{32}")
#: Names of fields of ``raw`` that tell of the author, as written without case, «_», «-» and spaces.
_FIELDS = frozenset({
    "author", "authorid", "authorname", "authorurl", "authorlink", "user", "userid", "username",
    "userlink", "userurl", "nickname", "nick", "login", "screenname", "displayname", "fullname",
    "firstname", "lastname", "patronymic", "surname", "handle", "did", "acct", "fromid", "signerid",
    "reviewer", "reviewername", "sender", "customer", "customername", "client", "email", "mail",
    "phone", "profile", "profileurl", "profilelink", "avatar", "avatarurl", "photo",
    "автор", "имя", "фио", "фамилия", "клиент", "покупатель", "пользователь", "ник", "телефон",
    "почта", "профиль",
})  # fmt: skip
_PUNCTUATION = re.compile(r"[\s_\-]+")
#: A name or id as short as this stands in too many values by chance.
_SHORT = 3


@dataclass(frozen=True, slots=True)
class Personal:
    """What config.yaml says of people.

    ``key`` gives the key of the hashes; ``stores`` are the sources whose authors are kept as they
    are (True: all); ``keep`` is the age at which mentions are erased, None never.
    """

    key: Callable[[], bytes]
    stores: bool | frozenset[str] = False
    keep: timedelta | None = None

    def stores_of(self, source: str) -> bool:
        """Whether the names of this source's authors are kept."""
        return self.stores if isinstance(self.stores, bool) else source in self.stores

    def hash_of(self, identity: str) -> str:
        """The keyed hash of a name or an id, whatever its case; a hash stays what it is."""
        if _HASH.fullmatch(identity):
            return identity
        same = " ".join(identity.casefold().split())
        return _MARK + hmac.digest(self.key(), same.encode("utf-8", "replace"), "sha256").hex()[:32]

    def mask(self, mention: Mention) -> Mention:
        """The mention as it may be stored."""
        if self.stores_of(mention.source):
            return mention
        who = [value for value in (mention.author, mention.author_id) if value]
        return replace(
            mention,
            author=self.hash_of(mention.author) if mention.author else None,
            author_id=self.hash_of(mention.author_id) if mention.author_id else None,
            raw=without(mention.raw, who),
        )

    def admit(
        self, session: Session, source: str, items: Iterable[Item], now: datetime
    ) -> list[Item]:
        """What may be stored of a page: nothing too old, nothing of forgotten authors."""
        oldest = now - self.keep if self.keep else None
        fresh = [
            item
            for item in items
            if isinstance(item, Deleted) or oldest is None or item.published_at >= oldest
        ]
        gone = _forgotten(session, source)
        return [
            item if isinstance(item, Deleted) else self.mask(item)
            for item in fresh
            if isinstance(item, Deleted) or not (gone and self._hashes(item) & gone)
        ]

    def _hashes(self, item: Mention) -> set[str]:
        return {self.hash_of(value) for value in (item.author, item.author_id) if value}


def shown(author: str | None) -> str | None:
    """An author as people read it: a name, or «автор a1b2c3»."""
    if author and _HASH.fullmatch(author):
        return f"автор {author[len(_MARK) :][:6]}"
    return author


def is_hash(author: str) -> bool:
    """Whether this is a keyed hash of :meth:`Personal.hash_of`."""
    return bool(_HASH.fullmatch(author))


def tells_of_author(key: str) -> bool:
    """Whether a field of this name says who wrote, as far as names of fields tell."""
    return _PUNCTUATION.sub("", key).casefold() in _FIELDS


def without(raw: Mapping[str, Any], who: Sequence[str]) -> dict[str, Any]:
    """``raw`` without fields that tell of authors, and without values that hold these."""
    needles = _needles(who)

    def tells(said: str) -> bool:
        return any(said == one or (len(one) > _SHORT and one in said) for one in needles)

    return _kept(raw, tells, tells_of_author)


def without_values(raw: Mapping[str, Any], who: Sequence[str]) -> dict[str, Any]:
    """``raw`` without values that hold one of these names or ids as words of their own."""
    needles = _needles(who)
    words = re.compile("|".join(rf"(?<!\w){re.escape(one)}(?!\w)" for one in needles) or r"(?!)")

    def tells(said: str) -> bool:
        return any(len(one[0]) > _SHORT or one[0] == said for one in words.finditer(said))

    return _kept(raw, tells, lambda _: False)


def _needles(who: Sequence[str]) -> list[str]:
    return [value.casefold() for value in who if not is_hash(value)]


_GONE = object()
_Check = Callable[[str], bool]


def _kept(raw: Mapping[str, Any], tells: _Check, unwanted: _Check) -> dict[str, Any]:
    kept = {
        key: _cleaned(value, tells, unwanted)
        for key, value in raw.items()
        if not unwanted(str(key))
    }
    return {key: value for key, value in kept.items() if value is not _GONE}


def _cleaned(value: Any, tells: _Check, unwanted: _Check) -> Any:
    if isinstance(value, Mapping):
        return _kept(value, tells, unwanted)
    if isinstance(value, list | tuple):
        cleaned = (_cleaned(item, tells, unwanted) for item in value)
        return [item for item in cleaned if item is not _GONE]
    if isinstance(value, bool) or value is None:
        return value
    return _GONE if tells(str(value).casefold()) else value


def _forgotten(session: Session, source: str) -> set[str]:
    """Hashes of whom the source's items are not stored."""
    erasure = t.erasure.c
    own = sa.select(t.source.c.id).where(t.source.c.name == source).scalar_subquery()
    return set(
        session.scalars(
            sa.select(erasure.author).where(
                erasure.author.is_not(None),
                sa.or_(erasure.source_id.is_(None), erasure.source_id == own),
            )
        )
    )


def mask_stored(session: Session, personal: Personal) -> int:
    """Put hashes in place of stored names that the config does not have stored; of how many.

    Does nothing where it was done for this config; a hash never becomes a name again.
    """
    stores = personal.stores if isinstance(personal.stores, bool) else sorted(personal.stores)
    if settings.get(session, settings.AUTHORS) == stores:
        return 0
    settings.put(session, settings.AUTHORS, stores)
    mention, changed = t.mention.c, 0
    for source in session.execute(sa.select(t.source.c.id, t.source.c.name)).all():
        if personal.stores_of(source.name):
            continue
        plain = sa.or_(mention.author.not_like("hmac:%"), mention.author_id.not_like("hmac:%"))
        rows = session.execute(
            sa.select(mention.id, mention.author, mention.author_id, mention.raw).where(
                mention.source_id == source.id, plain
            )
        ).all()
        for chunk in t.in_chunks(rows):
            t.update_all(session, t.mention, [_masked(row, personal) for row in chunk])
        changed += len(rows)
    return changed


def _masked(row: Any, personal: Personal) -> dict[str, Any]:
    who = [value for value in (row.author, row.author_id) if value]
    return {
        "id": row.id,
        "author": personal.hash_of(row.author) if row.author else None,
        "author_id": personal.hash_of(row.author_id) if row.author_id else None,
        "raw": without(row.raw, who),
    }
