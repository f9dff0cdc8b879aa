"""The steps of an entry that its page offers to a person."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, can
from progress.agenda import gate_of
from progress.forms import StepForm
from progress.models import EntryStatus, ProgressEntry, SeriesOrigin
from progress.services.entries import SamePerson, took_part

LABELS = {
    "edit": _("修改"),
    "submit": _("报送"),
    "delete": _("删除草稿"),
    "withdraw": _("撤回"),
    "review": _("审核通过"),
    "verify": _("核定"),
    "return": _("退回"),
    "correct": _("发起更正"),
}


@dataclass(frozen=True)
class Offer:
    """One step; `refusal` says why the person, whose duty it is, cannot take it now."""

    step: str
    label: str | Promise
    refusal: str | Promise
    form: StepForm


def offers(entry: ProgressEntry, *, by: User, at: datetime.datetime) -> list[Offer]:
    """The steps that lead on from the entry's status and belong to a duty of the person."""
    return [
        Offer(step, LABELS[step], refusal, StepForm(auto_id=f"{step}_%s", initial={"version": entry.version}))
        for step, refusal in _steps(entry, by, at)
    ]


def _steps(entry: ProgressEntry, by: User, at: datetime.datetime) -> Iterator[tuple[str, str | Promise]]:
    is_clerk = can(by, Action.ENTER, entry)
    match entry.status:
        case EntryStatus.DRAFT | EntryStatus.RETURNED if is_clerk:
            yield "edit", _closed(entry, by, at)
            yield "submit", _closed(entry, by, at)
            if entry.status == EntryStatus.DRAFT:
                yield "delete", ""
        case EntryStatus.SUBMITTED:
            if is_clerk and entry.submitted_by_id == by.pk:
                yield "withdraw", _closed(entry, by, at)
            if can(by, Action.REVIEW, entry):
                yield "review", _took_part(by, entry.entered_by_id, entry.submitted_by_id)
                yield "return", ""
        case EntryStatus.REVIEWED if can(by, Action.VERIFY, entry):
            yield "verify", _took_part(by, entry.entered_by_id, entry.submitted_by_id, entry.reviewed_by_id)
            yield "return", ""
        case EntryStatus.VERIFIED if is_clerk and _is_correctable(entry):
            yield "correct", ""


def _closed(entry: ProgressEntry, by: User, at: datetime.datetime) -> str:
    """Why typing is closed; a correction belongs to a period long closed, so no gate applies to it."""
    answer = gate_of(entry.series, entry.period, by=by, at=at, entry=entry)
    return "" if entry.is_correction or answer.is_open else answer.reason


def _took_part(by: User, *others: int | None) -> str | Promise:
    return SamePerson.message if took_part(by, *others) else ""


def _is_correctable(entry: ProgressEntry) -> bool:
    """Line facts are corrected on their line; of typed series, the newest revision is."""
    later = ProgressEntry.objects.filter(
        series=entry.series_id, period=entry.period_id, fact=entry.fact, revision__gt=entry.revision
    )
    return entry.series.origin == SeriesOrigin.TYPED and not later.exists()
