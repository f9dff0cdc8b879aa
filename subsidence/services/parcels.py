"""Registering parcels of subsided land and describing them; a newly subsided one comes with the duty to treat it."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import Region, WorkLine
from projects.models import Project, Subject, SubjectKind
from projects.services.register import register_project
from subsidence.models import CutOff, LandClass, Mine, Origin, Parcel, Settlement, Stage, SuitedUse
from subsidence.refusals import Invalid, NoCutOff, StaleParcel, SumDiffers, TakenCode
from subsidence.services import cut_offs, duties, stages, standards

Uses = Sequence[tuple[SuitedUse, Decimal]]


@dataclass(frozen=True)
class Factors:
    """What the subsidence did to the ground: strain and tilt in mm/m, sink in m, loss of yield in %."""

    strain: Decimal | None = None
    tilt: Decimal | None = None
    sink: Decimal | None = None
    yield_loss: Decimal | None = None


@dataclass(frozen=True)
class Description:
    """What is known of a parcel beside its place, holder and area."""

    place: str = ""
    land_before: LandClass = LandClass.UNKNOWN
    settlement: Settlement = Settlement.UNKNOWN
    settlement_basis: str = ""
    factors: Factors = Factors()


UNKNOWN = Description()


@dataclass(frozen=True)
class Survey:
    """What was surveyed: the whole area (亩), the parts of it by suited use, on which day, by which document."""

    area: Decimal
    uses: Uses
    on: datetime.date
    document: str


@transaction.atomic
def register(
    *,
    code: str,
    mine: Mine | None,
    region: Region,
    survey: Survey,
    subsided_on: datetime.date | None,
    by: User,
    at: datetime.datetime,
    due_on: datetime.date | None = None,
    described: Description = UNKNOWN,
) -> list[Parcel]:
    """Register a surveyed site, one parcel for each suited use, each with the request that its area be taken up.

    Land that subsided on the cut-off date or since is 增量: it needs a mine and a day by which to be treated, and its
    duty is opened in the same transaction. Raises NotAllowed, TakenCode, NoCutOff, SumDiffers, Invalid.
    """
    uses = [(use, area) for use, area in survey.uses if area] or [(SuitedUse.UNKNOWN, survey.area)]
    for fault in survey_faults(survey, uses, subsided_on):
        raise fault
    origin = origin_of(mine=mine, subsided_on=subsided_on, cut_off=cut_offs.in_force())
    made = []
    for number, (use, area) in enumerate(uses, start=1):
        parcel = Parcel(
            code=f"{code}-{number}" if len(uses) > 1 else code,
            site=code if len(uses) > 1 else "",
            mine=mine,
            region=region,
            origin=origin,
            subsided_on=subsided_on,
            suited_use=use,
            is_demo=by.is_demo or bool(mine and mine.is_demo),
        )
        enter(parcel, described=described, on=survey.on, by=by)
        if origin == Origin.NEW:
            _oblige(parcel, due_on)
        stages.ask(parcel=parcel, stage=Stage.SURVEYED, on=survey.on, area=area, document=survey.document, by=by, at=at)
        made.append(parcel)
    return made


@transaction.atomic
def enter(parcel: Parcel, *, described: Description, on: datetime.date, by: User | None) -> Parcel:
    """Put a parcel on the register with its subject, still without any area; `by` is None for what a source tells."""
    if by and not can(by, Action.ENTER, parcel):
        raise NotAllowed
    # One at a time may claim a number, and nobody gets a bare constraint's message for being second.
    Region.objects.select_for_update(no_key=True).get(pk=parcel.county_id)
    if taken := Parcel.objects.select_related("mine").filter(code=parcel.code).first():
        raise TakenCode(taken.code, taken.holder)
    parcel.project = project_of(parcel, by=by)
    check_place(parcel)
    fill(parcel, described)
    parcel.damage_grade = standards.damage_grade(parcel, on=on)
    parcel.subject = Subject.objects.create(
        kind=SubjectKind.PARCEL,
        name=parcel.code,
        region=parcel.region,
        organisation=parcel.mine.operator if parcel.mine else None,
        url=parcel.get_absolute_url(),
    )
    parcel.save(force_insert=True)
    audit.record(by=by, action="parcel.register", obj=parcel, after=audit_facts(parcel))
    return parcel


@transaction.atomic
def describe(
    *, parcel: Parcel, version: int, described: Description, suited_use: SuitedUse, by: User, at: datetime.datetime
) -> Parcel:
    """Change what is known of a parcel; its use only while nothing of it is started.

    Raises NotAllowed, StaleParcel, Invalid.
    """
    parcel = stages.lock(parcel)
    if not can(by, Action.ENTER, parcel):
        raise NotAllowed
    if parcel.version != version:
        raise StaleParcel
    check_use(parcel, suited_use)
    if parcel.accepted_area and described.settlement != Settlement.SETTLED:
        raise Invalid(_("已有面积通过市级验收，不能改为未稳沉。"), field="settlement")
    before = audit_facts(parcel)
    parcel.suited_use = suited_use
    fill(parcel, described)
    parcel.damage_grade = standards.damage_grade(parcel, on=at.astimezone().date())
    parcel.version += 1
    parcel.save()
    audit.record(by=by, action="parcel.describe", obj=parcel, before=before, after=audit_facts(parcel))
    return parcel


def origin_of(*, mine: Mine | None, subsided_on: datetime.date | None, cut_off: CutOff | None) -> Origin:
    """存量 before the cut-off date, 增量 since; 历史遗留 of unknown date is 存量. Raises NoCutOff, Invalid."""
    if subsided_on is None:
        if mine:
            raise Invalid(_("请填写沉陷日期；只有历史遗留图斑可以不填。"), field="subsided_on")
        return Origin.EXISTING
    if cut_off is None:
        raise NoCutOff(field="subsided_on")
    if subsided_on < cut_off.on:
        return Origin.EXISTING
    if mine is None:
        raise Invalid(_("分界日期之后沉陷的土地必须有责任矿井，不能登记为历史遗留。"), field="mine")
    return Origin.NEW


def project_of(parcel: Parcel, *, by: User | None) -> Project:
    """The project that treats the holder's land: the mine's, or for 历史遗留 its county's; made when it is missing."""
    if parcel.mine and parcel.mine.project:
        return parcel.mine.project
    if parcel.mine is None:
        region = Region.objects.get(pk=parcel.county_id)
        code, name, owner = f"subsidence-legacy-{region.pk}", f"{region.name}历史遗留采煤沉陷区治理", None
        known = Project.objects.filter(code=code).first()
    else:
        region, owner, known = parcel.mine.region, parcel.mine.operator, None
        code, name = f"subsidence-{parcel.mine.code}", parcel.mine.project_name
    project = known or register_project(
        code=code,
        by=by,
        name=name,
        work_line=WorkLine.SUBSIDENCE,
        region=region,
        owner=owner,
        is_demo=parcel.is_demo,
    )
    if parcel.mine:
        Mine.objects.filter(pk=parcel.mine.pk).update(project=project)
        parcel.mine.project = project
    return project


