"""Targets, roll-ups and the status in one call: the figures of the pages, exact and only those in scope."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Role
from jurisdictions.models import WorkLine
from progress import rollups
from progress.gate import CITY_TIME
from progress.models import EntryStatus, Target
from tests import factories as make
from tests.rest import client_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_april() -> Iterator[None]:
    with time_machine.travel("2025-04-20T12:00:00+08:00"):
        yield


@pytest.fixture
def leader() -> APIClient:
    return client_of(make.user(Role.LEADER))


def amounts(answer: Any) -> list[tuple[str, str, int]]:
    results = answer.json()["results"]
    return [(row["month"], row["amount"], row["reports"]) for row in results]


def test_target_is_told_with_its_figures(leader: APIClient) -> None:
    measured = make.indicator()
    target = make.target(
        measured,
        "70897.71",
        plan={datetime.date(2025, 3, 1): Decimal("12.5")},
        start_on=datetime.date(2025, 1, 1),
        due_on=datetime.date(2028, 12, 31),
    )
    series = make.series(measured)
    make.verified_entry(series, "12.50", make.period(2025, 3))
    make.entry(series, "0.01", make.period(2025, 4), status=EntryStatus.SUBMITTED)

    answer = leader.get(f"/api/v1/targets/{target.code}/").json()

    figures = ("value", "verified", "in_flight", "planned", "compared_on", "rate", "days_left", "data_month")
    assert [answer[name] for name in figures] == [
        *("70897.71", "12.5", "0.01", "12.5", "2025-03-31", "0.02", 1351, "2025-03")
    ]
    assert answer["indicator"]["unit"] == "亩"
    assert answer["light"] == {
        "colour": "green",
        "word": "正常",
        "symbol": "●",
        "sentence": "截至2025年3月31日计划12.50，核定12.50，为计划的100.00%。",
        "rule": 1,
    }


def test_what_is_unknown_stays_null(leader: APIClient) -> None:
    target = make.target()

    answer = leader.get(f"/api/v1/targets/{target.code}/").json()

    unknown = ("counts", "project", "start_on", "due_on", "verified", "in_flight", "planned", "rate", "days_left")
    assert {answer[name] for name in (*unknown, "data_month")} == {None}
    assert (answer["light"]["colour"], answer["light"]["word"]) == ("grey", "无计划")


def test_target_list_and_detail_say_the_same(leader: APIClient) -> None:
    codes = sorted(make.target().code for _ in range(3))

    listed = leader.get("/api/v1/targets/").json()["results"]

    assert [target["code"] for target in listed] == codes
    assert listed == [leader.get(f"/api/v1/targets/{code}/").json() for code in codes]


def test_target_without_a_version_promises_nothing_yet(leader: APIClient) -> None:
    unspoken = Target.objects.create(
        code="unspoken", name="待定", indicator=make.indicator(), region=make.region(make.CITY)
    )

    assert leader.get("/api/v1/targets/").json()["results"] == []
    assert told(leader.get(f"/api/v1/targets/{unspoken.code}/")) == (404, "not_found", [])


@pytest.mark.parametrize("drained", [False, True])
def test_rollups_are_exact_before_and_after_the_drain(leader: APIClient, drained: bool) -> None:
    series = make.series()
    make.verified_entry(series, "12.50", make.period(2025, 2))
    make.verified_entry(series, "0.25", make.period(2025, 3))
    if drained:
        rollups.drain()

    answers = [
        leader.get(f"/api/v1/rollups/?{place}")
        for place in ("region=1404", "region=140400", "region=140404202", f"project={series.project.code}")
    ]

    assert [amounts(answer) for answer in answers] == [[("2025-02", "12.5", 1), ("2025-03", "0.25", 1)]] * 4
    assert {row["indicator"]["code"] for row in answers[0].json()["results"]} == {series.indicator.code}
    assert answers[0].json()["region"] == {"code": "140400", "full_name": "长治市"}
    assert answers[3].json()["project"]["code"] == series.project.code


def test_rollups_of_half_drained_marks_add_up(leader: APIClient) -> None:
    series, period = make.series(), make.period(2025, 3)
    entry = make.verified_entry(series, "12.50", period)
    rollups.drain()
    make.correction(entry, "12.51")

    answer = leader.get(f"/api/v1/rollups/?region=1404&indicator={series.indicator.code}")

    assert amounts(answer) == [("2025-03", "12.51", 1)]


def test_rollups_take_an_indicator_and_months(leader: APIClient) -> None:
    one, other = make.series(), make.series()
    for month in (1, 2, 3):
        make.verified_entry(one, month, make.period(2025, month))
    make.verified_entry(other, 5, make.period(2025, 2))

    answer = leader.get(f"/api/v1/rollups/?region=1404&indicator={one.indicator.code}&since=2025-02&until=2025-02")

    assert amounts(answer) == [("2025-02", "2", 1)]


def test_month_without_a_line_is_absent_not_zero(leader: APIClient) -> None:
    make.verified_entry(make.series(), 0, make.period(2025, 3))

    assert amounts(leader.get("/api/v1/rollups/?region=1404")) == [("2025-03", "0", 1)]


def test_rollups_beyond_ones_region_are_not_found() -> None:
    theirs = make.series(region_code=make.OTHER_TOWN)
    make.verified_entry(theirs, 1)
    clerk = client_of(make.user(Role.CLERK, make.COUNTY))
    places = ("region=1404", f"region={make.OTHER_COUNTY}", f"project={theirs.project.code}", "region=140499")

    answers = [clerk.get(f"/api/v1/rollups/?{place}") for place in places]

    assert [told(answer) for answer in answers] == [(404, "not_found", [])] * 4


def test_rollups_keep_to_ones_work_line() -> None:
    make.verified_entry(make.series())
    watched = make.indicator(work_line=WorkLine.WATER)
    make.verified_entry(make.series(watched, make.project(work_line=WorkLine.WATER)))
    leader = client_of(make.user(Role.LEADER, line=WorkLine.WATER))

    results = leader.get("/api/v1/rollups/?region=1404").json()["results"]

    assert [row["indicator"]["code"] for row in results] == [watched.code]


def test_summary_has_every_line_with_targets_and_counts(leader: APIClient) -> None:
    target = make.target()
    series = make.series(target.indicator)
    make.verified_entry(series, 25, make.period(2025, 2))
    make.entry(series, 5, make.period(2025, 3), status=EntryStatus.REVIEWED)
    make.entry(series, 5, make.period(2025, 4))

    answer = leader.get("/api/v1/status/summary/").json()

    assert [line["work_line"] for line in answer["work_lines"]] == WorkLine.values
    subsidence, *others = answer["work_lines"]
    assert subsidence["name"] == "国土生态修复"
    assert subsidence["targets"] == leader.get("/api/v1/targets/").json()["results"]
    assert (subsidence["targets"][0]["verified"], subsidence["targets"][0]["in_flight"]) == ("25", "5")
    assert subsidence["entries"] == {"draft": 1, "submitted": 0, "returned": 0, "reviewed": 1, "verified": 1}
    assert [(line["targets"], set(line["entries"].values())) for line in others] == [([], {0})] * 3


def test_summary_counts_only_what_is_in_scope() -> None:
    make.target(region_code=make.OTHER_COUNTY)
    make.entry(make.series(region_code=make.OTHER_TOWN))
    clerk = client_of(make.user(Role.CLERK, make.COUNTY))

    lines = clerk.get("/api/v1/status/summary/").json()["work_lines"]

    assert [(line["targets"], set(line["entries"].values())) for line in lines] == [([], {0})] * 4


# Looking back


def put_right() -> Target:
    """12.50 for March, posted at its end and put right to 13 on 10 April, with 1 on its way since."""
    series, team = make.series(), make.team()
    target = make.target(series.indicator, "100")
    entry = make.verified_entry(series, "12.50", make.period(2025, 3), by=team)
    make.correction(entry, 13, by=team, at=datetime.datetime(2025, 4, 10, 9, tzinfo=CITY_TIME))
    make.entry(series, 1, make.period(2025, 4), by=team, status=EntryStatus.SUBMITTED)
    return target


@pytest.mark.parametrize("drained", [False, True])
def test_every_endpoint_of_figures_looks_back(leader: APIClient, drained: bool) -> None:
    target = put_right()
    if drained:
        rollups.drain()
    end_of_day = "2025-04-09T23:59:59.999999+08:00"

    listed, one, summary, months = (
        leader.get(f"/api/v1/{path}as_of=2025-04-09").json()
        for path in ("targets/?", f"targets/{target.code}/?", "status/summary/?", "rollups/?region=1404&")
    )

    assert (one["verified"], one["in_flight"], one["rate"]) == ("12.5", None, "12.5")
    assert listed["results"] == summary["work_lines"][0]["targets"] == [one]
    assert {listed["as_of"], summary["as_of"], months["as_of"]} == {end_of_day}
    assert [line["entries"] for line in summary["work_lines"]] == [None] * 4
    assert [(row["month"], row["amount"]) for row in months["results"]] == [("2025-03", "12.5")]
    assert leader.get(f"/api/v1/targets/{target.code}/?as_of=2025-04-10").json()["verified"] == "13"


def test_target_recorded_since_is_not_there_yet(leader: APIClient) -> None:
    target = make.target()

    listed, one = (leader.get(f"/api/v1/{path}?as_of=2025-01-20") for path in ("targets/", f"targets/{target.code}/"))

    assert listed.json()["results"] == []
    assert told(one) == (404, "not_found", [])


@pytest.mark.parametrize("day", ["2025-04-20", "2025-04-21", "2025-02-30", "昨天", "", "2025-03-31T12:00"])
def test_day_that_cannot_be_looked_back_on_is_refused(leader: APIClient, day: str) -> None:
    code = make.target().code
    paths = ("targets/?", f"targets/{code}/?", "status/summary/?", "rollups/?region=1404&")

    answers = [told(leader.get(f"/api/v1/{path}as_of={day}")) for path in paths]

    assert {(status, code) for status, code, _errors in answers} == {(400, "invalid")}
    assert {place for _status, _code, errors in answers for place, _why in errors} == {"as_of"}
