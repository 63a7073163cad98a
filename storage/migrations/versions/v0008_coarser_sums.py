"""Coarser sums beside the finest ones: most figures need neither kind and rating nor source.

And an index of opinions that spares the look at their rows.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STARS = range(1, 6)
SUMS = [
    *("n", "churn", "will_return", "recommend", "warn", "effort"),
    *("promoters", "passives", "detractors"),
    *(f"star{stars}" for stars in STARS),
    *("heard", "peak_end", "plain_mean"),
]
STAR = "CASE WHEN rating = {0} THEN n ELSE 0 END AS star{0}"
TONES = f"""
INSERT INTO tone_daily (brand_id, day, source_id, voice, tone, {", ".join(SUMS)})
SELECT brand_id, day, source_id, voice, tone, {", ".join(f"sum({name})" for name in SUMS)}
FROM (
    SELECT mention_daily.*, kind NOT IN ('promo', 'other') AS voice,
        {", ".join(STAR.format(stars) for stars in STARS)}
    FROM mention_daily) AS finest
GROUP BY brand_id, day, source_id, voice, tone
"""
TOTALS = """
INSERT INTO mention_total (brand_id, source_id, n)
SELECT brand_id, source_id, sum(n) FROM mention_daily GROUP BY brand_id, source_id
"""
TOUCHPOINTS = """
INSERT INTO touchpoint_daily (brand_id, day, touchpoint, tone, voice, n, weight, churn)
SELECT brand_id, day, touchpoint, tone, voice, sum(n), sum(weight), sum(churn)
FROM opinion_daily GROUP BY brand_id, day, touchpoint, tone, voice
"""
KINDS: dict[str, Any] = {
    "day": sa.Date,
    "touchpoint": sa.String,
    "tone": sa.String,
    "voice": sa.Boolean,
}


def upgrade() -> None:
    """Apply; the new sums are made of the old ones."""
    _table("tone_daily", ("brand_id", "day", "source_id", "voice", "tone"), SUMS)
    _table("mention_total", ("brand_id", "source_id"), ["n"])
    measures = ["n", "weight", "churn"]
    _table("touchpoint_daily", ("brand_id", "day", "touchpoint", "tone", "voice"), measures)
    for statement in (TONES, TOTALS, TOUCHPOINTS):
        op.execute(statement)
    op.drop_index("ix_opinion_touchpoint", "opinion")
    covered = ["brand_id", "touchpoint", "day", "mention_id", "source_id", "tone"]
    op.create_index("ix_opinion_touchpoint", "opinion", covered)


def _table(name: str, key: tuple[str, ...], measures: list[str]) -> None:
    refers = [column for column in ("brand_id", "source_id") if column in key]
    op.create_table(
        name,
        *(sa.Column(part, KINDS.get(part, sa.Integer), nullable=False) for part in key),
        *(sa.Column(measure, sa.Integer, nullable=False) for measure in measures),
        *(
            sa.ForeignKeyConstraint(
                [column], [column.replace("_id", ".id")], name=f"fk_{name}_{column}"
            )
            for column in refers
        ),
        sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )
    empty = sa.text("n = 0")
    op.create_index(f"ix_{name}_empty", name, ["n"], sqlite_where=empty, postgresql_where=empty)
