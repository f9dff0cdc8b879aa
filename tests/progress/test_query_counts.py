"""Each list page asks the database as often for one row as for three."""

from __future__ import annotations

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from jurisdictions.models import WorkLine
from progress.models import EntryStatus, Period
from progress.services.reopenings import reopen
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800")]


def submitted() -> None:
    make.entry(status=EntryStatus.SUBMITTED)


def measured() -> None:
    indicator = make.indicator()
    make.target(indicator)
    make.verified_entry(make.series(indicator), 10)
    make.entry(make.series(indicator), 10, status=EntryStatus.REVIEWED)


def owed() -> None:
    make.period()
    make.series()


def waiting() -> None:
    """An entry with a photo, whose series has a figure of an earlier period."""
    team, series = make.team(), make.series()
    make.verified_entry(series, 10, make.period(2025, 2), by=team)
    entry = make.entry(series, 12, by=team)
    make.evidence(entry, team.clerk)
    make.walk(entry, EntryStatus.SUBMITTED, by=team)


def drawn() -> None:
    make.verified_entry()
    make.draw(number=1)


def reopened() -> None:
    """Another period, open again for one county."""
    month = Period.objects.count() + 1
    reopen(
        period=make.period(2024, month),
        region=make.region(make.COUNTY),
        work_line=WorkLine.SUBSIDENCE,
        until=datetime.date(2025, 3, 31),
        reason="补报",
        by=make.user(Role.VERIFIER),
        at=make.inside(make.period()),
    )


#: Two of the queries are the session and its person, one the person's duties, one the red dots and the banner of
#: demo data.
COUNTS: dict[str, tuple[Callable[[], object], int]] = {
    "home": (owed, 10),
    "overview": (measured, 12),
    "entries": (submitted, 9),
    "ledger": (submitted, 9),
    "entry_new": (owed, 9),
    "tasks": (owed, 8),
    "periods": (reopened, 7),
    "review": (waiting, 10),
    "checks": (drawn, 5),
    "projects": (make.project, 8),
}


@pytest.mark.parametrize("name", COUNTS)
def test_list_page_asks_the_same_number_of_queries_for_three_rows(
    name: str, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    add_row, count = COUNTS[name]
    person = make.user(Role.CLERK)
    for role in (Role.REVIEWER, Role.VERIFIER):
        make.duty(person, role)
    client.force_login(person)

    for rows in (1, 2):
        for _ in range(rows):
            add_row()
        with django_assert_num_queries(count):
            client.get(reverse(name))


def test_basis_page_asks_the_same_number_of_queries_for_three_rows(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    indicator = make.indicator()
    target = make.target(indicator)
    client.force_login(make.user(Role.LEADER))

    for rows in (1, 2):
        for _ in range(rows):
            make.verified_entry(make.series(indicator), 10)
            make.entry(make.series(indicator), 10, status=EntryStatus.SUBMITTED)
        with django_assert_num_queries(17):
            client.get(target.get_absolute_url())


def test_draw_asks_the_same_number_of_queries_for_three_checks(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(make.user(Role.SUPERVISOR))

    for size in (1, 3):
        for _ in range(size):
            make.verified_entry()
        found = make.draw()
        assert found.size == size
        with django_assert_num_queries(7):
            client.get(found.get_absolute_url())
