"""The entry machine (填报流程): draft → submitted → reviewed → verified, with returns, withdrawals and corrections."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, Scoped, can, today
from accounts.refusals import NotAllowed, Refused
from progress.agenda import gate_of
from progress.models import EntryStatus, Period, ProgressEntry, Series, SeriesOrigin, SpotCheck
from progress.models.entries import EDITABLE
from progress.rules import NOTE_LIMIT as NOTE_LIMIT
from progress.rules import REASON_LIMIT as REASON_LIMIT
from progress.rules import SENTENCES
from progress.services import notices, posting

#: Why the draft of a correction that a spot check opened is not deleted.
ANSWERS_A_CHECK = _("抽查认定原数不实，须改正后报送，不能删除这条更正。")


class StaleVersion(Refused):
    """Somebody changed the entry since the person read it; `current` is the entry as it is now."""

    code = "stale_version"
    message: str | Promise = _("这条填报已被他人修改，请核对最新内容后再办理。")

    def __init__(self, current: ProgressEntry) -> None:
        self.current = current
        super().__init__()


class PeriodClosed(Refused):
    """The gate is closed; the message is the gate's reason."""

    code = "period_closed"


class WrongStatus(Refused):
    """The entry is not in a state from which this step leads on."""

    code = "wrong_status"


class AlreadyEntered(Refused):
    """The series has an entry for the period; `existing` is that one."""

    code = "already_entered"
    message = _("该填报项本期已有填报，请在原记录上修改或发起更正。")

    def __init__(self, existing: ProgressEntry | None) -> None:
        self.existing = existing
        super().__init__(field="period")


class SamePerson(Refused):
    """Entering, reviewing and verifying take three different people."""

    code = "same_person"
    message = _("填报、审核、核定必须由三个人分别完成，您已参与过此条填报。")


class Incomplete(Refused):
    """The content is not one of: a value, no progress with its reason."""

    code = "incomplete"


@dataclass(frozen=True)
class Content:
    """What a clerk reports: a value in the indicator's unit, or the reason why there was no progress."""

    value: Decimal | None = None
    no_progress_reason: str = ""
    note: str = ""


@transaction.atomic
def create_draft(*, series: Series, period: Period, content: Content, by: User, at: datetime.datetime) -> ProgressEntry:
    """Start the entry of a series for a period; a demonstration account's or series' is demonstration data.

    Raises NotAllowed, PeriodClosed, AlreadyEntered, Incomplete.
    """
    _allow(by, Action.ENTER, series)
    check_typed(series)
    if series.frequency != period.kind:
        raise WrongStatus(SENTENCES["frequency"] % {"frequency": series.get_frequency_display()}, field="period")
    entry = ProgressEntry(series=series, period=period, changed_at=at, is_demo=series.is_demo)
    _check_gate(entry, by, at)
    _fill(entry, content, by=by, at=at)
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        existing = ProgressEntry.objects.filter(series=series, period=period).order_by("-revision").first()
        raise AlreadyEntered(existing) from error
    audit.record(by=by, action="entry.create", obj=entry, after=entry.audit_facts())
    return entry


@transaction.atomic
def change_draft(
    *, entry: ProgressEntry, version: int, content: Content, by: User, at: datetime.datetime
) -> ProgressEntry:
    """Change the content of a draft or a returned entry. Raises StaleVersion and what create_draft raises."""
    entry = _locked(entry, version)
    _allow(by, Action.ENTER, entry)
    expect(entry, *EDITABLE)
    _check_gate(entry, by, at)
    before = entry.audit_facts()
    _fill(entry, content, by=by, at=at)
    return _save(entry, by=by, at=at, action="entry.change", before=before)


@transaction.atomic
def delete_draft(*, entry: ProgressEntry, version: int, by: User) -> None:
    """Delete an entry that was never submitted, unless a spot check asks for it."""
    entry = _locked(entry, version)
    _allow(by, Action.ENTER, entry)
    expect(entry, EntryStatus.DRAFT)
    if answers_a_check(entry):
        raise WrongStatus(ANSWERS_A_CHECK)
    audit.record(by=by, action="entry.delete", obj=entry, before=entry.audit_facts())
    entry.delete()


