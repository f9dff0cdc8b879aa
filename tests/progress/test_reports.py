"""The reports: what is entered once fills 调度表, 月报 and 年报; counties add up to the city; blank is not zero."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role
from accounts.policy import Action, areas
from jurisdictions.models import WorkLine
from progress import rollups
from progress.figures import Look
from progress.models import Frequency, Indicator, IndicatorKind, Series, Target
from progress.reports.behind import figure_of, sums_of
from progress.reports.dispatch import Dispatch, Measure, Row, dispatch
from progress.reports.periodic import indicators_in, month_report, year_report
from progress.reports.places import units_of
from tests import factories as make
from tests.progress.reading import D

pytestmark = pytest.mark.django_db

MARCH = D(2025, 3, 1)
TODAY = Look(D(2025, 4, 20))
YEAR: dict[str, Any] = {"start_on": D(2025, 1, 1), "due_on": D(2025, 12, 31)}


@pytest.fixture(autouse=True)
def _places() -> None:
    """Two counties with a town each, and the monthly periods from 2024 to April 2025."""
    for code in (make.TOWN, make.OTHER_TOWN):
        make.region(code)
    for month in range(-11, 5):
        make.period(2024 + (month > 0), (month - 1) % 12 + 1)


def report(series: Series, values: Mapping[datetime.date, str | int | None]) -> None:
    """A verified entry for each month; None is no progress."""
    team = make.team(make.CITY)
    for month, value in values.items():
        said = {} if value is not None else {"no_progress_reason": "冻土期停工"}
        make.verified_entry(series, value, make.period(month.year, month.month), by=team, **said)


def table(measure: Indicator | Target, month: datetime.date = MARCH, look: Look = TODAY, **place: Any) -> Dispatch:
    region = make.region(place.get("region", make.CITY))
    units = units_of(region, place.get("areas", [make.CITY]))
    assert units is not None
    asked = Measure(measure.indicator, measure) if isinstance(measure, Target) else Measure(measure)
    return dispatch(measure=asked, units=units, month=month, targets=Target.objects.all(), look=look)


def by_name(found: Dispatch) -> dict[str, Row]:
    return {row.place.name: row for row in (*found.rows, found.total)}


def three_places(kind: IndicatorKind = IndicatorKind.FLOW) -> Indicator:
    """A town, its county, another county's town and the city itself, each with something in March."""
    measured = make.indicator(kind)
    places: list[tuple[str, Mapping[datetime.date, str | int | None]]] = [
        (make.TOWN, {D(2024, 3, 1): 8, D(2025, 2, 1): 20, MARCH: 30}),
        (make.COUNTY, {MARCH: 35}),
        (make.OTHER_TOWN, {D(2025, 1, 1): "0.5", MARCH: "4.25"}),
        (make.CITY, {MARCH: 7}),
    ]
    for code, values in places:
        report(make.series(measured, region_code=code), values)
    return measured


# 调度表


@pytest.mark.parametrize("drained", [False, True], ids=["pending", "folded"])
@pytest.mark.parametrize("kind", [IndicatorKind.FLOW, IndicatorKind.STOCK])
def test_counties_and_what_the_city_has_of_its_own_add_up_to_the_city(kind: IndicatorKind, drained: bool) -> None:
    found = table(three_places(kind)) if not drained else drained_table(three_places(kind))

    assert [row.place.name for row in found.rows] == ["上党区", "襄垣县", "长治市本级"]
    for column in ("month", "total"):
        parts = [getattr(row, column).value for row in found.rows]
        assert sum(parts) == getattr(found.total, column).value


def drained_table(measured: Indicator) -> Dispatch:
    rollups.drain()
    return table(measured)


def test_row_has_the_month_the_year_so_far_and_their_comparisons() -> None:
    row = by_name(table(three_places()))["上党区"]

    assert [row.month.value, row.total.value] == [65, 85]
    assert (row.year_on_year, row.month_on_month) == (Decimal("712.50"), Decimal("225.00"))


def test_nothing_to_compare_with_is_blank() -> None:
    row = by_name(table(three_places()))["襄垣县"]

    assert (row.year_on_year, row.month_on_month) == (None, None)


