"""Opening entries (期初): what a printed source reports as done before anybody reported here."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.db import transaction

from accounts import audit
from progress.models import EntryOrigin, EntryStatus, Period, ProgressEntry, Series
from progress.services import posting


@transaction.atomic
def record_opening(
    *, series: Series, period: Period, value: Decimal, basis: str, at: datetime.datetime, fact: str = ""
) -> ProgressEntry:
    """Post what the source says as a verified entry without a person; `basis` quotes it, `fact` names a line's row.

    What the series already has for the period stands, so recording it again changes nothing. A flow's period may be
    of another kind than the series', for the source may speak of a whole year; for a stock it raises MixedPeriods.
    """
    posting.lock_series(series_id=series.pk)
    if found := ProgressEntry.objects.filter(series=series, period=period, fact=fact).order_by("-revision").first():
        return found
    entry = ProgressEntry.objects.create(
        series=series,
        period=period,
        fact=fact,
        origin=EntryOrigin.ARTICLE,
        status=EntryStatus.VERIFIED,
        value=value,
        basis=basis,
        entered_at=at,
        verified_at=at,
        changed_at=at,
    )
    audit.record(by=None, action="entry.opening", obj=entry, after=entry.audit_facts(), reason=basis)
    posting.post(entry=entry, at=at)
    posting.nudge_after_commit()
    return entry
