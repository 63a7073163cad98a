"""analyse -> themes: what is said inside a touchpoint, kept up as opinions come.

A new opinion goes to the nearest theme, if one is near enough; what is left over is looked through
for new themes whenever enough of it is new. Themes that exist never move, so what a link or a
chart of last week calls a theme is the same today. All state is in the database: safe to cut off
and rerun.

10 000 opinions of long bank reviews take about a minute of CPU: two thirds of it reading texts, a
tenth each the words and the clusters.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import itemgetter

import numpy as np
from sqlmodel import Session

from nlp.analyser import embedded_version
from nlp.sentences import Sentence, Sentences, around
from nlp.theme_words import said, stems, title
from nlp.themes import REACH, Centre, Floats, Found, Ground, Rarity, Said, Space
from otklik.house import House
from storage import theme_renewal, themes
from storage.themes import Left, Marked, Part, Place, StoredGround, StoredTheme

#: Mentions whose opinions are taken from the queue at once.
_TAKE = 512
#: Opinions without a theme that are looked through at once: the newest. Time grows with the square.
_LOOK = 3000
#: So many new leftovers are looked through at once, before the queue is empty.
_MANY = 600
#: At the end of a run: at least so many new ones, and such a part of all that are left.
_SOME, _PART = 10, 0.1
#: Fewer opinions than this have no themes.
_ENOUGH = 20
#: More sentences change nothing about what they have in common, nor do stems seen once.
_GROUND, _STEMS = 5000, 5000
#: By so many of its sentences a theme is found again when the encoder has changed.
_MIDDLE = 100

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Themed:
    """What one run did: opinions read, those that got a theme at once, themes found."""

    opinions: int = 0
    placed: int = 0
    themes: int = 0
    seconds: float = 0.0


def find(house: House, on_progress: Progress) -> Themed:
    """Give every opinion that waits its theme, and look for new themes among the others."""
    started = time.monotonic()
    with house.db.read() as session:
        waits = bool(themes.pending(session, limit=1))
        former, now = theme_renewal.encoder(session), embedded_version()
        leaves = any(map(_is_worth, themes.left(session).values()))
    if not (waits or leaves or former not in (None, now)):
        return Themed()
    run = _Run(house)
    if former != now:
        run.follow_encoder(former, now)
    run.read_all(on_progress)
    run.look_through(_is_worth)
    return replace(run.done, seconds=time.monotonic() - started)


class _Run:
    """One pass over the queue; what it remembers of the database it alone changes meanwhile."""

    def __init__(self, house: House) -> None:
        self._db = house.db
        self._sentences = Sentences(house.config.nlp.threads)
        names = [name for brand in house.config.brands for name in (brand.name, *brand.aliases)]
        self._avoided = frozenset(stem for name in names for stem in stems(said(name)))
        self.done = Themed()
        self._load()

    def _load(self) -> None:
        with self._db.read() as session:
            self._themes = defaultdict(list, themes.stored(session))
            rows = themes.grounds(session)
        self._grounds = {
            (row.touchpoint, row.tone): Ground(row.n, np.frombuffer(row.total), row.words)
            for row in rows
        }

    def follow_encoder(self, former: str | None, now: str) -> None:
        """Where vectors of a ``former`` encoder are stored, find the middle of each theme again."""
        with self._db.read() as session:
            known = [theme for own in themes.stored(session).values() for theme in own]
            middles = {
                theme.id: theme_renewal.closest(session, theme.id, _MIDDLE) for theme in known
            }
        centres = {
            theme_id: np.mean([one.vector for one in self._read(places)], axis=0)
            for theme_id, places in middles.items()
            if places
        }
        with self._db.write() as session:
            for theme_id, centre in centres.items():
                theme_renewal.move(session, theme_id, centre.astype(np.float32).tobytes())
            if former is not None:
                theme_renewal.begin_anew(session, keep_all=True)
            theme_renewal.set_encoder(session, now)
        self._load()

    def read_all(self, on_progress: Progress) -> None:
        """The queue to its end."""
        before: int | None = None
        while True:
            with self._db.read() as session:
                batch = themes.pending(session, limit=_TAKE, before_id=before)
            if not batch:
                return
            self._mark(batch)
            before = batch[-1].mention_id
            on_progress(len(batch))
            self.look_through(_is_much)

    def look_through(self, is_worth: Callable[[Left], bool]) -> None:
        """Look for new themes where what is left ``is_worth`` it."""
        with self._db.read() as session:
            left = themes.left(session)
        for part, own in sorted(left.items(), key=itemgetter(0)):
            if is_worth(own):
                self._look(part)

    def _read(self, places: Sequence[Place]) -> list[Sentence]:
        return self._sentences.read([(place.text, (place.start, place.end)) for place in places])

    def _mark(self, batch: Sequence[Place]) -> None:
        by_part: dict[Part, list[tuple[Place, Said]]] = defaultdict(list)
        for place, sentence in zip(batch, self._read(batch), strict=True):
            by_part[place.part].append((place, Said(sentence.vector, said(sentence.text))))
        changed = self._sum_up(by_part)
        rarity = Rarity(self._grounds.values())
        marks = [mark for part, own in by_part.items() for mark in self._place(part, own, rarity)]
        with self._db.write() as session:
            themes.save(session, marks, changed)
        placed = sum(mark.theme_id is not None for mark in marks)
        self._count(opinions=len(marks), placed=placed)

    def _sum_up(self, by_part: dict[Part, list[tuple[Place, Said]]]) -> list[StoredGround]:
        changed = []
        for part, own in by_part.items():
            ground = self._grounds.get(part) or Ground(0, np.zeros(len(own[0][1].vector)), {})
            if ground.n < _GROUND:
                ground = ground.plus([sentence for _, sentence in own]).without_chance(_STEMS)
                words = dict(ground.words)
                changed.append(StoredGround(*part, ground.n, ground.total.tobytes(), words))
            self._grounds[part] = ground
        return changed

    def _place(
        self, part: Part, own: Sequence[tuple[Place, Said]], rarity: Rarity
    ) -> Iterable[Marked]:
        known = self._themes[part]
        space = Space(self._grounds[part], rarity)
        nearest, closeness = space.nearest([one for _, one in own], list(map(_centre, known)))
        for (place, sentence), number, close in zip(own, nearest, closeness, strict=True):
            if close >= REACH:
                yield Marked(place, known[number].id, _thousandths(close), None)
            else:
                yield Marked(place, None, 0, _sketch(sentence.vector))

    def _look(self, part: Part) -> None:
        with self._db.read() as session:
            left = themes.leftovers(session, part, _LOOK)
        sentences = [_said_again(place, sketch) for place, sketch in left]
        space = Space(self._grounds[part], Rarity(self._grounds.values()))
        found = [(theme, self._title(theme, sentences)) for theme in space.find(sentences)]
        with self._db.write() as session:
            for theme, name in found:
                if name:
                    theme_id = self._theme_of(session, part, theme, name)
                    members = zip(theme.members, theme.closeness, strict=True)
                    marks = [
                        Marked(left[number][0], theme_id, _thousandths(close), None)
                        for number, close in members
                    ]
                    themes.save(session, marks, ())
            themes.set_tried(session, part)

    def _title(self, theme: Found, sentences: Sequence[Said]) -> str:
        inside = set(theme.members)
        others = [one.words for number, one in enumerate(sentences) if number not in inside]
        return title([sentences[number].words for number in theme.members], others, self._avoided)

    def _theme_of(self, session: Session, part: Part, theme: Found, name: str) -> int:
        """A new theme, or the one that is called so already: to a reader they are the same."""
        for known in self._themes[part]:
            if known.title == name:
                return known.id
        centre, words = theme.centre.vector.tobytes(), dict(theme.centre.words)
        theme_id = themes.add(session, part, name, centre, words, datetime.now(UTC))
        self._themes[part].append(StoredTheme(theme_id, name, centre, words))
        self._count(themes=1)
        return theme_id

    def _count(self, *, opinions: int = 0, placed: int = 0, themes: int = 0) -> None:
        done = self.done
        self.done = replace(
            done,
            opinions=done.opinions + opinions,
            placed=done.placed + placed,
            themes=done.themes + themes,
        )


def _is_worth(left: Left) -> bool:
    return left.read >= _ENOUGH and left.fresh >= max(_SOME, _PART * min(left.n, _LOOK))


def _is_much(left: Left) -> bool:
    return left.fresh >= _MANY


def _centre(theme: StoredTheme) -> Centre:
    return Centre(np.frombuffer(theme.centre, np.float32), theme.words)


def _said_again(place: Place, sketch: bytes) -> Said:
    vector = np.frombuffer(sketch, np.int8).astype(np.float32)
    length = np.float32(np.linalg.norm(vector)) or np.float32(1)
    return Said(vector / length, said(around(place.text, (place.start, place.end))))


def _sketch(vector: Floats) -> bytes:
    """The direction of a vector, a byte a number."""
    largest = float(np.abs(vector).max()) or 1.0
    return bytes(np.rint(vector * (127 / largest)).astype(np.int8))


def _thousandths(closeness: np.float32 | float) -> int:
    return round(float(closeness) * 1000)
