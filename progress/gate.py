"""The one gate: whether a period may be typed into now, and the reason the user reads when it may not."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

#: Deadlines are calendar days of the city, whatever the clock of the browser or the server.
CITY_TIME = ZoneInfo("Asia/Shanghai")


class Dated(Protocol):
    """The dates of a period that the gate looks at, all inclusive."""

    opens_on: datetime.date
    due_on: datetime.date
    closes_on: datetime.date


@dataclass(frozen=True)
class Gate:
    """Open or not, with the sentence that says until when or why not."""

    is_open: bool
    reason: str


#: Days in which an entry that was sent back may still be mended and submitted again, whatever its period says.
MENDING = datetime.timedelta(days=3)


def gate(*, period: Dated, at: datetime.datetime, returned_at: datetime.datetime | None = None) -> Gate:
    """Whether typing and submitting for the period is open at that instant; `returned_at` if the entry was sent back.

    Without the days for mending, a return shortly before or after the period closes would be a dead end.
    """
    today = at.astimezone(CITY_TIME).date()
    dates = {
        "period": str(period),
        "opens": date_format(period.opens_on),
        "due": date_format(period.due_on),
        "closes": date_format(period.closes_on),
    }
    if today < period.opens_on:
        return Gate(is_open=False, reason=_("%(period)s尚未开放填报，%(opens)s起可填。") % dates)
    if today <= period.due_on:
        return Gate(is_open=True, reason=_("%(period)s开放填报，请于%(due)s前报送。") % dates)
    if today <= period.closes_on:
        return Gate(
            is_open=True, reason=_("%(period)s已过报送期限%(due)s，宽限至%(closes)s，逾期报送将被记录。") % dates
        )
    if returned_at and today <= (until := returned_at.astimezone(CITY_TIME).date() + MENDING):
        return Gate(is_open=True, reason=_("已退回，请于%(until)s前改正并重新报送。") % {"until": date_format(until)})
    return Gate(is_open=False, reason=_("%(period)s已于%(closes)s截止填报。") % dates)