def test_level_stands_and_its_month_is_the_rise() -> None:
    row = by_name(table(three_places(IndicatorKind.STOCK)))["襄垣县"]

    assert (row.month.value, row.total.value) == (Decimal("3.75"), Decimal("4.25"))


def test_ratio_divides_sums_in_every_row_and_never_averages() -> None:
    done, due = make.indicator(), make.indicator()
    for code, (numerator, denominator) in ((make.TOWN, (9, 10)), (make.OTHER_TOWN, (10, 90))):
        project = make.project(code)
        report(make.series(done, project), {D(2025, 2, 1): 1, MARCH: numerator})
        report(make.series(due, project), {D(2025, 2, 1): 2, MARCH: denominator})

    rows = by_name(table(make.ratio(done, due)))

    assert [(name, row.month.value) for name, row in rows.items()] == [
        *(("上党区", Decimal("90.00")), ("襄垣县", Decimal("11.11")), ("合计", Decimal("19.00")))
    ]
    assert list(rows["合计"].total.amounts) == [21, 104]
    assert (rows["上党区"].month_on_month, rows["上党区"].year_on_year) == (Decimal("40.00"), None)


def test_annual_task_is_the_target_of_the_calendar_year() -> None:
    measured = three_places()
    mine = make.target(measured, "170", make.COUNTY, **YEAR)
    make.target(measured, "999", make.COUNTY, start_on=D(2025, 1, 1), due_on=D(2028, 12, 31))

    rows = by_name(table(measured))

    held = rows["上党区"].held
    assert held is not None
    assert (held.target, held.rate, str(held.light.word)) == (mine, Decimal("50.00"), "正常")
    assert rows["襄垣县"].held is rows["合计"].held is None


def test_table_of_a_target_ranks_only_targets_of_the_same_term() -> None:
    measured = three_places()
    term: dict[str, Any] = {"start_on": D(2024, 1, 1), "due_on": D(2026, 12, 31)}
    city = make.target(measured, "1000", **term)
    county = make.target(measured, "186", make.COUNTY, **term)
    make.target(measured, "10", make.OTHER_COUNTY, **YEAR)

    found = table(city)

    rows = by_name(found)
    assert found.since == D(2024, 1, 1)
    assert [row.held and row.held.target for row in rows.values()] == [county, None, None, city]
    assert (rows["上党区"].total.value, rows["上党区"].rate, rows["上党区"].rank) == (Decimal(93), Decimal("50.00"), 1)


def test_same_rates_share_a_place_and_who_has_no_task_has_none() -> None:
    measured = make.indicator()
    for code, value, task in (
        ("140403", 50, "100"),
        ("140404", 80, "100"),
        ("140405", 25, "50"),
        ("140406", 10, "100"),
        ("140423", 99, None),
        ("140425", None, "100"),
    ):
        make.region(code)
        if value:
            report(make.series(measured, region_code=code), {MARCH: value})
        if task:
            make.target(measured, task, code, **YEAR)

    ranks = {row.place.codes[0]: row.rank for row in table(measured).rows}

    assert ranks == {"140403": 2, "140404": 1, "140405": 2, "140406": 4, "140423": None, "140425": None}


def test_light_of_a_past_month_is_that_of_its_end() -> None:
    measured = make.indicator()
    report(make.series(measured), {D(2025, 1, 1): 100, D(2025, 2, 1): 0, MARCH: 0})
    make.target(measured, "1200", make.COUNTY, **YEAR)

    lights = [by_name(table(measured, D(2025, month, 1)))["上党区"].held for month in (1, 2, 3)]

    assert [(held.light.colour, held.light.inputs.compared_on) for held in lights if held] == [
        *(("green", D(2025, 1, 31)), ("red", D(2025, 2, 28)), ("red", D(2025, 3, 31)))
    ]


