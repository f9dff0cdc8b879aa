"""What is on its way: submitted and reviewed entries, and what verifying them would add."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from progress.models import EntryStatus, IndicatorKind, ProgressEntry, Series
from progress.models.entries import IN_FLIGHT
from progress.rollups import Ask

ZERO = Decimal(0)
COUNTED = (EntryStatus.VERIFIED, *IN_FLIGHT)


def in_flight_entries(asks: Sequence[Ask]) -> QuerySet[ProgressEntry]:
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

    ask: Ask
    series: Series
    entries: list[ProgressEntry]
    added: Decimal


def movements(asks: Sequence[Ask]) -> list[Movement]:
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


def added_in_flight(asks: Sequence[Ask]) -> dict[Ask, Decimal]:
    """Per sum, what verifying everything in flight would add; a sum with nothing in flight is absent."""
    added: defaultdict[Ask, Decimal] = defaultdict(Decimal)
    for movement in movements(asks):
        added[movement.ask] += movement.added
    return dict(added)


def _counts(series: Series, ask: Ask) -> bool:
    in_place = (
        series.region_id.startswith(ask.region or "") if ask.project is None else series.project_id == ask.project
    )
    return in_place and series.indicator_id == ask.indicator


def _worth(entries: list[ProgressEntry], statuses: tuple[str, ...], ask: Ask) -> Decimal:
    """What one series amounts to with only these statuses counted; entries come with the lower revisions first."""
    stands = {(entry.period_id, entry.fact): entry for entry in entries if entry.status in statuses}
    values = [(entry.period.end_on, entry.value) for entry in stands.values() if entry.value is not None]
    if entries[0].series.indicator.kind == IndicatorKind.STOCK:
        return max(values)[1] if values else ZERO
    return sum((value for ends, value in values if _is_within(ends, ask)), ZERO)


def _is_within(ends: datetime.date, ask: Ask) -> bool:
    month = ends.replace(day=1)
    return (ask.since is None or month >= ask.since) and (ask.until is None or month <= ask.until)
