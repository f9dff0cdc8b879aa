"""The duty to treat a newly subsided parcel: until when, and how its deadline was changed."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from accounts.models import AuditEvent, User
from accounts.policy import Action, can, today
from subsidence.models import Parcel, TreatmentDuty


@dataclass(frozen=True)
class Extension:
    """One change of a deadline, as the audit trail has it."""

    before: datetime.date
    after: datetime.date
    document: str
    event: AuditEvent


@dataclass(frozen=True)
class Terms:
    """A duty on a day: `days_left` is below zero once it is overdue."""

    duty: TreatmentDuty
    days_left: int
    extensions: list[Extension]

    @property
    def is_overdue(self) -> bool:
        return self.duty.closed_on is None and self.days_left < 0

    @property
    def days_over(self) -> int:
        return -self.days_left


def panel(parcel: Parcel, user: User) -> dict[str, Any]:
    """What the page of a parcel tells of its duty; 存量 has none."""
    duty = TreatmentDuty.objects.visible_to(user).select_related("mine").filter(parcel=parcel).first()
    if duty is None:
        return {"terms": None, "may_extend": False}
    may_extend = duty.closed_on is None and can(user, Action.VERIFY, parcel)
    return {"terms": Terms(duty, (duty.due_on - today()).days, extensions_of(duty)), "may_extend": may_extend}


def extensions_of(duty: TreatmentDuty) -> list[Extension]:
    """How the deadline was changed, the first change first."""
    kind = duty._meta.label_lower
    events = AuditEvent.objects.filter(object_type=kind, object_id=str(duty.pk), action="duty.extend").order_by("pk")
    return [_extension(event) for event in events]


def _extension(event: AuditEvent) -> Extension:
    before, after = event.before or {}, event.after or {}
    day = datetime.date.fromisoformat
    return Extension(day(before["due_on"]), day(after["due_on"]), after["document"], event)
