"""What a target has achieved, what is on its way, what it should have achieved, and its light."""

from __future__ import annotations

import datetime
import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import models
from django.db.models import Max, Prefetch, Q, QuerySet, prefetch_related_objects

from progress import display, lights, rollups, schedule
from progress.models import (
    Indicator,
    IndicatorKind,
    LedgerLine,
    LightRule,
    Period,
    PlanPoint,
    ProgressEntry,
    Series,
    Target,
    TargetVersion,
)
from progress.models.entries import IN_FLIGHT, EntryStatus

ZERO = Decimal(0)
COUNTED = (EntryStatus.VERIFIED, *IN_FLIGHT)


@dataclass(frozen=True)
class TargetFigure:
    """One target with all its figures, in the indicator's unit; None is unknown or not reported, never zero.

    `verified` (核定值) is what the ledger holds, `in_flight` (在途值) what verifying all submitted and reviewed entries
    would add to it, `planned` the plan at the end of the last period due (`compared_on`), `rate` verified ÷ target in
    percent, `data_month` the last month with verified data.
    """

    target: Target
    version: TargetVersion
    verified: Decimal | None
    in_flight: Decimal | None
    planned: Decimal | None
    compared_on: datetime.date | None
    rate: Decimal | None
    days_left: int | None
    data_month: datetime.date | None
    light: lights.Light


def target_figures(targets: Iterable[Target], *, on: datetime.date) -> list[TargetFigure]:
    """The figures of the given targets on a day, in the targets' order; to be called inside `rollups.snapshot()`."""
    compared = _last_due(on)
    sources = [_Source.of(target, compared.get(target.frequency)) for target in _with_versions(targets)]
    asks = list(dict.fromkeys(ask for source in sources for ask in source.asks))
    sums = dict(zip(asks, rollups.totals(asks), strict=True))
    moving = _in_flight(asks)
    rule = _rule()
    return [_figure(source, sums, moving, rule, on) for source in sources]


def _with_versions(targets: Iterable[Target]) -> list[Target]:
    """The targets with all that their figures need; `standing` holds the one version in force."""
    found = list(targets)
    versions = Prefetch("versions", TargetVersion.objects.standing(), to_attr="standing")
    points = Prefetch("standing__plan_points", PlanPoint.objects.order_by("month"))
    prefetch_related_objects(found, "indicator__numerator", "indicator__denominator", versions, points)
    return found


def _last_due(on: datetime.date) -> dict[str, datetime.date]:
    """Per frequency, the end of the last period whose report was due before that day."""
    due = Period.objects.filter(due_on__lt=on).values_list("kind").annotate(Max("end_on"))
    return dict(due)


def _rule() -> lights.Rule:
    rule = LightRule.objects.order_by("-n")[0]
    return lights.Rule(rule.n, rule.warn_below, rule.late_below)


@dataclass(frozen=True)
class _Source:
    """A target with the sums its figures are made of: one, or a ratio's numerator and denominator."""

    target: Target
    version: TargetVersion
    compared_on: datetime.date | None
    asks: tuple[rollups.Ask, ...]

    @classmethod
    def of(cls, target: Target, compared_on: datetime.date | None) -> _Source:
        version = target.standing[0]  # type: ignore[attr-defined]
        if compared_on and version.start_on and compared_on < version.start_on:
            compared_on = None
        asks = tuple(_ask(target, version, part, compared_on) for part in parts(target.indicator))
        return cls(target, version, compared_on, asks)

    def achieved(self, amounts: Sequence[Decimal | None]) -> Decimal | None:
        """The achievement the sums amount to: Σ of a flow, the rise of a stock, the quotient of a ratio in percent."""
        match self.target.indicator.kind, amounts:
            case IndicatorKind.RATIO, [numerator, denominator]:
                return display.rate(numerator, denominator)
            case IndicatorKind.STOCK, [Decimal() as level]:
                return level - self.version.baseline
        return amounts[0]


