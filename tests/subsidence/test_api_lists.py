"""The lists of this work line over REST: one number of queries, one's own scope, and the rows of the pages."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from accounts.models import Role
from subsidence.models import Stage
from tests import factories as make
from tests.pages import signed_in
from tests.rest import client_of, told
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

NEW: dict[str, Any] = {"subsided_on": datetime.date(2025, 1, 15), "due_on": datetime.date(2026, 1, 15)}

#: Per list, how a row is made and the queries it takes: two for the token, one each for the duties and the rows; of
#: GeoJSON one more for what the token may be told, of the ledger one for the holders' names.
LISTS: list[tuple[str, Callable[[], Any], int]] = [
    ("mines/", lambda: farm.parcel(1), 4),
    ("parcels/", lambda: farm.parcel(1, **NEW), 4),
    ("parcels/geojson/", lambda: farm.parcel(1, **NEW), 5),
    ("stage-requests/", lambda: farm.registered(1), 4),
    ("duties/", lambda: farm.registered(1, **NEW), 4),
    ("stock-flow/", lambda: farm.parcel(1), 6),
]


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


@pytest.mark.parametrize("path", ["mines", "parcels", "stage-requests", "duties"])
def test_reading_on_gives_every_row_once(leader: APIClient, path: str) -> None:
    for _ in range(3):
        farm.registered(1, **NEW)
    whole = leader.get(f"/api/v1/{path}/").json()

    pages, address = [], f"/api/v1/{path}/?limit=2"
    while address:
        pages.append(leader.get(address).json())
        address = pages[-1]["next"]

    assert [row for page in pages for row in page["results"]] == whole["results"]
    assert len(whole["results"]) == 3


def test_lists_keep_to_ones_scope() -> None:
    for county, village in ((make.COUNTY, make.VILLAGE), (make.OTHER_COUNTY, make.OTHER_TOWN)):
        farm.parcel(1, farm.mine(county), village, by=make.team(county), **NEW)
    clerk = client_of(make.user(Role.CLERK, make.COUNTY))

    for path in ("mines", "parcels", "duties"):
        rows = clerk.get(f"/api/v1/{path}/").json()["results"]
        assert [row["region"]["code"][:6] for row in rows] == [make.COUNTY]
    assert [row["county"]["code"] for row in clerk.get("/api/v1/stock-flow/").json()["results"]] == [make.COUNTY]
    assert len(clerk.get("/api/v1/stage-requests/").json()["results"]) == 1


def test_administrators_see_no_business_data() -> None:
    farm.parcel(1, **NEW)
    administrator = client_of(make.user(Role.SYSTEM_ADMIN))

    for path in ("mines", "parcels", "stage-requests", "duties", "stock-flow"):
        assert administrator.get(f"/api/v1/{path}/").json()["results"] == []


def test_mine_is_told_with_what_its_parcels_come_to(leader: APIClient) -> None:
    team, mine = make.team(), farm.mine(code="heron", name="")
    farm.walk(farm.parcel("602", mine, by=team), Stage.CLOSED, "180", by=team)
    farm.parcel("10", mine, by=team, **NEW)

    found = leader.get("/api/v1/mines/heron/").json()

    assert (found["name"], found["status"], found["operator"]) == (None, None, None)
    assert (found["parcels"], found["surveyed_area_mu"], found["stock_mu"]) == (2, "612", "432")
    assert (found["open_duties"], found["overdue_duties"]) == (1, 1)
    assert leader.get("/api/v1/mines/?duty=overdue").json()["results"] == [found]


def test_duty_says_how_long_it_still_has(leader: APIClient) -> None:
    parcel = farm.registered(1, **NEW)

    [found] = leader.get("/api/v1/duties/?state=overdue").json()["results"]

    assert (found["parcel"], found["due_on"], found["closed_on"]) == (parcel.code, "2026-01-15", None)
    assert found["days_left"] == -46


def test_stock_flow_is_the_ledger_of_the_page() -> None:
    team, mine = make.team(), farm.mine(code="heron")
    farm.walk(farm.parcel("602", mine, by=team), Stage.CLOSED, "180", by=team)
    farm.parcel("40.50", is_legacy=True, subsided_on=None, by=team)
    query = "since=2025-03&until=2025-12"

    found = client_of(team.verifier).get(f"/api/v1/stock-flow/?{query}").json()
    page = signed_in(Client(), team.verifier).get(f"/subsidence/stock/?{query}").context

    lines = [{name: row[name] for name in ("opening", "closed", "closing")} for row in found["results"]]
    assert lines == [
        {"opening": "602", "closed": "-180", "closing": "422"},
        {"opening": "40.5", "closed": "0", "closing": "40.5"},
    ]
    assert [row["mine"] and row["mine"]["code"] for row in found["results"]] == ["heron", None]
    assert found["total"]["closing"] == "462.5"
    assert [str(line.flow.closing.normalize()) for line in page["lines"]] == ["422", "40.5"]
    assert (found["since"], found["until"]) == ("2025-03", "2025-12")


@pytest.mark.parametrize(
    ("query", "parameter"),
    [("since=2025", "since"), ("since=2026-01&until=2025-01", "since"), ("mine=nowhere", "mine"), ("month=1", "month")],
)
def test_stock_flow_refuses_what_it_does_not_know(leader: APIClient, query: str, parameter: str) -> None:
    assert told(leader.get(f"/api/v1/stock-flow/?{query}"))[2][0][0] == parameter
