"""What the page of a parcel tells of its works and photos, of its damage, and of the quality it was accepted with."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.policy import Action, can, today
from subsidence import sequences
from subsidence.figures.limits import damage_of, quality_of
from subsidence.grading import said_limits
from subsidence.models import (
    Moment,
    Parcel,
    QualityLimit,
    QualityResult,
    RequestStatus,
    Stage,
    StageRequest,
    Work,
    WorkKind,
)
from subsidence.photos import Picture, pair_of, pictures_of
from subsidence.sequences import Done


@dataclass(frozen=True)
class WorkRow:
    """One work that the parcel takes: as it is on record, None while nothing is; `on` is the day it is looked at."""

    kind: WorkKind
    work: Work | None
    on: datetime.date
    #: On record, but no work of the use that the parcel is suited for now.
    is_stray: bool = False

    @property
    def is_done(self) -> bool:
        return bool(self.work and self.work.done_on)

    @property
    def is_needless(self) -> bool:
        return bool(self.work and Done(self.work.done_on, self.work.quantity).is_needless)

    @property
    def is_late(self) -> bool:
        """Whether it should have been done by now."""
        open_work = self.work if not (self.is_done or self.is_needless) else None
        return bool(open_work and open_work.planned_on and open_work.planned_on < self.on)


def works_panel(parcel: Parcel, user: User) -> dict[str, Any]:
    rows = work_rows(parcel)
    taken = [row for row in rows if not row.is_stray]
    return {
        "work_rows": rows,
        "works_done": sum(row.is_done or row.is_needless for row in taken),
        "works_taken": len(taken),
        "works_closed": is_closed(parcel),
        "may_record_works": bool(taken) and not is_closed(parcel) and can(user, Action.ENTER, parcel),
    }


def is_closed(parcel: Parcel) -> bool:
    """Whether all of it is accepted, so that its works stay as they are on record."""
    return parcel.accepted_area == parcel.surveyed_area > 0


def work_rows(parcel: Parcel) -> list[WorkRow]:
    """The works in the order that the use takes them, then those on record that it does not take."""
    recorded, on = {work.kind: work for work in parcel.works.order_by("pk")}, today()
    order = sequences.works_of(parcel.suited_use)
    rows = [WorkRow(WorkKind(kind), recorded.get(kind), on) for kind in order]
    return rows + [
        WorkRow(WorkKind(kind), work, on, is_stray=True) for kind, work in recorded.items() if kind not in order
    ]


@dataclass(frozen=True)
class MomentGroup:
    """The photos of one moment, and the stages that cannot be asked for without one."""

    moment: Moment
    pictures: list[Picture]
    stages: list[str]


def photos_panel(parcel: Parcel, user: User, *, before: int | None = None, after: int | None = None) -> dict[str, Any]:
    """The pair chosen by primary keys, else the first before and the last after, and all photos by their moment."""
    pictures = pictures_of(parcel, visible=Parcel.objects.visible_to(user))
    return {
        "pair": pair_of(pictures, before=before, after=after),
        "moments": [
            MomentGroup(moment, [each for each in pictures if each.photo.moment == moment], _stages_of(moment))
            for moment in Moment
        ],
        "has_photos": bool(pictures),
        "may_photograph": can(user, Action.ENTER, parcel),
    }


def _stages_of(moment: Moment) -> list[str]:
    return [str(Stage(stage).label) for stage in sequences.stages_of(moment)]


@dataclass(frozen=True)
class Item:
    """One item of quality: its limits in words, their source, and what was measured, None while nothing was."""

    name: str
    unit: str
    limits: str
    source: str
    result: QualityResult | None


@dataclass(frozen=True)
class Check:
    """The measurements of one request for acceptance; `is_open` while they may be typed."""

    request: StageRequest
    items: list[Item]
    is_open: bool

    @property
    def failed(self) -> int:
        return sum(item.result is not None and not item.result.is_passed for item in self.items)

    @property
    def unmeasured(self) -> int:
        return sum(item.result is None for item in self.items)

    @property
    def passed(self) -> int:
        return len(self.items) - self.failed - self.unmeasured


def quality_panel(parcel: Parcel, user: User) -> dict[str, Any]:
    """The degree of damage with its reason, what has to be measured, and what was, the newest request first."""
    on = today()
    judged = damage_of(parcel, on=on)
    asked = parcel.requests.filter(stage__in=sequences.MEASURED, area__gt=0).exclude(status=RequestStatus.WITHDRAWN)
    requests = asked.select_related("recorded_by").prefetch_related("results").order_by("-pk")
    return {
        "damage": judged,
        #: Limits changed since the grade was kept.
        "damage_differs": judged.grade != parcel.damage_grade,
        "quality_items": [item_of(limit, None) for limit in quality_of(parcel, on=on)],
        "checks": [check for check in (check_of(parcel, request) for request in requests) if check.items],
        "may_measure": can(user, Action.ENTER, parcel),
    }


def check_of(parcel: Parcel, request: StageRequest) -> Check:
    """What is measured for a request: while it is pending all that has to be, afterwards what was."""
    results = {result.item: result for result in sorted(request.results.all(), key=lambda result: result.pk)}
    if request.status != RequestStatus.PENDING:
        return Check(request, [_as_measured(result) for result in results.values()], is_open=False)
    limits = quality_of(parcel, on=request.on)
    return Check(request, [item_of(limit, results.get(limit.item)) for limit in limits], is_open=True)


def item_of(limit: QualityLimit, result: QualityResult | None) -> Item:
    return Item(limit.name, limit.unit, said_limits(limit.at_least, limit.at_most), limit.source, result)


def _as_measured(result: QualityResult) -> Item:
    """The item with the limits it was held against that day."""
    limits = said_limits(result.at_least, result.at_most)
    return Item(result.name, result.unit, limits, result.source, result)
