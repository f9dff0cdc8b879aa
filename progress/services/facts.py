"""Posting a fact of a line's own row (parcel accepted, unit awarded, month evaluated) to its derived series."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.refusals import Refused
from progress.models import EntryOrigin, EntryStatus, IndicatorKind, Period, ProgressEntry, Series, SeriesOrigin
from progress.services import posting
from progress.services.entries import SamePerson, took_part


class NotAdditive(Refused):
    """Several facts of one period have a sum, but no common level."""

    code = "not_additive"
    message = _("期末水平每期只能由一项业务事实给出。")


class NotDerived(Refused):
    """The series is typed by clerks; line facts must not mix with their figures."""

    code = "not_derived"
    message = _("此填报项由人工填报，不能由业务环节生成。")


@transaction.atomic
def post(
    *, series: Series, period: Period, fact: str, value: Decimal, by: User, approved_by: User, at: datetime.datetime
) -> ProgressEntry:
    """Record a fact as a derived entry, born verified, in the transaction of the line's own row.

    `fact` names that row ("parcel-stage:123"); posted again with another value it becomes the next revision, with the
    same value nothing happens. `by` recorded and `approved_by` approved the line's step. Raises NotDerived,
    NotAdditive, SamePerson.
    """
    if series.origin != SeriesOrigin.DERIVED:
        raise NotDerived
    if took_part(approved_by, by.pk):
        raise SamePerson
    posting.lock_series(series_id=series.pk)
    entries = ProgressEntry.objects.filter(series=series, period=period)
    if series.indicator.kind == IndicatorKind.STOCK and entries.exclude(fact=fact).exists():
        raise NotAdditive
    newest = entries.filter(fact=fact).order_by("-revision").first()
    if newest is not None and newest.value == value:
        return newest
    entry = ProgressEntry.objects.create(
        series=series,
        period=period,
        fact=fact,
        revision=newest.revision + 1 if newest else 1,
        correction_reason=f"{fact}: {newest.value} → {value}" if newest else "",
        origin=EntryOrigin.DERIVED,
        status=EntryStatus.VERIFIED,
        value=value,
        entered_by=by,
        entered_at=at,
        verified_by=approved_by,
        verified_at=at,
        changed_at=at,
        is_demo=series.is_demo or by.is_demo or (newest is not None and newest.is_demo),
    )
    audit.record(by=approved_by, action="entry.derive", obj=entry, after=entry.audit_facts())
    posting.post(entry=entry, at=at)
    posting.nudge_after_commit()
    return entry
