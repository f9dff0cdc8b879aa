"""What was read at a point (观测记录): recorded, changed and taken out; each time the ground is judged anew."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from progress.gate import city_day
from subsidence.models import Reading, SubsidencePoint
from subsidence.refusals import Invalid, StaleParcel
from subsidence.services import watch

#: Nobody measured here before; an earlier date is a slip of the pen.
FIRST_DAY = datetime.date(1950, 1, 1)
#: A hundred metres: whoever writes more did not write mm.
DEEPEST = Decimal(100_000)
STEEPEST = Decimal(1_000)


class StaleReading(StaleParcel):
    """Somebody changed the reading since the page was shown, or took it out."""

    message = gettext_lazy("这条观测已被他人修改或移除，请核对最新内容后再办理。")


@dataclass(frozen=True)
class Shown:
    """What a point showed: the day, cumulative sink in mm, tilt in mm/m if it was measured.

    `row` is the line it was typed in, 0 where there is only one, and `field` the input to blame.
    """

    on: datetime.date
    sink: Decimal
    tilt: Decimal | None = None
    row: int = 0
    field: str = ""


@transaction.atomic
def record(*, point: SubsidencePoint, shown: Sequence[Shown], by: User, at: datetime.datetime) -> list[Reading]:
    """Add readings of a point, all or none. Raises NotAllowed, Invalid."""
    point = _locked(point, by)
    if not shown:
        raise Invalid(_("请至少填写一行观测。"))
    _check(point, shown, today=city_day(at))
    readings = Reading.objects.bulk_create(
        Reading(point=point, on=each.on, sink=each.sink, tilt=each.tilt, recorded_by=by, recorded_at=at)
        for each in shown
    )
    for reading in readings:
        audit.record(by=by, action="reading.record", obj=reading, after=_facts(reading))
    _follow(point, by, at)
    return readings


@transaction.atomic
def change(*, reading: Reading, version: int, shown: Shown, reason: str, by: User, at: datetime.datetime) -> Reading:
    """Put right what was recorded. Raises NotAllowed, StaleReading, Invalid."""
    point, found = _found(reading, version, reason, by)
    _check(point, [shown], today=city_day(at), but=found)
    before = _facts(found)
    found.on, found.sink, found.tilt = shown.on, shown.sink, shown.tilt
    found.recorded_by, found.recorded_at, found.version = by, at, found.version + 1
    found.save()
    audit.record(by=by, action="reading.change", obj=found, before=before, after=_facts(found), reason=reason.strip())
    _follow(point, by, at)
    return found


@transaction.atomic
def remove(*, reading: Reading, version: int, reason: str, by: User, at: datetime.datetime) -> None:
    """Take out what was never read there, say at another point. Raises NotAllowed, StaleReading, Invalid."""
    point, found = _found(reading, version, reason, by)
    audit.record(by=by, action="reading.remove", obj=found, before=_facts(found), reason=reason.strip())
    found.delete()
    _follow(point, by, at)


def _locked(point: SubsidencePoint, by: User) -> SubsidencePoint:
    """The point, locked: two who type the same day meet here, and the second is told."""
    found = SubsidencePoint.objects.select_for_update(no_key=True, of=("self",)).get(pk=point.pk)
    if not can(by, Action.ENTER, found):
        raise NotAllowed
    return found


def _found(reading: Reading, version: int, reason: str, by: User) -> tuple[SubsidencePoint, Reading]:
    point = _locked(reading.point, by)
    found = Reading.objects.filter(pk=reading.pk, version=version).first()
    if found is None:
        raise StaleReading
    if not reason.strip():
        raise Invalid(_("修改或移除观测必须写明理由。"), field="reason")
    return point, found


def _check(point: SubsidencePoint, shown: Sequence[Shown], *, today: datetime.date, but: Reading | None = None) -> None:
    """Refuse the first of them that cannot be; `but` is the reading that it replaces."""
    taken = set(point.readings.exclude(pk=but.pk if but else 0).values_list("on", flat=True))
    for each in shown:
        if fault := _fault(each, taken, today):
            said = _("第%(row)d行：%(fault)s") % {"row": each.row, "fault": fault} if each.row else fault
            raise Invalid(said, field=each.field)
        taken.add(each.on)


def _fault(shown: Shown, taken: set[datetime.date], today: datetime.date) -> str:
    if shown.on > today:
        return _("观测日期%(on)s晚于今天。") % {"on": f"{shown.on:%F}"}
    if shown.on < FIRST_DAY:
        return _("观测日期早于1950年，请核对年份。")
    if shown.on in taken:
        return _("%(on)s已有观测，同一天只能登记一次。") % {"on": f"{shown.on:%F}"}
    if abs(shown.sink) > DEEPEST:
        return _("累计下沉超过100米，请核对单位是否为mm。")
    if shown.tilt is not None and not 0 <= shown.tilt <= STEEPEST:
        return _("倾斜须在0至1000 mm/m之间。")
    return ""


def _follow(point: SubsidencePoint, by: User, at: datetime.datetime) -> None:
    """See what the readings of the point say now."""
    watch.look_at_point(pk=point.pk, at=at)
    if point.parcel_id:
        watch.judge_parcel(pk=point.parcel_id, by=by, at=at)


def _facts(reading: Reading) -> dict[str, Any]:
    sink, tilt = (None if value is None else f"{value:.2f}" for value in (reading.sink, reading.tilt))
    return {"point": reading.point_id, "on": reading.on, "sink": sink, "tilt": tilt}
