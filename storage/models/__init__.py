"""Every table, by area. Import from here, so that the metadata is always complete."""

from storage.models.analysis import Analysis, Correction, Opinion
from storage.models.catalog import Brand, Crawl, Setting, Source, SourceState
from storage.models.jobs import Job
from storage.models.mentions import Mention, MentionBrand, MentionRevision
from storage.models.rollups import MentionDaily, OpinionDaily

__all__ = [
    "Analysis",
    "Brand",
    "Correction",
    "Crawl",
    "Job",
    "Mention",
    "MentionBrand",
    "MentionDaily",
    "MentionRevision",
    "Opinion",
    "OpinionDaily",
    "Setting",
    "Source",
    "SourceState",
]
