"""What is watched: points with their readings, and what those say about the ground."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from accounts.policy import Action, areas, can, today
from subsidence.models import Mine, Parcel, Reading, Rule, RuleKind, SubsidencePoint
from subsidence.models.monitoring import SubsidencePointQuerySet
from subsidence.settling import Judgement, Limits, Pace, Seen, judge, paces

KINDS = (RuleKind.SETTLED_SINK, RuleKind.SETTLED_MONTHS, RuleKind.ALERT_RATE)


@dataclass(frozen=True)
class Watched:
    """One point, its readings from the first to the last, and what they say; `pace` is that up to the newest one."""

    point: SubsidencePoint
    readings: list[Reading]
    judgement: Judgement
    pace: Pace | None
    is_fast: bool

    @property
    def last(self) -> Reading | None:
        return self.readings[-1] if self.readings else None


@dataclass(frozen=True)
class Line:
    """One reading with the pace since the one before; None for the first."""

    reading: Reading
    pace: Pace | None
    is_fast: bool


def limits_on(day: datetime.date) -> Limits:
    """The limits in force that day; a kind that nobody has said stays None."""
    rules = {rule.kind: rule for rule in Rule.objects.in_force(day).filter(kind__in=KINDS).order_by("since")}
    sink, months, rate = (rules.get(kind) for kind in KINDS)
    return Limits(
        sink=sink.value if sink else None,
        # Half a month has no day to begin on.
        months=int(months.value) if months and months.value == int(months.value) else None,
        rate=rate.value if rate else None,
        source="；".join(dict.fromkeys(rule.source for rule in (sink, months) if rule)),
        rate_source=rate.source if rate else "",
    )


def watched(points: Iterable[SubsidencePoint], on: datetime.date, limits: Limits) -> list[Watched]:
    """Each point with what its readings up to that day say; asks for them in one query if they were prefetched."""
    return [watched_one(point, on, limits) for point in points]


def watched_one(point: SubsidencePoint, on: datetime.date, limits: Limits) -> Watched:
    readings = sorted((each for each in point.readings.all() if each.on <= on), key=lambda each: each.on)
    seen = seen_in(readings)
    pace = next(reversed(paces(seen)), None)
    return Watched(point, readings, judge(seen, on, limits), pace, bool(pace and pace.exceeds(limits.rate)))


def seen_in(readings: Iterable[Reading]) -> list[Seen]:
    return [Seen(reading.on, reading.sink) for reading in readings]


def lines_of(found: Watched, limits: Limits) -> list[Line]:
    """The readings of a point, the newest first, each with its pace."""
    steps: list[Pace | None] = [None, *paces(seen_in(found.readings))]
    lines = zip(found.readings, steps[: len(found.readings)], strict=True)
    return [Line(reading, pace, bool(pace and pace.exceeds(limits.rate))) for reading, pace in lines][::-1]


def panel(parcel: Parcel, user: User) -> dict[str, Any]:
    """What the page of a parcel tells of its points."""
    points = SubsidencePoint.objects.visible_to(user).filter(parcel=parcel)
    return {**_told(points), "may_watch": can(user, Action.ENTER, parcel)}


def mine_panel(mine: Mine, user: User) -> dict[str, Any]:
    """What the page of a mine tells of its points."""
    points = SubsidencePoint.objects.visible_to(user).filter(mine=mine)
    return {**_told(points), "may_watch": bool(areas(user, Action.ENTER, line=mine.work_line))}


def _told(points: SubsidencePointQuerySet) -> dict[str, Any]:
    day = today()
    limits = limits_on(day)
    found = points.select_related("parcel", "region").prefetch_related("readings").order_by("code")
    return {"watched": watched(found, day, limits), "limits": limits}