def parts(indicator: Indicator) -> list[Indicator]:
    """The additive indicators a figure is summed from: itself, or a ratio's numerator and denominator."""
    if indicator.numerator and indicator.denominator:
        return [indicator.numerator, indicator.denominator]
    return [indicator]


def _ask(target: Target, version: TargetVersion, part: Indicator, compared_on: datetime.date | None) -> rollups.Ask:
    """A level is summed from the beginning of time, an increment from the target's start."""
    return rollups.Ask(
        indicator=part.pk,
        region=target.region_id,
        project=target.project_id,
        since=version.start_on if part.kind == IndicatorKind.FLOW else None,
        due=compared_on.replace(day=1) if compared_on else None,
    )


def _figure(
    source: _Source,
    sums: dict[rollups.Ask, rollups.Total],
    moving: dict[rollups.Ask, Decimal],
    rule: lights.Rule,
    on: datetime.date,
) -> TargetFigure:
    found = [sums[ask] for ask in source.asks]
    verified = source.achieved([total.amount if total.reports else None for total in found])
    light = lights.judge(_inputs(source, found), rule)
    version = source.version
    return TargetFigure(
        target=source.target,
        version=version,
        verified=verified,
        in_flight=_added(source, found, moving, verified),
        planned=light.inputs.planned,
        compared_on=source.compared_on,
        rate=display.rate(verified, version.value),
        days_left=(version.due_on - on).days if version.start_on and version.due_on else None,
        data_month=_reached(total.last_month for total in found),
        light=light,
    )


def _inputs(source: _Source, found: list[rollups.Total]) -> lights.Inputs:
    return lights.Inputs(
        planned=planned_at(source.version, source.compared_on),
        achieved=source.achieved([total.due_amount if total.reports else None for total in found]),
        compared_on=source.compared_on,
        data_month=_reached(total.last_due_month for total in found),
        decimals=source.target.indicator.decimals,
    )


def _reached(months: Iterable[datetime.date | None]) -> datetime.date | None:
    """The last month that all sums of a figure reach; None while one of them has nothing."""
    reached = list(months)
    return min((month for month in reached if month), default=None) if None not in reached else None


def _added(
    source: _Source, found: list[rollups.Total], moving: dict[rollups.Ask, Decimal], verified: Decimal | None
) -> Decimal | None:
    """What verifying all that is in flight would add; None when nothing is."""
    if not any(ask in moving for ask in source.asks):
        return None
    after = source.achieved(
        [
            total.amount + moving.get(ask, ZERO) if total.reports or ask in moving else None
            for ask, total in zip(source.asks, found, strict=True)
        ]
    )
    return after - (verified or ZERO) if after is not None else None


@dataclass(frozen=True)
class Sum:
    """One sum behind a figure, as the ledger itself holds it: its ask, indicator, lines and their total."""

    ask: rollups.Ask
    indicator: Indicator
    lines: QuerySet[LedgerLine]
    total: Decimal


def sums_behind(figure: TargetFigure) -> list[Sum]:
    """The one sum a figure is made of, or a ratio's numerator and denominator, added up line by line."""
    version, compared_on = figure.version, figure.compared_on
    found = []
    for indicator in parts(figure.target.indicator):
        ask = _ask(figure.target, version, indicator, compared_on)
        lines = ledger_lines(ask)
        found.append(Sum(ask, indicator, lines, lines.aggregate(total=models.Sum("amount"))["total"] or ZERO))
    return found


def lines_behind(sums: Iterable[Sum]) -> QuerySet[LedgerLine]:
    """The ledger lines of all the sums, joined with what a list of them prints."""
    lines = functools.reduce(operator.or_, (each.lines for each in sums))
    return lines.select_related(
        "series__project", "series__indicator", "series__region", "entry__period", "entry__verified_by"
    )