@transaction.atomic
def submit(*, entry: ProgressEntry, version: int, by: User, at: datetime.datetime) -> ProgressEntry:
    """Report the entry to the reviewer; an entry returned before loses its return mark, which the audit keeps."""
    entry = _locked(entry, version)
    _allow(by, Action.ENTER, entry)
    expect(entry, *EDITABLE)
    _check_gate(entry, by, at)
    _check_complete(entry)
    before = entry.audit_facts()
    entry.returned_by = entry.returned_at = None
    entry.return_reason = ""
    entry.submitted_by, entry.submitted_at = by, at
    entry.status = EntryStatus.SUBMITTED
    return _save(entry, by=by, at=at, action="entry.submit", before=before)


@transaction.atomic
def withdraw(*, entry: ProgressEntry, version: int, by: User, at: datetime.datetime) -> ProgressEntry:
    """Take a submitted entry back before anybody reviewed it; only its submitter may, while the period is open."""
    entry = _locked(entry, version)
    _allow(by, Action.ENTER, entry)
    expect(entry, EntryStatus.SUBMITTED)
    if entry.submitted_by_id != by.pk:
        raise NotAllowed(_("只有报送人本人可以撤回。"))
    _check_gate(entry, by, at)
    before = entry.audit_facts()
    entry.submitted_by = entry.submitted_at = None
    entry.status = EntryStatus.DRAFT
    return _save(entry, by=by, at=at, action="entry.withdraw", before=before)


@transaction.atomic
def review(*, entry: ProgressEntry, version: int, by: User, at: datetime.datetime, opinion: str = "") -> ProgressEntry:
    """The county reviewer passes a submitted entry on, with an opinion if there is one. Raises SamePerson."""
    entry = _locked(entry, version)
    _allow(by, Action.REVIEW, entry)
    expect(entry, EntryStatus.SUBMITTED)
    _check_person(by, entry.submitted_by_id, entry.entered_by_id)
    before = entry.audit_facts()
    entry.reviewed_by, entry.reviewed_at = by, at
    entry.status = EntryStatus.REVIEWED
    return _save(entry, by=by, at=at, action="entry.review", before=before, reason=text_of(opinion, field="reason"))


@transaction.atomic
def return_entry(*, entry: ProgressEntry, version: int, by: User, at: datetime.datetime, reason: str) -> ProgressEntry:
    """Send an entry back to its clerk with a reason: a reviewer a submitted one, a verifier a reviewed one."""
    entry = _locked(entry, version)
    expect(entry, EntryStatus.SUBMITTED, EntryStatus.REVIEWED)
    _allow(by, Action.REVIEW if entry.status == EntryStatus.SUBMITTED else Action.VERIFY, entry)
    reason = text_of(reason, field="reason")
    if not reason:
        raise Incomplete(_("退回必须写明理由。"), field="reason")
    before = entry.audit_facts()
    entry.reviewed_by = entry.reviewed_at = None
    entry.returned_by, entry.returned_at, entry.return_reason = by, at, reason
    entry.status = EntryStatus.RETURNED
    _save(entry, by=by, at=at, action="entry.return", before=before, reason=reason)
    notices.tell_returned(entry=entry, at=at)
    return entry


@transaction.atomic
def verify(*, entry: ProgressEntry, version: int, by: User, at: datetime.datetime, opinion: str = "") -> ProgressEntry:
    """The city verifier makes the entry final and posts it to the ledger. Raises SamePerson, LevelOutOfOrder."""
    entry = _locked(entry, version)
    _allow(by, Action.VERIFY, entry)
    expect(entry, EntryStatus.REVIEWED)
    _check_person(by, entry.submitted_by_id, entry.entered_by_id, entry.reviewed_by_id)
    before = entry.audit_facts()
    entry.verified_by, entry.verified_at = by, at
    entry.status = EntryStatus.VERIFIED
    _save(entry, by=by, at=at, action="entry.verify", before=before, reason=text_of(opinion, field="reason"))
    posting.post(entry=entry, at=at)
    posting.nudge_after_commit()
    return entry


