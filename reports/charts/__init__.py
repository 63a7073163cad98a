"""Charts, as values: pages show them, reports print them. Every mark names what it counts."""

from reports.charts.base import PICK
from reports.charts.quality import accuracy_lines, calibration, tone_accuracy
from reports.charts.tone import (
    SIDES,
    Shown,
    picked_days,
    source_bars,
    tone_over_time,
    touchpoint_bars,
)

__all__ = [
    "PICK",
    "SIDES",
    "Shown",
    "accuracy_lines",
    "calibration",
    "picked_days",
    "source_bars",
    "tone_accuracy",
    "tone_over_time",
    "touchpoint_bars",
]
