"""Each list page asks the database as often for one row as for three."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from progress.models import EntryStatus
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


#: Two of the queries are the session and its person, one the person's duties, one the banner of demo data.
COUNTS: dict[str, tuple[Callable[[], object], int]] = {
    "home": (owed, 11),
    "overview": (measured, 12),
    "entries": (submitted, 6),
    "entry_new": (owed, 8),
    "review": (submitted, 6),
    "projects": (make.project, 6),
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
        with django_assert_num_queries(16):
            client.get(target.get_absolute_url())
