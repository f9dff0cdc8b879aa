"""The steps of an entry that its page offers to a person."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, can
from progress.agenda import gate_of
from progress.forms import StepForm
from progress.models import EntryStatus, ProgressEntry, SeriesOrigin, SpotCheck
from progress.services.checks import TookPart
from progress.services.entries import ANSWERS_A_CHECK, SamePerson, answers_a_check, took_part
from progress.views.steps import STEPS, Words


@dataclass(frozen=True)
class Offer:
    """One step; `refusal` says why the person, whose duty it is, cannot take it now. Editing has a page of its own."""

    step: str
    label: Words
    refusal: Words
    form: StepForm | None = None
    is_grave: bool = False


@dataclass(frozen=True)
class Tried:
    """A step that was not taken, with what was typed for it."""

    step: str
    form: StepForm


def offers(entry: ProgressEntry, *, by: User, at: datetime.datetime, tried: Tried | None = None) -> list[Offer]:
    """The steps that lead on from the entry's status and belong to a duty of the person."""
    return [_offer(step, refusal, entry, tried) for step, refusal in _steps(entry, by, at)]


def _offer(name: str, refusal: Words, entry: ProgressEntry, tried: Tried | None) -> Offer:
    if name == "edit":
        return Offer(name, _("修改"), refusal)
    step = STEPS[name]
    form = step.form(auto_id=f"{name}_%s", initial={"version": entry.version})
    if tried and tried.step == name:
        form = tried.form
        form.put(version=entry.version)
    return Offer(name, step.label, refusal, form, step.is_grave)


def _steps(entry: ProgressEntry, by: User, at: datetime.datetime) -> Iterator[tuple[str, Words]]:
    is_clerk = can(by, Action.ENTER, entry)
    match entry.status:
        case EntryStatus.DRAFT | EntryStatus.RETURNED if is_clerk:
            yield "edit", _closed(entry, by, at)
            yield "submit", _closed(entry, by, at)
            if entry.status == EntryStatus.DRAFT:
                yield "delete", ANSWERS_A_CHECK if answers_a_check(entry) else ""
        case EntryStatus.SUBMITTED:
            if is_clerk and entry.submitted_by_id == by.pk:
                yield "withdraw", _closed(entry, by, at)
            if can(by, Action.REVIEW, entry):
                yield "review", _same_person(by, entry.entered_by_id, entry.submitted_by_id)
                yield "return", ""
        case EntryStatus.REVIEWED if can(by, Action.VERIFY, entry):
            yield "verify", _same_person(by, entry.entered_by_id, entry.submitted_by_id, entry.reviewed_by_id)
            yield "return", ""
        case EntryStatus.VERIFIED:
            yield from _afterwards(entry, by, is_clerk=is_clerk)


def _afterwards(entry: ProgressEntry, by: User, *, is_clerk: bool) -> Iterator[tuple[str, Words]]:
    """What may follow when an entry is final: the result of its spot check, its correction."""
    if can(by, Action.CHECK, entry) and SpotCheck.objects.filter(entry=entry, result="").exists():
        people = (entry.entered_by_id, entry.submitted_by_id, entry.reviewed_by_id, entry.verified_by_id)
        yield "check", TookPart.message if took_part(by, *people) else ""
    if is_clerk and _is_correctable(entry):
        yield "correct", ""


def _closed(entry: ProgressEntry, by: User, at: datetime.datetime) -> str:
    """Why typing is closed."""
    answer = gate_of(entry.series, entry.period, by=by, at=at, entry=entry)
    return "" if answer.is_open else answer.reason


def _same_person(by: User, *others: int | None) -> Words:
    return SamePerson.message if took_part(by, *others) else ""


def _is_correctable(entry: ProgressEntry) -> bool:
    """Line facts are corrected on their line; of typed series, the newest revision is."""
    later = ProgressEntry.objects.filter(
        series=entry.series_id, period=entry.period_id, fact=entry.fact, revision__gt=entry.revision
    )
    return entry.series.origin == SeriesOrigin.TYPED and not later.exists()
