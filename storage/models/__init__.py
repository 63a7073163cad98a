"""Every table, by area. Import from here, so that the metadata is always complete."""

from storage.models.alerts import Alert, AlertQueue, AlertRule
from storage.models.analysis import Analysis, Correction, Opinion
from storage.models.answering import Handling
from storage.models.catalog import Brand, Crawl, Setting, Source, SourceState
from storage.models.checks import SpotCheck, Training
from storage.models.delivery import Delivery
from storage.models.desk import SavedView, TouchpointNote
from storage.models.erasures import Erasure
from storage.models.jobs import Job
from storage.models.mentions import Mention, MentionBrand, MentionRevision, TextBand
from storage.models.reports import Report, ReportPlan
from storage.models.rollups import (
    FacetDaily,
    MentionDaily,
    MentionTotal,
    OpinionDaily,
    ThemeDaily,
    ToneDaily,
    TouchpointDaily,
)
from storage.models.schedule import QuotaUse, SourceLease
from storage.models.themes import Theme, ThemeGround, ThemeMark

__all__ = [
    "Alert",
    "AlertQueue",
    "AlertRule",
    "Analysis",
    "Brand",
    "Correction",
    "Crawl",
    "Delivery",
    "Erasure",
    "FacetDaily",
    "Handling",
    "Job",
    "Mention",
    "MentionBrand",
    "MentionDaily",
    "MentionRevision",
    "MentionTotal",
    "Opinion",
    "OpinionDaily",
    "QuotaUse",
    "Report",
    "ReportPlan",
    "SavedView",
    "Setting",
    "Source",
    "SourceLease",
    "SourceState",
    "SpotCheck",
    "TextBand",
    "Theme",
    "ThemeDaily",
    "ThemeGround",
    "ThemeMark",
    "ToneDaily",
    "TouchpointDaily",
    "TouchpointNote",
    "Training",
]
