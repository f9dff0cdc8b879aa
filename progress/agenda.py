"""What waits for a person: periods to report on, entries to review or verify."""

from __future__ import annotations

import datetime
import functools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from accounts.policy import Action, today
from progress.gate import Gate, gate
from progress.models import EntryStatus, Period, ProgressEntry, Series, SeriesOrigin
from progress.models.entries import ProgressEntryQuerySet
from progress.models.indicators import SeriesQuerySet

#: Days for which a closed period stays in sight with the reason why it can no longer be typed.
LOOK_BACK = datetime.timedelta(days=45)


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


def gate_of(series: Series, period: Period, *, by: User, at: datetime.datetime, entry: ProgressEntry | None) -> Gate:
    """The gate in front of one series for one period, and of the entry if there is one already."""
    return gate(
        user=by,
        unit=series.region_id,
        line=series.work_line,
        period=period,
        now=at,
        reopenings=period.reopenings.all(),
        returned_at=entry.returned_at if entry else None,
    )


def owing(series: SeriesQuerySet, periods: Iterable[Period], *, on: datetime.date) -> SeriesQuerySet:
    """The series that have no entry yet for one of the periods open that day."""
    is_owing = Q(pk__in=())
    for period in periods:
        if period.closes_on >= on:
            entries = ProgressEntry.objects.filter(series=OuterRef("pk"), period=period)
            is_owing |= Q(frequency=period.kind) & Q(~Exists(entries))
    return series.filter(is_owing)


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


def returned_to(user: User) -> ProgressEntryQuerySet:
    """The entries that were sent back and wait to be mended."""
    return ProgressEntry.objects.in_scope(user, Action.ENTER).filter(status=EntryStatus.RETURNED)


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
