"""Charts, as values: pages show them, reports print them. Every mark names what it counts."""

from reports.charts.answers import answers_over_time
from reports.charts.base import PICK
from reports.charts.brands import BrandMark, brand_marks, brand_tones, duel_bars
from reports.charts.competitors import (
    VERDICT_SIGNS,
    touchpoint_dots,
    voice_bars,
    voice_over_time,
)
from reports.charts.impact import impact_bars
from reports.charts.journey import feelings
from reports.charts.marks import Mark
from reports.charts.quality import accuracy_lines, calibration, tone_accuracy
from reports.charts.tone import (
    Shown,
    picked_days,
    source_bars,
    tone_over_time,
)

__all__ = [
    "PICK",
    "VERDICT_SIGNS",
    "BrandMark",
    "Mark",
    "Shown",
    "accuracy_lines",
    "answers_over_time",
    "brand_marks",
    "brand_tones",
    "calibration",
    "duel_bars",
    "feelings",
    "impact_bars",
    "picked_days",
    "source_bars",
    "tone_accuracy",
    "tone_over_time",
    "touchpoint_dots",
    "voice_bars",
    "voice_over_time",
]
