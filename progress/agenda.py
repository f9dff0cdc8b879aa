"""What waits for a person: reports that are owed, entries to review or verify."""

from __future__ import annotations

import datetime
import functools
import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import IntegerField, Q, Value
from django.db.models.expressions import Combinable, RawSQL
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.policy import Action, today
from progress.gate import MENDING, Gate, city_day, gate
from progress.models import EntryStatus, Period, ProgressEntry, Series, SeriesOrigin
from progress.models.entries import ProgressEntryQuerySet
from progress.models.indicators import SeriesQuerySet

#: Days for which a closed period stays in sight with the reason why it can no longer be typed.
LOOK_BACK = datetime.timedelta(days=45)
#: Digits of a county's code; what belongs to the city itself keeps its four.
COUNTY_DIGITS = 6


@dataclass(frozen=True)
class Slot:
    """One period of one series: whether it may be typed now, and the entry if there is one."""

    period: Period
    gate: Gate
    entry: ProgressEntry | None


@dataclass(frozen=True)
class Assignment:
    """One series a clerk answers for, with its recent periods."""

    series: Series
    slots: list[Slot]


def my_series(user: User) -> SeriesQuerySet:
    """The series a clerk types into."""
    typed = Series.objects.in_scope(user, Action.ENTER).filter(origin=SeriesOrigin.TYPED)
    return typed.select_related("project", "indicator", "region")


def recent_periods(on: datetime.date) -> list[Period]:
    """The periods open that day, by their dates or opened again, and those closed shortly before; newest first."""
    is_recent = Q(opens_on__lte=on, closes_on__gte=on - LOOK_BACK) | Q(reopenings__until__gte=on)
    recent = Period.objects.filter(is_recent).distinct().prefetch_related("reopenings")
    return list(recent.order_by("-end_on", "kind"))


class OnDesk(Protocol):
    """What the gate must know of an entry that is there already."""

    @property
    def returned_at(self) -> datetime.datetime | None: ...

    @property
    def is_correction(self) -> bool: ...


def gate_of(series: Series, period: Period, *, by: User, at: datetime.datetime, entry: OnDesk | None) -> Gate:
    """The gate in front of one series for one period, and of the entry if there is one already.

    A correction belongs to a period long closed, so no date holds it up.
    """
    if entry and entry.is_correction:
        return Gate(is_open=True, reason=_("更正不受%(period)s的截止日期限制。") % {"period": period})
    return gate(
        user=by,
        unit=series.region_id,
        line=series.work_line,
        period=period,
        now=at,
        reopenings=period.reopenings.all(),
        returned_at=entry.returned_at if entry else None,
    )


def assignments(
    series: Sequence[Series], periods: Iterable[Period], *, by: User, at: datetime.datetime
) -> list[Assignment]:
    """The series with the slots of their recent periods."""
    periods = list(periods)
    entries = ProgressEntry.objects.filter(series__in=series, period__in=periods).order_by("revision")
    newest = {(entry.series_id, entry.period_id): entry for entry in entries}

    def slot(each: Series, period: Period) -> Slot:
        entry = newest.get((each.pk, period.pk))
        return Slot(period, gate_of(each, period, by=by, at=at, entry=entry), entry)

    def slots(each: Series) -> list[Slot]:
        return [slot(each, period) for period in periods if period.kind == each.frequency]

    return [Assignment(each, slots(each)) for each in series]


class ReportState(models.TextChoices):
    """How far the report on one series for one period has come."""

    MISSING = "missing", gettext_lazy("未报")
    DRAFT = EntryStatus.DRAFT.value, EntryStatus.DRAFT.label
    RETURNED = EntryStatus.RETURNED.value, EntryStatus.RETURNED.label
    SUBMITTED = EntryStatus.SUBMITTED.value, EntryStatus.SUBMITTED.label
    REVIEWED = EntryStatus.REVIEWED.value, EntryStatus.REVIEWED.label
    VERIFIED = EntryStatus.VERIFIED.value, EntryStatus.VERIFIED.label


