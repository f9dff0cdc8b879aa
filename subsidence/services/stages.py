"""Taking an area of a parcel through its stages: one asks, another approves, and what is approved is posted."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from progress.models import Frequency, Period
from progress.services import facts, openings
from progress.services.entries import took_part
from progress.services.periods import ensure_periods
from subsidence import chain
from subsidence.chain import Step
from subsidence.models import Parcel, ParcelStage, RequestStatus, Settlement, Stage, StageRequest
from subsidence.refusals import (
    AlreadyDecided,
    AreaTooLarge,
    Incomplete,
    Invalid,
    NotSettled,
    SamePerson,
    StageSkipped,
    StillNeeded,
    TooEarly,
)
from subsidence.services import duties, requirements
from subsidence.services.indicators import series_of

#: The city itself approves what it accepts, publishes and strikes off; a county's reviewer may approve the rest.
CITY_STAGES = frozenset({Stage.ACCEPTED, Stage.PUBLISHED, Stage.CLOSED, Stage.TENDED})


def may_approve(user: User, request: StageRequest) -> bool:
    """Whether a duty of the person covers the approval; whether he took part himself is another question."""
    actions = (Action.VERIFY,) if request.stage in CITY_STAGES else (Action.REVIEW, Action.VERIFY)
    return any(can(user, action, request.parcel) for action in actions)


@transaction.atomic
def ask(
    *,
    parcel: Parcel,
    stage: Stage,
    on: datetime.date,
    area: Decimal,
    document: str,
    by: User,
    at: datetime.datetime,
    note: str = "",
    reverses: ParcelStage | None = None,
) -> StageRequest:
    """Ask that an area (亩) take a stage; it counts once another person approves it.

    A step is taken back by asking for its area with the opposite sign. Raises NotAllowed, Invalid, AreaTooLarge,
    StageSkipped, TooEarly, StillNeeded, NotSettled, Incomplete.
    """
    parcel = lock(parcel)
    if not can(by, Action.ENTER, parcel):
        raise NotAllowed
    request = StageRequest(
        parcel=parcel,
        stage=stage,
        on=on,
        area=area,
        document=document,
        note=note,
        reverses=reverses,
        recorded_by=by,
        recorded_at=at,
        is_demo=by.is_demo or parcel.is_demo,
    )
    _check_inputs(request, today=at.astimezone().date())
    _check_fit(request, [*steps_of(parcel), *_asked(parcel, request)])
    _check_requirements(request)
    request.save(force_insert=True)
    audit.record(by=by, action="stage.ask", obj=request, after=audit_facts(request))
    return request


@transaction.atomic
def approve(*, request: StageRequest, by: User, at: datetime.datetime) -> ParcelStage:
    """Append the step to the chain, move the parcel's area, post the figure and follow the duty, all or nothing.

    Raises AlreadyDecided, NotAllowed, SamePerson and what `ask` raises, for the chain may have grown meanwhile.
    """
    parcel = lock(request.parcel)
    request = _pending(request)
    request.parcel = parcel
    if not may_approve(by, request):
        raise NotAllowed
    if took_part(by, request.recorded_by_id):
        raise SamePerson
    _check_fit(request, steps_of(parcel))
    _check_requirements(request, is_final=True)
    _decide(request, RequestStatus.APPROVED, by=by, at=at)
    step = ParcelStage.objects.create(
        parcel=parcel,
        request=request,
        stage=request.stage,
        on=request.on,
        area=request.area,
        document=request.document,
        note=request.note,
        reverses=request.reverses,
        recorded_by=request.recorded_by,
        recorded_at=request.recorded_at,
        approved_by=by,
        is_demo=request.is_demo or by.is_demo,
    )
    _move(step, at)
    facts.post(
        series=series_of(parcel, Stage(step.stage)),
        period=_month(step.on),
        fact=fact_of(step),
        value=step.area,
        by=request.recorded_by,
        approved_by=by,
        at=at,
    )
    audit.record(by=by, action="stage.approve", obj=step, after=audit_facts(request))
    return step


@transaction.atomic
def approve_many(*, requests: Iterable[StageRequest], by: User, at: datetime.datetime) -> list[ParcelStage]:
    """Approve several, all or none; parcels are locked in one order, so that two batches cannot block each other."""
    ordered = sorted(requests, key=lambda request: (request.parcel_id, request.pk))
    return [approve(request=request, by=by, at=at) for request in ordered]


@transaction.atomic
def send_back(*, request: StageRequest, reason: str, by: User, at: datetime.datetime) -> StageRequest:
    """Return a request with a reason. Raises AlreadyDecided, NotAllowed, SamePerson, Invalid."""
    request = _pending(request)
    if not may_approve(by, request):
        raise NotAllowed
    if took_part(by, request.recorded_by_id):
        raise SamePerson
    if not reason.strip():
        raise Invalid(_("请填写退回理由。"), field="reason")
    request.reason = reason.strip()
    _decide(request, RequestStatus.RETURNED, by=by, at=at)
    audit.record(by=by, action="stage.return", obj=request, reason=request.reason)
    return request


@transaction.atomic
def withdraw(*, request: StageRequest, by: User, at: datetime.datetime) -> StageRequest:
    """Take back one's own request before it is decided. Raises AlreadyDecided, NotAllowed."""
    request = _pending(request)
    if request.recorded_by_id != by.pk:
        raise NotAllowed(_("只有申报人本人可以撤回。"))
    _decide(request, RequestStatus.WITHDRAWN, by=by, at=at)
    audit.record(by=by, action="stage.withdraw", obj=request)
    return request


