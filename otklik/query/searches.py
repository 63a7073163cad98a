"""The best search that each sort of source understands.

Sources know less than our language. What one cannot say is left out on the wide side: it may
bring more than the query wants, and the matcher filters what comes. What was left out is told,
and so is the one narrow thing: sources without word forms find a word only as it is written.

- VK ``newsfeed.search``, Mastodon ``/api/v2/search``, Bluesky ``searchPosts``, Hacker News
  (Algolia ``advancedSyntax``): words that must all occur, ``"phrases"``, ``-word``; no «or», so
  alternatives become several searches. Bluesky leaves its syntax open: only words and phrases.
- YouTube ``search.list``: ``a|b -c``, where «|» joins words, not groups.
- Google (Alerts, News): ``(a OR b) c -d "e f" site:g``.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from otklik.query import tree as t

#: Searches that one query may become; beyond, alternatives inside are left out.
_MOST_SEARCHES = 10


@dataclass(frozen=True, slots=True)
class Search:
    """Searches of one source whose findings together hold all that the query wants.

    ``strings`` is empty where the source cannot search for it at all; ``left_out`` tells in words
    what the matcher will check afterwards, or what will be missed.
    """

    dialect: str
    title: str
    strings: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a source understands. ``write`` turns a tree without Near into searches."""

    title: str
    write: "Callable[[t.Tree, _Told], list[str]]"
    excludes: bool = True
    sites: bool = False
    forms: bool = False


@dataclass(slots=True)
class _Told:
    """What was left out, each thing once."""

    things: dict[str, None] = field(default_factory=dict)

    def note(self, thing: str) -> None:
        self.things.setdefault(thing)


def searches_for(tree: t.Tree) -> tuple[Search, ...]:
    """One :class:`Search` for each dialect."""
    return tuple(search(tree, name) for name in DIALECTS)


def search(tree: t.Tree, name: str) -> Search:
    """The query for the dialect of that name in :data:`DIALECTS`."""
    dialect, told = DIALECTS[name], _Told()
    options = tree.parts if isinstance(tree, t.Or) else (tree,)
    wide = [said for option in options if (said := _option(option, dialect, told))]
    strings = dialect.write(t.any_of(wide), told) if wide else []
    if strings and not dialect.forms:
        told.note("источник может не знать словоформ: добавьте важные через OR")
    return Search(name, dialect.title, tuple(dict.fromkeys(strings)), tuple(told.things))


def _wide(tree: t.Tree, dialect: Dialect, told: _Told) -> t.Tree | None:
    """What the dialect can say of the tree or of something wider; None where that is anything.

    Left are words, phrases of exact words, sites, And, Or, and a Not of what may be excluded.
    """
    match tree:
        case t.Word(text, _, prefix):
            if prefix:
                told.note(f"начало слова: {text}*")
                return None
            return t.Word(text)
        case t.Phrase(words):
            if all(word.exact for word in words):
                return t.Phrase(tuple(t.Word(word.text) for word in words))
            if len(words) > 1:
                told.note("порядок слов во фразе")
            return _and([_wide(word, dialect, told) for word in words])
        case t.Near(operands):
            told.note("расстояние между словами")
            return _and([_wide(operand, dialect, told) for operand in operands])
        case t.Author():
            told.note("автор")
            return None
        case t.Site():
            if not dialect.sites:
                told.note("сайт")
                return None
            return t.Site(tree.address)
        case t.Not(t.Not(part)):
            return _wide(part, dialect, told)
        case t.Not(part):
            return _and([_excluded(one, dialect, told) for one in _each(part)])
        case t.And(parts):
            return _and([_wide(part, dialect, told) for part in parts])
        case t.Or(parts):
            options = [_wide(part, dialect, told) for part in parts]
            if any(option is None or not _has_word(option) for option in options):
                told.note(f"выбор, который источник поймёт не весь: {t.to_text(tree)}")
                return None
            return t.any_of([option for option in options if option is not None])


def _option(tree: t.Tree, dialect: Dialect, told: _Told) -> t.Tree | None:
    """What may be searched of something that nothing else stands beside; None is told."""
    wide = _wide(tree, dialect, told)
    if wide is not None and _has_word(wide):
        return wide
    for leaf in _asked(tree):
        if isinstance(leaf, t.Word):
            told.note(f"вместо {t.to_text(leaf)} ищется слово «{leaf.text}», другие не найдутся")
            return t.Word(leaf.text)
    told.note(f"не ищется вовсе: {t.to_text(tree)}")
    return None


def _asked(tree: t.Tree) -> Iterator[t.Tree]:
    """The leaves that must all occur."""
    if isinstance(tree, t.And | t.Near | t.Phrase):
        for child in t.children(tree):
            yield from _asked(child)
    elif not isinstance(tree, t.Not | t.Or):
        yield tree


def _each(part: t.Tree) -> Iterable[t.Tree]:
    """NOT (a OR b) is NOT a and NOT b."""
    return part.parts if isinstance(part, t.Or) else (part,)


