"""Mines and parcels for tests, made through the services; every argument has a default."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from accounts.models import User
from progress.gate import CITY_TIME
from projects.models import Attachment, Subject, SubjectKind
from subsidence.models import (
    CutOff,
    LandClass,
    Mine,
    Moment,
    Parcel,
    ParcelPhoto,
    ParcelStage,
    QualityResult,
    RequestStatus,
    Settlement,
    Stage,
    StageRequest,
    SuitedUse,
)
from subsidence.services import parcels, stages
from subsidence.services.parcels import Description, Survey
from tests import factories as make
from tests.factories import COUNTY, VILLAGE, Team

#: Days that a story begins on, all before 2026.
CUT_OFF, SUBSIDED, SURVEYED = datetime.date(2025, 1, 1), datetime.date(2024, 6, 1), datetime.date(2025, 2, 1)
AT = datetime.datetime(2026, 3, 2, 10, tzinfo=CITY_TIME)

#: The order a parcel's life is walked in, with days far enough apart for every rule.
DAYS = {
    Stage.APPROVED: datetime.date(2025, 3, 1),
    Stage.STARTED: datetime.date(2025, 4, 1),
    Stage.FINISHED: datetime.date(2025, 9, 1),
    Stage.SELF_CHECKED: datetime.date(2025, 9, 20),
    Stage.ACCEPTED: datetime.date(2025, 10, 15),
    Stage.PUBLISHED: datetime.date(2025, 11, 1),
    Stage.CLOSED: datetime.date(2025, 12, 15),
}

_numbers = itertools.count(1)


def cut_off(on: datetime.date = CUT_OFF, **fields: Any) -> CutOff:
    """The day that parts 存量 from 增量."""
    fields = {"document": "长自然资发〔2025〕1号", "recorded_at": AT, **fields}
    fields.setdefault("recorded_by", make.user())
    return CutOff.objects.create(on=on, **fields)


def mine(region_code: str = COUNTY, **fields: Any) -> Mine:
    number = next(_numbers)
    fields = {"code": f"mine-{number}", "name": f"矿井{number}", **fields}
    region = make.region(region_code)
    subject = Subject.objects.create(kind=SubjectKind.MINE, name=fields["name"], region=region)
    return Mine.objects.create(region=region, subject=subject, **fields)


def registered(
    area: Decimal | str | int = 602,
    of: Mine | None = None,
    region_code: str = VILLAGE,
    *,
    by: Team | None = None,
    is_legacy: bool = False,
    uses: Sequence[tuple[SuitedUse, Decimal]] = (),
    subsided_on: datetime.date | None = SUBSIDED,
    surveyed_on: datetime.date = SURVEYED,
    due_on: datetime.date | None = None,
    code: str = "",
    settlement: Settlement = Settlement.SETTLED,
    **described: Any,
) -> Parcel:
    """A parcel whose survey waits for approval: 存量 of a mine and settled unless told otherwise."""
    if not CutOff.objects.exists():
        cut_off()
    by = by or make.team(region_code[:6])
    region = make.region(region_code)
    survey = Survey(Decimal(area), uses or [(SuitedUse.WATER, Decimal(area))], surveyed_on, "摸底〔2025〕1号")
    described = {"land_before": LandClass.DRY, "settlement_basis": "观测报告" if settlement else "", **described}
    return parcels.register(
        code=code or f"TB-{next(_numbers)}",
        mine=None if is_legacy else of or mine(region_code[:6]),
        region=region,
        survey=survey,
        subsided_on=subsided_on,
        due_on=due_on,
        described=Description(settlement=settlement, **described),
        by=by.clerk,
        at=AT,
    )[0]


def parcel(area: Decimal | str | int = 602, *args: Any, by: Team | None = None, **fields: Any) -> Parcel:
    """A parcel whose survey was approved."""
    by = by or make.team(COUNTY)
    made = registered(area, *args, by=by, **fields)
    for request in StageRequest.objects.filter(parcel=made, status=RequestStatus.PENDING):
        stages.approve(request=request, by=by.reviewer, at=AT)
    return Parcel.objects.get(pk=made.pk)


def ask(
    of: Parcel,
    stage: Stage,
    area: Decimal | str | int,
    on: datetime.date | None = None,
    *,
    by: User | None = None,
    **fields: Any,
) -> StageRequest:
    """A request with whatever photos its stage requires put there first."""
    by = by or make.team(of.region_id[:6]).clerk
    photograph(of, by)
    fields = {"document": f"文〔2025〕{next(_numbers)}号", **fields}
    return stages.ask(parcel=of, stage=stage, on=on or DAYS[stage], area=Decimal(area), by=by, at=AT, **fields)


def step(
    of: Parcel,
    stage: Stage,
    area: Decimal | str | int,
    on: datetime.date | None = None,
    *,
    by: Team | None = None,
    **fields: Any,
) -> ParcelStage:
    """An area asked for by the clerk and approved by the verifier."""
    by = by or make.team(of.region_id[:6])
    return stages.approve(request=ask(of, stage, area, on, by=by.clerk, **fields), by=by.verifier, at=AT)


def reversal(of: ParcelStage, *, by: Team | None = None) -> ParcelStage:
    """A step taken back."""
    return step(of.parcel, Stage(of.stage), -of.area, of.on, by=by, reverses=of)


def walk(of: Parcel, until: Stage, area: Decimal | str | int | None = None, *, by: Team | None = None) -> Parcel:
    """The whole area, or a part of it, taken through the stages up to that one."""
    by = by or make.team(of.region_id[:6])
    for stage, on in DAYS.items():
        step(of, stage, area or of.surveyed_area, on, by=by)
        if stage == until:
            break
    return Parcel.objects.get(pk=of.pk)


def photograph(of: Parcel, by: User) -> None:
    """One photo for each moment, all that any stage requires; their bytes are no test's business here."""
    there = set(ParcelPhoto.objects.filter(parcel=of).values_list("moment", flat=True))
    for moment in Moment:
        if moment not in there:
            number = next(_numbers)
            kept = {"name": f"{number}.jpg", "content_type": "image/jpeg", "size": 1, "sha256": f"{number:064}"}
            photo = Attachment.objects.create(**kept, uploaded_by=by, uploaded_at=AT)
            ParcelPhoto.objects.create(parcel=of, attachment=photo, moment=moment)


def measured(request: StageRequest, *, is_passed: bool = True, **fields: Any) -> QualityResult:
    fields = {"item": "ph", "name": "pH", "value": Decimal("7.5"), "source": "测试", **fields}
    return QualityResult.objects.create(request=request, is_passed=is_passed, **fields)
