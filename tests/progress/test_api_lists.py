"""Lists over REST: one number of queries however many rows, reading on by key, and the shared filters."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import Role
from progress.gate import CITY_TIME
from progress.models import EntryStatus
from tests import factories as make
from tests.rest import client_of

pytestmark = pytest.mark.django_db

#: Per list, how a row is made and the queries it takes: two for the token, one each for the duties and the rows;
#: figures take six more.
LISTS: list[tuple[str, Callable[[], Any], int]] = [
    ("regions/", lambda: make.region(), 3),
    ("organisations/", lambda: make.organisation(), 3),
    ("projects/", lambda: make.project(owner=make.organisation(), programme=make.programme()), 4),
    ("indicators/", lambda: make.ratio(make.indicator(), make.indicator()), 3),
    ("series/", lambda: make.series(), 4),
    ("targets/", lambda: make.entry(make.series(make.target().indicator), status=EntryStatus.SUBMITTED), 10),
    ("entries/", lambda: make.entry(), 4),
    ("rollups/?region=1404", lambda: make.verified_entry(), 6),
    ("status/summary/", lambda: make.entry(make.series(make.target().indicator), status=EntryStatus.SUBMITTED), 11),
]


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with time_machine.travel("2025-03-31T12:00:00+08:00", tick=False):
        yield


@pytest.fixture
def leader() -> APIClient:
    return client_of(make.user(Role.LEADER))


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("path", "row", "queries"), LISTS, ids=[path for path, _row, _queries in LISTS])
def test_list_takes_one_number_of_queries(
    leader: APIClient,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
    row: Callable[[], Any],
    queries: int,
    rows: int,
) -> None:
    for _ in range(rows):
        row()

    with django_assert_num_queries(queries):
        answer = leader.get(f"/api/v1/{path}")

    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["regions", "organisations", "projects", "indicators", "series", "targets", "entries"])
def test_reading_on_gives_every_row_once(leader: APIClient, path: str) -> None:
    for _ in range(3):
        make.organisation()
        make.entry(make.series(make.target().indicator))
    whole = leader.get(f"/api/v1/{path}/").json()

    pages, address = [], f"/api/v1/{path}/?limit=2"
    while address:
        pages.append(leader.get(address).json())
        address = pages[-1]["next"]

    assert [row for page in pages for row in page["results"]] == whole["results"]
    assert {len(page["results"]) for page in pages[:-1]} == {2}
    assert whole["next"] is None


def test_row_added_meanwhile_moves_no_page(leader: APIClient) -> None:
    first, second, third = (make.entry() for _ in range(3))

    page = leader.get("/api/v1/entries/?limit=2").json()
    make.entry()
    rest = leader.get(page["next"]).json()

    assert [row["id"] for row in page["results"]] == [third.pk, second.pk]
    assert [row["id"] for row in rest["results"]] == [first.pk]


def test_next_keeps_the_filters(leader: APIClient) -> None:
    kept = [make.project(region_code=make.OTHER_COUNTY).code for _ in range(2)]
    make.project()

    page = leader.get(f"/api/v1/projects/?region={make.OTHER_COUNTY}&limit=1").json()
    rest = leader.get(page["next"]).json()

    assert [page["results"][0]["code"], *(row["code"] for row in rest["results"])] == kept
    assert rest["next"] is None


def test_filters_are_those_of_the_pages(leader: APIClient) -> None:
    entry = make.entry(make.series(), status=EntryStatus.SUBMITTED)
    make.entry(make.series(region_code=make.OTHER_TOWN), when=make.period(2025, 2))
    project, indicator = entry.series.project, entry.series.indicator
    queries = (
        "status=submitted",
        "period=2025-03",
        f"region={make.COUNTY}",
        f"region={make.TOWN}000",
        f"project={project.code}",
        f"indicator={indicator.code}",
        f"search={project.name}",
        "region=140400&work_line=subsidence&status=submitted",
    )

    found = [leader.get(f"/api/v1/entries/?{query}").json()["results"] for query in queries]

    assert [[row["id"] for row in rows] for rows in found] == [[entry.pk]] * len(queries)


def test_updated_since_gives_what_a_step_was_taken_on(leader: APIClient) -> None:
    team = make.team()
    old, touched = make.entry(by=team), make.entry(by=team)
    make.walk(touched, EntryStatus.SUBMITTED, by=team, at=datetime.datetime(2025, 3, 31, 13, tzinfo=CITY_TIME))
    since = "2025-03-31T12:30:00%2B08:00"

    feed = leader.get(f"/api/v1/entries/?updated_since={since}").json()

    assert [row["id"] for row in feed["results"]] == [touched.pk]
    assert feed["as_of"] == "2025-03-31T12:00:00+08:00"
    assert old.pk != touched.pk


def test_lists_keep_to_ones_scope() -> None:
    for place in (make.TOWN, make.OTHER_TOWN):
        make.entry(make.series(make.target(region_code=place).indicator, region_code=place))
    clerk = client_of(make.user(Role.CLERK, make.COUNTY))

    for path in ("projects", "series", "targets", "entries"):
        rows = clerk.get(f"/api/v1/{path}/").json()["results"]

        assert [row["region"]["code"] for row in rows] == [make.TOWN]


def test_administrators_see_no_business_data() -> None:
    make.entry(make.series(make.target().indicator))
    administrator = client_of(make.user(Role.SYSTEM_ADMIN))

    lists = [administrator.get(f"/api/v1/{path}/").json()["results"] for path in ("projects", "series", "entries")]

    assert lists == [[], [], []]
    assert administrator.get("/api/v1/rollups/?region=1404").status_code == 404
