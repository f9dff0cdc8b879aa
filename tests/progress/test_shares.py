"""Sharing an amount out: to the last cent, and in proportion."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress.shares import largest_remainder

cents = st.integers(0, 10**12).map(lambda number: Decimal(number) / 100)
weights = st.lists(st.integers(0, 10**9), min_size=1, max_size=20).filter(any)


def test_city_target_in_four_years() -> None:
    assert largest_remainder(Decimal("70897.71"), [1, 1, 1, 1]) == [Decimal("17724.43")] * 3 + [Decimal("17724.42")]


def test_what_is_left_over_goes_to_whoever_lost_most() -> None:
    assert largest_remainder(Decimal(10), [Decimal("3.4"), Decimal("3.3"), Decimal("3.3")], Decimal(1)) == [4, 3, 3]
    assert largest_remainder(Decimal(1), [0, 1, 2], Decimal(1)) == [0, 0, 1]


@given(cents, weights)
def test_shares_add_up_exactly_and_lie_within_a_quantum_of_their_due(total: Decimal, shares: list[int]) -> None:
    found = largest_remainder(total, shares)

    assert sum(found) == total
    for share, weight in zip(found, shares, strict=True):
        assert share >= 0
        assert abs(share * sum(shares) - total * weight) < Decimal("0.01") * sum(shares)


@given(cents, weights)
def test_more_weight_never_gets_less_and_ties_go_in_order(total: Decimal, shares: list[int]) -> None:
    found = sorted(zip(shares, found_shares := largest_remainder(total, shares), strict=True))
    assert [share for _weight, share in found] == sorted(found_shares)

    equal = largest_remainder(total, [1] * len(shares))
    assert equal == sorted(equal, reverse=True)


@pytest.mark.parametrize(("total", "shares"), [("1", []), ("1", [0, 0]), ("1", [2, -1]), ("-1", [1]), ("0.005", [1])])
def test_what_cannot_be_shared_is_refused(total: str, shares: list[int]) -> None:
    with pytest.raises(ValueError):
        largest_remainder(Decimal(total), shares)
