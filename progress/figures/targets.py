"""What a target has achieved, what it should have achieved, and its light."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max, Prefetch, prefetch_related_objects

from progress import display, lights, rollups, schedule
from progress.figures.asks import asks_of
from progress.figures.in_flight import added_in_flight
from progress.gate import CITY_TIME
from progress.models import Indicator, IndicatorKind, LightRule, Period, PlanPoint, Target, TargetVersion
from progress.rollups import Ask

ZERO = Decimal(0)


@dataclass(frozen=True)
class TargetFigure:
    """One target with all its figures, in the indicator's unit; None is unknown or not reported, never zero.

    `verified` (核定值) is what the ledger holds, `in_flight` (在途值) what verifying all submitted and reviewed entries
    would add to it, `planned` the plan at the end of the last period due (`compared_on`), `rate` verified ÷ target in
    percent, `data_month` the last month with verified data. In a look back all is as it was known at `as_of`, but for
    what was in flight: nobody kept that.
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
    as_of: datetime.datetime | None = None

    @property
    def indicator(self) -> Indicator:
        """What the figures are of: the indicator that counts."""
        return self.version.measured

    @property
    def rate_said(self) -> str:
        return display.completion(self.rate, self.version.value)

    @property
    def url(self) -> str:
        """The address of what stands behind the figures, as they were looked at."""
        day = f"?as_of={self.as_of.astimezone(CITY_TIME).date().isoformat()}" if self.as_of else ""
        return f"{self.target.get_absolute_url()}{day}"


def target_figures(
    targets: Iterable[Target], *, on: datetime.date, as_of: datetime.datetime | None = None
) -> list[TargetFigure]:
    """The figures of the given targets on a day, in the targets' order; to be called inside `rollups.snapshot()`.

    With `as_of` as they were known at that instant; the targets must have been promised by then.
    """
    compared = last_due(on)
    sources = [_Source.of(target, compared.get(target.frequency)) for target in with_versions(targets, as_of=as_of)]
    asks = list(dict.fromkeys(ask for source in sources for ask in source.asks))
    known = _Known(
        on,
        as_of,
        dict(zip(asks, rollups.totals(asks, as_of=as_of), strict=True)),
        {} if as_of else added_in_flight(asks),
        light_rule(as_of),
    )
    return [_figure(source, known) for source in sources]


@dataclass(frozen=True)
class _Known:
    """What the figures of a page are worked out from, read once for all of them."""

    on: datetime.date
    as_of: datetime.datetime | None
    sums: Mapping[Ask, rollups.Total]
    moving: Mapping[Ask, Decimal]
    rule: lights.Rule


def with_versions(targets: Iterable[Target], *, as_of: datetime.datetime | None = None) -> list[Target]:
    """The targets with all that their figures need; `standing` holds the one version in force."""
    found = list(targets)
    in_force = TargetVersion.objects.standing(as_of=as_of).select_related("counted")
    versions = Prefetch("versions", in_force, to_attr="standing")
    points = Prefetch("standing__plan_points", PlanPoint.objects.order_by("month"))
    prefetch_related_objects(found, "indicator__numerator", "indicator__denominator", versions, points)
    return found


def last_due(on: datetime.date, *, until: datetime.date | None = None) -> dict[str, datetime.date]:
    """Per frequency, the end of the last period whose report was due before that day, and which ended by `until`."""
    due = Period.objects.filter(due_on__lt=on)
    if until:
        due = due.filter(end_on__lte=until)
    return dict(due.values_list("kind").annotate(Max("end_on")))


def light_rule(as_of: datetime.datetime | None = None) -> lights.Rule:
    """The newest rule, or the newest recorded by then; before any was, the first one holds."""
    rules = LightRule.objects.order_by("-n")
    rule = (rules.filter(recorded_at__lte=as_of).first() or rules.last()) if as_of else rules.first()
    if rule is None:
        raise LightRule.DoesNotExist
    return lights.Rule(rule.n, rule.warn_below, rule.late_below)


@dataclass(frozen=True)
class _Source:
    """A target with the sums its figures are made of: one, or a ratio's numerator and denominator."""

    target: Target
    version: TargetVersion
    compared_on: datetime.date | None
    asks: tuple[Ask, ...]

    @classmethod
    def of(cls, target: Target, due: datetime.date | None) -> _Source:
        version = target.standing[0]  # type: ignore[attr-defined]
        compared_on = comparable(version, due)
        return cls(target, version, compared_on, asks_of(version, compared_on))

    def achieved(self, amounts: Sequence[Decimal | None]) -> Decimal | None:
        return achieved(self.version, amounts)


def comparable(version: TargetVersion, due: datetime.date | None) -> datetime.date | None:
    """The last period due, unless it ended before the target began; of a year's part none after that year."""
    if due and version.start_on and due < version.start_on:
        return None
    return min(due, version.until) if due and version.until else due


def achieved(version: TargetVersion, amounts: Sequence[Decimal | None]) -> Decimal | None:
    """The achievement the sums amount to: Σ of a flow, the rise of a stock, the quotient of a ratio in percent."""
    match version.measured.kind, amounts:
        case IndicatorKind.RATIO, [numerator, denominator]:
            return display.rate(numerator, denominator)
        case IndicatorKind.STOCK, [Decimal() as level]:
            return level - version.baseline
    return amounts[0]


def _figure(source: _Source, known: _Known) -> TargetFigure:
    found = [known.sums[ask] for ask in source.asks]
    verified = source.achieved([total.amount if total.reports else None for total in found])
    light = lights.judge(_inputs(source, found), known.rule)
    version = source.version
    return TargetFigure(
        target=source.target,
        version=version,
        verified=verified,
        in_flight=_added(source, found, known.moving, verified),
        planned=light.inputs.planned,
        compared_on=source.compared_on,
        rate=display.rate(verified, version.value),
        days_left=(version.due_on - known.on).days if version.start_on and version.due_on else None,
        data_month=reached(total.last_month for total in found),
        light=light,
        as_of=known.as_of,
    )


def _inputs(source: _Source, found: list[rollups.Total]) -> lights.Inputs:
    return lights.Inputs(
        planned=planned_at(source.version, source.compared_on),
        achieved=source.achieved([total.due_amount if total.reports else None for total in found]),
        compared_on=source.compared_on,
        data_month=reached(total.last_due_month for total in found),
        decimals=source.version.measured.decimals,
        has_task=source.version.has_task,
    )


def reached(months: Iterable[datetime.date | None]) -> datetime.date | None:
    """The last month that all sums of a figure reach; None while one of them has nothing."""
    found = list(months)
    return min((month for month in found if month), default=None) if None not in found else None


def _added(
    source: _Source, found: list[rollups.Total], moving: Mapping[Ask, Decimal], verified: Decimal | None
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
