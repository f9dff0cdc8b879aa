"""What stands beside a cell of the grid: the past, the target, and what asks to look again."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from accounts.models import Role, User
from jurisdictions.models import WorkLine
from progress.grid.cells import Beside, beside
from progress.models import EntryStatus, IndicatorKind, Period, Series
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800")]


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, make.COUNTY, WorkLine.SUBSIDENCE)


def facts(series: Series, clerk: User, when: Period | None = None) -> Beside:
    [(found, _entry)] = beside(Series.objects.filter(pk=series.pk), when or make.period(), by=clerk)
    return found


def test_last_value_and_cumulative_are_those_before_the_period(clerk: User) -> None:
    series = make.series()
    for month, value in ((1, 10), (2, 20), (4, 90)):
        make.verified_entry(series, value, make.period(2025, month))
    make.entry(series, 99, make.period(2024, 12), status=EntryStatus.REVIEWED)

    found = facts(series, clerk)

    assert found.last is not None
    assert (found.last.value, found.last_period, found.cumulative) == (Decimal(20), "2025年2月", Decimal(30))


def test_corrected_value_is_the_last_one(clerk: User) -> None:
    series = make.series()
    entry = make.verified_entry(series, 10, make.period(2025, 2))
    make.correction(entry, 16)

    found = facts(series, clerk)

    assert [past.value for past in found.past] == [16]
    assert found.cumulative == 16


def test_no_progress_is_no_last_value(clerk: User) -> None:
    series = make.series()
    make.verified_entry(series, 10, make.period(2025, 1))
    make.verified_entry(series, None, make.period(2025, 2), no_progress_reason="冬季停工")

    assert facts(series, clerk).last_period == "2025年1月"


def test_nothing_verified_is_not_zero(clerk: User) -> None:
    found = facts(make.series(), clerk)

    assert (found.last, found.posted, found.remaining_said) == (None, None, "—")
    assert found.cumulative == 0


def test_remaining_is_that_of_the_nearest_target(clerk: User) -> None:
    measured, project = make.indicator(), make.project()
    series = make.series(measured, project)
    make.verified_entry(series, 10, make.period(2025, 2))
    make.verified_entry(make.series(measured), 5, make.period(2025, 2))
    make.target(measured, "1000", make.TOWN)
    assert facts(series, clerk).remaining == 985

    make.target(measured, "100", project=project)

    assert facts(series, clerk).remaining == 90


def test_remaining_counts_from_the_start_of_a_target(clerk: User) -> None:
    series = make.series()
    for month in (1, 2):
        make.verified_entry(series, 10, make.period(2025, month))
    make.target(series.indicator, "100", make.COUNTY, start_on=datetime.date(2025, 2, 1))

    assert facts(series, clerk).remaining == 90


def test_remaining_of_a_level_is_above_its_baseline(clerk: User) -> None:
    series = make.series(make.indicator(IndicatorKind.STOCK))
    make.target(series.indicator, "100", make.COUNTY, baseline=Decimal(40))
    assert facts(series, clerk).remaining == 100

    make.verified_entry(series, 65, make.period(2025, 2))

    assert facts(series, clerk).remaining == 75


def test_target_that_was_met_is_said_in_words(clerk: User) -> None:
    series = make.series()
    make.verified_entry(series, 120, make.period(2025, 2))
    make.target(series.indicator, "100", make.COUNTY)

    assert facts(series, clerk).remaining_said == "已达到目标，超出 20.00"


def test_target_out_of_sight_is_none(clerk: User) -> None:
    series = make.series()
    make.target(series.indicator, "100", make.CITY)

    assert facts(series, clerk).remaining is None
    assert facts(series, make.user(Role.CLERK)).remaining == 100


def test_overdue_target_is_still_owed_until_another_takes_its_place(clerk: User) -> None:
    series = make.series()
    make.target(series.indicator, "90", make.COUNTY, due_on=datetime.date(2023, 12, 31))
    make.target(series.indicator, "100", make.COUNTY, due_on=datetime.date(2025, 2, 28))
    assert facts(series, clerk).remaining_said == "100.00（已过期限2025年2月28日）"

    make.target(series.indicator, "300", make.COUNTY)
    assert facts(series, clerk).remaining_said == "300.00"

    make.target(series.indicator, "200", make.COUNTY, due_on=make.period().end_on)
    assert facts(series, clerk).remaining_said == "200.00"


OVER_422 = "超出距目标的余量 422.00 亩，请核对"


@pytest.mark.parametrize(("value", "told"), [("422", ""), ("422.01", OVER_422), ("5000000", OVER_422)])
def test_value_over_the_remaining_is_told_without_any_past(clerk: User, value: str, told: str) -> None:
    series = make.series(make.indicator(unit="亩"))
    make.target(series.indicator, "422", make.COUNTY)

    assert facts(series, clerk).warning(Decimal(value)) == told


def test_level_over_the_target_is_told(clerk: User) -> None:
    series = make.series(make.indicator(IndicatorKind.STOCK, unit="亩"))
    make.target(series.indicator, "100", make.COUNTY, baseline=Decimal(40))
    assert [facts(series, clerk).warning(Decimal(level)) for level in (140, 141)] == [
        "",
        "超出距目标的余量 100.00 亩，请核对",
    ]

    make.verified_entry(series, 65, make.period(2025, 2))

    assert [facts(series, clerk).warning(Decimal(level)) for level in (140, 141)] == [
        "",
        "超出距目标的余量 75.00 亩，请核对",
    ]


def test_few_past_values_are_told_apart_from_a_leap_and_both_warnings_are_said(clerk: User) -> None:
    series = make.series(make.indicator(unit="亩"))
    make.verified_entry(series, 12, make.period(2025, 2))
    make.target(series.indicator, "112", make.COUNTY)
    found = facts(series, clerk)

    assert found.warning(Decimal(100)) == ""
    assert found.warning(Decimal(121)) == ("超过近1期最大值 12.00 的 10 倍，请核对；超出距目标的余量 100.00 亩，请核对")


def test_target_that_was_met_warns_of_no_value(clerk: User) -> None:
    series = make.series()
    make.verified_entry(series, 120, make.period(2025, 2))
    make.target(series.indicator, "100", make.COUNTY)

    assert facts(series, clerk).warning(Decimal(50)) == ""


def test_jump_is_told_against_the_series_own_past(clerk: User) -> None:
    series = make.series()
    for month in range(8, 13):
        make.verified_entry(series, 12, make.period(2024, month))
    found = facts(series, clerk)

    assert found.warning(Decimal(13)) == found.warning(None) == ""
    assert found.warning(Decimal("111.6")) == "比近5期中位数 12.00 高 8.3 倍，请核对"


def test_jump_of_a_level_is_that_of_its_increment(clerk: User) -> None:
    series = make.series(make.indicator(IndicatorKind.STOCK))
    for month in range(8, 13):
        make.verified_entry(series, 100 + month, make.period(2024, month))
    found = facts(series, clerk)

    assert found.warning(Decimal(113)) == ""
    assert found.warning(Decimal(122)) == "本期比上次核定增加 10.00，比近4期增量的中位数 1.00 高 9.0 倍，请核对"
