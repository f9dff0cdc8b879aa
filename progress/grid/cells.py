"""The cells of the grid: one per series, with what stands beside it, read in two statements however many there are."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast, Coalesce, JSONObject, Left
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policy import Action, scope_q
from jurisdictions import codes
from progress import display, jumps, rollups, schedule
from progress.models import IndicatorKind, LedgerLine, Period, ProgressEntry, Series, TargetVersion
from progress.models.indicators import SeriesQuerySet

ZERO = Decimal(0)
#: Verified values that a new one is compared with.
PAST = 12


@dataclass(frozen=True)
class Past:
    """One value of the series that stands verified, in the period that began that day."""

    start_on: datetime.date
    value: Decimal


@dataclass(frozen=True)
class Promise:
    """The standing target that a series works for: its project's, else that of the nearest region around it."""

    value: Decimal
    baseline: Decimal
    ask: rollups.Ask


@dataclass(frozen=True)
class Beside:
    """What stands beside a cell, in the indicator's unit.

    `cumulative` is Σ ledger over the periods before this one, `posted` what the ledger holds of this one or None,
    `remaining` what is still to be verified until the target is met; None where nothing is promised.
    """

    series: Series
    past: Sequence[Past]
    cumulative: Decimal
    posted: Decimal | None
    remaining: Decimal | None

    @property
    def last(self) -> Past | None:
        return self.past[-1] if self.past else None

    @property
    def last_period(self) -> str:
        return schedule.label(self.series.frequency, self.last.start_on) if self.last else ""

    @property
    def remaining_said(self) -> str:
        """What is still to be done until the target is met, in words where nothing is."""
        decimals = self.series.indicator.decimals
        if self.remaining is None or self.remaining > 0:
            return display.quantity(self.remaining, decimals)
        return _("已达到目标，超出 %(more)s") % {"more": display.quantity(-self.remaining, decimals)}

    def warning(self, value: Decimal | None) -> str:
        """The sentence about a value that jumps from what was verified before; '' for one that does not."""
        if value is None:
            return ""
        indicator, values = self.series.indicator, [each.value for each in self.past]
        is_stock = indicator.kind == IndicatorKind.STOCK
        if is_stock and values:
            value, values = value - values[-1], jumps.increments(values)
        found = jumps.jump(value, values[-PAST:])
        return jumps.sentence(found, decimals=indicator.decimals, is_increment=is_stock) if found else ""


def beside(series: SeriesQuerySet, period: Period, *, by: User) -> list[tuple[Beside, ProgressEntry | None]]:
    """What stands beside the cell of each of those series in the period, with its newest entry; two queries.

    To be called inside `rollups.snapshot()`.
    """
    found: dict[int, Any] = {row.pk: row for row in _with_facts(series, period, by)}
    promises = {pk: _promise(row) for pk, row in found.items()}
    remaining = _remaining({promise for promise in promises.values() if promise})
    # Django leaves the attribute of a join that found nothing unset.
    entries = {pk: getattr(row, "entry", None) for pk, row in found.items()}
    return [(_beside(row, remaining.get(promises[pk])), entries[pk]) for pk, row in found.items()]


def _with_facts(series: SeriesQuerySet, period: Period, by: User) -> SeriesQuerySet:
    """The series joined with the entry of the period, oldest revision first, and facts as JSON, amounts as texts."""
    facts = series.annotate(
        entry=FilteredRelation("entries", condition=Q(entries__period=period, entries__fact="")),
        past=ArraySubquery(_past(period)),
        ledger=Subquery(_ledger(period)),
        promised=Subquery(_promised(period, by)),
    )
    joined = facts.select_related("project", "indicator", "region", "entry")  # type: ignore[misc]  # the join above
    return joined.order_by("project__region_id", "project__code", "region_id", "indicator_id", "entry__revision")


