"""The rule of the stages, without a database."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress import units
from subsidence import chain
from subsidence.chain import Step
from subsidence.models import Parcel, Stage

DAY = datetime.date(2025, 3, 1)
D = Decimal


def steps(*of: tuple[str, datetime.date, str]) -> list[Step]:
    return [Step(stage, on, D(area)) for stage, on, area in of]


def test_the_order_is_that_of_the_stages() -> None:
    assert list(chain.ORDER) == Stage.values
    assert all(Parcel._meta.get_field(stage.area_field) for stage in Stage)


def test_what_is_left_is_what_took_the_stage_before_and_not_this_one() -> None:
    known = steps(("surveyed", DAY, "602"), ("approved", DAY, "602"), ("approved", DAY, "-2"), ("started", DAY, "180"))
    assert chain.left(known, "started", DAY) == 420
    assert chain.left(known, "approved", DAY) == 2
    assert chain.left(known, "accepted", DAY) == 0


def test_nothing_can_take_a_stage_on_a_day_before_the_stage_before_was_taken() -> None:
    known = steps(("surveyed", DAY, "602"), ("approved", DAY, "602"))
    assert chain.left(known, "started", DAY) == 602
    assert chain.left(known, "started", DAY - datetime.timedelta(days=1)) == 0


def test_a_step_put_in_before_others_leaves_what_those_took() -> None:
    later = datetime.date(2025, 6, 1)
    known = steps(("surveyed", DAY, "10"), ("approved", DAY, "10"), ("started", later, "8"))
    assert chain.left(known, "started", DAY) == 2
    assert chain.left(known, "started", later) == 2


@pytest.mark.parametrize(("days", "left"), [(29, "0"), (30, "5")])
def test_land_is_struck_off_thirty_days_after_it_was_made_public(days: int, left: str) -> None:
    known = steps(("published", DAY, "5"))
    assert chain.left(known, "closed", DAY + datetime.timedelta(days=days)) == D(left)


@pytest.mark.parametrize(
    ("closed", "ends"),
    [("2025-12-31", "2030-12-31"), ("2024-02-29", "2029-03-01"), ("2023-02-28", "2028-02-28")],
)
def test_tending_ends_five_years_after_the_land_was_struck_off(closed: str, ends: str) -> None:
    day, end = datetime.date.fromisoformat(closed), datetime.date.fromisoformat(ends)
    known = steps(("closed", day, "5"))
    assert chain.left(known, "tended", end - datetime.timedelta(days=1)) == 0
    assert chain.left(known, "tended", end) == 5


def test_a_breach_names_the_first_day_on_which_too_much_had_taken_a_stage() -> None:
    day = DAY + datetime.timedelta(days=4)
    known = steps(("surveyed", DAY, "10"), ("approved", day, "10.01"))
    assert chain.first_breach(known) == chain.Breach("approved", day, D("10.01"), D(10))


def test_taking_back_what_later_stages_rest_on_is_a_breach() -> None:
    known = steps(("surveyed", DAY, "10"), ("approved", DAY, "10"), ("started", DAY, "4"))
    assert chain.first_breach([*known, Step("approved", DAY, D(-6))]) is None
    breach = chain.first_breach([*known, Step("approved", DAY, D("-6.01"))])
    assert breach and (breach.stage, breach.area, breach.allowed) == ("started", D(4), D("3.99"))


def test_a_survey_below_nothing_is_a_breach() -> None:
    assert chain.first_breach(steps(("surveyed", DAY, "-1")))


moves = st.tuples(
    st.sampled_from(chain.ORDER),
    st.integers(0, 2500).map(lambda days: DAY + datetime.timedelta(days=days)),
    st.integers(1, 60_000).map(lambda hundredths: D(hundredths) / 100),
)


@given(st.lists(moves, max_size=30))
def test_steps_within_what_is_left_never_break_the_rule(wanted: list[tuple[str, datetime.date, Decimal]]) -> None:
    """Whatever order they are recorded in: the areas of the stages stay in order on every day."""
    known: list[Step] = []
    for stage, on, area in wanted:
        room = area if stage == "surveyed" else chain.left(known, stage, on)
        if min(room, area) > 0:
            known.append(Step(stage, on, min(room, area)))
    assert chain.first_breach(known) is None
    for day in {step.on for step in known}:
        sums = [chain.cumulated(known, stage, day) for stage in chain.ORDER]
        assert sums == sorted(sums, reverse=True)


@given(st.lists(moves, min_size=1, max_size=20))
def test_one_hundredth_more_than_is_left_breaks_it(wanted: list[tuple[str, datetime.date, Decimal]]) -> None:
    known: list[Step] = []
    for stage, on, area in wanted:
        room = area if stage == "surveyed" else chain.left(known, stage, on)
        if stage != "surveyed":
            assert chain.first_breach([*known, Step(stage, on, room + D("0.01"))])
        if room > 0:
            known.append(Step(stage, on, room))


def test_areas_are_converted_exactly() -> None:
    assert units.m2_of_mu(D("70897.71")) == D("47265140")
    assert units.mu_of_m2(D("47265140")) == D("70897.71")
    assert units.ha_of_mu(D("70897.71")) == D("4726.5140")
    assert units.mu_of_ha(D(1)) == 15


@given(st.integers(0, 10**12))
def test_an_area_in_mu_comes_back_from_square_metres(hundredths: int) -> None:
    area = D(hundredths) / 100
    assert units.mu_of_m2(units.m2_of_mu(area)) == area
    assert units.mu_of_ha(units.ha_of_mu(area)).quantize(D("0.01")) == area