def test_unit_with_a_report_due_and_nothing_verified_has_not_reported() -> None:
    measured, team = make.indicator(), make.team(make.CITY)
    here, other = make.series(measured), make.series(measured)
    make.series(measured, region_code=make.OTHER_TOWN)
    make.series(measured, region_code=make.CITY, frequency=Frequency.QUARTER)
    make.period(2025, 3, Frequency.QUARTER)
    make.verified_entry(here, None, make.period(2025, 3), by=team, no_progress_reason="停工")
    make.entry(other, 5, make.period(2025, 3), by=team)

    def said(month: datetime.date, on: datetime.date) -> dict[str, str]:
        return {name: row.said for name, row in by_name(table(measured, month, Look(on))).items()}

    assert said(MARCH, D(2025, 4, 6)) == {
        **{"上党区": "1/2 未报送", "襄垣县": "未报送", "长治市本级": "未报送", "合计": "3/4 未报送"}
    }
    assert said(D(2025, 2, 1), D(2025, 4, 6))["合计"] == "未报送"
    assert set(said(MARCH, D(2025, 4, 5)).values()) == {""}


def test_person_with_parts_of_a_city_gets_these_and_their_sum() -> None:
    measured = three_places()
    person = make.user(Role.LEADER, make.COUNTY)
    make.duty(person, Role.CLERK, make.TOWN)
    make.duty(person, Role.CLERK, make.OTHER_TOWN)

    found = table(measured, areas=areas(person, Action.VIEW, line=WorkLine.SUBSIDENCE))

    assert [(row.place.name, row.month.value) for row in (*found.rows, found.total)] == [
        *(("上党区", 65), ("襄垣县古韩镇", Decimal("4.25")), ("范围内合计", Decimal("69.25")))
    ]


@pytest.mark.parametrize(
    ("region", "names"),
    [(make.COUNTY, ["北呈乡", "上党区本级", "合计"]), (make.TOWN, ["上党区北呈乡", "合计"])],
)
def test_county_is_told_by_its_towns_and_a_place_with_none_below_by_itself(region: str, names: list[str]) -> None:
    found = table(three_places(), region=region, areas=[make.COUNTY])

    assert list(by_name(found)) == names


def test_outside_the_duty_there_is_nothing_to_tell() -> None:
    assert units_of(make.region(make.OTHER_COUNTY), [make.COUNTY]) is None


def test_look_back_fills_the_table_with_what_was_known() -> None:
    measured, team = make.indicator(), make.team(make.CITY)
    entry = make.verified_entry(make.series(measured), 30, make.period(2025, 3), by=team)
    make.target(measured, "100", make.COUNTY, **YEAR)
    make.correction(entry, 40, by=team, at=make.inside(make.period(2025, 4)))

    rows = [by_name(table(measured, look=look))["上党区"] for look in (Look.back(D(2025, 4, 29)), TODAY)]

    assert [(row.month.value, row.rate) for row in rows] == [
        *((Decimal(30), Decimal("30.00")), (Decimal(40), Decimal("40.00")))
    ]


# 月报 and 年报


def city_report(month: datetime.date, region: str = make.CITY, look: Look = TODAY) -> Any:
    place = make.region(region)
    indicators = indicators_in(place, WorkLine.values)
    rows = month_report(region=place, indicators=indicators, month=month, targets=Target.objects.all(), look=look)
    return {row.indicator: row for row in rows}


def test_month_report_has_every_indicator_of_the_region() -> None:
    measured, promised = three_places(), make.target(region_code=make.CITY).indicator
    ratio = make.ratio(measured, promised)
    elsewhere = make.indicator()
    make.series(elsewhere, region_code=make.OTHER_TOWN)

    assert set(city_report(MARCH)) == {measured, promised, ratio, elsewhere}
    assert set(city_report(MARCH, make.COUNTY)) == {measured, ratio}


def test_month_report_tells_month_year_and_all_time() -> None:
    measured = three_places()

    row = city_report(MARCH)[measured]

    assert [figure.value for figure in (row.month, row.year, row.ever)] == [
        *(Decimal("76.25"), Decimal("96.75"), Decimal("104.75"))
    ]


def test_month_report_takes_the_target_in_force_that_ends_first() -> None:
    measured = three_places()
    make.target(measured, "1000", start_on=D(2024, 1, 1), due_on=D(2026, 12, 31))
    annual = make.target(measured, "387", **YEAR)
    make.target(measured, "5", start_on=D(2024, 1, 1), due_on=D(2024, 12, 31))

    held = city_report(MARCH)[measured].held

    assert (held.target, held.rate) == (annual, Decimal("25.00"))


