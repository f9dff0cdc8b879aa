"""Jumps: which values ask for a second look, and what the person then reads."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress.jumps import ENOUGH, SHARE, increments, jump, leap, leap_sentence, sentence

STEADY = ["12", "11", "13", "12", "12"]

amounts = st.decimals(min_value=-1000, max_value=1000, places=2)
pasts = st.lists(amounts, min_size=ENOUGH, max_size=13)


def decimals(texts: list[str]) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("past", "value", "told"),
    [
        # Too little is known to call anything unusual.
        ([], "500", ""),
        (["12", "11", "13"], "500", ""),
        # What is within half of the median passes, whatever the spread.
        (STEADY, "18", ""),
        (STEADY, "6", ""),
        (STEADY, "18.01", "比近5期中位数 12.00 高 50.08%，请核对"),
        (STEADY, "5.99", "比近5期中位数 12.00 低 50.08%，请核对"),
        # A figure in the wrong unit.
        (STEADY, "111.6", "比近5期中位数 12.00 高 8.3 倍，请核对"),
        (STEADY, "24", "比近5期中位数 12.00 高 1.0 倍，请核对"),
        (STEADY, "120000", "比近5期中位数 12.00 高 9,999.0 倍，请核对"),
        (STEADY, "0", "比近5期中位数 12.00 低 100.00%，请核对"),
        (STEADY, "-12", "比近5期中位数 12.00 低 200.00%，请核对"),
        # A restless series is given more room: its median deviation is 40, so 178 on either side of 100.
        (["20", "60", "100", "140", "180"], "278", ""),
        (["20", "60", "100", "140", "180"], "279", "比近5期中位数 100.00 高 1.8 倍，请核对"),
        # Nothing but zeros gives no measure.
        (["0", "0", "0", "0"], "35", ""),
        # A median that is not positive has no multiples.
        (["0", "0", "0", "1", "-1", "2", "-2"], "35", "比近7期中位数 0.00 高 35.00，请核对"),
        (["-5", "-5", "-5", "-5"], "-50", "比近4期中位数 -5.00 低 45.00，请核对"),
    ],
)
def test_value_is_held_against_the_median_of_the_past(past: list[str], value: str, told: str) -> None:
    found = jump(Decimal(value), decimals(past))

    assert (sentence(found, decimals=2, is_increment=False) if found else "") == told


@pytest.mark.parametrize(
    ("past", "value", "told"),
    [
        ([], "5000000", ""),
        (["12"], "120", ""),
        (["12"], "120.01", "超过近1期最大值 12.0 的 10 倍，请核对"),
        (["12", "3", "0"], "5000000", "超过近3期最大值 12.0 的 10 倍，请核对"),
        # Nothing positive gives no measure.
        (["0", "0"], "35", ""),
        (["-5"], "35", ""),
    ],
)
def test_few_values_tell_only_what_is_many_times_their_largest(past: list[str], value: str, told: str) -> None:
    found = leap(Decimal(value), decimals(past))

    assert (leap_sentence(found, decimals=1) if found else "") == told


@pytest.mark.parametrize(
    ("places", "told"), [(0, "比近4期中位数 12 高 19.9 倍，请核对"), (2, "比近4期中位数 11.50 高 19.9 倍，请核对")]
)
def test_median_between_two_values_is_shown_with_the_digits_of_the_indicator(places: int, told: str) -> None:
    found = jump(Decimal(240), decimals(["11", "11", "12", "12"]))

    assert found is not None
    assert sentence(found, decimals=places, is_increment=False) == told


def test_level_is_told_by_its_increment() -> None:
    past = increments(decimals(["10", "20", "31", "40", "50"]))
    found = jump(Decimal(90), past)

    assert past == decimals(["10", "11", "9", "10"])
    assert found is not None
    assert (
        sentence(found, decimals=1, is_increment=True)
        == "本期比上次核定增加 90.0，比近4期增量的中位数 10.0 高 8.0 倍，请核对"
    )


@given(past=pasts, value=amounts)
def test_order_of_the_past_does_not_matter(past: list[Decimal], value: Decimal) -> None:
    assert jump(value, past) == jump(value, sorted(past)) == jump(value, past[::-1])


@given(past=pasts)
def test_median_itself_is_no_jump(past: list[Decimal]) -> None:
    beyond = jump(Decimal(10**6), past)

    assert beyond is None or jump(beyond.middle, past) is None


@given(past=pasts, value=amounts, factor=st.sampled_from([Decimal(10), Decimal("0.5"), Decimal(-1)]))
def test_unit_of_measure_does_not_matter(past: list[Decimal], value: Decimal, factor: Decimal) -> None:
    assert bool(jump(value, past)) == bool(jump(value * factor, [each * factor for each in past]))


@given(past=pasts, value=amounts)
def test_what_lies_further_out_is_a_jump_too(past: list[Decimal], value: Decimal) -> None:
    found = jump(value, past)

    if found:
        further = value + (value - found.middle)
        assert jump(further, past)
        assert abs(value - found.middle) > SHARE * abs(found.middle)
        assert sentence(found, decimals=2, is_increment=False).endswith("请核对")