def _excluded(part: t.Tree, dialect: Dialect, told: _Told) -> t.Tree | None:
    """NOT of a plain word or a site; excluding anything else might exclude too much."""
    if dialect.excludes and isinstance(part, t.Word) and not part.prefix:
        return t.Not(t.Word(part.text))
    if dialect.excludes and dialect.sites and isinstance(part, t.Site):
        return t.Not(t.Site(part.address))
    told.note(f"исключение: {t.to_text(t.Not(part))}")
    return None


def _and(parts: Iterable[t.Tree | None]) -> t.Tree | None:
    known = [part for part in parts if part is not None]
    return t.all_of(known) if known else None


def _has_word(tree: t.Tree) -> bool:
    """Whether the tree asks for something, and does not only exclude."""
    if isinstance(tree, t.And):
        return any(map(_has_word, tree.parts))
    return not isinstance(tree, t.Not)


def _without_or(tree: t.Tree, told: _Told) -> list[str]:
    """A search for each alternative."""
    found = [_joined(terms) for terms in _alternatives(tree, told, _MOST_SEARCHES) if _asks(terms)]
    if len(found) > 1:
        told.note(f"«или» источник не знает: вместо одного поиска {len(found)}")
    return found


def _alternatives(tree: t.Tree, told: _Told, most: int) -> list[tuple[t.Tree, ...]]:
    """The terms of each search; a choice within a conjunction is left out where it makes many."""
    if isinstance(tree, t.Or):
        share = max(1, most // len(tree.parts))
        return [terms for part in tree.parts for terms in _alternatives(part, told, share)]
    if not isinstance(tree, t.And):
        return [(tree,)]
    choices = [_alternatives(part, told, most) for part in tree.parts]
    number, kept = 1, set[int]()
    for place in sorted(range(len(choices)), key=lambda place: len(choices[place])):
        if number * len(choices[place]) > most and any(_asks(choices[k][0]) for k in kept):
            told.note("часть выбора: поисков вышло бы слишком много")
            continue
        kept.add(place)
        number *= len(choices[place])
    chosen = product(*(choices[place] for place in sorted(kept)))
    return [tuple(term for terms in one for term in terms) for one in chosen]


def _with_pipe(tree: t.Tree, told: _Told) -> list[str]:
    """One search of groups ``a|b``; an alternative of several words is one of them."""
    terms = []
    for part in _exclusions_last(tree.parts if isinstance(tree, t.And) else (tree,)):
        if isinstance(part, t.Or):
            terms.append("|".join(dict.fromkeys(_term(_telling(o, told)) for o in part.parts)))
        else:
            terms.append(_term(part))
    return [" ".join(terms)]


def _telling(option: t.Tree, told: _Told) -> t.Tree:
    """The longest term that an alternative asks for."""
    if not isinstance(option, t.And):
        return option
    told.note("вторые слова внутри вариантов")
    asked = [part for part in option.parts if _has_word(part)]
    plain = [part for part in asked if not isinstance(part, t.Or)]
    if plain:
        return max(plain, key=lambda part: len(_term(part)))
    nested = asked[0]
    assert isinstance(nested, t.Or)
    return t.Or(tuple(_telling(part, told) for part in nested.parts))


def _with_brackets(tree: t.Tree, _: _Told) -> list[str]:
    """One search that says it all."""
    return [_bracketed(tree, outer=True)]


def _bracketed(tree: t.Tree, *, outer: bool = False) -> str:
    if isinstance(tree, t.And | t.Or):
        sign = " OR " if isinstance(tree, t.Or) else " "
        text = sign.join(map(_bracketed, _exclusions_last(tree.parts)))
        return text if outer else f"({text})"
    return _term(tree)


def _joined(terms: Iterable[t.Tree]) -> str:
    return " ".join(map(_term, _exclusions_last(terms)))


def _exclusions_last(terms: Iterable[t.Tree]) -> list[t.Tree]:
    return sorted(terms, key=lambda term: isinstance(term, t.Not))


def _asks(terms: Iterable[t.Tree]) -> bool:
    return any(map(_has_word, terms))


def _term(tree: t.Tree) -> str:
    if isinstance(tree, t.Not):
        return "-" + _term(tree.part)
    if isinstance(tree, t.Or):
        return "|".join(map(_term, tree.parts))
    return t.to_text(tree)


#: By the name of the source type (``google`` is for feeds of Google Alerts and Google News).
DIALECTS: Mapping[str, Dialect] = {
    "vk": Dialect("ВКонтакте", _without_or, forms=True),
    "youtube": Dialect("YouTube", _with_pipe),
    "mastodon": Dialect("Mastodon", _without_or),
    "bluesky": Dialect("Bluesky", _without_or, excludes=False),
    "hackernews": Dialect("Hacker News", _without_or),
    "google": Dialect("Google Alerts и Google Новости", _with_brackets, sites=True, forms=True),
}
