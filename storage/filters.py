"""Which mentions are looked at: one value, shared by every page, query, link and export.

A link carries codes and names, never ids, so that it means the same in a rebuilt database.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from nlp.labels import Intent, Kind, Tone, Touchpoint
from storage.columns import Facet as Facet
from storage.columns import Status as Status
from storage.languages import LANGUAGES as LANGUAGES
from storage.languages import UNKNOWN as UNKNOWN
from storage.rows import fit

#: Stands among ``Filter.tones`` for mentions whose analysis is pending or failed.
UNREAD = ""

#: How the codes that are empty strings (no brand found, not analysed, no language, nobody's) are
#: written in a link.
_NOTHING = "-"


class Key(StrEnum):
    """The query parameters of a link."""

    BRAND = "brand"
    FROM = "from"
    TO = "to"
    PERIOD = "period"  # «all», or the days that end today: «28d»
    SOURCE = "source"
    TOUCHPOINT = "topic"
    TONE = "tone"
    KIND = "kind"
    RATING = "rating"
    TEXT = "q"
    EVERYTHING = "all"
    LANGUAGE = "lang"
    REPEATS = "repeats"
    INTENT = "intent"
    PLACE = "place"
    PRODUCT = "product"
    CITY = "city"
    VERSION = "version"
    AUTHOR = "author"
    THEME = "theme"
    STATUS = "status"
    ASSIGNEE = "assignee"
    BEFORE = "before"


#: The parameter of each facet.
_FACETS = {
    Facet.PLACE: Key.PLACE,
    Facet.PRODUCT: Key.PRODUCT,
    Facet.CITY: Key.CITY,
    Facet.VERSION: Key.VERSION,
}
#: At most some twenty-seven years: older than any review.
_PERIOD = re.compile(r"([1-9]\d{0,3})d")
#: A moment of UTC.
_MOMENT = "%Y-%m-%dT%H:%MZ"
#: Keys of which a link says one value.
_SINGLE = (
    Key.FROM, Key.TO, Key.PERIOD, Key.RATING, Key.TEXT, Key.AUTHOR, Key.THEME, Key.BEFORE,
)  # fmt: skip
#: Of what comes from sources only so much is taken from a link.
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Filter:
    """What is looked at; an empty tuple or None leaves that side open, days are inclusive.

    ``tones`` are the mention's; where ``touchpoints`` are chosen they are those of the opinions
    about these touchpoints, so that a bar «Доставка, негатив» opens exactly what it counted.
    ``rating`` is on the scale 1…5 and leaves unrated mentions out. ``voices_only`` leaves out
    kinds that are no customer's voice, unless ``kinds`` asks for some by name. ``lemmas`` is
    ``text`` in dictionary forms: what the search looks for, filled in by the caller and never
    part of a link. ``languages`` are codes of :mod:`storage.languages`. ``repeats`` adds reposts
    and other repeats to lists; figures count each group once all the same. ``intents`` are those
    of which the mention shows any; ``facets`` pairs of facet and value (any of the values of one
    facet, and so for each facet); ``author`` is the author as stored; ``theme`` the key of a theme
    of opinions. ``statuses`` are those of :class:`storage.columns.Status`: «answered» where the
    source tells an answer, else what the team set, else «new»; ``assignees`` are names, "" nobody's
    mentions; ``before`` (aware, whole minutes) leaves what was published before that moment.
    """

    brands: tuple[int, ...] = ()
    day_from: date | None = None
    day_to: date | None = None
    sources: tuple[int, ...] = ()
    touchpoints: tuple[str, ...] = ()
    tones: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    rating: tuple[int, int] | None = None
    text: str = ""
    voices_only: bool = True
    lemmas: str = ""
    languages: tuple[str, ...] = ()
    repeats: bool = False
    intents: tuple[str, ...] = ()
    facets: tuple[tuple[Facet, str], ...] = ()
    author: str = ""
    theme: str = ""
    statuses: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    before: datetime | None = None

    @property
    def days(self) -> int | None:
        """The length of the period; None where it is open."""
        if self.day_from is None or self.day_to is None:
            return None
        return (self.day_to - self.day_from).days + 1

    @property
    def leaves_out_others(self) -> bool:
        """Whether promo and other non-voices are left out; kinds chosen by name outrank that."""
        return self.voices_only and not self.kinds

    def previous(self) -> "Filter | None":
        """The same filter over the equal period just before; None where the period is open."""
        if self.days is None or self.day_from is None:
            return None
        day_to = self.day_from - timedelta(days=1)
        return replace(self, day_from=day_to - timedelta(days=self.days - 1), day_to=day_to)


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a link that means nothing here; it was left out."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class Names:
    """Ids of brands by code and of sources by name."""

    brands: Mapping[str, int]
    sources: Mapping[str, int]


def to_params(where: Filter, names: Names, moving_with: date | None = None) -> dict[str, list[str]]:
    """The query parameters that stand for ``where``; never empty, so «everything» is told too.

    A period that ends on the day ``moving_with`` is told by its length: it moves with today.
    """
    moves = moving_with is not None and where.day_to == moving_with and where.days is not None
    period = [f"{where.days}d"] if moves else []
    if moves:
        where = replace(where, day_from=None, day_to=None)
    elif not where.day_from and not where.day_to:
        period = ["all"]
    params = {
        Key.BRAND: [code or _NOTHING for code in _codes(where.brands, names.brands)],
        Key.FROM: [where.day_from.isoformat()] if where.day_from else [],
        Key.TO: [where.day_to.isoformat()] if where.day_to else [],
        Key.PERIOD: period,
        Key.SOURCE: _codes(where.sources, names.sources),
        Key.TOUCHPOINT: list(where.touchpoints),
        Key.TONE: [tone or _NOTHING for tone in where.tones],
        Key.KIND: list(where.kinds),
        Key.RATING: ["{}-{}".format(*where.rating)] if where.rating else [],
        Key.TEXT: [where.text] if where.text else [],
        Key.EVERYTHING: [] if where.voices_only else ["1"],
        Key.LANGUAGE: [code or _NOTHING for code in where.languages],
        Key.REPEATS: ["1"] if where.repeats else [],
        Key.INTENT: list(where.intents),
        **{key: [value for own, value in where.facets if own == f] for f, key in _FACETS.items()},
        Key.AUTHOR: [where.author] if where.author else [],
        Key.THEME: [where.theme] if where.theme else [],
        Key.STATUS: list(where.statuses),
        Key.ASSIGNEE: [name or _NOTHING for name in where.assignees],
        Key.BEFORE: [where.before.astimezone(UTC).strftime(_MOMENT)] if where.before else [],
    }
    return {str(key): values for key, values in params.items() if values}


def from_params(
    params: Mapping[str, Sequence[str]], names: Names, today: date
) -> tuple[Filter, tuple[Problem, ...]]:
    """Read a link; parts that mean nothing here are left out and reported."""
    params = {key: [fit(value) for value in values] for key, values in params.items()}
    problems = _not_understood(params)

    def several(key: Key, known: Mapping[str, int] | Iterable[str]) -> list[str]:
        good = []
        for value in dict.fromkeys(params.get(key, ())):
            code = UNREAD if value == _NOTHING else value
            if code in known:
                good.append(code)
            else:
                problems.append(Problem(key, value))
        return good

    day_from, day_to = _days(params, today, problems)
    where = Filter(
        brands=tuple(names.brands[code] for code in several(Key.BRAND, names.brands)),
        day_from=day_from,
        day_to=day_to,
        sources=tuple(names.sources[name] for name in several(Key.SOURCE, names.sources)),
        touchpoints=tuple(several(Key.TOUCHPOINT, frozenset(Touchpoint))),
        tones=tuple(several(Key.TONE, {*Tone, UNREAD})),
        kinds=tuple(several(Key.KIND, frozenset(Kind))),
        rating=_rating(params, problems),
        text=_first(params, Key.TEXT).strip()[:_LONGEST],
        voices_only=_first(params, Key.EVERYTHING) != "1",
        languages=tuple(several(Key.LANGUAGE, LANGUAGES)),
        repeats=_first(params, Key.REPEATS) == "1",
        intents=tuple(several(Key.INTENT, frozenset(Intent))),
        facets=tuple(
            (facet, value[:_LONGEST])
            for facet, key in _FACETS.items()
            for value in dict.fromkeys(params.get(key, ()))
            if value
        ),
        author=_first(params, Key.AUTHOR)[:_LONGEST],
        theme=_first(params, Key.THEME)[:_LONGEST],
        statuses=tuple(several(Key.STATUS, frozenset(Status))),
        assignees=tuple(
            "" if name == _NOTHING else name[:_LONGEST]
            for name in dict.fromkeys(params.get(Key.ASSIGNEE, ()))
            if name
        ),
        before=_moment(params, problems),
    )
    return where, tuple(problems)


def speaks_of_a_filter(params: Mapping[str, Sequence[str]]) -> bool:
    """Whether a link carries any part of a filter (else the default view is meant)."""
    return any(key in params for key in Key)


def _not_understood(params: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Parameters of no filter, values of switches that are none, values beyond the only one."""
    found = [
        Problem(name, value)
        for name, values in params.items()
        if name not in frozenset(Key)
        for value in values
    ]
    for key, known in ((Key.EVERYTHING, "1"), (Key.REPEATS, "1")):
        found += [Problem(key, value) for value in params.get(key, ()) if value not in ("", known)]
    for key in _SINGLE:
        found += [Problem(key, value) for value in list(params.get(key, ()))[1:]]
    return found