#: The states in which the next move is the clerk's.
ON_DESK = (ReportState.MISSING, ReportState.DRAFT, ReportState.RETURNED)


class Owed(NamedTuple):
    """One report that a clerk owes or has made: a series for a period that is open to him.

    `due_on` is the last day in time: the period's own, of a reopened one the last day it is open, of a late return the
    last day for mending; None where no date holds. What was returned too long ago to be mended is listed but not open.
    """

    series_id: int
    period_id: int
    due_on: datetime.date | None
    entry_id: int | None
    state: str
    revision: int
    returned_at: datetime.datetime | None
    return_reason: str
    is_open: bool

    @property
    def is_waiting(self) -> bool:
        """Whether the clerk can and must do something about it."""
        return self.is_open and self.state in ON_DESK

    @property
    def is_correction(self) -> bool:
        return self.revision > 1


#: The rule of `gate` for all series of a person at once: pairs of series and period that are open, or in a person's
#: hands. A project's report begins with the period in which it starts and ends with the one in which it is finished.
_OWED = """
WITH now (day, mending) AS (SELECT %s::date, %s::int),
mine (series_id, frequency, region, line, start_on, finished_on) AS MATERIALIZED ({series}),
standing AS MATERIALIZED (
    SELECT period_id, region_id, work_line, until FROM progress_reopening, now WHERE until >= now.day
),
alive AS NOT MATERIALIZED (
    SELECT mine.series_id, period.id AS period_id, period.opens_on, period.closes_on, mine.region, mine.line
    FROM mine JOIN progress_period period ON period.kind = mine.frequency
    WHERE (mine.start_on <= period.end_on) IS NOT FALSE AND (mine.finished_on >= period.start_on) IS NOT FALSE
),
slot (series_id, period_id) AS (
    SELECT series_id, period_id FROM alive, now WHERE now.day BETWEEN opens_on AND closes_on
    UNION
    SELECT series_id, period_id FROM alive JOIN standing USING (period_id)
    WHERE standing.work_line = alive.line AND starts_with(alive.region, standing.region_id)
    UNION
    SELECT series_id, entry.period_id FROM now, mine JOIN progress_progressentry entry USING (series_id)
    JOIN progress_period period ON period.id = entry.period_id
    WHERE entry.fact = '' AND (
        entry.status = 'returned'
        OR entry.status = 'draft' AND (entry.revision > 1 OR now.day <= period.closes_on)
    )
),
owed AS (
    SELECT
        slot.series_id,
        slot.period_id,
        CASE
            WHEN now.day <= period.closes_on THEN period.due_on
            WHEN returned.until >= now.day THEN returned.until
            WHEN opened.until IS NOT NULL THEN opened.until
            WHEN entry.revision = 1 THEN period.due_on
        END AS due_on,
        entry.id AS entry_id,
        coalesce(entry.status, 'missing') AS state,
        coalesce(entry.revision, 1) AS revision,
        entry.returned_at,
        coalesce(entry.return_reason, '') AS return_reason,
        mine.region,
        coalesce(entry.revision, 1) > 1 OR now.day >= period.opens_on AND (
            now.day <= period.closes_on OR returned.until >= now.day IS TRUE OR opened.until IS NOT NULL
        ) AS is_open
    FROM now CROSS JOIN slot
    JOIN mine USING (series_id)
    JOIN progress_period period ON period.id = slot.period_id
    LEFT JOIN LATERAL (
        SELECT id, status, revision, returned_at, return_reason FROM progress_progressentry
        WHERE series_id = slot.series_id AND period_id = slot.period_id AND fact = ''
        ORDER BY revision DESC LIMIT 1
    ) entry ON true
    CROSS JOIN LATERAL (
        SELECT (entry.returned_at AT TIME ZONE 'Asia/Shanghai')::date + now.mending AS until
    ) returned
    CROSS JOIN LATERAL (
        SELECT max(until) AS until FROM standing
        WHERE period_id = slot.period_id AND work_line = mine.line AND starts_with(mine.region, region_id)
    ) opened
)
"""
_LIST = """
SELECT series_id, period_id, due_on, entry_id, state, revision, returned_at, return_reason, is_open FROM owed
WHERE is_open OR state = 'returned'
ORDER BY due_on NULLS LAST, period_id, region, series_id
"""
_COUNT = "SELECT count(*) FROM owed WHERE is_open AND state IN ('missing', 'draft', 'returned')"


