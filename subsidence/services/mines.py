"""The register of mines (矿井): 111 slots that are named, placed and given an operator as these become known."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import Organisation, Region, RegionLevel
from projects.models import Subject, SubjectKind
from projects.services.register import register_project
from subsidence.models import Mine, MineStatus


class StaleMine(Refused):
    """Somebody else described the mine since the page was opened; `current` is the mine as it is now."""

    code = "stale_version"

    def __init__(self, current: Mine) -> None:
        self.current = current
        super().__init__(_("这座矿井的资料已被他人修改，请核对最新内容后再保存。"))


class BadPlace(Refused):
    """A mine lies in a county, or in the city while its county is unknown, and holds no parcel outside it."""

    code = "bad_place"


@transaction.atomic
def register(
    *,
    code: str,
    name: str,
    operator: Organisation | None,
    region: Region,
    basis: str,
    status: MineStatus = MineStatus.UNKNOWN,
    by: User | None = None,
    is_demo: bool = False,
) -> Mine:
    """Put a mine on the register, named or as a slot still to be named; one that is on it stays as it stands."""
    found = Mine.objects.filter(code=code).first()
    if found:
        return found
    mine = Mine(code=code, name=name, operator=operator, region=region, basis=basis, status=status, is_demo=is_demo)
    mine.subject = Subject.objects.create(kind=SubjectKind.MINE, **_subject_fields(mine))
    mine.save(force_insert=True)
    audit.record(by=by, action="mine.register", obj=mine, after={"code": code, **_facts(mine)})
    return mine


@transaction.atomic
def describe(
    *, mine: Mine, version: int, name: str, operator: Organisation | None, region: Region, status: str, by: User
) -> Mine:
    """Say what is known of a mine now; its subject and its project are brought up to date with it.

    Raises NotAllowed, StaleMine, BadPlace.
    """
    mine = Mine.objects.select_for_update(of=("self",)).select_related("region", "operator", "project").get(pk=mine.pk)
    if not can(by, Action.ENTER, mine):
        raise NotAllowed
    if mine.version != version:
        raise StaleMine(mine)
    _check_place(mine, region)
    before = _facts(mine)
    mine.name, mine.operator, mine.region, mine.status = name.strip(), operator, region, status
    if not can(by, Action.ENTER, mine):
        raise BadPlace(_("您的职责不含这个县区，不能把矿井改到那里。"), field="region")
    if _facts(mine) != before:
        mine.version += 1
        mine.save()
        _follow(mine, by=by)
        audit.record(by=by, action="mine.describe", obj=mine, before=before, after=_facts(mine))
    return mine


def _check_place(mine: Mine, region: Region) -> None:
    if region.level not in (RegionLevel.CITY, RegionLevel.COUNTY):
        raise BadPlace(_("矿井按县区登记，请填写县区；县区待补的填长治市。"), field="region")
    outside = mine.parcels.exclude(region__code__startswith=region.pk).select_related("region").first()
    if outside:
        said = {"parcel": outside.code, "place": outside.region}
        raise BadPlace(_("该矿井的图斑 %(parcel)s 在%(place)s，不能改到其他县区。") % said, field="region")


def _follow(mine: Mine, *, by: User) -> None:
    """Bring what carries the mine's facts up to date: its subject, and its project once it has one."""
    Subject.objects.filter(pk=mine.subject_id).update(**_subject_fields(mine))
    if mine.project:
        fields = {"name": mine.project_name, "region": mine.region, "owner": mine.operator}
        register_project(code=mine.project.code, by=by, **fields)


def _subject_fields(mine: Mine) -> dict[str, Any]:
    return {
        "name": str(mine),
        "region": mine.region,
        "organisation": mine.operator,
        "url": reverse("mine", args=[mine.code]),
    }


def _facts(mine: Mine) -> dict[str, Any]:
    return {"name": mine.name, "operator": mine.operator_id, "region": mine.region_id, "status": mine.status}
