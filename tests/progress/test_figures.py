"""A target's figures: verified, in flight, rate; unknown is blank and never zero."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from progress import figures, rollups
from progress.lights import Colour
from progress.models import EntryStatus, Indicator, IndicatorKind, ProgressEntry, Series
from progress.services import entries
from progress.services.targets import record_version
from tests import factories as make
from tests.progress.reading import FOUR_YEARS, ON, D, figure

pytestmark = [pytest.mark.django_db, pytest.mark.engine, pytest.mark.usefixtures("half_a_year")]


def stock() -> Indicator:
    return make.indicator(IndicatorKind.STOCK)


def report(series: Series, *values: str | int, status: EntryStatus = EntryStatus.VERIFIED) -> list[ProgressEntry]:
    """One entry a month from January 2025 on."""
    team = make.team()
    return [
        make.entry(series, value, make.period(2025, month), status=status, by=team)
        for month, value in enumerate(values, start=1)
    ]


# Verified


def test_nothing_verified_is_blank_and_not_zero() -> None:
    found = figure(make.target())

    assert (found.verified, found.in_flight, found.rate, found.data_month) == (None, None, None, None)


def test_zero_verified_is_zero() -> None:
    series = make.series()
    report(series, 0)

    found = figure(make.target(series.indicator))

    assert (found.verified, found.rate) == (Decimal(0), Decimal("0.00"))


def test_flow_adds_up_over_a_region_and_all_below_it() -> None:
    area = make.indicator()
    report(make.series(area, region_code=make.TOWN), 10, 20)
    report(make.series(area, region_code=make.COUNTY), 5)

    verified = [
        figure(make.target(area, region_code=code)).verified for code in (make.CITY, make.TOWN, make.OTHER_COUNTY)
    ]

    assert verified == [35, 30, None]


def test_target_of_a_project_counts_that_project_only() -> None:
    area = make.indicator()
    mine, other = make.series(area), make.series(area)
    report(mine, 180)
    report(other, 7)

    found = figure(make.target(area, "602", project=mine.project))

    assert (found.verified, found.rate) == (Decimal(180), Decimal("29.90"))


def test_flow_counts_from_the_targets_start() -> None:
    series = make.series()
    report(series, 100, 20, 3)

    verified = [
        figure(make.target(series.indicator, start_on=start)).verified for start in (None, D(2025, 1, 1), D(2025, 2, 1))
    ]

    assert verified == [123, 123, 23]


def test_stock_is_the_level_above_the_baseline_whenever_it_was_reported() -> None:
    series = make.series(stock())
    report(series, 30, 70)

    found = figure(make.target(series.indicator, "60", start_on=D(2025, 2, 1), baseline=Decimal(10)))

    assert (found.verified, found.rate) == (Decimal(60), Decimal("100.00"))


def test_ratio_divides_sums_and_never_averages() -> None:
    numerator, denominator = make.indicator(), make.indicator()
    for parts in ((9, 10), (10, 90)):
        project = make.project()
        for indicator, value in zip((numerator, denominator), parts, strict=True):
            report(make.series(indicator, project), value)

    found = figure(make.target(make.ratio(numerator, denominator), "38"))

    assert (found.verified, found.rate) == (Decimal("19.00"), Decimal("50.00"))


@pytest.mark.parametrize("reported", [0, 1])
def test_ratio_with_one_part_unknown_is_unknown(reported: int) -> None:
    parts = make.indicator(), make.indicator()
    report(make.series(parts[reported]), 5)

    assert figure(make.target(make.ratio(*parts))).verified is None


def test_rate_over_100_is_shown_as_it_is() -> None:
    series = make.series()
    report(series, 150)

    assert figure(make.target(series.indicator, "100")).rate == 150


@pytest.mark.parametrize("kind", [IndicatorKind.FLOW, IndicatorKind.STOCK])
@pytest.mark.parametrize("drained", [False, True], ids=["pending", "folded"])
def test_figure_whose_only_report_was_voided_is_blank(kind: IndicatorKind, drained: bool) -> None:
    series = make.series(make.indicator(kind))
    [entry] = report(series, 50)
    void = make.correction(entry)
    target = make.target(series.indicator, **FOUR_YEARS)
    if drained:
        rollups.drain()

    found = figure(target)

    assert (found.verified, found.rate, found.data_month) == (None, None, None)
    assert (found.light.colour, str(found.light.word)) == (Colour.GREY, "未报送")
    make.correction(void, 7)
    assert (figure(target).verified, figure(target).data_month) == (Decimal(7), D(2025, 1, 1))


def test_voided_month_is_not_the_last_with_a_report() -> None:
    series = make.series(stock())
    _first, second = report(series, 30, 70)
    make.correction(second)

    found = figure(make.target(series.indicator))

    assert (found.verified, found.data_month) == (Decimal(30), D(2025, 1, 1))


def test_level_put_right_does_not_report_for_the_next_month() -> None:
    series, team = make.series(stock()), make.team()
    first = make.verified_entry(series, 30, make.period(2025, 1), by=team)
    void = make.verified_entry(series, 70, make.period(2025, 3), by=team)
    make.correction(first, 35, by=team)

    make.correction(void, by=team)

    assert figure(make.target(series.indicator)).data_month == D(2025, 1, 1)


def test_correction_replaces_what_stood() -> None:
    series = make.series()
    first, second = report(series, 50, 8)
    target = make.target(series.indicator)

    make.correction(first, "40")
    assert figure(target).verified == 48
    make.correction(second)
    assert figure(target).verified == 40


# In flight


@pytest.mark.parametrize(
    ("status", "in_flight"),
    [
        (EntryStatus.DRAFT, None),
        (EntryStatus.SUBMITTED, 12),
        (EntryStatus.RETURNED, None),
        (EntryStatus.REVIEWED, 12),
        (EntryStatus.VERIFIED, None),
    ],
)
def test_in_flight_is_what_is_submitted_or_reviewed(status: EntryStatus, in_flight: int | None) -> None:
    series = make.series()
    report(series, 12, status=status)

    assert figure(make.target(series.indicator)).in_flight == in_flight


@pytest.mark.parametrize(("value", "in_flight"), [("48", -2), ("55", 5), (None, -50)])
def test_in_flight_correction_counts_its_difference(value: str | None, in_flight: int) -> None:
    series = make.series()
    [entry] = report(series, 50)
    make.correction(entry, value, status=EntryStatus.REVIEWED)

    found = figure(make.target(series.indicator))

    assert (found.verified, found.in_flight) == (Decimal(50), Decimal(in_flight))


def test_in_flight_level_counts_its_rise_and_an_earlier_one_nothing() -> None:
    series, team = make.series(stock()), make.team()
    target = make.target(series.indicator, baseline=Decimal(10))
    make.verified_entry(series, 70, make.period(2025, 3), by=team)

    make.entry(series, 60, make.period(2025, 2), status=EntryStatus.SUBMITTED, by=team)
    assert figure(target).in_flight == 0
    make.entry(series, 85, make.period(2025, 4), status=EntryStatus.SUBMITTED, by=team)
    assert (figure(target).verified, figure(target).in_flight) == (Decimal(60), Decimal(15))


def test_in_flight_first_level_counts_above_the_baseline() -> None:
    series = make.series(stock())
    report(series, 30, status=EntryStatus.SUBMITTED)

    assert figure(make.target(series.indicator, baseline=Decimal(10))).in_flight == 20


def test_in_flight_ratio_is_the_change_of_the_quotient() -> None:
    numerator, denominator = make.indicator(), make.indicator()
    project, team = make.project(), make.team()
    make.verified_entry(make.series(denominator, project), 200, by=team)
    part = make.series(numerator, project)
    make.verified_entry(part, 50, by=team)
    make.entry(part, 30, make.period(2025, 4), status=EntryStatus.SUBMITTED, by=team)

    found = figure(make.target(make.ratio(numerator, denominator)))

    assert (found.verified, found.in_flight) == (Decimal(25), Decimal(15))


@pytest.mark.parametrize("reported", [0, 1])
def test_in_flight_ratio_with_a_silent_part_is_unknown(reported: int) -> None:
    parts = make.indicator(), make.indicator()
    report(make.series(parts[reported]), 5, status=EntryStatus.SUBMITTED)

    found = figure(make.target(make.ratio(*parts)))

    assert (found.verified, found.in_flight) == (None, None)


@pytest.mark.parametrize("kind", [IndicatorKind.FLOW, IndicatorKind.STOCK])
def test_verifying_all_that_is_in_flight_adds_exactly_that(kind: IndicatorKind) -> None:
    series, team = make.series(make.indicator(kind, may_fall=True)), make.team()
    target = make.target(series.indicator)
    stood = make.verified_entry(series, 40, make.period(2025, 2), by=team)
    flying = [
        make.entry(series, 30, make.period(2025, 1), status=EntryStatus.REVIEWED, by=team),
        make.entry(series, 65, make.period(2025, 3), status=EntryStatus.REVIEWED, by=team),
        make.correction(stood, "35", status=EntryStatus.REVIEWED, by=team),
    ]
    before = figure(target)

    for entry in flying:
        entries.verify(entry=entry, version=entry.version, by=team.verifier, at=make.inside(entry.period))

    after = figure(target)
    assert before.in_flight is not None
    assert before.verified is not None
    assert (after.verified, after.in_flight) == (before.verified + before.in_flight, None)


# Versions, and the arithmetic behind


def test_highest_version_stands() -> None:
    target = make.target(value="100")
    at = make.inside(make.period())
    record_version(target=target, value=Decimal(120), by=None, at=at, **FOUR_YEARS)

    found = figure(target)

    assert (found.version.n, found.version.value, found.version.start_on) == (2, Decimal(120), D(2025, 1, 1))


def test_figures_keep_the_order_of_the_targets() -> None:
    targets = [make.target(value=value) for value in ("3", "1", "2")]

    assert [each.target for each in figures.target_figures(targets, on=ON)] == targets


def test_figures_of_targets_that_share_a_sum_are_those_of_each_alone() -> None:
    done, due, team = stock(), stock(), make.team()
    project = make.project()
    for measured, level in ((done, 40), (due, 50)):
        series = make.series(measured, project)
        make.verified_entry(series, level, make.period(2025, 2), by=team)
        make.entry(series, level + 5, make.period(2025, 3), status=EntryStatus.SUBMITTED, by=team)
    targets = [make.target(measured, **FOUR_YEARS) for measured in (done, done, make.ratio(done, due))]

    together = figures.target_figures(targets, on=ON)

    assert together == [figure(target) for target in targets]
    assert [each.in_flight for each in together] == [5, 5, Decimal("1.82")]


@pytest.mark.parametrize("drained", [False, True], ids=["pending", "folded"])
def test_sums_behind_a_figure_equal_it(drained: bool) -> None:
    series, other = make.series(), make.series(make.indicator())
    first, _second = report(series, 50, 8)
    make.correction(first, "40")
    report(other, 200)
    if drained:
        rollups.drain()

    for target in (make.target(series.indicator), make.target(series.indicator, start_on=D(2025, 2, 1))):
        found = figure(target)
        assert [each.total for each in figures.sums_behind(found)] == [found.verified]
    found = figure(make.target(make.ratio(series.indicator, other.indicator)))
    assert [each.total for each in figures.sums_behind(found)] == [48, 200]


def test_number_of_queries_does_not_grow_with_the_targets() -> None:
    series = make.series()
    report(series, 5)
    report(make.series(series.indicator), 5, status=EntryStatus.SUBMITTED)
    targets = [make.target(series.indicator, **FOUR_YEARS) for _each in range(3)]

    counts = [queries(functools.partial(figures.target_figures, few, on=ON)) for few in (targets[:1], targets)]

    assert counts[0] == counts[1]


def queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)
