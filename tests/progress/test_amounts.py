"""A typed amount is taken exactly or refused with a sentence that says what to do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import translation
from hypothesis import example, given
from hypothesis import strategies as st

from progress.amounts import WHOLE_DIGITS, InvalidAmount, parse_amount

LIMIT = 10**WHOLE_DIGITS
HELD = st.decimals(-LIMIT + 1, LIMIT - 1, places=4)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("180", "180"),
        (" 180 ", "180"),
        ("+180", "180"),
        ("70,897.71", "70897.71"),
        ("1,234,567.8", "1234567.8"),
        ("0", "0"),
        ("-0", "0"),
        ("0.00", "0"),
        ("007", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("12.3400", "12.34"),
        ("0" * 30 + "1", "1"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_amount_is_taken_exactly(text: str, amount: str) -> None:
    assert parse_amount(text, decimals=4) == Decimal(amount)


def test_minus_zero_is_zero() -> None:
    assert str(parse_amount("-0", decimals=2)) == "0"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NaN", "不是有效的数值"),
        ("nan", "不是有效的数值"),
        ("Infinity", "不是有效的数值"),
        ("-inf", "不是有效的数值"),
        ("∞", "不是有效的数值"),
        ("1e5", "不是有效的数值"),
        ("1E400", "不是有效的数值"),
        ("0x1F", "不是有效的数值"),
        ("1_000", "不是有效的数值"),
        ("1 000", "不是有效的数值"),
        ("12,34", "不是有效的数值"),
        (",123", "不是有效的数值"),
        ("1.2.3", "不是有效的数值"),
        ("--5", "不是有效的数值"),
        ("5%", "不是有效的数值"),
        (".", "不是有效的数值"),
        ("", "不是有效的数值"),
        ("٣", "不是有效的数值"),
        ("१२", "不是有效的数值"),
        ("1\x002", "不是有效的数值"),
        ("180亩", "用半角数字"),
        ("１８０", "用半角数字"),
        ("1，234", "用半角数字"),
        ("一百八", "用半角数字"),
        ("9" * 30, "整数部分最多 14 位"),
        ("1" + "0" * WHOLE_DIGITS, "整数部分最多 14 位"),
        ("12.345", "最多 2 位小数"),
        ("-5", "不能填负数"),
        ("-0.01", "不能填负数"),
    ],
)
def test_other_text_is_refused_with_what_to_do(text: str, words: str) -> None:
    with pytest.raises(InvalidAmount) as refusal:
        parse_amount(text, decimals=2)
    assert words in str(refusal.value.message)


def test_refusal_repeats_no_more_than_the_start_of_a_long_text() -> None:
    with pytest.raises(InvalidAmount) as refusal:
        parse_amount("x" * 10_000, decimals=2)
    assert len(str(refusal.value.message)) < 100


def test_negative_amount_is_taken_where_it_may_be() -> None:
    assert parse_amount("-5.25", decimals=2, may_be_negative=True) == Decimal("-5.25")


@given(HELD)
@example(Decimal("70897.71"))
def test_what_is_printed_is_read_back(amount: Decimal) -> None:
    for text in (f"{amount:f}", f"{amount:,f}"):
        assert parse_amount(text, decimals=4, may_be_negative=True) == amount


@given(st.text())
def test_any_text_is_an_exact_amount_or_refused(text: str) -> None:
    try:
        amount = parse_amount(text, decimals=2)
    except InvalidAmount as refusal:
        assert str(refusal.message)
    else:
        assert 0 <= amount < LIMIT
        assert amount == amount.quantize(Decimal("0.01"))


def test_refusal_speaks_the_language_of_whoever_reads_it() -> None:
    with pytest.raises(InvalidAmount) as refusal:
        parse_amount("-5", decimals=2)

    with translation.override("zh-hans"):
        assert str(refusal.value.message) == "此指标不能填负数。"