def ledger_lines(ask: rollups.Ask) -> QuerySet[LedgerLine]:
    """The ledger lines that a sum adds up."""
    lines = LedgerLine.objects.filter(indicator_id=ask.indicator)
    if ask.since:
        lines = lines.filter(month__gte=ask.since)
    if ask.project is None:
        return lines.filter(region_code__startswith=ask.region or "")
    return lines.filter(project_id=ask.project)


def planned_at(version: TargetVersion, day: datetime.date | None) -> Decimal | None:
    """The plan at the end of that day's month: the curve's last point, else in proportion to the months gone by.

    None without a start, or without both a curve and a due date; zero while there is no day to compare on.
    """
    points = version.plan_points.all()
    if version.start_on is None or not (points or version.due_on):
        return None
    if day is None:
        return ZERO
    if points or version.due_on is None:
        return next((point.cumulative for point in reversed(points) if point.month <= day), ZERO)
    months = schedule.months_between(version.start_on, version.due_on)
    gone = min(max(schedule.months_between(version.start_on, day), 0), months)
    return (version.value * gone / months).quantize(Decimal("0.0001"))


def in_flight_entries(asks: Sequence[rollups.Ask]) -> QuerySet[ProgressEntry]:
    """The submitted and reviewed entries that would move the sums asked for, once verified."""
    wanted = Q(pk__in=())
    for ask in asks:
        place = (
            Q(series__region__code__startswith=ask.region) if ask.project is None else Q(series__project=ask.project)
        )
        wanted |= place & Q(series__indicator=ask.indicator)
    return ProgressEntry.objects.filter(wanted, status__in=IN_FLIGHT)


@dataclass(frozen=True)
class Movement:
    """What verifying everything one series has in flight would add to one sum, in the indicator's unit."""

    ask: rollups.Ask
    series: Series
    entries: list[ProgressEntry]
    added: Decimal


def movements(asks: Sequence[rollups.Ask]) -> list[Movement]:
    """Per sum and series, what is in flight and what verifying it would add."""
    series_in_flight = in_flight_entries(asks).values("series")
    rows = ProgressEntry.objects.filter(series__in=series_in_flight, status__in=COUNTED).order_by("revision", "pk")
    by_series: defaultdict[Series, list[ProgressEntry]] = defaultdict(list)
    for entry in rows.select_related("series__project", "series__indicator", "series__region", "period"):
        by_series[entry.series].append(entry)
    return [
        Movement(
            ask,
            series,
            [entry for entry in entries if entry.status in IN_FLIGHT],
            _worth(entries, COUNTED, ask) - _worth(entries, (EntryStatus.VERIFIED,), ask),
        )
        for ask in asks
        for series, entries in by_series.items()
        if _counts(series, ask)
    ]


def _in_flight(asks: Sequence[rollups.Ask]) -> dict[rollups.Ask, Decimal]:
    """Per sum, what verifying everything in flight would add; a sum with nothing in flight is absent."""
    added: defaultdict[rollups.Ask, Decimal] = defaultdict(Decimal)
    for movement in movements(asks):
        added[movement.ask] += movement.added
    return dict(added)


def _counts(series: Series, ask: rollups.Ask) -> bool:
    in_place = (
        series.region_id.startswith(ask.region or "") if ask.project is None else series.project_id == ask.project
    )
    return in_place and series.indicator_id == ask.indicator


def _worth(entries: list[ProgressEntry], statuses: tuple[str, ...], ask: rollups.Ask) -> Decimal:
    """What one series amounts to with only these statuses counted; entries come with the lower revisions first."""
    stands = {(entry.period_id, entry.fact): entry for entry in entries if entry.status in statuses}
    values = [(entry.period.end_on, entry.value) for entry in stands.values() if entry.value is not None]
    if entries[0].series.indicator.kind == IndicatorKind.STOCK:
        return max(values)[1] if values else ZERO
    return sum((value for ends, value in values if ask.since is None or ends >= ask.since), ZERO)
