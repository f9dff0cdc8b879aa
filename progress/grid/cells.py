"""The cells of the grid: one per series, with what stands beside it, read in two statements however many there are."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery, Sum, TextField, When
from django.db.models.functions import Cast, Coalesce, JSONObject, Left
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policy import Action, scope_q
from jurisdictions import codes
from progress import display, jumps, rollups, schedule
from progress.models import EntryStatus, IndicatorKind, LedgerLine, Period, ProgressEntry, Series, Split, TargetVersion
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
    due_on: datetime.date | None
    ask: rollups.Ask

    @property
    def has_task(self) -> bool:
        return self.value != 0


@dataclass(frozen=True)
class Lack:
    """What a promise still lacks, below zero where more was done, and whether anything is verified for it."""

    remaining: Decimal
    is_begun: bool


@dataclass(frozen=True)
class Beside:
    """What stands beside a cell, in the indicator's unit.

    `cumulative` is Σ ledger over the periods before this one, `posted` what the ledger holds of this one or None,
    `remaining` what is still to be verified until the target is met, `room` the most that the cell may take until
    then; None where nothing is promised, or nothing is left to do by a part that was taken back (`has_task`).
    `overdue_on` is the target's due date where it was over before the period.
    """

    series: Series
    past: Sequence[Past]
    cumulative: Decimal
    posted: Decimal | None
    remaining: Decimal | None
    room: Decimal | None
    overdue_on: datetime.date | None
    has_task: bool = True

    @property
    def last(self) -> Past | None:
        return self.past[-1] if self.past else None

    @property
    def last_period(self) -> str:
        return schedule.label(self.series.frequency, self.last.start_on) if self.last else ""

    @property
    def remaining_said(self) -> str:
        """What is still to be done until the target is met, in words where nothing is or the time for it is over."""
        decimals = self.series.indicator.decimals
        if not self.has_task:
            return _("无任务")
        if self.remaining is not None and self.remaining <= 0:
            return _("已达到目标，超出 %(more)s") % {"more": display.quantity(-self.remaining, decimals)}
        said = display.quantity(self.remaining, decimals)
        if self.overdue_on is None:
            return said
        return _("%(less)s（已过期限%(due)s）") % {"less": said, "due": date_format(self.overdue_on, "DATE_FORMAT")}

    def warning(self, value: Decimal | None) -> str:
        """What asks to look again at a value: that it jumps, that it is over the target; '' where nothing does."""
        if value is None:
            return ""
        return _("；").join(filter(None, (self._jump_said(value), self._excess_said(value))))

    def _jump_said(self, value: Decimal) -> str:
        indicator, values = self.series.indicator, [each.value for each in self.past]
        is_stock = indicator.kind == IndicatorKind.STOCK
        compared = jumps.increments(values) if is_stock else values
        if len(compared) < jumps.ENOUGH:
            leap = jumps.leap(value, values)
            return jumps.leap_sentence(leap, decimals=indicator.decimals) if leap else ""
        found = jumps.jump(value - values[-1] if is_stock else value, compared[-PAST:])
        return jumps.sentence(found, decimals=indicator.decimals, is_increment=is_stock) if found else ""

    def _excess_said(self, value: Decimal) -> str:
        """A target that was met already says so beside the cell, and to say it of every value would tire."""
        if self.remaining is None or self.room is None or self.remaining <= 0 or value <= self.room:
            return ""
        indicator = self.series.indicator
        said = {"remaining": display.quantity(self.remaining, indicator.decimals), "unit": indicator.unit}
        return _("超出距目标的余量 %(remaining)s %(unit)s，请核对") % said


def beside(series: SeriesQuerySet, period: Period, *, by: User) -> list[tuple[Beside, ProgressEntry | None]]:
    """What stands beside the cell of each of those series in the period, with its newest entry; two queries.

    To be called inside `rollups.snapshot()`.
    """
    found: dict[int, Any] = {row.pk: row for row in _with_facts(series, period, by)}
    promises = {pk: _promise(row) for pk, row in found.items()}
    lacks = _lacks({promise for promise in promises.values() if promise})
    # Django leaves the attribute of a join that found nothing unset.
    entries = {pk: getattr(row, "entry", None) for pk, row in found.items()}
    return [(_beside(row, period, promises[pk], lacks.get(promises[pk])), entries[pk]) for pk, row in found.items()]


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
    """The target in the clerk's sight that counts the series: the project's own before a region's, the nearest first.

    Of one place's it is the next due, else the one that was due last: what is overdue is still owed. A year in which
    nothing is to be done is passed over.
    """
    visible = scope_q(by, Action.VIEW, line="target__indicator__work_line", region="target__region")
    mine = Q(target__project=OuterRef("project")) | Q(target__project=None) & _around(OuterRef("region_id"))
    idle = Q(value=0, target__split_by=Split.YEAR)
    standing = TargetVersion.objects.standing().annotate(measuring=Coalesce("counted", "target__indicator"))
    standing = standing.filter(visible, mine, ~idle, measuring=OuterRef("indicator"))
    overdue = Case(When(due_on__lt=period.end_on, then="due_on"))
    nearest = standing.order_by(
        F("target__project").asc(nulls_last=True),
        "-target__region_id",
        overdue.desc(nulls_first=True),
        F("due_on").asc(nulls_last=True),
        "pk",
    )
    texts = {name: Cast(name, TextField()) for name in ("value", "baseline")}
    places = {"region": "target__region_id", "project": "target__project_id", "split_by": "target__split_by"}
    return nearest.values(json=JSONObject(start_on="start_on", due_on="due_on", **places, **texts))[:1]


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
    since = _day(told["start_on"]) if is_flow else None
    until = _day(told["due_on"]) if told["split_by"] == Split.YEAR else None
    ask = rollups.Ask(
        row.indicator_id,
        region=told["region"],
        project=told["project"],
        since=since,
        until=until.replace(day=1) if until else None,
    )
    baseline = ZERO if is_flow else Decimal(told["baseline"])
    return Promise(Decimal(told["value"]), baseline, _day(told["due_on"]), ask)


def _day(told: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(told) if told else None


def _lacks(promises: Iterable[Promise]) -> dict[Promise | None, Lack]:
    """What each of the promises still lacks, in one query."""
    asked = list(promises)
    if not asked:
        return {}
    totals = rollups.totals([promise.ask for promise in asked])
    return {
        promise: Lack(promise.value - (total.amount - promise.baseline if total.reports else ZERO), bool(total.reports))
        for promise, total in zip(asked, totals, strict=True)
    }


def _beside(row: Any, period: Period, promise: Promise | None, lack: Lack | None) -> Beside:
    past = [Past(datetime.date.fromisoformat(each["start_on"]), Decimal(each["value"])) for each in row.past]
    ledger = row.ledger or {"before": "0", "during": None, "reports": 0}
    cumulative, during = Decimal(ledger["before"]), Decimal(ledger["during"] or 0)
    is_stock = row.indicator.kind == IndicatorKind.STOCK
    posted = (cumulative + during if is_stock else during) if ledger["reports"] else None
    if promise is None or lack is None:
        return Beside(row, past[::-1], cumulative, posted, None, None, None)
    if not promise.has_task:
        return Beside(row, past[::-1], cumulative, posted, None, None, None, has_task=False)
    room = lack.remaining + _floor(cumulative, promise, lack) if is_stock else lack.remaining
    overdue_on = promise.due_on if promise.due_on and promise.due_on < period.start_on else None
    return Beside(row, past[::-1], cumulative, posted, lack.remaining, room, overdue_on)


def _floor(level: Decimal, promise: Promise, lack: Lack) -> Decimal:
    """What the next level of a stock is counted from: its own last one, at the very first the target's baseline."""
    return level if lack.is_begun else promise.baseline


def is_untouched(entry: ProgressEntry) -> bool:
    """Whether a returned entry stands as it was sent back: sending it back was its last change."""
    return entry.status == EntryStatus.RETURNED and entry.changed_at == entry.returned_at


def typed(value: Decimal | None) -> str:
    """The value as one would type it; '' where there is none."""
    return "" if value is None else f"{value.normalize():f}"