def _codes(ids: tuple[int, ...], known: Mapping[str, int]) -> list[str]:
    by_id = {number: code for code, number in known.items()}
    return [by_id[number] for number in ids if number in by_id]


def _first(params: Mapping[str, Sequence[str]], key: Key) -> str:
    return next(iter(params.get(key, ())), "")


def _days(
    params: Mapping[str, Sequence[str]], today: date, problems: list[Problem]
) -> tuple[date | None, date | None]:
    """The days of a link: told one by one, or else by the length of a period that ends today."""
    period = _first(params, Key.PERIOD)
    lasting = _PERIOD.fullmatch(period)
    if not lasting and period not in ("", "all"):
        problems.append(Problem(Key.PERIOD, period))
    if lasting and not (_first(params, Key.FROM) or _first(params, Key.TO)):
        return today - timedelta(days=int(lasting[1]) - 1), today
    day_from, day_to = (_day(params, key, problems) for key in (Key.FROM, Key.TO))
    if day_from and day_to and day_from > day_to:
        problems += [Problem(Key.FROM, day_from.isoformat()), Problem(Key.TO, day_to.isoformat())]
        return None, None
    return day_from, day_to


def _day(params: Mapping[str, Sequence[str]], key: Key, problems: list[Problem]) -> date | None:
    value = _first(params, key)
    if not value:
        return None
    try:
        day = date.fromisoformat(value)
        # Before this no review can be; far days only invite overflow in date arithmetic.
        if not 1990 <= day.year <= 2100:
            raise ValueError(value)
    except ValueError:
        problems.append(Problem(key, value))
        return None
    return day


def _moment(params: Mapping[str, Sequence[str]], problems: list[Problem]) -> datetime | None:
    value = _first(params, Key.BEFORE)
    if not value:
        return None
    try:
        moment = datetime.strptime(value, _MOMENT).replace(tzinfo=UTC)
        if not 1990 <= moment.year <= 2100:
            raise ValueError(value)
    except ValueError:
        problems.append(Problem(Key.BEFORE, value))
        return None
    return moment


def _rating(params: Mapping[str, Sequence[str]], problems: list[Problem]) -> tuple[int, int] | None:
    value = _first(params, Key.RATING)
    low, _, high = value.partition("-")
    if low in {*"12345"} and high in {*"12345"} and low <= high:
        return int(low), int(high)
    if value:
        problems.append(Problem(Key.RATING, value))
    return None
