"""我的待报: the reports a clerk owes, what is first due first."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.pages import SignedInRequest
from progress import agenda
from progress.agenda import Owed, ReportState
from progress.filters import SeriesFilter
from progress.forms.periods import ALL, OPEN, TaskForm
from progress.models import Period

#: Rows of one page.
SIZE = 100


@dataclass(frozen=True)
class Choice:
    """One state to list, how many reports are in it, and the address of that list."""

    value: str
    label: str
    count: int
    url: str


@dataclass(frozen=True)
class PeriodSum:
    """One period's reports: how many in each state, in the order of ReportState, and the first day one is due."""

    period: Period
    counts: list[int]
    waiting: int
    due_on: datetime.date | None
    url: str


class TaskPage(NamedTuple):
    """Some of the listed reports, and the addresses of those before and after them; empty at either end."""

    rows: list[Owed]
    previous_url: str
    next_url: str


@require_safe
def tasks(request: SignedInRequest) -> HttpResponse:
    """The reports owed, narrowed to a period, a state or a name; the counts are over all that the name matches."""
    at = timezone.now()
    form = TaskForm(request.GET)
    asked = form.asked
    mine = SeriesFilter({"search": asked["search"]}, agenda.my_series(request.user)).qs
    found = agenda.owed(mine, at=at)
    periods = agenda.periods_of(found)
    of_period = [each for each in found if asked["period"] in (None, each.period_id)]
    state = asked["state"] or OPEN
    page = page_after(asked["after"], of_period, state, request.GET)
    context = {
        "form": form,
        "state": state,
        "period": periods.get(asked["period"]),
        "choices": choices(of_period, request.GET),
        "all_periods_url": link(request.GET, period=""),
        "states": list(ReportState),
        "sums": sums(found, periods, request.GET),
        "reports": agenda.reports(page.rows, periods, by=request.user, at=at),
        "page": page,
    }
    return render(request, "progress/tasks.html", context)


def is_in(each: Owed, state: str) -> bool:
    """Whether a report belongs to a list: one state, what waits for the clerk, or all."""
    if state == OPEN:
        return each.is_waiting
    return state in (ALL, each.state)


def page_after(mark: str | None, found: Sequence[Owed], state: str, params: QueryDict) -> TaskPage:
    """The listed reports that follow the marked one, which may have left the listed state since."""
    keys = [key_of(each) for each in found]
    start = keys.index(mark) + 1 if mark in keys else 0
    before = [each for each in found[:start] if is_in(each, state)]
    rest = [each for each in found[start:] if is_in(each, state)]
    previous = link(params, after=key_of(before[-SIZE - 1])) if len(before) > SIZE else link(params)
    following = link(params, after=key_of(rest[SIZE - 1])) if len(rest) > SIZE else ""
    return TaskPage(rest[:SIZE], previous if before else "", following)


def key_of(each: Owed) -> str:
    return f"{each.period_id}-{each.series_id}"


def link(params: QueryDict, **changes: str) -> str:
    """The address with some parameters changed, from its first page unless a page is among them."""
    query = params.copy()
    for name in ("after", *changes):
        query.pop(name, None)
    query.update({name: value for name, value in changes.items() if value})
    return f"?{query.urlencode()}"


def choices(found: Sequence[Owed], params: QueryDict) -> list[Choice]:
    """The lists there are, with their counts."""
    labels = [(OPEN, _("待办")), *((each.value, str(each.label)) for each in ReportState), (ALL, _("全部"))]
    return [
        Choice(value, label, sum(is_in(each, value) for each in found), link(params, state=value))
        for value, label in labels
    ]


def sums(found: Sequence[Owed], periods: dict[int, Period], params: QueryDict) -> list[PeriodSum]:
    """The periods by what is first due in them."""
    grouped: dict[int, list[Owed]] = {}
    for each in found:
        grouped.setdefault(each.period_id, []).append(each)
    return [_sum(periods[pk], reports, params) for pk, reports in grouped.items()]


def _sum(period: Period, found: list[Owed], params: QueryDict) -> PeriodSum:
    states = Counter(each.state for each in found)
    due = [each.due_on for each in found if each.is_waiting and each.due_on]
    return PeriodSum(
        period,
        [states[state] for state in ReportState],
        sum(each.is_waiting for each in found),
        min(due, default=None),
        link(params, period=str(period.pk)),
    )