@transaction.atomic
def record_opening(
    *, parcel: Parcel, stage: Stage, period: Period, area: Decimal, basis: str, at: datetime.datetime
) -> ParcelStage:
    """Append what a printed source says had taken a stage by the end of a period, with the sentence it rests on."""
    parcel = lock(parcel)
    step = ParcelStage.objects.create(
        parcel=parcel, stage=stage, on=period.end_on, area=area, basis=basis, recorded_at=at
    )
    _move(step, at)
    series = series_of(parcel, stage)
    openings.record_opening(series=series, period=period, value=area, basis=basis, at=at, fact=fact_of(step))
    audit.record(by=None, action="stage.opening", obj=step, after={"stage": stage, "area": area}, reason=basis)
    return step


def lock(parcel: Parcel) -> Parcel:
    """The parcel as it stands, locked: what is left of it is asked and taken under this lock."""
    return Parcel.objects.select_for_update(no_key=True, of=("self",)).with_labels().get(pk=parcel.pk)


def steps_of(parcel: Parcel) -> list[Step]:
    rows = parcel.stages.order_by("on", "pk").values_list("stage", "on", "area")
    return [Step(stage, on, area) for stage, on, area in rows]


def fact_of(step: ParcelStage) -> str:
    """The name under which a step is posted."""
    return f"parcel-stage:{step.pk}"


def _asked(parcel: Parcel, request: StageRequest) -> list[Step]:
    """What others already ask for in that stage: two requests may not both count on the same land."""
    pending = parcel.requests.filter(status=RequestStatus.PENDING, stage=request.stage)
    return [Step(stage, on, area) for stage, on, area in pending.values_list("stage", "on", "area") if area > 0]


def input_faults(request: StageRequest, *, today: datetime.date) -> Iterator[Invalid]:
    """All that is wrong with what was typed, whatever the chain; an import tells all of it, a form what comes first."""
    if request.on > today:
        yield Invalid(_("日期不能晚于今天。"), field="on")
    if not request.document.strip():
        yield Invalid(_("请填写文号。"), field="document")
    if request.area == 0:
        yield Invalid(_("面积不能为 0。"), field="area")


