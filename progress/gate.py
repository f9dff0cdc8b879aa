"""The one gate: whether a person may type for a unit into a period now, and the reason that person reads."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable
from typing import NamedTuple, Protocol
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

#: Deadlines are calendar days of the city, whatever the clock of the browser or the server.
CITY_TIME = ZoneInfo("Asia/Shanghai")


class Clerk(Protocol):
    """A person, asked for the duty to report."""

    def answers_for(self, *, unit: str, line: str, on: datetime.date) -> bool: ...


class Exceptional(Protocol):
    """A closed period opened again for some unit and work line, through a last day."""

    @property
    def until(self) -> datetime.date: ...

    @property
    def reason(self) -> str: ...

    def covers(self, *, unit: str, line: str) -> bool: ...


class Dated(Protocol):
    """The dates of a period that the gate looks at, all inclusive."""

    opens_on: datetime.date
    due_on: datetime.date
    closes_on: datetime.date


class Gate(NamedTuple):
    """Open or not, with the sentence that says until when or why not."""

    is_open: bool
    reason: str


class Stage(enum.StrEnum):
    """Where a period stands by its dates alone."""

    AHEAD = "ahead"
    OPEN = "open"
    GRACE = "grace"
    CLOSED = "closed"


#: Days in which an entry that was sent back may still be mended and submitted again, whatever its period says.
MENDING = datetime.timedelta(days=3)


def city_day(at: datetime.datetime) -> datetime.date:
    """The calendar day of the city at an instant."""
    return at.astimezone(CITY_TIME).date()


def stage(period: Dated, today: datetime.date) -> Stage:
    """The stage of a period on a day: typed in time from its opening, late after it is due, shut after its grace."""
    if today < period.opens_on:
        return Stage.AHEAD
    if today <= period.due_on:
        return Stage.OPEN
    return Stage.GRACE if today <= period.closes_on else Stage.CLOSED


def gate(
    *,
    user: Clerk,
    unit: str,
    line: str,
    period: Dated,
    now: datetime.datetime,
    reopenings: Iterable[Exceptional] = (),
    returned_at: datetime.datetime | None = None,
) -> Gate:
    """Whether the person may type and submit for the unit, a region's code, and work line into the period now.

    `reopenings` are those of the period, of any unit; `returned_at` is given for an entry that was sent back: without
    the days for mending, a return shortly before or after the period closes would be a dead end.
    """
    today = city_day(now)
    if not user.answers_for(unit=unit, line=line, on=today):
        return Gate(is_open=False, reason=_("您没有该单位此工作线的填报职责。"))
    standing = stage(period, today)
    if standing != Stage.CLOSED:
        return Gate(standing != Stage.AHEAD, _said(period, _by_dates(standing)))
    if returned_at and today <= (until := city_day(returned_at) + MENDING):
        return Gate(is_open=True, reason=_("已退回，请于%(until)s前改正并重新报送。") % {"until": date_format(until)})
    mine = [each for each in reopenings if each.until >= today and each.covers(unit=unit, line=line)]
    if mine:
        longest = max(mine, key=lambda each: each.until)
        opened = {"until": date_format(longest.until), "why": longest.reason}
        return Gate(is_open=True, reason=_said(period, _("%(period)s已重新开放至%(until)s（%(why)s）。"), **opened))
    return Gate(is_open=False, reason=_said(period, _("%(period)s已于%(closes)s截止填报。")))


def _by_dates(standing: Stage) -> str:
    match standing:
        case Stage.AHEAD:
            return _("%(period)s尚未开放填报，%(opens)s起可填。")
        case Stage.OPEN:
            return _("%(period)s开放填报，请于%(due)s前报送。")
    return _("%(period)s已过报送期限%(due)s，宽限至%(closes)s，逾期报送将被记录。")


def _said(period: Dated, sentence: str, **facts: str) -> str:
    """The sentence about the period, with its name and dates filled in."""
    dates = {
        "period": str(period),
        "opens": date_format(period.opens_on),
        "due": date_format(period.due_on),
        "closes": date_format(period.closes_on),
    }
    return sentence % {**dates, **facts}
