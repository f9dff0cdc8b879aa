"""What stands out about a mine's land, kept as conditions (情况): looked at whenever it changes, and every night.

Each look locks the one row it is about and says what is so, so that looking twice, or at once, changes nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import partial

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from progress.gate import city_day
from progress.schedule import add_months, label
from projects.models import Condition, ConditionLevel, Subject
from projects.services import conditions
from subsidence.models import Mine, Movement, Parcel, Settlement, StockMovement, SubsidencePoint, TreatmentDuty
from subsidence.panels.monitoring import Watched, limits_on, watched, watched_one
from subsidence.settling import State, verdict

OVERDUE = "duty.overdue"
FAST = "sink.rate"
RISING = "stock.rising"
ACTIVE = "parcel.active_after_acceptance"

ZERO = Decimal(0)
#: Points whose readings are held in memory at once.
CHUNK = 500
Look = Callable[..., None]


def watch(*, at: datetime.datetime) -> None:
    """Look at all that may stand out, and at all that stood out so far."""
    day = city_day(at)
    overdue = TreatmentDuty.objects.filter(closed_on=None, due_on__lt=day)
    moved = StockMovement.objects.filter(month=_last_month(day), mine__isnull=False)
    monitored = Parcel.objects.filter(points__isnull=False)
    _sweep(OVERDUE, overdue.values_list("pk", flat=True), look_at_duty, at)
    _sweep(FAST, _fast_points(day), look_at_point, at)
    _sweep(RISING, moved.values_list("mine", flat=True), look_at_stock, at)
    _sweep(ACTIVE, monitored.values_list("pk", flat=True), partial(judge_parcel, by=None), at)


def _fast_points(day: datetime.date) -> list[int]:
    """The points that sank too fast up to their newest reading."""
    points = SubsidencePoint.objects.filter(readings__isnull=False).distinct().prefetch_related("readings")
    limits = limits_on(day)
    rows = points.iterator(chunk_size=CHUNK)
    return [point.pk for point in rows if watched_one(point, day, limits).is_fast]


def _sweep(kind: str, rows: Iterable[int], look: Look, at: datetime.datetime) -> None:
    """Look at each of the rows, and at each that a condition stands open about, were it gone meanwhile."""
    said = Condition.objects.filter(kind=kind, until=None).values_list("key", flat=True)
    for pk in sorted({*rows, *map(int, said)}):
        look(pk=pk, at=at)


@transaction.atomic
def look_at_duty(*, pk: int, at: datetime.datetime) -> None:
    """Say whether a duty is overdue."""
    duties = TreatmentDuty.objects.select_for_update(no_key=True, of=("self",))
    duty = duties.select_related("mine__subject", "parcel").filter(pk=pk).first()
    day = city_day(at)
    if duty is None or not duty.is_overdue(day):
        conditions.clear_condition(kind=OVERDUE, key=str(pk), at=at)
        return
    said = {"parcel": duty.parcel, "due": f"{duty.due_on:%F}", "days": (day - duty.due_on).days}
    conditions.open_condition(
        subject=duty.mine.subject,
        kind=OVERDUE,
        key=str(pk),
        level=ConditionLevel.WARNING,
        sentence=_("图斑%(parcel)s的治理期限为%(due)s，已逾期%(days)d天，尚未销号。") % said,
        facts={"parcel": duty.parcel.code, "due_on": said["due"], "days": said["days"]},
        at=at,
    )


@transaction.atomic
def look_at_point(*, pk: int, at: datetime.datetime) -> None:
    """Say whether a point sank faster than the limit up to its newest reading."""
    points = SubsidencePoint.objects.select_for_update(no_key=True, of=("self",)).select_related("mine__subject")
    point = points.filter(pk=pk).first()
    day = city_day(at)
    limits = limits_on(day)
    found = watched_one(point, day, limits) if point else None
    if point is None or found is None or found.pace is None or not found.is_fast:
        conditions.clear_condition(kind=FAST, key=str(pk), at=at)
        return
    facts = {
        "point": point.code,
        "since": f"{found.pace.since:%F}",
        "on": f"{found.pace.on:%F}",
        "sank": f"{found.pace.sank:.2f}",
        "rate": f"{found.pace.rate:.2f}",
        "limit": f"{limits.rate:.2f}",
    }
    sentence = _("观测点%(point)s自%(since)s至%(on)s下沉%(sank)s mm，合每30天%(rate)s mm，超过%(limit)s mm。")
    conditions.open_condition(
        subject=point.mine.subject,
        kind=FAST,
        key=str(pk),
        level=ConditionLevel.ALARM,
        sentence=sentence % facts,
        facts=facts,
        at=at,
    )


@transaction.atomic
def look_at_stock(*, pk: int, at: datetime.datetime) -> None:
    """Say whether a mine had more untreated land at the end of last month than at the end of the month before."""
    mine = Mine.objects.select_for_update(no_key=True, of=("self",)).select_related("subject").filter(pk=pk).first()
    month = _last_month(city_day(at))
    moved = _moved(pk, month)
    rise = sum(moved.values(), ZERO)
    if mine is None or rise <= 0:
        conditions.clear_condition(kind=RISING, key=str(pk), at=at)
        return
    closing = StockMovement.objects.filter(mine=mine, month__lte=month).aggregate(area=Sum("area"))["area"]
    parts = [f"{Movement(kind).label} {area:+,.2f}" for kind, area in moved.items()]
    said = {"month": label("month", month), "closing": f"{closing:,.2f}", "rise": f"{rise:,.2f}"}
    sentence = _("%(month)s末存量%(closing)s亩，比上月末增加%(rise)s亩（%(parts)s）。")
    conditions.open_condition(
        subject=mine.subject,
        kind=RISING,
        key=str(pk),
        level=ConditionLevel.WARNING,
        sentence=sentence % {**said, "parts": "、".join(parts)},
        facts={"month": f"{month:%Y-%m}", "closing": str(closing), "rise": str(rise)},
        at=at,
    )


def _moved(mine: int, month: datetime.date) -> dict[str, Decimal]:
    """What moved a mine's stock in a month, by kind."""
    rows = StockMovement.objects.filter(mine=mine, month=month).values_list("kind").annotate(area=Sum("area"))
    return dict(rows.order_by("kind"))


