"""What config.yaml says of reports: where they lie, and which are built by themselves."""

from collections.abc import Collection
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from collectors.schedules import Schedule, parse_cron
from otklik.fields import Code, Part, Text


def _cron(value: Any) -> Any:
    return value if isinstance(value, Schedule) else parse_cron(str(value))


def _any_of(formats: tuple[str, ...]) -> tuple[str, ...]:
    if not formats:
        raise ValueError("нужен хотя бы один из форматов: pdf, html, xlsx")
    return formats


Format = Literal["pdf", "html", "xlsx"]
Formats = Annotated[tuple[Format, ...], AfterValidator(_any_of)]
Cron = Annotated[Schedule, BeforeValidator(_cron)]


class ReportPlanConfig(Part):
    """A report built by schedule, of the last whole ``period``, and sent to ``channels``."""

    name: Annotated[str, Field(min_length=1, max_length=60)]
    brand: Code
    period: Literal["week", "month", "quarter"]
    every: Cron
    formats: Formats = ("pdf", "html", "xlsx")
    channels: tuple[Text, ...] = ()
    enabled: bool = True


class ReportsConfig(Part):
    """``folder`` (beside config.yaml) holds what was built; ``plans`` are built by the worker."""

    folder: Text = "var/reports"
    plans: tuple[ReportPlanConfig, ...] = ()

    def fault(self, brands: Collection[str], channels: Collection[str]) -> str:
        """What in the plans does not fit the rest of the file; empty where all does."""
        names = [plan.name.casefold() for plan in self.plans]
        for index, plan in enumerate(self.plans):
            place = f"reports.plans[{index}]"
            if names.count(plan.name.casefold()) > 1:
                return f"{place}.name: «{plan.name}» встречается дважды — имена должны различаться"
            if plan.brand not in brands:
                return f"{place}.brand: нет бренда «{plan.brand}»; есть: {_listed(brands)}"
            for channel in plan.channels:
                if channel not in channels:
                    have = _listed(channels)
                    return f"{place}.channels: нет канала «{channel}»; есть: {have}"
        return ""


def _listed(known: Collection[str]) -> str:
    return ", ".join(known) or "ни одного"