def _check_inputs(request: StageRequest, *, today: datetime.date) -> None:
    for fault in input_faults(request, today=today):
        raise fault
    reversed_step = request.reverses
    if reversed_step is None:
        if request.area < 0 and request.stage != Stage.SURVEYED:
            raise Invalid(_("面积必须大于 0；减少面积请冲销原来的环节。"), field="area")
        return
    taken_back = (reversed_step.parcel_id, reversed_step.stage, reversed_step.on, -reversed_step.area)
    if taken_back != (request.parcel.pk, request.stage, request.on, request.area):
        raise Invalid(_("冲销必须与原环节同一图斑、同一环节、同一日期，面积相反。"), field="reverses")
    asked = (RequestStatus.PENDING, RequestStatus.APPROVED)
    if reversed_step.reverses_id or reversed_step.reversal_requests.filter(status__in=asked).exists():
        raise Invalid(_("此环节已经冲销或正在申报冲销。"), field="reverses")


def _check_fit(request: StageRequest, steps: list[Step]) -> None:
    """Refuse what the chain of these steps has no room for."""
    stage = Stage(request.stage)
    if request.area < 0:
        _check_still_needed(request, steps)
        return
    if stage == Stage.SURVEYED:
        return
    if stage == Stage.ACCEPTED and request.parcel.settlement != Settlement.SETTLED:
        raise NotSettled
    if request.area <= chain.left(steps, stage, request.on):
        return
    previous = Stage(chain.before(stage))
    words = {"stage": str(stage.label), "before": str(previous.label)}
    taken = [step.on for step in steps if step.stage == previous and step.area > 0]
    if not taken:
        raise StageSkipped(**words)
    first = chain.earliest(stage, min(taken))
    if request.on < first:
        raise TooEarly(**words, earliest=first, rule=_waiting(stage))
    raise AreaTooLarge(**words, left=chain.left(steps, stage, request.on))


def _check_still_needed(request: StageRequest, steps: list[Step]) -> None:
    breach = chain.first_breach([*steps, Step(request.stage, request.on, request.area)])
    if breach:
        raise StillNeeded(stage=str(Stage(breach.stage).label), on=breach.on, area=breach.area)


def _waiting(stage: Stage) -> str:
    if stage == Stage.CLOSED:
        return _("公示满%(days)d日方可销号。") % {"days": chain.PUBLIC_DAYS}
    if stage == Stage.TENDED:
        return _("管护期为%(years)d年。") % {"years": chain.TENDING_YEARS}
    return ""


def _check_requirements(request: StageRequest, *, is_final: bool = False) -> None:
    """What the stage requires is asked for at once; what is measured for it must be there when it is approved."""
    of = request if is_final else None
    if request.area > 0 and (
        missing := requirements.missing(request.parcel, Stage(request.stage), request.area, request=of)
    ):
        raise Incomplete(missing)


def _pending(request: StageRequest) -> StageRequest:
    found = StageRequest.objects.select_for_update(of=("self",)).select_related("parcel", "recorded_by", "reverses")
    request = found.get(pk=request.pk)
    if request.status != RequestStatus.PENDING:
        raise AlreadyDecided
    return request


def _decide(request: StageRequest, status: RequestStatus, *, by: User, at: datetime.datetime) -> None:
    request.status, request.decided_by, request.decided_at = status, by, at
    request.save(update_fields=["status", "decided_by", "decided_at", "reason"])


def _move(step: ParcelStage, at: datetime.datetime) -> None:
    """Carry the step into the area of its parcel, which is locked, and see what that means for the duty."""
    parcel, name = step.parcel, Stage(step.stage).area_field
    setattr(parcel, name, getattr(parcel, name) + step.area)
    parcel.version += 1
    parcel.save(update_fields=[name, "version"])
    duties.follow(parcel=parcel, on=step.on, at=at)


def _month(day: datetime.date) -> Period:
    ensure_periods(first=day, last=day)
    return Period.objects.get(kind=Frequency.MONTH, start_on__lte=day, end_on__gte=day)


def audit_facts(request: StageRequest) -> dict[str, object]:
    return {
        "parcel": request.parcel.code,
        "stage": request.stage,
        "on": request.on,
        "area": request.area,
        "document": request.document,
    }
