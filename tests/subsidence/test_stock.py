"""The stock–flow ledger: it balances for every holder and month, whatever happened to the parcels."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.refusals import Refused
from progress import schedule
from progress.figures import TargetFigure, target_figures
from subsidence.figures import courses, stock
from subsidence.figures.stock import Flow, Span
from subsidence.models import Mine, Movement, Parcel, ParcelStage, Stage, StageRequest, StockMovement
from subsidence.models.stock import StockMovementQuerySet
from subsidence.services import stages
from subsidence.services.indicators import ensure_indicators
from tests import factories as make
from tests.factories import OTHER_TOWN, VILLAGE
from tests.subsidence import farm

ROUNDS = int(os.environ.get("BATTERY_ROUNDS", "2"))
ZERO = Decimal(0)
FIRST = datetime.date(2025, 1, 1)
MONTHS = [schedule.add_months(FIRST, n) for n in range(14)]
SINCE_CUT_OFF, DUE_ON = datetime.date(2025, 1, 10), datetime.date(2026, 1, 1)

pytestmark = pytest.mark.django_db


def month(year: int, number: int) -> datetime.date:
    return datetime.date(year, number, 1)


def lines(span: Span) -> dict[str, Flow]:
    return {line.holder.name: line.flow for line in stock.by_holder(StockMovement.objects.all(), span, {})}


def test_ledger_of_a_year_balances_by_holder() -> None:
    mine = farm.mine(name="甲矿")
    farm.walk(farm.parcel(100, mine), Stage.CLOSED, 40)
    farm.parcel(30, mine, subsided_on=SINCE_CUT_OFF, due_on=DUE_ON)
    farm.step(farm.parcel(20, is_legacy=True), Stage.SURVEYED, -5, datetime.date(2025, 6, 1))

    found = lines(Span(month(2025, 3), month(2025, 12)))

    assert found == {
        "甲矿": Flow(opening=Decimal(130), closed=Decimal(-40)),
        "历史遗留": Flow(opening=Decimal(20), resurveyed=Decimal(-5)),
    }
    assert [flow.closing for flow in found.values()] == [90, 15]
    assert lines(Span(month(2025, 1), month(2025, 2)))["甲矿"] == Flow(found=Decimal(100), subsided=Decimal(30))


def test_increment_rate_is_new_over_treated_and_undefined_without_treatment() -> None:
    assert Flow(subsided=Decimal(30), closed=Decimal(-40)).increment_rate == Decimal("75.00")
    assert Flow(subsided=Decimal(30)).increment_rate is None


def test_every_number_leads_to_the_movements_that_add_up_to_it() -> None:
    farm.walk(farm.parcel(100, farm.mine(code="jia")), Stage.CLOSED, 40)
    [line] = stock.by_holder(StockMovement.objects.all(), Span(month(2025, 3), month(2025, 12)), {"region": "1404"})

    urls = {amount.kind: amount.url for amount in line.amounts}

    place = "region=1404&mine=jia&county=140404"
    assert urls["opening"] == f"/subsidence/stock/steps/?{place}&until=2025-02"
    assert urls["closed"] == f"/subsidence/stock/steps/?{place}&kind=closed&since=2025-03&until=2025-12"
    assert urls["closing"] == f"/subsidence/stock/steps/?{place}&until=2025-12"


def test_reversed_closing_comes_back_in_the_month_it_was_struck_off() -> None:
    parcel = farm.walk(farm.parcel(100, farm.mine(name="甲矿")), Stage.PUBLISHED)
    farm.reversal(farm.step(parcel, Stage.CLOSED, 60))

    assert lines(Span(month(2025, 12), month(2025, 12)))["甲矿"] == Flow(opening=Decimal(100))


def planned(**version: Any) -> TargetFigure:
    """The figure of a city target of 400 亩."""
    target = make.target(ensure_indicators()["subsidence-closed-existing"], "400", make.CITY, **version)
    make.period()
    [figure] = target_figures([target], on=datetime.date(2026, 3, 2))
    return figure


def test_waterfall_goes_from_the_first_stock_to_the_last_and_leaves_out_what_did_not_move() -> None:
    farm.walk(farm.parcel(100), Stage.CLOSED, 40)

    course = stock.Course(StockMovement.objects.all(), until=month(2026, 2))
    found = courses.waterfall(course, until=month(2026, 2), asked={})

    assert [(row.label, row.amount, row.is_level) for row in found] == [
        ("2025年初存量", 0, True),
        ("2025年存量入账", 100, False),
        ("2025年销号", -40, False),
        ("2025年末存量", 60, True),
        ("2026年至今存量", 60, True),
    ]
    assert [row.bar.width for row in found] == [0, 400, 160, 240, 240]


def test_burn_down_lays_the_stock_beside_what_the_plan_would_leave() -> None:
    farm.walk(farm.parcel(100), Stage.CLOSED, 40)
    figure = planned(start_on=month(2025, 1), due_on=datetime.date(2026, 12, 31))

    found = courses.burn_down(
        stock.Course(StockMovement.objects.all(), until=month(2026, 2)), figure, until=month(2026, 2)
    )

    assert found
    assert found.names == ["台账存量", "计划剩余"]
    values = {f"{row.month:%Y-%m}": row.values for row in found.rows}
    assert (len(values), values["2025-12"], values["2026-12"]) == (24, [60, 200], [None, 0])


def test_trend_without_a_plan_shows_what_was_achieved_alone() -> None:
    farm.walk(farm.parcel(100), Stage.CLOSED, 40)

    found = courses.trend(planned(), until=month(2026, 2))

    assert found
    assert found.names == ["核定累计"]
    assert [(f"{row.month:%Y-%m}", row.values) for row in found.rows] == [
        ("2025-12", [40]),
        ("2026-01", [40]),
        ("2026-02", [40]),
    ]


@dataclass(frozen=True)
class Act:
    """One thing that happens to the parcels; it is refused where the chain has no room for it.

    Land is surveyed from the first month on, treated from the third and closed from the sixth, `month` months later.
    A survey is of `area` 亩, anything else of so many percent of what is left.
    """

    kind: str
    number: int
    month: int
    area: Decimal
    percent: int

    def on(self, day: int, *, first: int = 0) -> datetime.date:
        return MONTHS[first + self.month].replace(day=day)

    def share(self, whole: Decimal) -> Decimal:
        return (whole * self.percent / 100).quantize(Decimal("0.01"))


KINDS = ("register", "register", "resurvey", "shrink", "treat", "treat", "treat", "close", "close", "reverse")
ACTS = st.builds(
    Act,
    kind=st.sampled_from(KINDS),
    number=st.integers(0, 5),
    month=st.integers(0, 5),
    area=st.integers(1, 400_00).map(lambda cents: Decimal(cents) / 100),
    percent=st.integers(1, 120),
)


@dataclass
class Fields:
    """Two mines in two counties and the land that is nobody's, and what happened to them."""

    team: make.Team = field(default_factory=lambda: make.team(make.CITY))
    parcels: list[Parcel] = field(default_factory=list)
    posted: list[tuple[Mine | None, str, datetime.date, str, Decimal]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.holders = [(farm.mine(), VILLAGE), (farm.mine(make.OTHER_COUNTY), OTHER_TOWN), (None, VILLAGE)]

    def act(self, act: Act) -> None:
        try:
            with transaction.atomic():
                getattr(self, act.kind)(act)
        except Refused:
            pass

    def parcel(self, act: Act) -> Parcel | None:
        found = self.parcels[act.number % len(self.parcels)] if self.parcels else None
        return Parcel.objects.get(pk=found.pk) if found else None

    def register(self, act: Act) -> None:
        """Put a site on the register, and have its survey approved."""
        mine, village = self.holders[act.number % 3]
        is_new = mine is not None and act.number > 2
        fields: dict[str, Any] = {"subsided_on": SINCE_CUT_OFF, "due_on": DUE_ON} if is_new else {}
        found = farm.registered(
            act.area, mine, village, by=self.team, is_legacy=mine is None, surveyed_on=act.on(11), **fields
        )
        [request] = StageRequest.objects.filter(parcel=found)
        self.note(stages.approve(request=request, by=self.team.verifier, at=farm.AT), is_first=True)
        self.parcels.append(found)

    def resurvey(self, act: Act) -> None:
        self.step(act, Stage.SURVEYED, act.area, act.on(20))

    def shrink(self, act: Act) -> None:
        if parcel := self.parcel(act):
            self.step(act, Stage.SURVEYED, -act.share(parcel.surveyed_area), act.on(20))

    def treat(self, act: Act) -> None:
        """Take an area through every stage up to the publication, all on one day."""
        if parcel := self.parcel(act):
            area = act.share(parcel.surveyed_area - parcel.started_area)
            for stage in list(Stage)[1:7]:
                farm.step(parcel, stage, area, act.on(25, first=2), by=self.team)

    def close(self, act: Act) -> None:
        if parcel := self.parcel(act):
            area = act.share(parcel.published_area - parcel.closed_area)
            self.step(act, Stage.CLOSED, area, act.on(28, first=5))

    def step(self, act: Act, stage: Stage, area: Decimal, on: datetime.date) -> None:
        if parcel := self.parcel(act):
            self.note(farm.step(parcel, stage, area, on, by=self.team), is_first=False)

    def reverse(self, act: Act) -> None:
        closed = ParcelStage.objects.filter(stage=Stage.CLOSED, reverses=None, reversed_by=None)
        if found := closed.order_by("pk").first():
            self.note(farm.reversal(found, by=self.team), is_first=False)

    def note(self, step: ParcelStage, *, is_first: bool) -> None:
        parcel = Parcel.objects.select_related("mine").get(pk=step.parcel_id)
        entered = Movement.SUBSIDED if parcel.origin == "new" else Movement.FOUND
        kind = Movement.CLOSED if step.stage == Stage.CLOSED else entered if is_first else Movement.RESURVEYED
        area = -step.area if kind == Movement.CLOSED else step.area
        self.posted.append((parcel.mine, parcel.county_id, step.on.replace(day=1), kind, area))

    def check(self) -> None:
        for held, county in {(mine, county) for mine, county, *_rest in self.posted}:
            self.check_holder(StockMovement.objects.filter(mine=held, county=county), held, county)
        now = Span(MONTHS[-1], MONTHS[-1])
        everything = stock.by_holder(StockMovement.objects.all(), now, {})
        for county in {row.county_id for row in StockMovement.objects.all()}:
            here = stock.by_holder(StockMovement.objects.filter(county=county), now, {})
            parcels = Parcel.objects.filter(region__code__startswith=county)
            stands = sum((each.surveyed_area - each.closed_area for each in parcels), ZERO)
            assert stock.total_of(here).closing == stands
        assert stock.total_of(everything).closing == sum((area for *_rest, area in self.posted), ZERO)

    def check_holder(self, rows: StockMovementQuerySet, held: Mine | None, county: str) -> None:
        posted = [moved for moved in self.posted if moved[:2] == (held, county)]
        course, before = stock.Course(rows, until=MONTHS[-1]), ZERO
        for when in MONTHS:
            flow = course.flow(Span(when, when))
            assert flow.opening == before
            for kind in Movement:
                wanted = sum((area for *_holder, at, moved, area in posted if (at, moved) == (when, kind)), ZERO)
                assert getattr(flow, kind) == wanted
            before = flow.closing
        [line] = stock.by_holder(rows, Span(MONTHS[0], MONTHS[-1]), {})
        assert line.flow.closing == before


@contextmanager
def undone() -> Iterator[None]:
    """One example leaves nothing to the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.engine
@pytest.mark.battery
@settings(
    max_examples=5 * ROUNDS,
    phases=(Phase.generate, Phase.shrink),
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=st.lists(ACTS, min_size=15, max_size=30))
def test_every_holder_balances_in_every_month_under_any_history(script: list[Act]) -> None:
    with undone():
        fields = Fields()
        for act in script:
            fields.act(act)
        fields.check()
