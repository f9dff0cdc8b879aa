"""Looking back: at a past instant the figures are what they were, whatever was verified, corrected or folded since.

The ledger says by itself what was posted by then; it is added up here line by line, in plain Python.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from progress import figures, rollups
from progress.gate import CITY_TIME
from progress.models import Indicator, IndicatorKind, LedgerLine, LightRule, Target
from progress.rollups import Ask, MonthTotal, Total
from progress.services.targets import record_version
from tests import factories as make
from tests.progress.reading import FOUR_YEARS, D
from tests.progress.test_ledger_properties import ANYWHERE, REGIONS, ROUNDS, Move, World, examples, undone

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

START = datetime.datetime(2025, 5, 1, 9, tzinfo=CITY_TIME)
ZERO = Decimal(0)


def noon(month: int, day: int) -> datetime.datetime:
    return datetime.datetime(2025, month, day, 12, tzinfo=CITY_TIME)


class Told(NamedTuple):
    """What was answered at an instant: totals, their months, and the achievement of every target."""

    totals: list[Total]
    months: list[MonthTotal]
    verified: list[Decimal | None]


def asks_of(world: World) -> list[Ask]:
    """Every region and project, with a term and a month due that cut through what is reported."""
    term = D(2025, 2, 1), D(2025, 3, 1)
    indicators = list(dict.fromkeys(series.indicator_id for series in world.series))
    return [
        *(Ask(each, region, None, *term) for each in indicators for region in REGIONS),
        *(Ask(series.indicator_id, None, series.project_id, *term) for series in world.series),
        *(Ask(each, make.CITY) for each in indicators),
    ]


def promises(world: World) -> list[int]:
    """A flow's, a stock's and a ratio's target, and one of a project."""
    flow, stock = world.series[0].indicator, world.series[1].indicator
    targets = [make.target(flow), make.target(stock), make.target(make.ratio(flow, stock), region_code=make.COUNTY)]
    return [each.pk for each in (*targets, make.target(flow, project=world.series[2].project))]


def ask(asks: list[Ask], targets: list[int], as_of: datetime.datetime | None = None) -> Told:
    found = figures.target_figures(Target.objects.filter(pk__in=targets).order_by("pk"), on=D(2025, 6, 1), as_of=as_of)
    return Told(
        rollups.totals(asks, as_of=as_of), rollups.months(asks, as_of=as_of), [figure.verified for figure in found]
    )


def added_up(ask: Ask, as_of: datetime.datetime) -> tuple[Decimal, int, Decimal]:
    """Σ of the ledger lines posted by then: amount, reports, amount up to the month due."""
    lines = [line for line in LedgerLine.objects.all() if line.posted_at <= as_of and is_asked(line, ask)]
    due = [line.amount for line in lines if ask.due is None or line.month <= ask.due]
    return sum((line.amount for line in lines), ZERO), sum(line.reports for line in lines), sum(due, ZERO)


def is_asked(line: LedgerLine, ask: Ask) -> bool:
    is_there = line.region_code.startswith(ask.region) if ask.region else line.project_id == ask.project
    return is_there and line.indicator_id == ask.indicator and (ask.since is None or line.month >= ask.since)


@examples(10 * ROUNDS, Phase.generate, Phase.shrink)
@given(
    script=st.lists(st.tuples(ANYWHERE, st.integers(0, 40)), min_size=5, max_size=20),
    may_fall=st.booleans(),
    folded=st.booleans(),
)
@pytest.mark.battery
def test_looking_back_to_any_instant_tells_what_was_told_then(
    script: list[tuple[Move, int]], *, may_fall: bool, folded: bool
) -> None:
    with undone():
        world = World.make(may_fall=may_fall)
        asks, targets = asks_of(world), promises(world)
        told = dict(played(world, script, asks, targets))
        if folded:
            rollups.drain()
        for instant, answer in told.items():
            assert ask(asks, targets, instant) == answer
            totals = [(each.amount, each.reports, each.due_amount) for each in answer.totals]
            assert totals == [added_up(each, instant) for each in asks]


def played(
    world: World, script: list[tuple[Move, int]], asks: list[Ask], targets: list[int]
) -> Iterator[tuple[datetime.datetime, Told]]:
    """Play the script, some hours between its moves, and tell after each what is answered at that instant."""
    world.now = START
    for move, hours in script:
        world.now += datetime.timedelta(hours=hours)
        world.apply(move)
        yield world.now, ask(asks, targets)


def test_look_back_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    entry = make.verified_entry(value=10)

    with django_assert_num_queries(1):
        [found] = rollups.totals([Ask(entry.series.indicator_id, make.CITY)], as_of=make.inside(entry.period))

    assert found.amount == 10


# What a target's figures were on a past day


