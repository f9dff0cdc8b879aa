"""The register of points at which the ground is watched (沉陷观测点)."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from jurisdictions import outlines
from jurisdictions.models import Region
from projects.services import conditions
from subsidence.models import Mine, Parcel, SubsidencePoint
from subsidence.refusals import Invalid, StaleParcel
from subsidence.services import watch


class StalePoint(StaleParcel):
    """Somebody else described the point since the page was shown."""

    message = gettext_lazy("这个观测点的资料已被他人修改，请核对最新内容后再保存。")


@dataclass(frozen=True)
class Place:
    """Where a point stands and whose ground it watches; coordinates in degrees of CGCS2000, both or neither."""

    mine: Mine
    region: Region
    parcel: Parcel | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None


@transaction.atomic
def register(*, code: str, place: Place, by: User, at: datetime.datetime) -> SubsidencePoint:
    """Put a point on the register. Raises NotAllowed, Invalid."""
    point = SubsidencePoint(code=code, is_demo=by.is_demo or place.mine.is_demo)
    _put(point, place, by)
    try:
        with transaction.atomic():
            point.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid(_("观测点编号 %(code)s 已登记。") % {"code": code}, field="code") from error
    audit.record(by=by, action="point.register", obj=point, after=_facts(point))
    return point


@transaction.atomic
def describe(*, point: SubsidencePoint, version: int, place: Place, by: User, at: datetime.datetime) -> SubsidencePoint:
    """Say where the point stands after all; both parcels, that it left and that it joins, are judged anew.

    Raises NotAllowed, StalePoint, Invalid.
    """
    found = SubsidencePoint.objects.select_for_update(no_key=True, of=("self",)).get(pk=point.pk)
    if not can(by, Action.ENTER, found):
        raise NotAllowed
    if found.version != version:
        raise StalePoint
    before = _facts(found)
    _put(found, place, by)
    if _facts(found) == before:
        return found
    found.version += 1
    found.save()
    audit.record(by=by, action="point.describe", obj=found, before=before, after=_facts(found))
    if before["mine"] != found.mine_id:
        # What is told of a point stands with its mine.
        conditions.clear_condition(kind=watch.FAST, key=str(found.pk), at=at)
        watch.look_at_point(pk=found.pk, at=at)
    for pk in sorted(filter(None, {before["parcel"], found.parcel_id})):
        watch.judge_parcel(pk=pk, by=by, at=at)
    return found


def _put(point: SubsidencePoint, place: Place, by: User) -> None:
    for each in fields(place):
        setattr(point, each.name, getattr(place, each.name))
    if not can(by, Action.ENTER, point):
        raise NotAllowed(_("您没有在该村登记观测点的职责。"), field="region")
    _check_holder(place)
    _check_coordinates(place)


def _check_holder(place: Place) -> None:
    mine, parcel = place.mine, place.parcel
    if not place.region.pk.startswith(mine.region_id):
        said = {"mine": mine, "region": mine.region}
        raise Invalid(_("所在村不在矿井“%(mine)s”的县区（%(region)s）之内。") % said, field="region")
    if parcel is None:
        return
    if parcel.mine_id not in (None, mine.pk):
        message = _("图斑%(parcel)s的责任主体是%(holder)s，不是这座矿井。")
        raise Invalid(message % {"parcel": parcel, "holder": parcel.holder}, field="parcel")
    if not place.region.pk.startswith(parcel.county_id):
        raise Invalid(_("图斑%(parcel)s与观测点不在同一县区。") % {"parcel": parcel}, field="parcel")


def _check_coordinates(place: Place) -> None:
    latitude, longitude = place.latitude, place.longitude
    if latitude is None and longitude is None:
        return
    if latitude is None or longitude is None:
        raise Invalid(_("经度和纬度须同时填写。"), field="longitude" if longitude is None else "latitude")
    home = outlines.outline_of(place.region.pk)
    if home and not outlines.contains(home, latitude=latitude, longitude=longitude):
        raise Invalid(_("坐标不在%(home)s境内，请核对经度和纬度，是否写反。") % {"home": home.name}, field="latitude")


def _facts(point: SubsidencePoint) -> dict[str, Any]:
    names = ("code", "mine_id", "parcel_id", "region_id", "latitude", "longitude")
    return {name.removesuffix("_id"): getattr(point, name) for name in names}
