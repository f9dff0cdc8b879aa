"""The day that parts 存量 from 增量: laid down by a document, for the whole city."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, areas
from accounts.refusals import NotAllowed
from jurisdictions.models import Region, RegionLevel
from subsidence.models import CutOff
from subsidence.models.scopes import LINE
from subsidence.refusals import Invalid


def in_force() -> CutOff | None:
    """The newest, None while nobody has laid one down (待补)."""
    return CutOff.objects.order_by("-recorded_at", "-pk").first()


def may_record(user: User) -> bool:
    """Whether the person's duty to verify covers the whole city."""
    return any(Region.objects.filter(pk=area, level=RegionLevel.CITY) for area in areas(user, Action.VERIFY, line=LINE))


@transaction.atomic
def record(*, on: datetime.date, document: str, by: User, at: datetime.datetime) -> CutOff:
    """Lay the day down for parcels registered from now on; those on record stay what they are.

    Raises NotAllowed, Invalid.
    """
    if not may_record(by):
        raise NotAllowed(_("只有市级核定人员可以登记存量与增量的分界日期。"))
    _check(on, document, at)
    before = in_force()
    made = CutOff.objects.create(on=on, document=document.strip(), recorded_by=by, recorded_at=at, is_demo=by.is_demo)
    audit.record(
        by=by, action="cut_off.record", obj=made, before=_facts(before) if before else None, after=_facts(made)
    )
    return made


def _check(on: datetime.date, document: str, at: datetime.datetime) -> None:
    if not document.strip():
        raise Invalid(_("请填写规定分界日期的文号。"), field="document")
    if on > at.astimezone().date():
        raise Invalid(_("分界日期不能晚于今天。"), field="on")


def _facts(cut_off: CutOff) -> dict[str, object]:
    return {"on": cut_off.on, "document": cut_off.document}
