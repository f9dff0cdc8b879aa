"""Scales, ticks, paths and bars: where things stand on a chart."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress.drawing import Canvas, Scale, line_chart, path, shares, ticks, waterfall

D = Decimal
amounts = st.decimals(min_value=-100_000, max_value=100_000, places=2)


def test_scale_lays_the_ends_on_the_ends_and_may_run_backwards() -> None:
    scale = Scale(D(0), D(200), D(100), D(0))

    assert [scale(D(0)), scale(D(50)), scale(D(200))] == [D(100), D(75), D(0)]


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        ("0", "602", ["0", "200", "400", "600", "800"]),
        ("0", "0.4", ["0", "0.1", "0.2", "0.3", "0.4"]),
        ("-30", "70", ["-40", "-20", "0", "20", "40", "60", "80"]),
        ("0", "0", ["0", "1"]),
    ],
)
def test_ticks_are_round_and_enclose_all_values(low: str, high: str, found: list[str]) -> None:
    assert ticks(D(low), D(high)) == [D(each) for each in found]


@given(values=st.lists(amounts, min_size=1, max_size=30))
def test_every_value_stands_inside_the_frame(values: list[Decimal]) -> None:
    chart = line_chart([values])

    assert chart
    for mark in chart.lines[0].marks:
        assert chart.left <= mark.x <= chart.right
        assert chart.top <= mark.y <= chart.bottom
    assert [mark.value for mark in chart.lines[0].marks] == values


def test_path_leaves_a_gap_where_nothing_is_known() -> None:
    assert path([(D(0), D(1)), (D(2), D(3)), None, (D(4), D(5))]) == "M0 1L2 3M4 5"
    assert path([(D(0), D(1)), (D(2), D(3))], closed=True) == "M0 1L2 3Z"


def test_chart_without_one_value_is_none() -> None:
    assert line_chart([[None, None]]) is None


def test_waterfall_hangs_each_change_on_the_one_before() -> None:
    level, rise, fall, end = waterfall([None, D(50), D(-30), None], start=D(50), width=100)

    assert (level.x, level.width) == (0, 50)
    assert (rise.x, rise.width, rise.is_fall) == (50, 50, False)
    assert (fall.x, fall.width, fall.is_fall) == (70, 30, True)
    assert (end.x, end.width) == (0, 70)


def test_shares_stand_side_by_side_and_fill_their_part_of_the_whole() -> None:
    first, second = shares([D(30), D(20)], D(100), width=400)

    assert (first.x, first.width, second.x, second.width) == (0, 120, 120, 80)
    assert [bar.width for bar in shares([D(0)], D(0), width=400)] == [0]


def test_map_is_north_up_and_narrowed_to_the_latitude() -> None:
    canvas = Canvas.fit([(D(112), D(36)), (D(114), D(37))], width=648, margin=4)

    assert canvas.place((D(112), D(37))) == (4, 4)
    assert canvas.place((D(114), D(36))) == (644, D("401.6"))
    assert canvas.outline([[(D(112), D(37)), (D(114), D(37))]]) == "M4.0 4.0L644.0 4.0Z"
