"""The rule of the stages: at no time may more of a parcel have taken a stage than had taken the one before.

Some stages make the land wait: it is struck off (销号) 30 days after it was made public (土地复垦条例实施办法), and its
tending (管护) ends five years after that (土地复垦条例 for farmland).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)

#: The stages in the order land passes through them.
ORDER = (
    "surveyed",
    "approved",
    "started",
    "finished",
    "self_checked",
    "accepted",
    "published",
    "closed",
    "tended",
)
#: Days for which a result is public before the land may be struck off.
PUBLIC_DAYS = 30
TENDING_YEARS = 5


@dataclass(frozen=True)
class Step:
    """An area (亩) that took a stage on a day; below zero where a step is taken back or a survey found less."""

    stage: str
    on: datetime.date
    area: Decimal


@dataclass(frozen=True)
class Breach:
    """More had taken `stage` by `on` than was allowed: so much `area`, while only `allowed` could have."""

    stage: str
    on: datetime.date
    area: Decimal
    allowed: Decimal


def before(stage: str) -> str:
    """The stage that comes before; '' before the first."""
    number = ORDER.index(stage)
    return ORDER[number - 1] if number else ""


def earliest(stage: str, day: datetime.date) -> datetime.date:
    """The first day on which land may take the stage that took the one before on `day`."""
    if stage == "closed":
        return day + datetime.timedelta(days=PUBLIC_DAYS)
    if stage == "tended":
        return _years_later(day, TENDING_YEARS)
    return day


def cumulated(steps: Iterable[Step], stage: str, day: datetime.date) -> Decimal:
    """The area that had taken the stage by the end of that day."""
    return sum((step.area for step in steps if step.stage == stage and step.on <= day), ZERO)


def allowance(steps: Iterable[Step], stage: str, day: datetime.date) -> Decimal:
    """The area that might have taken the stage by the end of that day, because it took the one before in time."""
    previous = before(stage)
    return sum((step.area for step in steps if step.stage == previous and earliest(stage, step.on) <= day), ZERO)


def left(steps: Sequence[Step], stage: str, on: datetime.date) -> Decimal:
    """The area that may still take the stage on that day; whatever was dated later stays possible."""
    days = [day for day in _turning_days(steps, stage) if day > on]
    return min(allowance(steps, stage, day) - cumulated(steps, stage, day) for day in [on, *days])


def first_breach(steps: Sequence[Step]) -> Breach | None:
    """The first day, stage by stage, on which the chain breaks the rule or an area falls below zero."""
    for stage in ORDER:
        for day in _turning_days(steps, stage):
            area = cumulated(steps, stage, day)
            allowed = allowance(steps, stage, day) if before(stage) else max(area, ZERO)
            if area > allowed or area < ZERO:
                return Breach(stage, day, area, max(allowed, ZERO))
    return None


def _turning_days(steps: Iterable[Step], stage: str) -> list[datetime.date]:
    """The days on which what took the stage, or what might have, changes."""
    previous = before(stage)
    own = {step.on for step in steps if step.stage == stage}
    given = {earliest(stage, step.on) for step in steps if step.stage == previous}
    return sorted(own | given)


def _years_later(day: datetime.date, years: int) -> datetime.date:
    """The same day so many years on; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return datetime.date(day.year + years, 3, 1)