def audit_facts(parcel: Parcel) -> dict[str, object]:
    facts = ("code", "origin", "subsided_on", "suited_use", "land_before", "settlement", "settlement_basis", "place")
    factors = ("strain", "tilt", "sink", "yield_loss", "damage_grade")
    return {
        "mine": parcel.mine_id,
        "region": parcel.region_id,
        **{name: getattr(parcel, name) for name in (*facts, *factors)},
    }


def survey_faults(survey: Survey, uses: Uses, subsided_on: datetime.date | None) -> Iterator[Refused]:
    """All that is wrong with what was surveyed; an import tells all of it, a form what comes first."""
    if survey.area <= 0:
        yield Invalid(_("勘测面积必须大于 0。"), field="surveyed_area")
    if any(area < 0 for _use, area in uses):
        yield Invalid(_("各用途面积不能为负数。"), field="surveyed_area")
    if (found := sum(area for _use, area in uses)) != survey.area:
        yield SumDiffers(survey.area, Decimal(found))
    if subsided_on and subsided_on > survey.on:
        yield Invalid(_("沉陷日期不能晚于摸底日期。"), field="subsided_on")


def check_place(parcel: Parcel) -> None:
    """Refuse a place outside the region of the project that is to treat it. Raises Invalid."""
    if not parcel.region_id.startswith(parcel.project.region_id):
        message = _("所在村不在治理项目“%(project)s”的地区（%(region)s）之内。")
        raise Invalid(message % {"project": parcel.project, "region": parcel.project.region}, field="region")


def _oblige(parcel: Parcel, due_on: datetime.date | None) -> None:
    """Open the duty of newly subsided land, which by its origin has a mine and a date."""
    if parcel.mine and parcel.subsided_on:
        due_on = check_due(due_on, parcel.subsided_on)
        duties.open_duty(parcel=parcel, mine=parcel.mine, opened_on=parcel.subsided_on, due_on=due_on)


def check_due(due_on: datetime.date | None, subsided_on: datetime.date) -> datetime.date:
    """The deadline of newly subsided land, which must have one after its day. Raises Invalid."""
    if due_on is None:
        raise Invalid(_("分界日期之后沉陷的土地是增量，请填写治理期限。"), field="due_on")
    duties.check_deadline(due_on, subsided_on)
    return due_on


def check_use(parcel: Parcel, suited_use: str) -> None:
    """Refuse another use for land on which work has begun. Raises Invalid."""
    # A use that was never said may be said at any time: what is accepted is held to it.
    if parcel.suited_use and suited_use != parcel.suited_use and parcel.started_area:
        raise Invalid(_("已开工的图斑不能改变适宜用途。"), field="suited_use")


def fill(parcel: Parcel, described: Description) -> None:
    """Put what is known into the parcel's columns. Raises Invalid."""
    if described.settlement and not described.settlement_basis.strip():
        raise Invalid(_("请填写稳沉判定的依据（观测报告、文号等）。"), field="settlement_basis")
    parcel.place = described.place.strip()
    parcel.land_before = described.land_before
    parcel.settlement, parcel.settlement_basis = described.settlement, described.settlement_basis.strip()
    factors = described.factors
    parcel.strain, parcel.tilt = factors.strain, factors.tilt
    parcel.sink, parcel.yield_loss = factors.sink, factors.yield_loss
