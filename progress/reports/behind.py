"""The ledger lines behind one figure of a report (依据)."""

from __future__ import annotations

import datetime

from progress import display
from progress.figures import Look, Sum, ledger_lines, parts
from progress.models import Indicator, IndicatorKind
from progress.reports.book import Figure
from progress.rollups import Ask


def sums_of(
    *,
    indicator: Indicator,
    region: str | None = None,
    project: int | None = None,
    is_own: bool = False,
    since: datetime.date | None,
    until: datetime.date | None,
    look: Look,
) -> list[Sum]:
    """The sum that `Book.figure` makes of the same question, or a ratio's two, added up by the ledger itself.

    Of a project, or of a region with all below it; `is_own` asks for what lies on the region itself, in no unit below.
    """
    sums = []
    for part in parts(indicator):
        is_level = indicator.kind == IndicatorKind.RATIO and part.kind == IndicatorKind.STOCK
        ask = Ask(part.pk, region, project, since=None if is_level else since)
        lines = ledger_lines(ask, as_of=look.as_of)
        lines = lines.filter(month__lte=until) if until else lines
        sums.append(Sum.of(ask, part, lines.filter(region_code=region) if is_own else lines))
    return sums


def figure_of(indicator: Indicator, sums: list[Sum]) -> Figure:
    """The figure that the sums amount to."""
    amounts = tuple(each.total if each.reports else None for each in sums)
    value = display.rate(*amounts) if indicator.kind == IndicatorKind.RATIO else amounts[0]
    return Figure(value, amounts, indicator, "")
