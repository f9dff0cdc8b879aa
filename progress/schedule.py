"""The arithmetic of periods: where one starts and ends, when it opens and closes, what it is called."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

DAY = datetime.timedelta(days=1)

#: Months spanned by a period of each kind; ten-day periods (旬) are cut by day instead.
MONTHS = {"month": 1, "quarter": 3, "half": 6, "year": 12}

#: Days after the period's last day: the report is due, and typing closes. Defaults, editable on the period.
DUE_AFTER = datetime.timedelta(days=5)
CLOSES_AFTER = datetime.timedelta(days=10)


@dataclass(frozen=True)
class Span:
    """The dates of one period, all inclusive."""

    start_on: datetime.date
    end_on: datetime.date
    opens_on: datetime.date
    due_on: datetime.date
    closes_on: datetime.date


def month_end(day: datetime.date) -> datetime.date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def add_months(first: datetime.date, count: int) -> datetime.date:
    """The first day of the month `count` months after that of `first`."""
    years, month = divmod(first.month - 1 + count, 12)
    return datetime.date(first.year + years, month + 1, 1)


def months_between(first: datetime.date, last: datetime.date) -> int:
    """How many months lie from the first day's to the last day's, both counted."""
    return (last.year - first.year) * 12 + last.month - first.month + 1


def span(kind: str, day: datetime.date) -> Span:
    """The period of that kind which contains the day."""
    start, end = _ten_days(day) if kind == "xun" else _months(MONTHS[kind], day)
    # A report may be typed from the first day of the period's last month on, so that work is noted as it happens.
    opens = max(start, end.replace(day=1))
    return Span(start, end, opens, end + DUE_AFTER, end + CLOSES_AFTER)


def _months(count: int, day: datetime.date) -> tuple[datetime.date, datetime.date]:
    start = day.replace(month=(day.month - 1) // count * count + 1, day=1)
    return start, add_months(start, count) - DAY


def _ten_days(day: datetime.date) -> tuple[datetime.date, datetime.date]:
    third = min((day.day - 1) // 10, 2)
    start = day.replace(day=third * 10 + 1)
    return start, month_end(day) if third == 2 else day.replace(day=third * 10 + 10)


def spans(kind: str, first: datetime.date, last: datetime.date) -> list[Span]:
    """The periods of that kind from the one containing `first` to the one containing `last`."""
    found = [span(kind, first)]
    while found[-1].end_on < last:
        found.append(span(kind, found[-1].end_on + DAY))
    return found


def label(kind: str, start: datetime.date) -> str:
    """What people call the period: 2025年1月, 2025年第1季度, 2025年1月上旬."""
    parts = {"year": start.year, "month": start.month, "quarter": (start.month + 2) // 3}
    match kind:
        case "year":
            return _("%(year)d年") % parts
        case "half":
            return (_("%(year)d年上半年") if start.month == 1 else _("%(year)d年下半年")) % parts
        case "quarter":
            return _("%(year)d年第%(quarter)d季度") % parts
        case "month":
            return _("%(year)d年%(month)d月") % parts
    thirds = {1: _("%(year)d年%(month)d月上旬"), 11: _("%(year)d年%(month)d月中旬"), 21: _("%(year)d年%(month)d月下旬")}
    return thirds[start.day] % parts