def _past(period: Period) -> QuerySet[Any, Any]:
    """The last verified values before the period; one more than is compared, for the increments of levels."""
    standing = ProgressEntry.objects.filter(series=OuterRef("pk"), fact="", value__isnull=False).standing()
    before = standing.filter(period__end_on__lt=period.end_on).order_by("-period__end_on")
    return before.values(json=JSONObject(start_on="period__start_on", value=Cast("value", TextField())))[: PAST + 1]


def _ledger(period: Period) -> QuerySet[Any, Any]:
    """Σ lines before the period and up to its end, and whether a report of the period itself stands in them."""
    lines = LedgerLine.objects.filter(series=OuterRef("pk"), ends__lte=period.end_on).order_by().values("series")
    before = Coalesce(Sum("amount", filter=Q(ends__lt=period.end_on)), ZERO)
    during = Sum("amount", filter=Q(ends=period.end_on))
    reports = Coalesce(Sum("reports", filter=Q(ends=period.end_on)), 0)
    summed = lines.annotate(before=before, during=during, reports=reports)
    as_text = {name: Cast(name, TextField()) for name in ("before", "during")}
    return summed.values(json=JSONObject(reports="reports", **as_text))


def _promised(period: Period, by: User) -> QuerySet[Any, Any]:
    """The target, not over yet and in the clerk's sight: the project's own before a region's, the nearest first."""
    visible = scope_q(by, Action.VIEW, line="target__indicator__work_line", region="target__region")
    mine = Q(target__project=OuterRef("project")) | Q(target__project=None) & _around(OuterRef("region_id"))
    running = Q(due_on=None) | Q(due_on__gte=period.end_on)
    standing = TargetVersion.objects.standing().filter(visible, mine, running, target__indicator=OuterRef("indicator"))
    nearest = standing.order_by(
        F("target__project").asc(nulls_last=True), "-target__region_id", F("due_on").asc(nulls_last=True), "pk"
    )
    texts = {name: Cast(name, TextField()) for name in ("value", "baseline")}
    places = {"region": "target__region_id", "project": "target__project_id"}
    return nearest.values(json=JSONObject(start_on="start_on", **places, **texts))[:1]


def _around(region: Any) -> Q:
    """Targets of the region or of one that it lies in."""
    around = Q()
    for length in codes.LENGTHS:
        around |= Q(target__region=Left(region, length))
    return around


def _promise(row: Any) -> Promise | None:
    told = row.promised
    if told is None:
        return None
    is_flow = row.indicator.kind == IndicatorKind.FLOW
    since = datetime.date.fromisoformat(told["start_on"]) if is_flow and told["start_on"] else None
    ask = rollups.Ask(row.indicator_id, region=told["region"], project=told["project"], since=since)
    return Promise(Decimal(told["value"]), Decimal(told["baseline"]) if not is_flow else ZERO, ask)


def _remaining(promises: Iterable[Promise]) -> dict[Promise | None, Decimal]:
    """What each target still lacks; below zero where more was done than promised."""
    asked = list(promises)
    if not asked:
        return {}
    totals = rollups.totals([promise.ask for promise in asked])
    return {
        promise: promise.value - (total.amount - promise.baseline if total.reports else ZERO)
        for promise, total in zip(asked, totals, strict=True)
    }


def _beside(row: Any, remaining: Decimal | None) -> Beside:
    past = [Past(datetime.date.fromisoformat(each["start_on"]), Decimal(each["value"])) for each in row.past]
    ledger = row.ledger or {"before": "0", "during": None, "reports": 0}
    cumulative, during = Decimal(ledger["before"]), Decimal(ledger["during"] or 0)
    level = cumulative + during if row.indicator.kind == IndicatorKind.STOCK else during
    posted = level if ledger["reports"] else None
    return Beside(row, past[::-1], cumulative, posted, remaining)


def typed(value: Decimal | None) -> str:
    """The value as one would type it; '' where there is none."""
    return "" if value is None else f"{value.normalize():f}"
