"""The queue of a reviewer or verifier: what waits, how long, and beside each figure what it is held against."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Left
from django.utils.functional import Promise

from accounts.models import User
from jurisdictions.models import Region, WorkLine
from progress import agenda, photos
from progress.agenda import COUNTY_DIGITS
from progress.gate import city_day
from progress.models import Evidence, LedgerLine, ProgressEntry
from progress.models.entries import ProgressEntryQuerySet


@dataclass(frozen=True)
class Row:
    """One waiting entry with what a ruling on it asks to see.

    `previous` is the last figure that stands, of a correction the one it corrects; `cumulative` is what was verified
    before the period; `flags` are the words of what is odd about its photos.
    """

    entry: ProgressEntry
    previous: ProgressEntry | None
    cumulative: Decimal
    evidence: int
    flags: list[str | Promise]

    @property
    def county(self) -> str:
        """The code of the county; what belongs to the city itself keeps the city's."""
        return self.entry.region_id[:COUNTY_DIGITS]

    @property
    def since(self) -> datetime.datetime:
        """Since when it waits: a step changed it last, and nothing does while it waits for the next."""
        return self.entry.changed_at

    @property
    def difference(self) -> Decimal | None:
        """This figure less the last one; None where either is none."""
        if self.entry.value is None or self.previous is None or self.previous.value is None:
            return None
        return self.entry.value - self.previous.value

    @property
    def is_late(self) -> bool:
        """Whether it was submitted after its period was due (迟报); a correction has no date to keep."""
        submitted_at = self.entry.submitted_at
        if submitted_at is None or self.entry.is_correction:
            return False
        return city_day(submitted_at) > self.entry.period.due_on


@dataclass(frozen=True)
class Tally:
    """How many entries wait in one county, by work line in the order of WorkLine."""

    code: str
    county: str
    counts: list[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(count for _line, count in self.counts)


def waiting_for(user: User) -> ProgressEntryQuerySet:
    """All that a person may review or verify."""
    return agenda.to_review(user) | agenda.to_verify(user)


def tallies(waiting: ProgressEntryQuerySet) -> list[Tally]:
    """The counts of each county with something waiting."""
    places = waiting.annotate(county=Left("series__region_id", COUNTY_DIGITS), line=F("series__project__work_line"))
    counted = places.order_by().values_list("county", "line").annotate(count=Count("pk"))
    counts = {(county, line): count for county, line, count in counted}
    counties = Region.objects.filter(code__in={county for county, _line in counts}).order_by("code")
    return [
        Tally(each.code, each.name, [(line, counts.get((each.code, line), 0)) for line in WorkLine])
        for each in counties
    ]


def beside(waiting: ProgressEntryQuerySet) -> ProgressEntryQuerySet:
    """Each entry with the key of what it is held against, what was verified before its period, and its evidence."""
    earlier = ProgressEntry.objects.filter(
        series=OuterRef("series"), period__end_on__lte=OuterRef("period__end_on")
    ).exclude(period=OuterRef("period"), revision__gte=OuterRef("revision"))
    verified = LedgerLine.objects.filter(series=OuterRef("series"), ends__lt=OuterRef("period__end_on"))
    return waiting.with_labels().annotate(
        previous_pk=Subquery(earlier.standing().order_by("-period__end_on", "-revision").values("pk")[:1]),
        cumulative=Coalesce(Subquery(_total(verified)), Decimal(0)),
        pieces=Coalesce(Subquery(_count(Evidence.objects.filter(entry=OuterRef("pk")))), 0),
    )


def _total(lines: QuerySet[LedgerLine]) -> QuerySet[Any, Any]:
    return lines.order_by().values("series").annotate(total=Sum("amount")).values("total")


def _count(evidence: QuerySet[Evidence]) -> QuerySet[Any, Any]:
    return evidence.order_by().values("entry").annotate(count=Count("pk")).values("count")


def rows(entries: Iterable[Any]) -> list[Row]:
    """What the queue says of entries that `beside` annotated, in their order."""
    entries = list(entries)
    keys = {entry.previous_pk for entry in entries if entry.previous_pk}
    previous = ProgressEntry.objects.select_related("period", "series__indicator").in_bulk(keys)
    flags = photos.flags_of(entries)

    def row(entry: Any) -> Row:
        words = list(dict.fromkeys(flag.word for flag in flags.get(entry.pk, ())))
        return Row(entry, previous.get(entry.previous_pk), entry.cumulative, entry.pieces, words)

    return [row(entry) for entry in entries]
