"""Taking a parcel off the register that should never have been on it: nothing of it was ever approved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from projects.models import Subject
from subsidence.models import (
    Boundary,
    Funding,
    Parcel,
    ParcelPhoto,
    ParcelStage,
    StageRequest,
    SubsidencePoint,
    TreatmentDuty,
    Work,
)
from subsidence.refusals import StaleParcel
from subsidence.services import parcels, stages


class CannotDiscard(Refused):
    """Somebody has gone on with the parcel; the message says how."""

    code = "cannot_discard"


#: What others have tied to a parcel since it was registered, and why that keeps it.
_OBSTACLES: Sequence[tuple[type[models.Model], str | Promise]] = (
    (ParcelStage, _("图斑 %(code)s 已有环节通过审批，不能删除；如有差错请冲销。")),
    (Boundary, _("图斑 %(code)s 已绘制边界，不能删除。")),
    (Work, _("图斑 %(code)s 已登记工序，请先移除。")),
    (ParcelPhoto, _("图斑 %(code)s 已添加照片，请先移除。")),
    (Funding, _("图斑 %(code)s 已登记资金，不能删除。")),
    (SubsidencePoint, _("图斑 %(code)s 已有沉陷观测点，不能删除。")),
)


@transaction.atomic
def discard(*, parcel: Parcel, version: int, by: User, reason: str = "") -> None:
    """Delete a parcel of which nothing was approved, with its requests and its duty; the audit trail keeps them.

    Raises NotAllowed, StaleParcel, CannotDiscard.
    """
    parcel = stages.lock(parcel)
    if not can(by, Action.ENTER, parcel):
        raise NotAllowed
    if parcel.version != version:
        raise StaleParcel
    discard_locked([parcel], by=by, reason=reason)


def discard_locked(found: Sequence[Parcel], *, by: User, reason: str) -> None:
    """The same for several, which the caller has locked and may delete. Raises CannotDiscard."""
    numbers = [parcel.pk for parcel in found]
    for model, sentence in _OBSTACLES:
        rows = model._default_manager.filter(parcel__in=numbers).order_by("parcel")
        if code := rows.values_list("parcel__code", flat=True).first():
            raise CannotDiscard(str(sentence) % {"code": code})
    told = ((parcel.pk, facts, None) for parcel, facts in zip(found, _facts(found), strict=True))
    audit.record_many(by=by, action="parcel.discard", model=Parcel, told=told, reason=reason)
    TreatmentDuty.objects.filter(parcel__in=numbers).delete()
    StageRequest.objects.filter(parcel__in=numbers).delete()
    Parcel.objects.filter(pk__in=numbers).delete()
    Subject.objects.filter(pk__in=[parcel.subject_id for parcel in found]).delete()


def _facts(found: Iterable[Parcel]) -> list[audit.Facts | None]:
    """What is deleted of each, with all that was asked for."""
    asked: dict[int, list[dict[str, Any]]] = {}
    for request in StageRequest.objects.filter(parcel__in=[parcel.pk for parcel in found]).select_related("parcel"):
        facts = {**stages.audit_facts(request), "status": request.status, "reason": request.reason}
        asked.setdefault(request.parcel_id, []).append(facts)
    return [audit.jsonable({**parcels.audit_facts(parcel), "requests": asked.get(parcel.pk, [])}) for parcel in found]
