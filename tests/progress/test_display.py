"""One formatter: quantities grouped and never rounded away, rates rounded once, blanks shown as blanks."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress.display import percent, quantity, rate


@pytest.mark.parametrize(
    ("value", "decimals", "shown"),
    [
        ("70897.71", 2, "70,897.71"),
        ("70897.7100", 2, "70,897.71"),
        ("180", 2, "180.00"),
        ("180", 0, "180"),
        ("1E+3", 0, "1,000"),
        ("0", 2, "0.00"),
        ("-1234.5", 2, "-1,234.50"),
        ("0.1234", 2, "0.1234"),
        ("99999999999999.9999", 2, "99,999,999,999,999.9999"),
    ],
)
def test_quantity_groups_and_never_rounds_away(value: str, decimals: int, shown: str) -> None:
    assert quantity(Decimal(value), decimals) == shown


def test_unknown_is_a_dash_and_not_zero() -> None:
    assert (quantity(None, 2), percent(None)) == ("—", "—")


@given(st.decimals(-(10**14), 10**14, places=4), st.integers(0, 4))
def test_quantity_keeps_the_value(value: Decimal, decimals: int) -> None:
    assert Decimal(quantity(value, decimals).replace(",", "")) == value


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        ("180", "70897.71", "0.25"),
        ("180", "602", "29.90"),
        ("1", "3", "33.33"),
        ("2", "3", "66.67"),
        ("1", "80000", "0.00"),
        ("1", "20000", "0.01"),
        ("150", "100", "150.00"),
        ("-5", "100", "-5.00"),
        ("0", "100", "0.00"),
    ],
)
def test_rate_is_rounded_half_up_to_a_hundredth(part: str, whole: str, expected: str) -> None:
    assert str(rate(Decimal(part), Decimal(whole))) == expected


@pytest.mark.parametrize(("part", "whole"), [(None, "100"), ("5", None), ("5", "0"), ("0", "0"), (None, None)])
def test_rate_of_nothing_is_unknown(part: str | None, whole: str | None) -> None:
    assert rate(part and Decimal(part), whole and Decimal(whole)) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "shown"), [("0.25", "0.25%"), ("150.00", "150.00%"), ("1234.5", "1,234.50%")])
def test_percent_over_100_is_shown_as_it_is(value: str, shown: str) -> None:
    assert percent(Decimal(value)) == shown
