"""The duty of a mine to treat newly subsided land (治理任务): opened with the parcel, put off, closed by the chain."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from subsidence.models import Mine, Parcel, TreatmentDuty
from subsidence.refusals import Invalid, StaleParcel
from subsidence.services import watch


class DutyClosed(Refused):
    """What is treated has no deadline any more."""

    code = "duty_closed"
    message = gettext_lazy("该图斑已全部销号，治理任务已办结，不能再调整期限。")


class StaleDeadline(StaleParcel):
    """Somebody else changed the deadline since the page was shown."""


@transaction.atomic
def open_duty(*, parcel: Parcel, mine: Mine, opened_on: datetime.date, due_on: datetime.date) -> TreatmentDuty:
    """Oblige the mine to treat the parcel by a day, in the transaction that registers it. Raises Invalid."""
    check_deadline(due_on, opened_on)
    return TreatmentDuty.objects.create(parcel=parcel, mine=mine, opened_on=opened_on, due_on=due_on)


@transaction.atomic
def follow(*, parcel: Parcel, on: datetime.date, at: datetime.datetime) -> None:
    """Close the duty once the step of the day `on` left nothing of the parcel open, or open it again when some is.

    Called with the parcel locked and its areas as the step made them; a parcel without a duty is left alone.
    """
    duty = TreatmentDuty.objects.select_for_update(no_key=True).filter(parcel=parcel).first()
    is_done = parcel.closed_area == parcel.surveyed_area > 0
    if duty is None or is_done == (duty.closed_on is not None):
        return
    before, duty.closed_on = duty.closed_on, on if is_done else None
    duty.save(update_fields=["closed_on"])
    action = "duty.close" if is_done else "duty.reopen"
    audit.record(by=None, action=action, obj=duty, before={"closed_on": before}, after={"closed_on": duty.closed_on})
    watch.look_at_duty(pk=duty.pk, at=at)


@transaction.atomic
def extend(
    *,
    duty: TreatmentDuty,
    due_on: datetime.date,
    seen: datetime.date,
    document: str,
    reason: str,
    by: User,
    at: datetime.datetime,
) -> TreatmentDuty:
    """Change the deadline by a document of the verifier's; `seen` is the one that the person saw.

    Raises NotAllowed, DutyClosed, StaleDeadline, Invalid.
    """
    found = _locked(duty)
    if not can(by, Action.VERIFY, found.parcel):
        raise NotAllowed
    if found.closed_on is not None:
        raise DutyClosed
    if found.due_on != seen:
        raise StaleDeadline(_("治理期限已由他人调整为%(due)s，请核对后重新办理。") % {"due": date_format(found.due_on)})
    check_deadline(due_on, found.opened_on)
    if due_on == found.due_on:
        raise Invalid(_("新的期限与现行期限相同。"), field="due_on")
    found.due_on = due_on
    found.save(update_fields=["due_on"])
    after = {"due_on": due_on, "document": document}
    audit.record(by=by, action="duty.extend", obj=found, before={"due_on": seen}, after=after, reason=reason)
    watch.look_at_duty(pk=found.pk, at=at)
    return found


def _locked(duty: TreatmentDuty) -> TreatmentDuty:
    return TreatmentDuty.objects.select_for_update(no_key=True, of=("self",)).select_related("parcel").get(pk=duty.pk)


def check_deadline(due_on: datetime.date, opened_on: datetime.date) -> None:
    """Refuse a deadline that is none. Raises Invalid."""
    if due_on <= opened_on:
        raise Invalid(_("治理期限必须晚于沉陷日期。"), field="due_on")