def corrected() -> tuple[Indicator, Target]:
    """50 posted for January at noon of its last day and 12 for March at noon of its last, which then became 20."""
    series, team = make.series(), make.team()
    target = make.target(series.indicator, "100", **FOUR_YEARS)
    make.verified_entry(series, 50, make.period(2025, 1), by=team)
    third = make.verified_entry(series, 12, make.period(2025, 3), by=team)
    make.correction(third, 20, by=team, at=noon(4, 10))
    return series.indicator, target


def on(target: Target, day: datetime.date) -> figures.TargetFigure:
    look = figures.Look.back(day)
    [found] = figures.target_figures([Target.objects.get(pk=target.pk)], on=look.on, as_of=look.as_of)
    return found


@pytest.mark.parametrize(
    ("day", "verified", "data_month"),
    [
        (D(2025, 1, 30), None, None),
        (D(2025, 1, 31), 50, D(2025, 1, 1)),
        (D(2025, 3, 30), 50, D(2025, 1, 1)),
        (D(2025, 3, 31), 62, D(2025, 3, 1)),
        (D(2025, 4, 9), 62, D(2025, 3, 1)),
        (D(2025, 4, 10), 70, D(2025, 3, 1)),
    ],
)
def test_figure_is_what_was_known_at_the_end_of_the_day(
    day: datetime.date, verified: int | None, data_month: datetime.date | None
) -> None:
    _area, target = corrected()

    found = on(target, day)

    assert (found.verified, found.data_month, found.in_flight) == (verified, data_month, None)


@pytest.mark.parametrize("day", [D(2025, 1, 31), D(2025, 4, 9), D(2025, 4, 10)])
def test_lines_behind_a_look_back_are_those_posted_by_then_and_add_up_to_it(day: datetime.date) -> None:
    _area, target = corrected()

    found = on(target, day)
    [behind] = figures.sums_behind(found)

    assert behind.total == sum(line.amount for line in figures.lines_behind([behind])) == found.verified


def test_day_ends_at_midnight_in_beijing() -> None:
    series, team = make.series(), make.team()
    entry = make.verified_entry(series, 10, make.period(2025, 3), by=team)
    midnight = datetime.datetime(2025, 4, 2, tzinfo=CITY_TIME)
    corrected = make.correction(entry, 11, by=team, at=midnight - datetime.timedelta(microseconds=1))
    make.correction(corrected, 12, by=team, at=midnight)
    target = make.target(series.indicator)

    assert [on(target, D(2025, 4, day)).verified for day in (1, 2)] == [11, 12]


def test_version_recorded_since_is_not_known_yet() -> None:
    target = make.target(value="100", **FOUR_YEARS)
    later = datetime.datetime(2025, 3, 1, 9, tzinfo=CITY_TIME)
    plan = {D(2025, 2, 1): Decimal(30)}
    record_version(target=target, value=Decimal(200), by=None, at=later, plan=plan, **FOUR_YEARS)

    found = [on(target, day) for day in (D(2025, 2, 28), D(2025, 3, 1))]

    assert [(each.version.n, each.version.value) for each in found] == [(1, Decimal(100)), (2, Decimal(200))]
    assert [len(each.version.plan_points.all()) for each in found] == [0, 1]


def test_periods_due_and_days_left_are_those_of_the_day() -> None:
    for month in (1, 2, 3):
        make.period(2025, month)
    target = make.target(**FOUR_YEARS)

    found = on(target, D(2025, 3, 5)), on(target, D(2025, 3, 6))

    assert [each.compared_on for each in found] == [D(2025, 1, 31), D(2025, 2, 28)]
    assert [each.days_left for each in found] == [1397, 1396]


def test_light_is_judged_by_the_rule_of_the_day() -> None:
    target = make.target(**FOUR_YEARS)
    record_version(target=target, value=Decimal(9), by=None, at=datetime.datetime(2024, 12, 1, tzinfo=CITY_TIME))
    strict = {"warn_below": Decimal("0.99"), "late_below": Decimal("0.90")}
    LightRule.objects.create(n=2, recorded_at=noon(3, 10), **strict)

    assert [on(target, day).light.rule.n for day in (D(2024, 12, 1), D(2025, 3, 9), D(2025, 3, 10))] == [1, 1, 2]


def test_target_is_promised_from_the_day_its_first_version_is_recorded() -> None:
    target = make.target()

    promised = [Target.objects.promised(as_of=figures.end_of_day(D(2025, 1, day))) for day in (20, 21)]

    assert [list(found) for found in promised] == [[], [target]]


def test_month_that_was_voided_since_still_stands_on_the_day() -> None:
    series, team = make.series(make.indicator(IndicatorKind.STOCK)), make.team()
    entry = make.verified_entry(series, 10, make.period(2025, 3), by=team)
    make.correction(entry, by=team, at=noon(4, 10))
    asks = [Ask(series.indicator_id, make.CITY)]

    then, now = rollups.months(asks, as_of=noon(4, 9)), rollups.months(asks)

    assert [(each.month, each.amount, each.reports) for each in then] == [(D(2025, 3, 1), Decimal(10), 1)]
    assert now == []
