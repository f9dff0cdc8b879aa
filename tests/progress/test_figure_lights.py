"""A target's plan, days left, last month and light: what is compared with what, and when nothing is."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from progress.lights import Colour, judge
from progress.models import Frequency, Period, Series, Target
from tests import factories as make
from tests.progress.reading import FOUR_YEARS, ON, D, figure

pytestmark = [pytest.mark.django_db, pytest.mark.engine, pytest.mark.usefixtures("half_a_year")]


def report(series: Series, *values: int) -> None:
    """One verified entry a month from January 2025 on."""
    team = make.team()
    for month, value in enumerate(values, start=1):
        make.verified_entry(series, value, make.period(2025, month), by=team)


@pytest.mark.parametrize(
    ("on", "compared_on"),
    [(D(2025, 4, 5), D(2025, 2, 28)), (D(2025, 4, 6), D(2025, 3, 31)), (D(2025, 1, 1), None)],
    ids=["on the due day", "the day after", "before any"],
)
def test_plan_is_compared_at_the_end_of_the_last_period_due(
    on: datetime.date, compared_on: datetime.date | None
) -> None:
    assert figure(make.target(**FOUR_YEARS), on).compared_on == compared_on


def test_quarterly_target_is_not_late_in_the_first_two_months() -> None:
    make.period(2025, 1, Frequency.QUARTER)
    target = make.target(**FOUR_YEARS)
    Target.objects.filter(pk=target.pk).update(frequency=Frequency.QUARTER)
    target.refresh_from_db()

    compared = [figure(target, on).compared_on for on in (D(2025, 3, 20), D(2025, 4, 6))]

    assert compared == [None, D(2025, 3, 31)]


@pytest.mark.parametrize(
    ("on", "planned"),
    [(D(2025, 2, 6), "1.0"), (D(2025, 4, 6), "3.0"), (D(2025, 1, 20), "0")],
)
def test_plan_without_a_curve_follows_the_months(on: datetime.date, planned: str) -> None:
    target = make.target(value="48", **FOUR_YEARS)

    assert figure(target, on).planned == Decimal(planned)


@pytest.mark.parametrize("start_on", [D(2025, 4, 1), D(2026, 1, 1)], ids=["first period not due", "not begun"])
@pytest.mark.parametrize("curve", [None, {D(2025, 4, 1): Decimal(2)}], ids=["months", "curve"])
def test_target_that_nothing_is_due_of_is_grey_and_says_so(
    start_on: datetime.date, curve: dict[datetime.date, Decimal] | None
) -> None:
    series = make.series()
    report(series, 1, 1, 1, 1)

    found = figure(make.target(series.indicator, plan=curve, start_on=start_on, due_on=D(2028, 12, 31)))

    assert (found.planned, found.compared_on) == (Decimal(0), None)
    assert (found.light.colour, str(found.light.word)) == (Colour.GREY, "未到期")


def test_plan_without_a_curve_ends_with_the_target() -> None:
    target = make.target(value="50", start_on=D(2025, 1, 1), due_on=D(2025, 2, 28))

    assert figure(target).planned == 50


@pytest.mark.parametrize(
    ("curve", "planned"),
    [
        ({D(2025, 1, 1): Decimal(2), D(2025, 3, 1): Decimal(9), D(2025, 6, 1): Decimal(30)}, 9),
        ({D(2025, 1, 1): Decimal(2), D(2025, 6, 1): Decimal(30)}, 2),
        ({D(2025, 6, 1): Decimal(30)}, 0),
        ({D(2025, 1, 1): Decimal(9), D(2025, 3, 1): Decimal(4)}, 4),
    ],
    ids=["point of the month", "last point before", "none yet", "falling"],
)
def test_plan_curve_holds_its_last_point(curve: dict[datetime.date, Decimal], planned: int) -> None:
    assert figure(make.target(plan=curve, **FOUR_YEARS)).planned == planned


@pytest.mark.parametrize("dates", [{}, {"due_on": D(2028, 12, 31)}, {"start_on": D(2025, 1, 1)}], ids=str)
def test_without_start_or_end_there_is_no_plan_and_no_light(dates: dict[str, Any]) -> None:
    series = make.series()
    report(series, 1, 1, 1)

    found = figure(make.target(series.indicator, **dates))

    assert (found.planned, found.days_left) == (None, None)
    assert (found.light.colour, str(found.light.word)) == (Colour.GREY, "无计划")


def test_days_left_are_counted_to_the_last_day() -> None:
    target = make.target(start_on=D(2025, 1, 1), due_on=D(2025, 4, 30))

    assert [figure(target, on).days_left for on in (ON, D(2025, 4, 30), D(2025, 5, 2))] == [10, 0, -2]


def test_data_month_is_the_last_with_a_report() -> None:
    series = make.series()
    report(series, 10, 0)

    assert figure(make.target(series.indicator)).data_month == D(2025, 2, 1)


@pytest.mark.parametrize(
    ("values", "colour"),
    [((4, 4, 4), Colour.GREEN), ((3, 3, 5), Colour.YELLOW), ((3, 3, 3), Colour.RED), ((9, 9), Colour.GREY)],
)
def test_light_compares_verified_with_planned(values: tuple[int, ...], colour: Colour) -> None:
    series = make.series()
    report(series, *values)

    found = figure(make.target(series.indicator, "192", **FOUR_YEARS))

    assert (found.planned, found.light.colour) == (Decimal(12), colour)


def test_light_leaves_out_what_came_after_the_period_due() -> None:
    series = make.series()
    report(series, 1, 1, 1, 500)

    found = figure(make.target(series.indicator, "192", **FOUR_YEARS))

    assert (found.verified, found.light.colour) == (Decimal(503), Colour.RED)


def test_later_month_does_not_hide_a_silent_one() -> None:
    series, team = make.series(), make.team()
    for month in (1, 2, 3, 5):
        make.verified_entry(series, 10, make.period(2025, month), by=team)
    Period.objects.filter(start_on=D(2025, 4, 1)).update(due_on=D(2025, 4, 29))

    found = figure(make.target(series.indicator, "480", **FOUR_YEARS), D(2025, 4, 30))

    assert (found.compared_on, found.data_month) == (D(2025, 4, 30), D(2025, 5, 1))
    assert (found.light.colour, str(found.light.word)) == (Colour.GREY, "未报送")
    assert found.light.inputs.data_month == D(2025, 3, 1)


@pytest.mark.parametrize("reported", [0, 1])
def test_ratio_reaches_no_month_while_one_part_is_silent(reported: int) -> None:
    parts = make.indicator(), make.indicator()
    report(make.series(parts[reported]), 5, 5, 5)

    found = figure(make.target(make.ratio(*parts), **FOUR_YEARS))

    assert (found.data_month, found.light.inputs.data_month) == (None, None)
    assert str(found.light.word) == "未报送"


def test_ratio_reaches_the_month_both_parts_reach() -> None:
    numerator, denominator = make.indicator(), make.indicator()
    report(make.series(numerator), 5, 5, 5)
    report(make.series(denominator), 9, 9)

    assert figure(make.target(make.ratio(numerator, denominator), **FOUR_YEARS)).data_month == D(2025, 2, 1)


@pytest.mark.parametrize(
    ("values", "dates"),
    [((4, 4, 4), FOUR_YEARS), ((3, 3, 5), FOUR_YEARS), ((3, 3, 3), FOUR_YEARS), ((9,), FOUR_YEARS), ((9,), {})],
    ids=["green", "yellow", "red", "silent", "no plan"],
)
def test_light_is_judged_again_from_what_it_keeps(values: tuple[int, ...], dates: dict[str, Any]) -> None:
    series = make.series()
    report(series, *values)

    light = figure(make.target(series.indicator, "192", **dates)).light

    assert judge(light.inputs, light.rule) == light
