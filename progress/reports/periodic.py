"""月报 and 年报: every indicator of a region in one month, and over the months of one year."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from django.db.models import Exists, OuterRef, Q

from jurisdictions.models import Region
from progress import schedule
from progress.figures import Look, parts
from progress.figures.targets import last_due, light_rule, with_versions
from progress.models import Indicator, IndicatorKind, ProgressEntry, Series, Target, TargetVersion
from progress.models.targets import TargetQuerySet
from progress.reports.book import Book, Figure, Place
from progress.reports.held import Held, hold, standing


def indicators_in(region: Region, lines: Sequence[str]) -> list[Indicator]:
    """What is measured or promised in a region on those work lines, in their order; ratios come with their parts."""
    part_of = Q(indicator=OuterRef("pk")) | Q(indicator=OuterRef("numerator")) | Q(indicator=OuterRef("denominator"))
    measured = Exists(Series.objects.filter(part_of, region__code__startswith=region.pk))
    targets = Target.objects.filter(region=region, project=None)
    promised = Exists(targets.filter(indicator=OuterRef("pk")))
    counted = Exists(TargetVersion.objects.filter(target__in=targets, counted=OuterRef("pk")))
    found = Indicator.objects.filter(measured | promised | counted, work_line__in=lines).order_by("code")
    return sorted(
        found.select_related("numerator", "denominator"), key=lambda indicator: lines.index(indicator.work_line)
    )


@dataclass(frozen=True)
class MonthRow:
    """One indicator: what the month, the year so far and all time brought; `reasons` are of 本期无进展 in the month.

    `counted` is what its target counts of that (计入目标), from the target's start or above its baseline.
    """

    indicator: Indicator
    month: Figure
    year: Figure
    ever: Figure
    held: Held | None
    counted: Figure | None
    reasons: list[ProgressEntry]
    is_overdue: bool = False


def month_report(
    *, region: Region, indicators: Sequence[Indicator], month: datetime.date, targets: TargetQuerySet, look: Look
) -> list[MonthRow]:
    """The 月报; `targets` are those the reader may see. To be called inside `rollups.snapshot()`."""
    place = Place(region.name, (region.pk,))
    book = Book(indicators, place.codes, until=month, look=look)
    lines = {indicator.work_line for indicator in indicators}
    held = _held(region, book, month, targets.filter(indicator__work_line__in=lines), look)
    reasons = _reasons(region, indicators, month, look)

    def row(indicator: Indicator) -> MonthRow:
        target = held.get(indicator.pk)
        return MonthRow(
            indicator=indicator,
            month=book.figure(indicator, place, month, month),
            year=book.figure(indicator, place, month.replace(month=1), month),
            ever=book.figure(indicator, place, None, month),
            held=target,
            counted=_counted(book, place, target, month) if target else None,
            reasons=[entry for part in parts(indicator) for entry in reasons.get(part.pk, ())],
            is_overdue=target is not None and _is_over(target.version, month),
        )

    return [row(indicator) for indicator in indicators]


def _counted(book: Book, place: Place, held: Held, month: datetime.date) -> Figure:
    """What the rate is computed from, with the ledger lines it is the sum of."""
    indicator = held.version.measured
    since = None if indicator.kind == IndicatorKind.STOCK else held.version.start_on
    until = min(month, held.version.until) if held.version.until else month
    return replace(book.figure(indicator, place, since, until), value=held.achieved)


def _held(region: Region, book: Book, month: datetime.date, targets: TargetQuerySet, look: Look) -> dict[int, Held]:
    """By what counts the target in force in the month that ends first; where all are over, the one that ended last.

    A year in which nothing is to be done is not held against anything: the whole of which it is a part is.
    """
    end_on = schedule.month_end(month)
    promised = targets.promised(as_of=look.as_of).filter(region=region, project=None)
    found = with_versions(promised.select_related("indicator", "region").order_by("-code"), as_of=look.as_of)
    begun = [target for target in found if _is_held(standing(target), end_on)]
    # The last one of each indicator is taken.
    in_force = [target for target in begun if not _is_over(standing(target), month)]
    in_force.sort(key=lambda target: standing(target).due_on or datetime.date.max, reverse=True)
    over = [target for target in begun if _is_over(standing(target), month)]
    over.sort(key=lambda target: standing(target).due_on or datetime.date.min)
    due, rule = last_due(look.on, until=end_on), light_rule(look.as_of)
    return {
        standing(target).measured.pk: hold(target, book, month=month, due=due, rule=rule)
        for target in (*over, *in_force)
    }


def _is_held(version: TargetVersion, end_on: datetime.date) -> bool:
    """Whether the target had begun by then, and asks for something."""
    return (version.start_on or end_on) <= end_on and (version.has_task or version.until is None)


def _is_over(version: TargetVersion, month: datetime.date) -> bool:
    """Whether the target was to be achieved before the month began."""
    return version.due_on is not None and version.due_on < month


def _reasons(
    region: Region, indicators: Iterable[Indicator], month: datetime.date, look: Look
) -> dict[int, list[ProgressEntry]]:
    """By additive indicator, the verified reports of no progress that stand for periods ending in the month."""
    additive = [part.pk for indicator in indicators for part in parts(indicator)]
    silent = (
        ProgressEntry.objects.standing(as_of=look.as_of)
        .exclude(no_progress_reason="")
        .filter(
            series__indicator__in=additive,
            series__region__code__startswith=region.pk,
            period__end_on__range=(month, schedule.month_end(month)),
        )
    )
    found = defaultdict(list)
    for entry in silent.with_labels().order_by("series", "period"):
        found[entry.series.indicator_id].append(entry)
    return dict(found)


@dataclass(frozen=True)
class YearRow:
    """One indicator: the increment of each month and of the year, or the level at each month's end and the year's.

    A month in which nothing was reported is blank, though a level stands.
    """

    indicator: Indicator
    months: list[Figure]
    total: Figure


def year_report(*, region: Region, indicators: Sequence[Indicator], year: int, look: Look) -> list[YearRow]:
    """The 年报; to be called inside `rollups.snapshot()`."""
    place = Place(region.name, (region.pk,))
    first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 1)
    book = Book(indicators, place.codes, until=last, look=look)
    return [
        YearRow(
            indicator,
            [_month_of_year(book, indicator, place, schedule.add_months(first, n)) for n in range(12)],
            book.figure(indicator, place, None if indicator.kind == IndicatorKind.STOCK else first, last),
        )
        for indicator in indicators
    ]


def _month_of_year(book: Book, indicator: Indicator, place: Place, month: datetime.date) -> Figure:
    figure = book.figure(indicator, place, None if indicator.kind == IndicatorKind.STOCK else month, month)
    return figure if book.is_reported(indicator, place, month) else figure.blank()
