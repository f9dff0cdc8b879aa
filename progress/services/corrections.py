"""Corrections (红字更正): the next revision of a verified figure, restated or void."""

from __future__ import annotations

import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from progress.models import EntryStatus, ProgressEntry
from progress.services.entries import AlreadyEntered, Incomplete, check_typed, expect, text_of


@transaction.atomic
def open_correction(
    *, entry: ProgressEntry, by: User, at: datetime.datetime, reason: str, is_void: bool = False
) -> ProgressEntry:
    """Start the correction (红字更正) of a verified figure: its next revision, which takes the same three steps.

    The gate does not apply: what is corrected belongs to a period long closed. Raises AlreadyEntered while another
    revision is open.
    """
    if not can(by, Action.ENTER, entry):
        raise NotAllowed
    return next_revision(entry=entry, by=by, at=at, reason=reason, is_void=is_void)


@transaction.atomic
def next_revision(
    *, entry: ProgressEntry, by: User, at: datetime.datetime, reason: str, is_void: bool = False
) -> ProgressEntry:
    """The correction itself, on whoever's behalf: a clerk's own, or one that a spot check asks a clerk to fill in."""
    check_typed(entry.series)
    expect(entry, EntryStatus.VERIFIED)
    reason = text_of(reason, field="reason")
    if not reason:
        raise Incomplete(_("更正必须写明理由。"), field="reason")
    revisions = ProgressEntry.objects.filter(series=entry.series, period=entry.period, fact=entry.fact)
    newest = revisions.order_by("-revision")[0]
    if newest.pk != entry.pk:
        raise AlreadyEntered(newest)
    correction = ProgressEntry(
        series=entry.series,
        period=entry.period,
        fact=entry.fact,
        revision=entry.revision + 1,
        correction_reason=reason,
        is_void=is_void,
        entered_by=by,
        entered_at=at,
        changed_at=at,
        is_demo=entry.is_demo or by.is_demo,
    )
    try:
        with transaction.atomic():
            correction.save(force_insert=True)
    except IntegrityError as error:
        raise AlreadyEntered(revisions.order_by("-revision").first()) from error
    audit.record(by=by, action="entry.correct", obj=correction, after=correction.audit_facts(), reason=reason)
    return correction