def _locked(entry: ProgressEntry, version: int) -> ProgressEntry:
    """The entry as it is now, locked; raises StaleVersion when it is not the version the person saw."""
    locked = ProgressEntry.objects.with_labels().select_for_update(of=("self",))
    try:
        current = locked.get(pk=entry.pk)
    except ProgressEntry.DoesNotExist as error:
        raise WrongStatus(_("这条草稿已被删除。")) from error
    if current.version != version:
        raise StaleVersion(current)
    return current


def _save(
    entry: ProgressEntry, *, by: User, at: datetime.datetime, action: str, before: dict[str, Any], reason: str = ""
) -> ProgressEntry:
    entry.version += 1
    entry.changed_at = at
    entry.save()
    audit.record(by=by, action=action, obj=entry, before=before, after=entry.audit_facts(), reason=reason)
    return entry


def _allow(by: User, action: Action, obj: Scoped) -> None:
    if not can(by, action, obj):
        raise NotAllowed


def expect(entry: ProgressEntry, *statuses: EntryStatus) -> None:
    if entry.status not in statuses:
        raise WrongStatus(_("这条填报现在是“%(status)s”，不能办理此步骤。") % {"status": entry.get_status_display()})


def answers_a_check(entry: ProgressEntry) -> bool:
    """Whether the entry corrects what a spot check found faulty."""
    return SpotCheck.objects.filter(correction=entry).exists()


def took_part(by: User, *people: int | None) -> bool:
    """Whether the person is one of those people, or stands in for one of them."""
    return not by.counts_as(today()).isdisjoint(people)


def _check_person(by: User, *others: int | None) -> None:
    if took_part(by, *others):
        raise SamePerson


def check_typed(series: Series) -> None:
    if series.origin != SeriesOrigin.TYPED:
        raise WrongStatus(SENTENCES["derived"], field="series")


def _check_gate(entry: ProgressEntry, by: User, at: datetime.datetime) -> None:
    if entry.is_correction:
        return
    answer = gate_of(entry.series, entry.period, by=by, at=at, entry=entry)
    if not answer.is_open:
        raise PeriodClosed(answer.reason, field="period")


def _fill(entry: ProgressEntry, content: Content, *, by: User, at: datetime.datetime) -> None:
    reason = text_of(content.no_progress_reason, field="no_progress_reason")
    note = text_of(content.note, field="note", limit=NOTE_LIMIT)
    if content.value is not None and reason:
        raise Incomplete(SENTENCES["both"], field="no_progress_reason")
    if entry.is_void and (content.value is not None or reason):
        raise Incomplete(SENTENCES["void"], field="value")
    if content.value is not None and content.value < 0 and not entry.series.indicator.may_be_negative:
        raise Incomplete(_("此指标不能填负数。"), field="value")
    _check_level(entry, content.value)
    if entry.entered_by is None or (content.value, reason) != (entry.value, entry.no_progress_reason):
        # Whoever last set the figure is the one who may not review it; a changed note changes nothing in that.
        entry.entered_by, entry.entered_at = by, at
    entry.value, entry.no_progress_reason, entry.note = content.value, reason, note
    entry.is_demo = entry.is_demo or by.is_demo


def text_of(text: str, *, field: str, limit: int = REASON_LIMIT) -> str:
    """The text as it will be kept; refused when it is longer than its column."""
    kept = text.strip()
    if len(kept) > limit:
        raise Incomplete(SENTENCES["long"] % {"limit": limit}, field=field)
    return kept


def _check_level(entry: ProgressEntry, value: Decimal | None) -> None:
    """Tell the clerk at once what verification, under the lock, would refuse."""
    following = posting.next_level(entry=entry)
    posting.check_level(
        value=value,
        indicator=entry.series.indicator,
        below=posting.level_before(series_id=entry.series_id, period=entry.period),
        above=following.value if following else None,
    )


def _check_complete(entry: ProgressEntry) -> None:
    if entry.value is None and not entry.no_progress_reason and not entry.is_void:
        raise Incomplete(_("请填写本期数值；确无进展的，请写明“本期无进展”的原因。"), field="value")
    if entry.series.indicator.evidence_required and entry.value is not None and not entry.evidence.exists():
        raise Incomplete(SENTENCES["evidence"], field="evidence")
