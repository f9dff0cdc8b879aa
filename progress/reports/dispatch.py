"""调度表: one indicator in one month, a row for each unit of a region, held against the units' targets."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from progress import display, lights, schedule
from progress.figures import Look, parts
from progress.figures.targets import last_due, light_rule, with_versions
from progress.models import Indicator, IndicatorKind, Series, Target
from progress.models.targets import TargetQuerySet
from progress.reports.book import Book, Figure, Place
from progress.reports.held import Held, hold, standing
from progress.reports.places import Units


@dataclass(frozen=True)
class Measure:
    """What a table measures (统计口径): an indicator in its year, or what a target counts, from its start.

    `indicator` is the target's own until the table knows which one counted at the time it tells of.
    """

    indicator: Indicator
    target: Target | None = None


@dataclass(frozen=True)
class Row:
    """One unit; a figure is None where no report stands, a comparison where there is nothing to compare with.

    `silent` counts the series that were due for the month and have nothing verified in it, of `expected` ones; `rank`
    is the place among the units with a rate, those with the same rate sharing one.
    """

    place: Place
    month: Figure
    total: Figure
    year_on_year: Decimal | None
    month_on_month: Decimal | None
    held: Held | None
    expected: int
    silent: int
    rank: int | None = None

    @property
    def rate(self) -> Decimal | None:
        return self.held.rate if self.held else None

    @property
    def said(self) -> str:
        """What there is to say of reports that were due and are not verified; empty where all are."""
        if not self.silent:
            return ""
        if self.silent == self.expected:
            return _("未报送")
        return _("%(silent)d/%(expected)d 未报送") % {"silent": self.silent, "expected": self.expected}

    @property
    def is_empty(self) -> bool:
        """Whether nothing was ever reported here, nor had to be."""
        return self.month.value is None and self.total.value is None and not self.expected


@dataclass(frozen=True)
class Dispatch:
    """The table; `since` is the first month of the running total, None for all there is."""

    measure: Measure
    month: datetime.date
    since: datetime.date | None
    rows: list[Row]
    total: Row


Term = tuple[datetime.date | None, datetime.date | None]


def dispatch(*, measure: Measure, units: Units, month: datetime.date, targets: TargetQuerySet, look: Look) -> Dispatch:
    """The table of a month; `targets` are those the reader may see. To be called inside `rollups.snapshot()`."""
    promised = _promised(measure, units, targets, look)
    measure = _counted(measure, promised)
    promised = [target for target in promised if standing(target).measured == measure.indicator]
    term = _term(measure, promised, month)
    due = last_due(look.on, until=schedule.month_end(month))
    desk = _Desk(
        indicator=measure.indicator,
        month=month,
        since=term[0],
        book=Book([measure.indicator], units.codes, until=month, look=look),
        tasks={target.region_id: target for target in reversed(promised) if _term_of(target) == term},
        due=due,
        rule=light_rule(look.as_of),
        expected=_expected(measure.indicator, units, month, due, look),
    )
    rows = [desk.row(place) for place in units.rows]
    if units.own and not (own := desk.row(units.own)).is_empty:
        rows.append(own)
    return Dispatch(measure, month, term[0], _ranked(rows), desk.row(units.total))


def _promised(measure: Measure, units: Units, targets: TargetQuerySet, look: Look) -> list[Target]:
    """The targets of the work line in the units, and the measure's own, with the versions in force."""
    chosen = Q(pk=measure.target.pk) if measure.target else Q(pk__in=())
    wanted = targets.filter(
        chosen | Q(region__in=units.codes), indicator__work_line=measure.indicator.work_line, project=None
    )
    found = wanted.promised(as_of=look.as_of).select_related("indicator", "region").order_by("code")
    return with_versions(found, as_of=look.as_of)


def _counted(measure: Measure, promised: Iterable[Target]) -> Measure:
    """The measure with the indicator that its target counts."""
    versions = (standing(target) for target in promised if target == measure.target)
    return replace(measure, indicator=next((version.measured for version in versions), measure.indicator))


def _term_of(target: Target) -> Term:
    return standing(target).start_on, standing(target).due_on


def _term(measure: Measure, promised: Sequence[Target], month: datetime.date) -> Term:
    """From when to when the table's targets run, so that like is ranked with like: as the measure's, else the year."""
    year = datetime.date(month.year, 1, 1), datetime.date(month.year, 12, 31)
    return next((_term_of(target) for target in promised if target == measure.target), year)


def _expected(
    indicator: Indicator, units: Units, month: datetime.date, due: Mapping[str, datetime.date], look: Look
) -> list[tuple[str, bool]]:
    """The series whose report for the month was due: the region of each, and whether a verified one stands."""
    kinds = [kind for kind, end_on in due.items() if end_on == schedule.month_end(month)]
    here = Q(pk__in=())
    for code in units.total.codes:
        here |= Q(region__code__startswith=code)
    lines = Q(lines__month=month, **({"lines__posted_at__lte": look.as_of} if look.as_of else {}))
    found = Series.objects.filter(here, indicator__in=parts(indicator), frequency__in=kinds)
    sums = found.annotate(reports=Sum("lines__reports", filter=lines)).values_list("region_id", "reports")
    return [(region, bool(reports)) for region, reports in sums]


@dataclass(frozen=True)
class _Desk:
    """All that the rows of one table are worked out from."""

    indicator: Indicator
    month: datetime.date
    since: datetime.date | None
    book: Book
    tasks: Mapping[str, Target]
    due: Mapping[str, datetime.date]
    rule: lights.Rule
    expected: Sequence[tuple[str, bool]]

    def row(self, place: Place) -> Row:
        # A level stands from the beginning of time; an increment is counted from the start of its term.
        since = None if self.indicator.kind == IndicatorKind.STOCK else self.since
        expected = [is_there for region, is_there in self.expected if place.covers(region)]
        return Row(
            place=place,
            month=self._month(place, self.month),
            total=self.book.figure(self.indicator, place, since, self.month),
            year_on_year=self._change(place, months=12),
            month_on_month=self._change(place, months=1),
            held=self._held(place),
            expected=len(expected),
            silent=expected.count(False),
        )

    def _month(self, place: Place, month: datetime.date) -> Figure:
        return self.book.figure(self.indicator, place, month, month)

    def _change(self, place: Place, *, months: int) -> Decimal | None:
        """How the month compares with an earlier one: in percent of that, a ratio in percentage points."""
        now = self._month(place, self.month).value
        before = self._month(place, schedule.add_months(self.month, -months)).value
        if now is None or before is None:
            return None
        if self.indicator.kind == IndicatorKind.RATIO:
            return now - before
        return display.rate(now - before, before) if before > 0 else None

    def _held(self, place: Place) -> Held | None:
        whole_region = len(place.codes) == 1 and not place.less
        target = self.tasks.get(place.codes[0]) if whole_region else None
        return hold(target, self.book, month=self.month, due=self.due, rule=self.rule) if target else None


def _ranked(rows: list[Row]) -> list[Row]:
    """The rows with their places by rate, as it is shown; whoever has no rate has no place."""
    rates = [row.rate for row in rows if row.rate is not None]
    return [row if row.rate is None else replace(row, rank=1 + sum(rate > row.rate for rate in rates)) for row in rows]
