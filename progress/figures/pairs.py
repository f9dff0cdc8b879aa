"""Corrections (红字更正) as pairs: what stood beside what stands, and the ledger lines that lie between."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from django.db.models import Exists, OuterRef

from progress.models import EntryStatus, LedgerLine, LineNature, ProgressEntry
from progress.models.entries import ProgressEntryQuerySet


@dataclass(frozen=True)
class Pair:
    """One correction beside the revision it corrects; its lines are there once it is verified."""

    stood: ProgressEntry
    stands: ProgressEntry
    lines: list[LedgerLine]

    @property
    def is_posted(self) -> bool:
        return self.stands.status == EntryStatus.VERIFIED

    @property
    def reversing(self) -> list[LedgerLine]:
        return [line for line in self.lines if line.nature == LineNature.REVERSED]

    @property
    def restating(self) -> list[LedgerLine]:
        """The new statement, none where the correction voids."""
        return [line for line in self.lines if line.nature == LineNature.RESTATED]

    @property
    def levelling(self) -> list[LedgerLine]:
        """What keeps a later level as it stood."""
        return [line for line in self.lines if line.nature == LineNature.LEVELLED]


def pairs_of(entry: ProgressEntry) -> list[Pair]:
    """Every correction of what the entry reports, oldest first, whichever revision the entry is."""
    revisions = ProgressEntry.objects.filter(series=entry.series_id, period=entry.period_id, fact=entry.fact)
    people = [f"{step}_by" for step in ("entered", "submitted", "reviewed", "verified")]
    found = list(revisions.with_labels().select_related(*people).order_by("revision"))
    lines = _lines(found) if len(found) > 1 else {}
    return [Pair(stood, stands, lines.get(stands.pk, [])) for stood, stands in pairwise(found)]


def _lines(entries: Iterable[ProgressEntry]) -> dict[int, list[LedgerLine]]:
    """The lines of each entry, in the order they were posted in."""
    by_entry = defaultdict(list)
    known = {entry.pk: entry for entry in entries}
    for line in LedgerLine.objects.filter(entry__in=known).order_by("pk"):
        line.entry = known[line.entry_id]
        by_entry[line.entry_id].append(line)
    return dict(by_entry)


def pair_up(entries: Iterable[ProgressEntry], *, as_of: datetime.datetime | None = None) -> list[ProgressEntry]:
    """The entries, each with the revision it corrects as `stood` and the one that corrects it as `stands`.

    A correction stands once it is verified, by then. One query for all entries.
    """
    found = list(entries)
    others = {_place(other): other for other in _revisions(found)}
    for entry in found:
        later = others.get(_place(entry, 1))
        entry.stood = others.get(_place(entry, -1))
        entry.stands = later if later and _is_verified(later, as_of) else None
        for other in (entry.stood, entry.stands):
            if other:
                other.series, other.period = entry.series, entry.period
    return found


def _is_verified(entry: ProgressEntry, as_of: datetime.datetime | None) -> bool:
    return entry.verified_at is not None and (as_of is None or entry.verified_at <= as_of)


def _place(entry: ProgressEntry, step: int = 0) -> tuple[int, int, str, int]:
    """What tells the entry, or the revision so many steps after it, from every other."""
    return entry.series_id, entry.period_id, entry.fact, entry.revision + step


def _revisions(entries: list[ProgressEntry]) -> ProgressEntryQuerySet:
    """Every revision of whatever was corrected in the series and periods of the entries."""
    wanted = ProgressEntry.objects.filter(
        series__in={entry.series_id for entry in entries}, period__in={entry.period_id for entry in entries}
    )
    same = {name: OuterRef(name) for name in ("series", "period", "fact")}
    return wanted.filter(Exists(ProgressEntry.objects.filter(revision__gt=1, **same)))
