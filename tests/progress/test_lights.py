"""A light says colour, word, symbol and why; silence is grey, never green."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress.lights import Colour, Inputs, Rule, judge

RULE = Rule(n=1, warn_below=Decimal("0.95"), late_below=Decimal("0.80"))
MARCH = datetime.date(2025, 3, 1)
INPUTS = Inputs(
    planned=Decimal(100),
    achieved=Decimal(96),
    compared_on=datetime.date(2025, 3, 31),
    data_month=MARCH,
    decimals=2,
)
AMOUNTS = st.decimals(0, 10**6, places=4)


@pytest.mark.parametrize(
    ("achieved", "colour", "word", "symbol"),
    [
        ("120", Colour.GREEN, "正常", "●"),
        ("95", Colour.GREEN, "正常", "●"),
        ("94.9999", Colour.YELLOW, "预警", "▲"),
        ("80", Colour.YELLOW, "预警", "▲"),
        ("79.9999", Colour.RED, "滞后", "■"),
        ("0", Colour.RED, "滞后", "■"),
        ("-1", Colour.RED, "滞后", "■"),
    ],
)
def test_light_compares_with_the_plan_to_date(achieved: str, colour: Colour, word: str, symbol: str) -> None:
    light = judge(replace(INPUTS, achieved=Decimal(achieved)), RULE)

    assert (light.colour, str(light.word), light.symbol, light.rule.n) == (colour, word, symbol, 1)


def test_light_says_its_arithmetic() -> None:
    light = judge(replace(INPUTS, achieved=Decimal("87.5")), RULE)

    assert light.sentence == "截至2025年3月31日计划100.00，核定87.50，为计划的87.50%。"


@pytest.mark.parametrize(
    ("missing", "word", "sentence"),
    [
        ({"planned": None}, "无计划", "起始日期或计划待补，无法比较。"),
        ({"planned": None, "compared_on": None}, "无计划", "起始日期或计划待补，无法比较。"),
        ({"compared_on": None}, "未到期", "第一个调度期尚未到期，还不到比较的时候。"),
    ],
    ids=["plan", "both", "period due"],
)
def test_without_a_plan_or_a_period_due_there_is_no_light(missing: dict[str, None], word: str, sentence: str) -> None:
    light = judge(replace(INPUTS, **missing), RULE)  # type: ignore[arg-type]

    assert (light.colour, str(light.word), light.sentence) == (Colour.GREY, word, sentence)


@pytest.mark.parametrize(
    "silence",
    [{"achieved": None}, {"data_month": None}, {"data_month": datetime.date(2025, 2, 1)}],
    ids=["nothing verified", "no month", "month before"],
)
def test_silence_is_grey_and_never_green(silence: dict[str, None]) -> None:
    light = judge(replace(INPUTS, **silence), RULE)  # type: ignore[arg-type]

    assert (light.colour, str(light.word)) == (Colour.GREY, "未报送")
    assert light.sentence == "截至2025年3月31日应达到100.00，该期尚无核定数据。"


def test_plan_of_zero_is_met() -> None:
    light = judge(replace(INPUTS, planned=Decimal(0), achieved=Decimal(0)), RULE)

    assert light.colour == Colour.GREEN


@given(st.none() | AMOUNTS, st.none() | AMOUNTS)
def test_light_keeps_all_it_was_judged_by(planned: Decimal | None, achieved: Decimal | None) -> None:
    inputs = replace(INPUTS, planned=planned, achieved=achieved)

    light = judge(inputs, RULE)

    assert (light.inputs, light.rule) == (inputs, RULE)
    assert judge(light.inputs, light.rule) == light


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_more_achieved_is_never_a_worse_light(planned: Decimal, achieved: Decimal, more: Decimal) -> None:
    order = [Colour.RED, Colour.YELLOW, Colour.GREEN]

    before, after = (judge(replace(INPUTS, planned=planned, achieved=a), RULE) for a in (achieved, achieved + more))

    assert order.index(before.colour) <= order.index(after.colour)
