"""What a clerk owes: the reports of his series for the periods that the gate opens to him, and no others."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from accounts.models import Role, User
from jurisdictions.models import WorkLine
from progress import agenda
from progress.agenda import Owed, ReportState
from progress.gate import CITY_TIME
from progress.models import EntryStatus, Frequency, Period, ProgressEntry, Reopening, Series, SeriesOrigin
from progress.services import entries
from progress.services.periods import ensure_periods
from tests import factories as make

pytestmark = pytest.mark.django_db

D = datetime.date
MAY_DAY = D(2025, 5, 1)


def noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), CITY_TIME)


def owed(clerk: User, day: datetime.date) -> list[Owed]:
    return agenda.owed(agenda.my_series(clerk), at=noon(day))


def slots(found: list[Owed]) -> list[tuple[Series, Period]]:
    return [(Series.objects.get(pk=each.series_id), Period.objects.get(pk=each.period_id)) for each in found]


def reopened(
    period: Period, unit: str = make.COUNTY, line: str = WorkLine.SUBSIDENCE, until: datetime.date = MAY_DAY
) -> Reopening:
    """A reopening as it stands in the database, whoever granted it and when."""
    return Reopening.objects.create(
        period=period,
        region=make.region(unit),
        work_line=line,
        until=until,
        reason="补报",
        reopened_by=make.user(),
        reopened_at=noon(D(2025, 4, 11)),
    )


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, make.COUNTY)


def test_each_series_is_owed_for_the_open_period_of_its_own_frequency(clerk: User) -> None:
    ensure_periods(first=D(2025, 3, 1), last=D(2025, 3, 31), kinds=tuple(Frequency.values))
    series = {kind: make.series(frequency=kind) for kind in Frequency}

    found = slots(owed(clerk, D(2025, 4, 3)))

    # The first ten days of March were due on the 15th and closed on the 20th, the second closed on the 30th.
    last_ten_days = Period.objects.filter(kind=Frequency.TEN_DAYS).latest("start_on")
    periods = [last_ten_days, *Period.objects.filter(kind__in=(Frequency.MONTH, Frequency.QUARTER))]
    assert set(found) == {(series[Frequency(period.kind)], period) for period in periods}


def test_only_typed_series_of_ones_own_unit_and_line_are_owed() -> None:
    make.period(2025, 3)
    clerk = make.user(Role.CLERK, make.COUNTY, WorkLine.SUBSIDENCE)
    mine = make.series()
    make.series(region_code=make.OTHER_TOWN)
    make.series(make.indicator(work_line=WorkLine.WATER), make.project(work_line=WorkLine.WATER))
    make.series(origin=SeriesOrigin.DERIVED)

    assert [series for series, _period in slots(owed(clerk, D(2025, 3, 31)))] == [mine]


@pytest.mark.parametrize("role", [role for role in Role if role != Role.CLERK])
def test_nobody_but_a_clerk_owes_anything(role: Role) -> None:
    make.period(2025, 3)
    make.series()

    assert owed(make.user(role), D(2025, 3, 31)) == []


def test_deputy_owes_what_the_one_he_stands_in_for_owes(clerk: User) -> None:
    make.period(2025, 3)
    make.series()
    deputy = make.user()
    make.duty(deputy, Role.CLERK, make.COUNTY, deputises_for=clerk)

    assert owed(deputy, D(2025, 3, 31)) == owed(clerk, D(2025, 3, 31)) != []


@pytest.mark.parametrize("status", EntryStatus)
def test_report_is_in_the_state_of_its_newest_entry(clerk: User, status: EntryStatus) -> None:
    entry = make.entry(status=status)

    [found] = owed(clerk, D(2025, 4, 1))

    assert (found.entry_id, found.state) == (entry.pk, status)
    assert found.is_waiting is (status in (EntryStatus.DRAFT, EntryStatus.RETURNED))


def test_report_nobody_began_is_missing(clerk: User) -> None:
    make.period(2025, 3)
    make.series()

    [found] = owed(clerk, D(2025, 4, 1))

    assert (found.state, found.entry_id, found.is_waiting) == (ReportState.MISSING, None, True)


def test_correction_waits_though_its_period_is_long_closed(clerk: User) -> None:
    correction = make.correction(make.verified_entry(), 12, status=EntryStatus.DRAFT)

    [found] = owed(clerk, D(2025, 12, 1))

    assert (found.entry_id, found.due_on, found.is_waiting) == (correction.pk, None, True)


def test_what_came_back_is_due_when_its_days_for_mending_are_over(clerk: User) -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)
    entries.return_entry(
        entry=entry, version=entry.version, by=team.reviewer, at=noon(D(2025, 4, 9)), reason="请补依据"
    )

    seen = [owed(clerk, day)[0] for day in (D(2025, 4, 10), D(2025, 4, 12), D(2025, 4, 13))]

    assert [(each.due_on, each.is_waiting) for each in seen] == [
        (D(2025, 4, 5), True),
        (D(2025, 4, 12), True),
        (D(2025, 4, 5), False),
    ]
    assert seen[0].return_reason == "请补依据"


def test_draft_left_behind_in_a_closed_period_is_not_owed_any_more(clerk: User) -> None:
    make.entry()

    assert owed(clerk, D(2025, 4, 11)) == []


@pytest.mark.parametrize(
    ("unit", "line", "until", "is_owed"),
    [
        (make.TOWN, WorkLine.SUBSIDENCE, D(2025, 4, 20), True),
        (make.CITY, WorkLine.SUBSIDENCE, D(2025, 4, 20), True),
        (make.OTHER_COUNTY, WorkLine.SUBSIDENCE, D(2025, 4, 20), False),
        (make.TOWN, WorkLine.WATER, D(2025, 4, 20), False),
        (make.TOWN, WorkLine.SUBSIDENCE, D(2025, 4, 19), False),
    ],
)
def test_reopened_period_is_owed_by_whom_it_was_opened_for(
    clerk: User, unit: str, line: str, until: datetime.date, is_owed: bool
) -> None:
    make.series()
    reopened(make.period(2025, 3), unit, line, until)

    found = owed(clerk, D(2025, 4, 20))

    assert [each.due_on for each in found] == ([until] if is_owed else [])


def test_what_is_due_first_comes_first(clerk: User) -> None:
    ensure_periods(first=D(2025, 3, 21), last=D(2025, 4, 10), kinds=(Frequency.TEN_DAYS,))
    late = make.period(2025, 1)
    make.period(2025, 3)
    reopened(late, until=D(2025, 4, 7))
    make.series()
    make.series(frequency=Frequency.TEN_DAYS)

    due = [each.due_on for each in owed(clerk, D(2025, 4, 5))]

    assert due == [D(2025, 4, 5), D(2025, 4, 5), D(2025, 4, 7), D(2025, 4, 15)]


@pytest.mark.parametrize(
    ("dates", "is_owed"),
    [
        ({}, True),
        ({"start_on": D(2025, 3, 31)}, True),
        ({"start_on": D(2025, 4, 1)}, False),
        ({"finished_on": D(2025, 3, 1)}, True),
        ({"finished_on": D(2025, 2, 28)}, False),
    ],
)
def test_project_owes_nothing_before_it_starts_and_after_it_is_finished(
    clerk: User, dates: dict[str, Any], is_owed: bool
) -> None:
    make.period(2025, 3)
    make.series(on=make.project(**dates))

    assert bool(owed(clerk, D(2025, 3, 31))) is is_owed


def test_list_and_gate_agree_on_every_day(clerk: User) -> None:
    """The list asks the database in one statement; the gate decides one by one. They must never part."""
    ensure_periods(first=D(2025, 1, 1), last=D(2025, 6, 30), kinds=tuple(Frequency.values))
    team = make.team()
    for kind in Frequency:
        make.series(frequency=kind)
        make.series(frequency=kind, region_code=make.OTHER_TOWN)
    march, april = make.period(2025, 3), make.period(2025, 4)
    for when in (march, april):
        entry = make.entry(when=when, status=EntryStatus.SUBMITTED, by=team)
        back = noon(when.closes_on)
        entries.return_entry(entry=entry, version=entry.version, by=team.reviewer, at=back, reason="请补依据")
    make.entry(when=march, by=team)
    reopened(march, make.TOWN, until=D(2025, 5, 2))
    reopened(march, make.COUNTY, until=D(2025, 4, 12))
    reopened(make.period(2025, 1, Frequency.QUARTER), make.CITY, until=D(2025, 4, 30))
    reopened(make.period(2025, 1, Frequency.TEN_DAYS), make.OTHER_COUNTY)
    reopened(make.period(2025, 1), make.COUNTY, WorkLine.WATER)
    mine = list(agenda.my_series(clerk))
    newest = {(entry.series_id, entry.period_id): entry for entry in ProgressEntry.objects.order_by("revision")}
    everything = list(Period.objects.prefetch_related("reopenings"))

    for days in range(0, 200):
        for clock in (datetime.time(0), datetime.time(23, 59, 59)):
            at = datetime.datetime.combine(D(2024, 12, 30) + datetime.timedelta(days), clock, CITY_TIME)
            listed = {
                (each.series_id, each.period_id) for each in agenda.owed(agenda.my_series(clerk), at=at) if each.is_open
            }
            opened = {
                (series.pk, period.pk)
                for series in mine
                for period in everything
                if series.frequency == period.kind
                if agenda.gate_of(series, period, by=clerk, at=at, entry=newest.get((series.pk, period.pk))).is_open
            }
            assert listed == opened, at


def test_menu_counts_what_the_list_calls_waiting(clerk: User) -> None:
    make.period(2025, 3)
    for status in EntryStatus:
        make.entry(status=status, by=make.team())
    make.series()

    found = owed(clerk, D(2025, 4, 1))
    counted = User.objects.annotate(n=agenda.owed_count(clerk, at=noon(D(2025, 4, 1)))).get(pk=clerk.pk)

    assert counted.n == sum(each.is_waiting for each in found) == 3
