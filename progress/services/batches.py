"""Reviewing or verifying many entries in one transaction, each for itself: what is refused holds nobody else up."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import models, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.refusals import Refused
from progress.models import EntryStatus, ProgressEntry, Series
from progress.services import entries


class Decision(models.TextChoices):
    PASS = "pass", _("通过")
    RETURN = "return", _("退回")


@dataclass(frozen=True)
class Ruling:
    """What a person decided on one entry at the version seen; an empty decision is one that was forgotten."""

    entry: int
    version: int
    decision: str
    opinion: str = ""

    def as_facts(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Outcome:
    """How many entries were passed on and sent back, and why others were not, by their keys."""

    passed: int = 0
    returned: int = 0
    refused: dict[int, Refused] = field(default_factory=dict)


class OutOfSight(Refused):
    """There is no such entry in the person's scope, or not any more."""

    code = "out_of_sight"
    message = _("这条填报已被删除，或者不在您的职责范围内。")


class Undecided(Refused):
    """An opinion was written, but neither passing nor returning was chosen."""

    code = "undecided"
    message = _("写了意见但没有选择，请选“通过”或“退回”。")


#: By what became of an entry: who took that step, when, and how it is said.
_STEPS = {
    EntryStatus.REVIEWED: (
        "reviewed_by",
        "reviewed_at",
        _("%(who)s已于%(when)s审核这条填报，请核对最新内容后再办理。"),
    ),
    EntryStatus.VERIFIED: ("verified_by", "verified_at", _("%(who)s已于%(when)s核定这条填报，不用再办理。")),
    EntryStatus.RETURNED: ("returned_by", "returned_at", _("%(who)s已于%(when)s退回这条填报，不用再办理。")),
}


class MovedOn(entries.StaleVersion):
    """Somebody, perhaps the same person in another tab, took the step already; says who and when."""

    def __init__(self, current: ProgressEntry, *, by: User, at: datetime.datetime) -> None:
        super().__init__(current)
        person, moment, sentence = _STEPS[EntryStatus(current.status)]
        who, when = getattr(current, person), timezone.localtime(getattr(current, moment))
        is_today = when.date() == timezone.localtime(at).date()
        said = date_format(when, "TIME_FORMAT" if is_today else "SHORT_DATETIME_FORMAT")
        self.message = sentence % {"who": _("您") if who == by else who, "when": said}


@transaction.atomic
def rule(*, rulings: Sequence[Ruling], by: User, at: datetime.datetime) -> Outcome:
    """Carry out each ruling in a savepoint of its own; what one is refused for stands in the outcome.

    Entries are locked by key, then the series their verification posts to by key, then worked through in that order:
    of two people ruling on the same entries at once, one waits at the first of them, and never in a circle.
    """
    found = _lock(rulings, by)
    outcome = Outcome()
    for ruling in sorted(rulings, key=lambda ruling: ruling.entry):
        try:
            with transaction.atomic():
                _carry_out(ruling, found.get(ruling.entry), by, at)
        except entries.StaleVersion as refusal:
            current = refusal.current
            outcome.refused[ruling.entry] = MovedOn(current, by=by, at=at) if current.status in _STEPS else refusal
        except Refused as refusal:
            outcome.refused[ruling.entry] = refusal
        else:
            outcome.passed += ruling.decision == Decision.PASS
            outcome.returned += ruling.decision == Decision.RETURN
    return outcome


def _lock(rulings: Iterable[Ruling], by: User) -> dict[int, ProgressEntry]:
    """The entries that are in sight, as they are now."""
    keys = [ruling.entry for ruling in rulings]
    visible = ProgressEntry.objects.visible_to(by).filter(pk__in=keys).with_labels()
    found = list(visible.select_for_update(of=("self",)).order_by("pk"))
    posted = {entry.series_id for entry in found if entry.status == EntryStatus.REVIEWED}
    list(Series.objects.filter(pk__in=posted).select_for_update(no_key=True, of=("self",)).order_by("pk"))
    return {entry.pk: entry for entry in found}


def _carry_out(ruling: Ruling, entry: ProgressEntry | None, by: User, at: datetime.datetime) -> None:
    if entry is None:
        raise OutOfSight
    match ruling.decision:
        case Decision.RETURN:
            entries.return_entry(entry=entry, version=ruling.version, by=by, at=at, reason=ruling.opinion)
        case Decision.PASS:
            step = entries.verify if entry.status == EntryStatus.REVIEWED else entries.review
            step(entry=entry, version=ruling.version, by=by, at=at, opinion=ruling.opinion)
        case _:
            raise Undecided