def test_month_report_keeps_an_overdue_target_and_shows_what_it_counts() -> None:
    measured = three_places()
    make.target(measured, "5", start_on=D(2023, 1, 1), due_on=D(2023, 12, 31))
    late = make.target(measured, "193.5", start_on=D(2025, 1, 1), due_on=D(2025, 2, 28))

    row = city_report(MARCH)[measured]

    assert (row.held.target, row.is_overdue) == (late, True)
    assert (row.counted.value, row.held.rate) == (Decimal("96.75"), Decimal("50.00"))
    assert row.ever.value == Decimal("104.75")
    assert "since=2025-01" in row.counted.url


def test_reasons_are_those_that_stand_for_the_month() -> None:
    measured, team = make.indicator(), make.team()
    stopped, resumed = make.series(measured), make.series(measured)
    said = make.verified_entry(stopped, None, make.period(2025, 3), by=team, no_progress_reason="冻土期停工")
    wrong = make.verified_entry(resumed, None, make.period(2025, 3), by=team, no_progress_reason="错报")
    make.correction(wrong, 5, by=team, at=make.inside(make.period(2025, 4)))

    now, then = city_report(MARCH), city_report(MARCH, look=Look.back(D(2025, 4, 29)))

    assert now[measured].reasons == [said]
    assert then[measured].reasons == [said, wrong]


def year(measured: Indicator, region: str = make.CITY) -> list[Decimal | None]:
    [row] = year_report(region=make.region(region), indicators=[measured], year=2025, look=TODAY)
    return [figure.value for figure in (*row.months, row.total)]


def test_year_of_a_flow_is_the_sum_of_its_months_and_blank_is_blank() -> None:
    area = make.indicator()
    report(make.series(area), {D(2024, 12, 1): 9, D(2025, 1, 1): 0, MARCH: "12.5", D(2025, 4, 1): None})

    assert year(area) == [0, None, Decimal("12.5"), 0, *[None] * 8, Decimal("12.5")]


def test_year_of_a_stock_is_the_level_at_each_months_end() -> None:
    built = make.indicator(IndicatorKind.STOCK)
    report(make.series(built), {D(2024, 12, 1): 30, D(2025, 2, 1): 45, D(2025, 4, 1): 70})

    assert year(built) == [None, 45, None, 70, *[None] * 8, 70]


def test_year_of_a_ratio_takes_each_part_by_its_kind() -> None:
    served, households = make.indicator(), make.indicator(IndicatorKind.STOCK)
    project = make.project()
    report(make.series(households, project), {D(2024, 12, 1): 200})
    report(make.series(served, project), {D(2025, 1, 1): 50, MARCH: 30})

    assert year(make.ratio(served, households)) == [25, None, 15, *[None] * 9, 40]


@pytest.mark.parametrize("kind", [IndicatorKind.FLOW, IndicatorKind.STOCK])
def test_years_of_the_counties_add_up_to_the_citys_with_its_own(kind: IndicatorKind) -> None:
    measured = three_places(kind)

    parts = [year(measured, code)[-1] for code in (make.COUNTY, make.OTHER_COUNTY)]

    assert sum(filter(None, parts)) + 7 == year(measured)[-1]


# The ledger behind


@pytest.mark.parametrize("drained", [False, True], ids=["pending", "folded"])
def test_every_figure_of_every_row_is_what_its_ledger_lines_add_up_to(drained: bool) -> None:
    flow, stock = three_places(), three_places(IndicatorKind.STOCK)
    if drained:
        rollups.drain()
    for measured in (flow, stock, make.ratio(flow, stock)):
        found = table(measured)
        for row in (*found.rows, found.total):
            for figure, since in ((row.month, MARCH), (row.total, None if measured == stock else D(2025, 1, 1))):
                sums = sums_of(
                    indicator=measured,
                    region=row.place.codes[0],
                    is_own=row.place.is_own,
                    since=since,
                    until=MARCH,
                    look=TODAY,
                )
                assert figure_of(measured, sums).value == figure.value
                assert (f"since={since:%Y-%m}" in figure.url) if since else ("since" not in figure.url)
