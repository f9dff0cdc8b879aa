"""Whether the ground at a point has settled (稳沉), and how fast it sinks: pure judgements of its readings.

A point is judged over the months up to its newest reading. What the ground had done when they began is read off the
last reading at or before that day, never interpolated: a sentence about the ground names only what somebody measured.
A first reading later than that leaves the point unjudged, and so does silence for as many months.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from functools import partial
from itertools import pairwise

from django.utils.translation import gettext as _

from progress.schedule import add_months, month_end

#: The days that a rate is told by, whatever the calendar's month has.
MONTH_DAYS = 30
HUNDREDTH = Decimal("0.01")


class State(enum.StrEnum):
    """As a parcel's settlement is kept."""

    SETTLED = "settled"
    ACTIVE = "active"
    UNKNOWN = ""


@dataclass(frozen=True)
class Seen:
    """What a point showed on a day: cumulative sink in mm, downwards above zero."""

    on: datetime.date
    sink: Decimal


@dataclass(frozen=True)
class Limits:
    """The limits in force, None where nobody has said (待补); `source` is where they come from.

    Settled is what sank at most `sink` mm in `months` months, the limit included; a point that sank faster than `rate`
    mm in 30 days between two readings is told of.
    """

    sink: Decimal | None = None
    months: int | None = None
    rate: Decimal | None = None
    source: str = ""
    rate_source: str = ""


@dataclass(frozen=True)
class Judgement:
    """What is so and why. `window` are the days judged over, `since` the day of the reading that the sink counts from.

    `sink_in_window` is in mm, below zero where the ground rose. All three are None where nothing can be judged, and
    `measured`, the words of what was measured, is empty.
    """

    state: State
    sentence: str
    measured: str = ""
    sink_in_window: Decimal | None = None
    window: tuple[datetime.date, datetime.date] | None = None
    since: datetime.date | None = None


@dataclass(frozen=True)
class Pace:
    """How far the ground sank (mm) from one reading to the next."""

    since: datetime.date
    on: datetime.date
    sank: Decimal

    @property
    def days(self) -> int:
        return (self.on - self.since).days

    @property
    def rate(self) -> Decimal:
        """In mm for 30 days, rounded up, so that what is above a limit never reads as the limit."""
        return (self.sank * MONTH_DAYS / self.days).quantize(HUNDREDTH, ROUND_CEILING)

    def exceeds(self, limit: Decimal | None) -> bool:
        """Whether it was faster than the limit in mm for 30 days; exact, for nothing is divided."""
        return limit is not None and self.sank * MONTH_DAYS > limit * self.days


def judge(readings: Iterable[Seen], on: datetime.date, limits: Limits) -> Judgement:
    """Whether the ground has settled as far as the readings up to that day say, in whatever order they come."""
    unknown = partial(Judgement, State.UNKNOWN)
    if limits.sink is None or limits.months is None:
        return unknown(_("稳沉判定的限值待补，不作判定。"))
    known = _known(readings, on)
    if not known:
        return unknown(_("尚无观测记录，不作判定。"))
    last = known[-1]
    said = {"months": limits.months, "first": f"{known[0].on:%F}", "last": f"{last.on:%F}"}
    if last.on < months_before(on, limits.months):
        return unknown(_("近%(months)d个月没有观测（最近一次%(last)s），不作判定。") % said)
    window = (months_before(last.on, limits.months), last.on)
    base = next((seen for seen in reversed(known) if seen.on <= window[0]), None)
    if base is None:
        return unknown(
            _("观测未满%(months)d个月（自%(first)s起），不作判定。") % {**said, "first": f"{known[0].on:%F}"}
        )
    sank = last.sink - base.sink
    state = State.SETTLED if sank <= limits.sink else State.ACTIVE
    measured = _("%(since)s至%(on)s下沉%(sank)s mm") % {
        "since": f"{base.on:%F}",
        "on": f"{last.on:%F}",
        "sank": f"{sank:,.2f}",
    }
    return Judgement(state, _sentence(state, measured, limits), measured, sank, window, base.on)


def _sentence(state: State, measured: str, limits: Limits) -> str:
    said = {
        "measured": measured,
        "months": limits.months,
        "limit": f"{limits.sink:,.2f}",
        "source": limits.source,
    }
    if state == State.SETTLED:
        return _("%(measured)s，不大于%(months)d个月%(limit)s mm，稳沉（%(source)s）。") % said
    return _("%(measured)s，大于%(months)d个月%(limit)s mm，未稳沉（%(source)s）。") % said


def paces(readings: Iterable[Seen]) -> list[Pace]:
    """From each reading to the next one, in the order of their days."""
    known = sorted(readings, key=lambda seen: seen.on)
    return [Pace(earlier.on, later.on, later.sink - earlier.sink) for earlier, later in pairwise(known)]


def verdict(states: Sequence[State]) -> State:
    """What the points of a parcel say together: one that moves is enough, and all must have settled."""
    if State.ACTIVE in states:
        return State.ACTIVE
    return State.SETTLED if states and State.UNKNOWN not in states else State.UNKNOWN


def months_before(day: datetime.date, count: int) -> datetime.date:
    """The same day so many months earlier, the last of the month where that one is shorter."""
    first = add_months(day, -count)
    return first.replace(day=min(day.day, month_end(first).day))


def _known(readings: Iterable[Seen], on: datetime.date) -> list[Seen]:
    """The readings up to the day, in their order."""
    return sorted((seen for seen in readings if seen.on <= on), key=lambda seen: seen.on)
