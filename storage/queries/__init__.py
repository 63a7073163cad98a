"""Read side for views, reports and the command line: typed results, never table objects."""

from storage.queries.catalog import (
    BrandRow,
    Catalog,
    LastCrawl,
    SourceRow,
    catalog,
    failed,
    setting,
    status,
    version,
)
from storage.queries.figures import (
    Figures,
    Nps,
    OpinionCount,
    Tones,
    figures,
    mentions_by_source,
    opinion_counts,
    tones_by_day,
    tones_by_source,
)
from storage.queries.mentions import (
    BrandTone,
    MentionRow,
    OpinionRow,
    count,
    export,
    mentions,
)

__all__ = [
    "BrandRow",
    "BrandTone",
    "Catalog",
    "Figures",
    "LastCrawl",
    "MentionRow",
    "Nps",
    "OpinionCount",
    "OpinionRow",
    "SourceRow",
    "Tones",
    "catalog",
    "count",
    "export",
    "failed",
    "figures",
    "mentions",
    "mentions_by_source",
    "opinion_counts",
    "setting",
    "status",
    "tones_by_day",
    "tones_by_source",
    "version",
]