def _statement(series: SeriesQuerySet, at: datetime.datetime, ending: str) -> tuple[str, tuple[Any, ...]]:
    """The SQL over those series with its parameters; raises EmptyResultSet when there can be none."""
    columns = ("pk", "frequency", "region_id", "project__work_line", "project__start_on", "project__finished_on")
    mine, scope = series.order_by().values_list(*columns).query.sql_with_params()
    return _OWED.replace("{series}", mine) + ending, (city_day(at), MENDING.days, *scope)


def owed(series: SeriesQuerySet, *, at: datetime.datetime) -> list[Owed]:
    """All reports on those series of a clerk, one query; what is due first comes first."""
    try:
        statement, values = _statement(series, at, _LIST)
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [Owed(*row) for row in cursor.fetchall()]


def owed_count(user: User, *, at: datetime.datetime) -> Combinable:
    """How many reports wait for the person, as an expression for the query of the menu; the same rows as `owed`."""
    try:
        return RawSQL(*_statement(my_series(user), at, _COUNT), output_field=IntegerField())  # noqa: S611 - own literals
    except EmptyResultSet:
        return Value(0)


@dataclass(frozen=True)
class Report:
    """An owed report with all that its line prints; `days_left` is negative when it is late."""

    owed: Owed
    series: Series
    period: Period
    gate: Gate
    days_left: int | None

    @property
    def state(self) -> ReportState:
        return ReportState(self.owed.state)

    @property
    def is_exceptional(self) -> bool:
        """Whether more than the period's own dates decides, so that the gate's sentence tells something new."""
        return self.state in ON_DESK and (not self.owed.is_open or self.owed.due_on != self.period.due_on)

    @property
    def county(self) -> str:
        """The code of the county, or of the city, whose grid the report stands in."""
        return self.series.region_id[:COUNTY_DIGITS]


def periods_of(found: Iterable[Owed]) -> dict[int, Period]:
    """The periods of those reports, in two queries, with what was opened again of them."""
    return Period.objects.prefetch_related("reopenings").in_bulk({each.period_id for each in found})


def reports(found: Sequence[Owed], periods: Mapping[int, Period], *, by: User, at: datetime.datetime) -> list[Report]:
    """The lines of those reports in their order, one query for however many of them."""
    series = Series.objects.select_related("project", "indicator", "region").in_bulk({each.series_id for each in found})
    on = city_day(at)

    def line(each: Owed) -> Report:
        mine, period = series[each.series_id], periods[each.period_id]
        days_left = (each.due_on - on).days if each.due_on else None
        return Report(each, mine, period, gate_of(mine, period, by=by, at=at, entry=each), days_left)

    return [line(each) for each in found]


def to_review(user: User) -> ProgressEntryQuerySet:
    """The submitted entries the person may review; those he typed himself, or the one he stands in for, are not."""
    entries = ProgressEntry.objects.in_scope(user, Action.REVIEW).filter(status=EntryStatus.SUBMITTED)
    return entries.exclude(_took_part(user, "entered", "submitted"))


def to_verify(user: User) -> ProgressEntryQuerySet:
    """The reviewed entries the person may verify; those he, or the one he stands in for, had a part in are not."""
    entries = ProgressEntry.objects.in_scope(user, Action.VERIFY).filter(status=EntryStatus.REVIEWED)
    return entries.exclude(_took_part(user, "entered", "submitted", "reviewed"))


def _took_part(user: User, *steps: str) -> Q:
    people = user.counts_as(today())
    return functools.reduce(operator.or_, (Q(**{f"{step}_by__in": people}) for step in steps))
