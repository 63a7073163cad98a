"""What «Боли» looks at: the figures of its filter, the side, the pain that is opened, its notes."""

from dataclasses import dataclass, replace
from datetime import date

from insights.pains import Counted, Side, Weighed, pain_points, strengths
from nlp.labels import Touchpoint
from storage import queries
from storage.filters import Filter
from storage.queries import BrandRow, Figures, NoteRow, OpinionCount
from views import context, data, state
from views.data import Basics

#: Of what the page keeps in its link.
SIDE, CHOSEN = "side", "pain"


@dataclass(frozen=True, slots=True)
class Now:
    """One run of the page.

    ``where`` is the filter without tones, touchpoints and themes: the page chooses these itself.
    ``start`` … ``end`` are the days that charts show; ``brand`` is the one brand looked at, None
    where there are several: notes belong to one. ``notes`` are all of that brand.
    """

    basics: Basics
    where: Filter
    side: Side
    figures: Figures
    opinions: tuple[OpinionCount, ...]
    ranked: tuple[Weighed, ...]
    start: date
    end: date
    brand: BrandRow | None
    notes: tuple[NoteRow, ...]

    def about(self, touchpoint: str) -> Filter:
        """The opinions of the side about a touchpoint."""
        return replace(self.where, touchpoints=(touchpoint,), tones=(str(self.side.tone),))


def chosen() -> str:
    """The touchpoint that is opened; empty for the list."""
    return state.own(CHOSEN, "", frozenset(Touchpoint))


def read(basics: Basics, where: Filter) -> Now:
    """Figures of the period and of the equal one before, and what is noted."""
    base = replace(where, touchpoints=(), tones=(), theme="")
    side = Side(state.own(SIDE, Side.PAIN, frozenset(Side)))
    figures, opinions = data.ask(queries.figures, base), data.ask(queries.opinion_counts, base)
    rank = pain_points if side is Side.PAIN else strengths
    start = where.day_from or basics.catalog.first_day or basics.today
    end = where.day_to or basics.catalog.last_day or basics.today
    brand = _brand(basics, where)
    return Now(
        basics=basics,
        where=base,
        side=side,
        figures=figures,
        opinions=opinions,
        ranked=rank((opinions, figures.analysed), _before(base)),
        start=start,
        end=max(start, end),
        brand=brand,
        notes=_notes(brand),
    )


def _before(base: Filter) -> Counted | None:
    earlier = base.previous()
    if earlier is None:
        return None
    analysed = data.ask(queries.figures, earlier).analysed
    return data.ask(queries.opinion_counts, earlier), analysed


def _brand(basics: Basics, where: Filter) -> BrandRow | None:
    brands = [brand for brand in basics.catalog.brands if brand.code]
    if where.brands:
        brands = [brand for brand in brands if brand.id in where.brands]
    return brands[0] if len(brands) == 1 else None


def _notes(brand: BrandRow | None) -> tuple[NoteRow, ...]:
    if brand is None:
        return ()
    # What people write in the app itself is never cached.
    with context.get().db.read() as session:
        return queries.notes(session, brand.id)
