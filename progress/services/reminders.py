"""Reminding clerks (催报) of the reports they still owe, three days before the last day and on it."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import Duty, Role, User
from accounts.services.messages import Note, send
from progress import agenda
from progress.gate import city_day
from progress.models import Period

#: Days before the last day in time on which a clerk is reminded.
DAYS_BEFORE = (3, 0)


class Debt(NamedTuple):
    """How many reports one person still owes for one period by one day."""

    user_id: int
    period_id: int
    due_on: datetime.date
    reports: int


@override(settings.LANGUAGE_CODE)
def remind(*, at: datetime.datetime) -> int:
    """Tell each clerk with a duty in force, deputies too, what he owes by one of those days; returns how many debts.

    Whoever was told of a debt on this occasion before, by another run or one beside this, is not told again.
    """
    on = city_day(at)
    debts = list(_debts(at))
    periods = Period.objects.in_bulk({debt.period_id for debt in debts})
    send([_note(debt, periods[debt.period_id], on) for debt in debts], at=at)
    return len(debts)


def _debts(at: datetime.datetime) -> Iterator[Debt]:
    on = city_day(at)
    days = {on + datetime.timedelta(days=ahead) for ahead in DAYS_BEFORE}
    duties = Duty.objects.in_force(on).filter(role=Role.CLERK)
    # Each clerk is asked about as his own page asks, so that a reminder says what he finds there.
    for clerk in User.objects.filter(is_active=True, duties__in=duties).distinct().order_by("pk"):
        found = agenda.owed(agenda.my_series(clerk), at=at)
        counts = Counter(
            (each.period_id, each.due_on) for each in found if each.is_waiting and each.due_on in days and each.due_on
        )
        yield from (Debt(clerk.pk, period, due_on, count) for (period, due_on), count in counts.items())


def _note(debt: Debt, period: Period, on: datetime.date) -> Note:
    said = {"period": period, "count": debt.reports, "due": date_format(debt.due_on)}
    text = _("%(period)s还有 %(count)d 项未报，请于%(due)s前报送。")
    if debt.due_on == on:
        text = _("今天是%(period)s的报送期限，还有 %(count)d 项未报，请今天报送。")
    key = f"due:{debt.period_id}:{debt.due_on:%F}:{(debt.due_on - on).days}"
    return Note(debt.user_id, key, text % said, f"{reverse('tasks')}?period={debt.period_id}")
