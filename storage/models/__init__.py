"""Every table, by area. Import from here, so that the metadata is always complete."""

from storage.models.analysis import Analysis, Correction, Opinion
from storage.models.catalog import Brand, Crawl, Setting, Source, SourceState
from storage.models.erasures import Erasure
from storage.models.jobs import Job
from storage.models.mentions import Mention, MentionBrand, MentionRevision, TextBand
from storage.models.rollups import MentionDaily, OpinionDaily
from storage.models.schedule import QuotaUse, SourceLease

__all__ = [
    "Analysis",
    "Brand",
    "Correction",
    "Crawl",
    "Erasure",
    "Job",
    "Mention",
    "MentionBrand",
    "MentionDaily",
    "MentionRevision",
    "Opinion",
    "OpinionDaily",
    "QuotaUse",
    "Setting",
    "Source",
    "SourceLease",
    "SourceState",
    "TextBand",
]
