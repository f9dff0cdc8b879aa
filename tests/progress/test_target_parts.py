"""Splitting a target: parts by county and by year, each split held against the whole, nothing counted twice."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import Region, WorkLine
from progress import figures
from progress.figures import Division, TargetFigure
from progress.gate import CITY_TIME
from progress.grid.desks import Asked, chooser
from progress.grid.sheets import sheet
from progress.lights import Colour
from progress.models import IndicatorKind, Split, Target, TargetVersion
from progress.reports.dispatch import Measure, dispatch
from progress.reports.places import units_of
from progress.services import targets
from progress.services.targets import NotSplittable, Part, PartsExceed, StaleSplit
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-04-20 12:00 +0800")]

D, DAY = Decimal, datetime.date
AT = datetime.datetime(2025, 4, 20, 12, tzinfo=CITY_TIME)
ON = AT.date()
FOUR_YEARS: dict[str, Any] = {"start_on": DAY(2025, 1, 1), "due_on": DAY(2028, 12, 31)}


@pytest.fixture
def verifier() -> User:
    return make.user(Role.VERIFIER)


def city(value: str = "70897.71", **version: Any) -> Target:
    return make.target(make.indicator(), value, CITY, **version)


def county(code: str = COUNTY) -> Region:
    return make.region(code)


def split(target: Target, parts: Mapping[Part, str | int], by: User, **asked: Any) -> list[TargetVersion]:
    split_by = Split.YEAR if any(isinstance(key, int) for key in parts) else Split.REGION
    amounts = {key: D(value) for key, value in parts.items()}
    asked = {"document": "长自然资发〔2025〕7号", "at": AT, "split_by": split_by, **asked}
    return targets.split(target=target, parts=amounts, by=by, **asked)


def figure(target: Target, on: datetime.date = ON) -> TargetFigure:
    return figures.target_figures([Target.objects.get(pk=target.pk)], on=on)[0]


def division(target: Target, split_by: Split = Split.REGION, on: datetime.date = ON) -> Division:
    return next(each for each in figures.divisions_of(figure(target, on), on=on) if each.split_by == split_by)


def part(target: Target, code: str | int = COUNTY) -> Target:
    return Target.objects.get(code=f"{target.code}-{code}")


# Laying down


def test_parts_take_the_indicator_and_the_term_of_the_whole(verifier: User) -> None:
    whole = city(**FOUR_YEARS)

    [made] = split(whole, {county(): "20000.50"}, verifier)

    found = part(whole)
    assert (found.parent, found.split_by, found.region_id, found.indicator) == (
        whole,
        "region",
        COUNTY,
        whole.indicator,
    )
    assert (made.target, made.value, made.start_on, made.due_on) == (
        found,
        D("20000.50"),
        DAY(2025, 1, 1),
        DAY(2028, 12, 31),
    )
    assert (made.document, made.recorded_by) == ("长自然资发〔2025〕7号", verifier)
    assert {"target.version", "target.split"} <= set(AuditEvent.objects.values_list("action", flat=True))


def test_what_no_part_takes_is_told_for_each_split_by_itself(verifier: User) -> None:
    whole = city()

    split(whole, {county(): "897.71", county(OTHER_COUNTY): "60000"}, verifier)
    split(whole, {2025: "70897.71"}, verifier)

    assert (division(whole).total, division(whole).unallocated) == (D("60897.71"), D(10000))
    assert division(whole, Split.YEAR).unallocated == 0


def test_parts_over_the_whole_are_refused_with_the_excess(verifier: User) -> None:
    whole = city("100")

    with pytest.raises(PartsExceed) as refused:
        split(whole, {county(): "60", county(OTHER_COUNTY): "40.01"}, verifier)

    assert refused.value.excess == D("0.01")
    assert str(refused.value) == "按县区分解合计 100.01 亩，超出目标 100.00 亩 共 0.01 亩，请调减。"
    assert not whole.parts.exists()


def test_whole_cannot_sink_below_its_parts_nor_a_part_rise_over_it(verifier: User) -> None:
    whole = city("100")
    split(whole, {county(): "60"}, verifier)

    for target, value in ((whole, "59.99"), (part(whole), "100.01")):
        with pytest.raises(PartsExceed):
            targets.record_version(target=target, value=D(value), by=verifier, at=AT)
    assert targets.record_version(target=whole, value=D(60), by=verifier, at=AT).n == 2


def test_only_what_changes_gets_a_new_version(verifier: User) -> None:
    whole, here, there = city("100"), county(), county(OTHER_COUNTY)
    split(whole, {here: 60, there: 30}, verifier)

    [changed] = split(whole, {here: 60, there: 40}, verifier)

    assert (changed.target.region, changed.n, changed.value) == (there, 2, 40)
    assert split(whole, {here: 60, there: 40}, verifier) == []


def test_part_taken_back_promises_nothing_and_may_come_again(verifier: User) -> None:
    whole, here, there = city("100"), county(), county(OTHER_COUNTY)
    split(whole, {here: 60, there: 30}, verifier)

    [back] = split(whole, {here: 70}, verifier, split_by=Split.REGION)[1:]
    assert (back.target.region, back.value, back.has_task) == (there, 0, False)
    assert split(whole, {here: 70}, verifier) == []

    [again] = split(whole, {here: 70, there: 30}, verifier)
    assert (again.n, again.value) == (3, 30)


def test_parts_follow_the_dates_of_the_whole_at_the_next_split(verifier: User) -> None:
    whole = city("100")
    split(whole, {county(): 60}, verifier)
    targets.record_version(target=whole, value=D(100), by=verifier, at=AT, **FOUR_YEARS)

    [made] = split(whole, {county(): 60}, verifier)

    assert (made.n, made.start_on, made.due_on) == (2, DAY(2025, 1, 1), DAY(2028, 12, 31))


def test_year_lasts_as_long_as_the_whole_does_in_it(verifier: User) -> None:
    whole = city("100", start_on=DAY(2025, 3, 1), due_on=DAY(2026, 6, 30))

    made = split(whole, {2025: 50, 2026: 50}, verifier)

    assert [(each.start_on, each.due_on) for each in made] == [
        (DAY(2025, 3, 1), DAY(2025, 12, 31)),
        (DAY(2026, 1, 1), DAY(2026, 6, 30)),
    ]
    with pytest.raises(NotSplittable):
        split(whole, {2027: 1}, verifier)


@pytest.mark.parametrize("code", [CITY, "140404202"])
def test_only_the_units_right_below_take_parts(verifier: User, code: str) -> None:
    with pytest.raises(NotSplittable, match="下一级单位"):
        split(city(), {make.region(code): 1}, verifier)


def test_level_is_not_split(verifier: User) -> None:
    target = make.target(make.indicator(IndicatorKind.STOCK))

    with pytest.raises(NotSplittable):
        split(target, {county(): 1}, verifier)


def test_deciding_takes_a_document_a_verifier_of_the_whole_and_the_newest_version(verifier: User) -> None:
    whole = city("100")
    seen = targets.newest(whole)

    with pytest.raises(NotAllowed):
        split(whole, {county(): 1}, make.user(Role.VERIFIER, COUNTY))
    with pytest.raises(NotAllowed):
        split(whole, {county(): 1}, make.user(Role.LEADER))
    with pytest.raises(Refused, match="文号") as refused:
        split(whole, {county(): 1}, verifier, document=" ")
    assert refused.value.field == "document"
    split(whole, {county(): 1}, verifier, seen=seen)
    with pytest.raises(StaleSplit):
        split(whole, {county(): 2}, verifier, seen=seen)


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=2, max_size=2), st.lists(st.integers(0, 60), min_size=2, max_size=2))
def test_no_history_of_splits_lets_parts_exceed_the_whole(first: list[int], second: list[int]) -> None:
    whole, by = city("100"), make.user(Role.VERIFIER)
    units = [county(), county(OTHER_COUNTY)]

    for amounts in (first, second):
        try:
            split(whole, dict(zip(units, amounts, strict=True)), by)
        except PartsExceed:
            assert sum(amounts) > 100
    found = [each for each in figures.divisions_of(figure(whole), on=ON) if each.split_by == Split.REGION]
    assert all(each.unallocated >= 0 for each in found)


@pytest.mark.django_db(transaction=True)
@pytest.mark.engine
def test_two_splits_at_once_leave_one_sum(verifier: User) -> None:
    whole, seen = city("100"), None
    units = [county(), county(OTHER_COUNTY)]

    def lay(unit: Region) -> str:
        try:
            split(whole, {unit: 60, next(each for each in units if each != unit): 40}, verifier, seen=seen)
        finally:
            connection.close()
        return unit.pk

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(lay, units)) == [COUNTY, OTHER_COUNTY]
    assert division(whole).total == 100


# Figures


def test_year_counts_what_is_done_in_it_and_is_compared_at_its_end(verifier: User) -> None:
    whole = city("100", **FOUR_YEARS)
    split(whole, {2025: 20, 2026: 30}, verifier)
    series = make.series(whole.indicator)
    with time_machine.travel(datetime.datetime(2026, 3, 20, tzinfo=CITY_TIME)):
        make.verified_entry(series, 15, make.period(2025, 12))
        make.verified_entry(series, 7, make.period(2026, 2))
        on = DAY(2026, 3, 20)
        ended, current = figure(part(whole, 2025), on), figure(part(whole, 2026), on)

    assert (ended.verified, current.verified, figure(whole, on).verified) == (15, 7, 22)
    assert (ended.compared_on, ended.planned, ended.light.colour) == (DAY(2025, 12, 31), 20, Colour.RED)
    [behind] = figures.sums_behind(ended)
    assert behind.total == 15


def test_nothing_is_divided_by_a_part_without_a_task(verifier: User, client: Client) -> None:
    whole, here = city("100", **FOUR_YEARS), county()
    split(whole, {here: 60}, verifier)
    split(whole, {}, verifier)
    make.verified_entry(make.series(whole.indicator), 5)

    found = figure(part(whole))

    assert (found.rate, found.rate_said, found.light.colour, str(found.light.word)) == (
        None,
        "无任务",
        Colour.GREY,
        "无任务",
    )
    page = signed_in(client, verifier).get(part(whole).get_absolute_url()).content.decode()
    assert "无任务" in page


def test_grid_says_that_there_is_no_task(verifier: User) -> None:
    whole = city("100", **FOUR_YEARS)
    split(whole, {county(): 60}, verifier)
    split(whole, {}, verifier)
    make.period()
    make.series(whole.indicator)
    clerk = make.user(Role.CLERK, COUNTY)

    assert only_cell(clerk).beside.remaining_said == "无任务"


def only_cell(clerk: User) -> Any:
    opened = chooser(clerk, Asked(), on=DAY(2025, 3, 31))
    assert opened
    [cell] = [cell for row in sheet(opened.desk, by=clerk, at=AT).rows for cell in row.cells if cell]
    return cell


def test_report_holds_each_county_against_its_part(verifier: User) -> None:
    whole = city("100", **FOUR_YEARS)
    split(whole, {county(): 60}, verifier)
    split(whole, {2025: 25}, verifier)
    make.verified_entry(make.series(whole.indicator), 15)
    units = units_of(make.region(CITY), [CITY])
    assert units

    table = dispatch(
        measure=Measure(whole.indicator, whole),
        units=units,
        month=DAY(2025, 3, 1),
        targets=Target.objects.all(),
        look=figures.Look(ON),
    )

    rates = {row.place.codes[0]: row.rate for row in table.rows}
    assert rates[COUNTY] == 25
    assert table.total.held
    assert (table.total.held.target, table.total.rate) == (whole, 15)


# Pages and API


def test_lists_tell_a_part_under_its_whole_and_by_itself_only_to_its_county(verifier: User, client: Client) -> None:
    whole = city("100")
    split(whole, {county(): 60}, verifier)
    address = part(whole).get_absolute_url()

    top = signed_in(client, verifier).get(reverse("overview")).content.decode()
    assert whole.get_absolute_url() in top
    assert address not in top
    own = signed_in(client, make.user(Role.CLERK, COUNTY)).get(reverse("overview")).content.decode()
    assert address in own
    assert whole.get_absolute_url() not in own.replace(address, "")


def test_page_of_the_whole_lists_its_parts_and_what_is_left(verifier: User, client: Client) -> None:
    whole = city("100")
    split(whole, {county(): 60}, verifier)

    page = signed_in(client, verifier).get(whole.get_absolute_url()).content.decode()

    assert "尚未分解 40.00 亩" in page
    assert part(whole).get_absolute_url() in page
    below = client.get(part(whole).get_absolute_url()).content.decode()
    assert whole.get_absolute_url() in below


def test_api_says_whose_part_a_target_is_and_the_status_leaves_parts_out(verifier: User, client: Client) -> None:
    whole = city("100")
    split(whole, {2025: 60}, verifier)
    signed_in(client, verifier)

    listed = client.get("/api/v1/targets/", {"part_of": whole.code}).json()["results"]

    assert [(each["part_of"], each["split_by"], each["year"]) for each in listed] == [(whole.code, "year", 2025)]
    lines = client.get("/api/v1/status/summary/").json()["work_lines"]
    codes = [target["code"] for line in lines for target in line["targets"]]
    assert codes == [whole.code]


def test_work_line_of_a_part_is_that_of_its_whole(verifier: User) -> None:
    whole = city("100")
    split(whole, {county(): 60}, verifier)

    assert part(whole).work_line == WorkLine.SUBSIDENCE
