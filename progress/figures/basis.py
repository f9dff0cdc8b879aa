"""What stands behind a figure (依据): its sums as the ledger itself holds them, line by line."""

from __future__ import annotations

import datetime
import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.db.models import Sum as SumOf

from progress.figures.asks import asks_of, parts
from progress.figures.targets import TargetFigure
from progress.models import Indicator, LedgerLine
from progress.rollups import Ask

ZERO = Decimal(0)


@dataclass(frozen=True)
class Sum:
    """One sum behind a figure, as the ledger itself holds it: indicator, lines, their total and standing reports."""

    ask: Ask
    indicator: Indicator
    lines: QuerySet[LedgerLine]
    total: Decimal
    reports: int

    @classmethod
    def of(cls, ask: Ask, indicator: Indicator, lines: QuerySet[LedgerLine]) -> Sum:
        found = lines.aggregate(total=SumOf("amount"), reports=SumOf("reports"))
        return cls(ask, indicator, lines, found["total"] or ZERO, found["reports"] or 0)


def sums_behind(figure: TargetFigure) -> list[Sum]:
    """The one sum a figure is made of, or a ratio's numerator and denominator, added up line by line."""
    asks = asks_of(figure.version, figure.compared_on)
    return [
        Sum.of(ask, indicator, ledger_lines(ask, as_of=figure.as_of))
        for ask, indicator in zip(asks, parts(figure.indicator), strict=True)
    ]


def lines_behind(sums: Iterable[Sum]) -> QuerySet[LedgerLine]:
    """The ledger lines of all the sums, joined with what a list of them prints."""
    lines = functools.reduce(operator.or_, (each.lines for each in sums))
    return lines.select_related(
        "series__project", "series__indicator", "series__region", "entry__period", "entry__verified_by"
    )


def ledger_lines(ask: Ask, *, as_of: datetime.datetime | None = None) -> QuerySet[LedgerLine]:
    """The ledger lines that a sum adds up: all there are, or those posted by then."""
    lines = LedgerLine.objects.filter(indicator_id=ask.indicator)
    if as_of:
        lines = lines.filter(posted_at__lte=as_of)
    if ask.since:
        lines = lines.filter(month__gte=ask.since)
    if ask.until:
        lines = lines.filter(month__lte=ask.until)
    if ask.project is None:
        return lines.filter(region_code__startswith=ask.region or "")
    return lines.filter(project_id=ask.project)
