"""The life of a parcel: how much of it has taken each stage and may take the next, and every step with its people."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from accounts.policy import today
from progress import display
from progress.models import ProgressEntry, Series
from subsidence import chain
from subsidence.chain import Step
from subsidence.models import Parcel, ParcelStage, RequestStatus, Stage, StageRequest

ZERO = Decimal(0)


@dataclass(frozen=True)
class Bar:
    """One stage of a parcel, areas in 亩: what has taken it, what is asked for, what may still take it today.

    `share` is in percent of the surveyed area; `held` is what took the stage before but has to wait, until `free_on` at
    the soonest; `url` leads to the entries of the derived series, '' before the first.
    """

    stage: Stage
    area: Decimal
    share: Decimal | None
    asked: Decimal
    left: Decimal
    held: Decimal
    free_on: datetime.date | None
    url: str

    @property
    def length(self) -> Decimal:
        """Of the bar, out of a hundred."""
        return min(self.share or ZERO, Decimal(100))


@dataclass(frozen=True)
class Link:
    """One step of the chain and, if it was taken back in red, the step that did; `entry` is what it was posted as."""

    step: ParcelStage
    entry: ProgressEntry | None
    reversal: ParcelStage | None = None
    reversal_entry: ProgressEntry | None = None

    @property
    def tended_until(self) -> datetime.date | None:
        """The day on which the tending of what was struck off ends."""
        if self.step.stage != Stage.CLOSED or self.reversal:
            return None
        return chain.earliest(Stage.TENDED, self.step.on)


@dataclass(frozen=True)
class Life:
    """All that the chain of a parcel tells."""

    bars: list[Bar]
    links: list[Link]
    pending: list[StageRequest]
    #: Sent back or withdrawn, the newest first.
    dropped: list[StageRequest]

    @property
    def tended_until(self) -> datetime.date | None:
        """The day on which the last tending ends, None before anything is struck off."""
        return max((link.tended_until for link in self.links if link.tended_until), default=None)

    @property
    def reversible(self) -> list[ParcelStage]:
        """The steps that can be taken back in red, the newest first."""
        asked = {request.reverses_id for request in self.pending}
        return [link.step for link in reversed(self.links) if not link.reversal and link.step.pk not in asked]


def reached(parcel: Parcel) -> Stage | None:
    """The furthest stage that any of it has taken; None before its survey is approved."""
    return next((stage for stage in reversed(Stage) if getattr(parcel, stage.area_field) > 0), None)


def panel(parcel: Parcel, user: User) -> dict[str, Any]:
    """What the page of a parcel tells of its life."""
    steps = list(parcel.stages.select_related("recorded_by", "approved_by").order_by("on", "pk"))
    requests = list(_requests(parcel))
    entries = _entries(parcel, steps, user)
    life = Life(
        bars=bars(parcel, steps, requests, on=today(), urls=_urls(steps, entries)),
        links=links(steps, entries),
        pending=[request for request in requests if request.status == RequestStatus.PENDING],
        dropped=[request for request in reversed(requests) if request.status != RequestStatus.PENDING],
    )
    return {"life": life}


def bars(
    parcel: Parcel,
    steps: Iterable[ParcelStage],
    requests: Iterable[StageRequest],
    *,
    on: datetime.date,
    urls: dict[str, str],
) -> list[Bar]:
    """The stages in their order, as they stand on that day."""
    taken = [Step(step.stage, step.on, step.area) for step in steps]
    asked = [Step(each.stage, each.on, each.area) for each in requests if each.status == RequestStatus.PENDING]
    found = []
    for stage in Stage:
        area = getattr(parcel, stage.area_field)
        own = sum((step.area for step in asked if step.stage == stage), ZERO)
        # What others ask to take back is still there.
        left = ZERO if stage == Stage.SURVEYED else _left(taken, [each for each in asked if each.area > 0], stage, on)
        before = chain.before(stage)
        open_area = getattr(parcel, Stage(before).area_field) - area if before else ZERO
        held = max(open_area - max(own, ZERO) - left, ZERO)
        free_on = _free_on(taken, stage, on) if held else None
        found.append(
            Bar(stage, area, display.rate(area, parcel.surveyed_area), own, left, held, free_on, urls.get(stage, ""))
        )
    return found


def _left(taken: list[Step], asked: list[Step], stage: Stage, on: datetime.date) -> Decimal:
    own = [step for step in asked if step.stage == stage]
    return max(chain.left([*taken, *own], stage, on), ZERO)


def _free_on(taken: Iterable[Step], stage: Stage, on: datetime.date) -> datetime.date | None:
    """The next day on which more may take the stage."""
    days = [chain.earliest(stage, step.on) for step in taken if step.stage == chain.before(stage) and step.area > 0]
    return min((day for day in days if day > on), default=None)


def links(steps: Sequence[ParcelStage], entries: dict[str, ProgressEntry]) -> list[Link]:
    """The steps in the order of their days, what was taken back beside the step that took it back."""
    reversals = {step.reverses_id: step for step in steps if step.reverses_id}

    def entry_of(step: ParcelStage | None) -> ProgressEntry | None:
        return entries.get(_fact(step)) if step else None

    found = []
    for step in steps:
        if step.reverses_id is None:
            reversal = reversals.get(step.pk)
            found.append(Link(step, entry_of(step), reversal, entry_of(reversal)))
    return found


def _requests(parcel: Parcel) -> QuerySet[StageRequest]:
    undone = parcel.requests.exclude(status=RequestStatus.APPROVED)
    return undone.select_related("recorded_by", "decided_by", "reverses").order_by("pk")


def _fact(step: ParcelStage) -> str:
    """The name under which the stage service posts a step."""
    return f"parcel-stage:{step.pk}"


def _entries(parcel: Parcel, steps: Iterable[ParcelStage], user: User) -> dict[str, ProgressEntry]:
    """What each step was posted as, by its fact."""
    own = ProgressEntry.objects.visible_to(user).filter(
        series__project=parcel.project_id, series__region=parcel.region_id, fact__in=[_fact(step) for step in steps]
    )
    return {entry.fact: entry for entry in own.select_related("series__indicator", "series__project", "period")}


def _urls(steps: Iterable[ParcelStage], entries: dict[str, ProgressEntry]) -> dict[str, str]:
    """The address of the entries behind each stage of the parcel's project in its village."""
    series = {step.stage: entries[_fact(step)].series for step in steps if _fact(step) in entries}
    return {stage: _entries_of(each) for stage, each in series.items()}


def _entries_of(series: Series) -> str:
    query = {"project": series.project.code, "indicator": series.indicator.code, "region": series.region_id}
    return f"{reverse('entries')}?{urlencode(query)}"
