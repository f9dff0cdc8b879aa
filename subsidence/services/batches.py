"""Deciding on many requests in one transaction, each for itself: what is refused holds nobody else up."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.refusals import Refused
from progress.services.batches import Decision, Outcome, Ruling, Undecided
from subsidence.models import StageRequest
from subsidence.services import stages


class OutOfSight(Refused):
    """There is no such request in the person's scope, or not any more."""

    code = "out_of_sight"
    message = _("此申报不在您的职责范围内。")


@transaction.atomic
def rule(*, rulings: Sequence[Ruling], by: User, at: datetime.datetime) -> Outcome:
    """Carry out each ruling in a savepoint of its own; what one is refused for stands in the outcome.

    They are worked through parcel by parcel, and each parcel is locked first: of two people ruling on the same ones at
    once, one waits at the first of them, and never in a circle. Of one parcel, what was asked first is decided first.
    """
    keys = [ruling.entry for ruling in rulings]
    visible = StageRequest.objects.visible_to(by).filter(pk__in=keys).select_related("parcel")
    found = {request.pk: request for request in visible}
    outcome = Outcome()
    for ruling in sorted(rulings, key=lambda ruling: _place(found.get(ruling.entry), ruling.entry)):
        try:
            with transaction.atomic():
                _carry_out(ruling, found.get(ruling.entry), by, at)
        except Refused as refusal:
            outcome.refused[ruling.entry] = refusal
        else:
            outcome.passed += ruling.decision == Decision.PASS
            outcome.returned += ruling.decision == Decision.RETURN
    return outcome


def _place(request: StageRequest | None, key: int) -> tuple[int, int]:
    return (request.parcel_id if request else 0, key)


def _carry_out(ruling: Ruling, request: StageRequest | None, by: User, at: datetime.datetime) -> None:
    if request is None:
        raise OutOfSight
    match ruling.decision:
        case Decision.RETURN:
            stages.lock(request.parcel)
            stages.send_back(request=request, reason=ruling.opinion, by=by, at=at)
        case Decision.PASS:
            stages.approve(request=request, by=by, at=at)
        case _:
            raise Undecided
