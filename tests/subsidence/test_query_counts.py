"""Each page of parcels asks the database as often for one row as for three."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from subsidence.models import Stage
from tests import factories as make
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]


def obliged() -> None:
    """A newly subsided parcel, whose duty is overdue and of which some is asked for."""
    parcel = farm.parcel(subsided_on=farm.CUT_OFF, due_on=farm.SURVEYED)
    farm.ask(parcel, Stage.APPROVED, 602)


COUNTS: dict[str, tuple[Callable[[], object], int]] = {
    "parcels": (obliged, 9),
    "parcel_requests": (obliged, 7),
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


def test_parcel_page_asks_the_same_number_of_queries_for_a_long_chain(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    team = make.team()
    parcel = farm.parcel(by=team)
    farm.step(parcel, Stage.APPROVED, 300, by=team)
    client.force_login(team.clerk)

    for stages in ((Stage.STARTED,), (Stage.FINISHED, Stage.SELF_CHECKED)):
        for stage in stages:
            farm.step(parcel, stage, 300, by=team)
            farm.ask(parcel, Stage.APPROVED, 1, by=team.clerk)
        with django_assert_num_queries(18):
            client.get(parcel.get_absolute_url())
