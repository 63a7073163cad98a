"""Which places, products, cities and app versions there are to choose from."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlmodel import Session, col

from storage.columns import Facet
from storage.filters import Filter
from storage.models import Brand, FacetDaily
from storage.queries.conditions import dimensions


def known_facets(session: Session) -> tuple[Facet, ...]:
    """The facets that sources tell of any mention."""
    brands: Sequence[int | None] = session.scalars(select(col(Brand.id))).all()

    def is_known(facet: Facet) -> bool:
        # The key begins with the brand: one look-up for each.
        told = select(col(FacetDaily.value)).where(
            col(FacetDaily.brand_id).in_(brands), col(FacetDaily.facet) == str(facet)
        )
        return session.execute(told.limit(1)).first() is not None

    return tuple(facet for facet in Facet if is_known(facet))


def facet_values(
    session: Session, where: Filter, facet: Facet, *, limit: int
) -> tuple[tuple[str, int], ...]:
    """Values of a facet in the filter's brands, days and sources, the most frequent first.

    With how many mentions have each; what else the filter asks leaves out none of them.
    """
    table = FacetDaily
    brands = where.brands or tuple(session.scalars(select(col(Brand.id))))
    asked = Filter(brands, where.day_from, where.day_to, where.sources)
    n = func.sum(col(table.n))
    values = (
        select(col(table.value), n)
        .where(*dimensions(asked, table), col(table.facet) == str(facet))
        .group_by(col(table.value))
        .order_by(n.desc(), col(table.value))
        .limit(limit)
    )
    return tuple((value, int(count)) for value, count in session.execute(values))