def _last_month(day: datetime.date) -> datetime.date:
    """The first day of the last whole month."""
    return add_months(day, -1)


@transaction.atomic
def judge_parcel(*, pk: int, by: User | None, at: datetime.datetime) -> None:
    """Carry what the points of a parcel say into its settlement: all settled, or one still moving; else it stays.

    Land that was accepted as settled and moves again keeps the word it was accepted by, and a condition says so.
    `by` is None when nobody's reading is the cause, but time or a rule.
    """
    parcels = Parcel.objects.select_for_update(no_key=True, of=("self",)).select_related("mine__subject", "subject")
    parcel = parcels.filter(pk=pk).first()
    day = city_day(at)
    points = SubsidencePoint.objects.filter(parcel=pk).prefetch_related("readings").order_by("code")
    found = watched(points, day, limits_on(day))
    state = verdict([each.judgement.state for each in found])
    if parcel is None or not found or not parcel.accepted_area or state == State.SETTLED:
        conditions.clear_condition(kind=ACTIVE, key=str(pk), at=at)
    elif state == State.ACTIVE:
        _tell_active(parcel, _basis(state, found), at)
    if parcel and not parcel.accepted_area and state != State.UNKNOWN:
        _settle(parcel, Settlement(state), _basis(state, found), by)


def _settle(parcel: Parcel, settlement: Settlement, basis: str, by: User | None) -> None:
    before = {"settlement": parcel.settlement, "settlement_basis": parcel.settlement_basis}
    after = {"settlement": settlement.value, "settlement_basis": basis}
    if before == after:
        return
    parcel.settlement, parcel.settlement_basis = settlement, basis
    parcel.version += 1
    parcel.save(update_fields=["settlement", "settlement_basis", "version"])
    audit.record(by=by, action="parcel.judge", obj=parcel, before=before, after=after)


def _basis(state: State, found: list[Watched]) -> str:
    """By which readings: those of the point that sank most."""
    judged = [each for each in found if each.judgement.state == state]
    most = max(judged, key=lambda each: each.judgement.sink_in_window or ZERO)
    said = {"count": len(found), "point": most.point, "measured": most.judgement.measured}
    if state == State.SETTLED:
        return _("%(count)d个观测点均稳沉，下沉最多的%(point)s：%(measured)s") % said
    return _("观测点%(point)s未稳沉：%(measured)s") % said


def _tell_active(parcel: Parcel, basis: str, at: datetime.datetime) -> None:
    subject: Subject = parcel.mine.subject if parcel.mine else parcel.subject
    sentence = _("图斑%(parcel)s已验收%(area)s亩，但%(basis)s。")
    conditions.open_condition(
        subject=subject,
        kind=ACTIVE,
        key=str(parcel.pk),
        level=ConditionLevel.ALARM,
        sentence=sentence % {"parcel": parcel, "area": f"{parcel.accepted_area:,.2f}", "basis": basis},
        facts={"parcel": parcel.code, "accepted": str(parcel.accepted_area)},
        at=at,
    )
