"""Periods cover every day once, and are called what people call them."""

from __future__ import annotations

import datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress import schedule

KINDS = ("xun", "month", "quarter", "half", "year")
DAYS = st.dates(datetime.date(2000, 1, 1), datetime.date(2099, 12, 31))

D = datetime.date


@given(st.sampled_from(KINDS), DAYS)
def test_span_contains_its_day_and_its_dates_are_in_order(kind: str, day: datetime.date) -> None:
    span = schedule.span(kind, day)

    assert span.start_on <= day <= span.end_on
    assert span.start_on <= span.opens_on <= span.end_on < span.due_on < span.closes_on
    assert {schedule.span(kind, each) for each in (span.start_on, span.end_on)} == {span}


@given(st.sampled_from(KINDS), DAYS, st.integers(0, 800))
def test_spans_follow_each_other_without_a_gap(kind: str, first: datetime.date, days: int) -> None:
    last = first + datetime.timedelta(days=days)

    spans = schedule.spans(kind, first, last)

    assert all(one.end_on + schedule.DAY == next_one.start_on for one, next_one in pairwise(spans))
    assert spans[0].start_on <= first
    assert spans[-1].start_on <= last <= spans[-1].end_on


@pytest.mark.parametrize(
    ("kind", "day", "start", "end", "opens"),
    [
        ("month", D(2024, 2, 10), D(2024, 2, 1), D(2024, 2, 29), D(2024, 2, 1)),
        ("quarter", D(2025, 5, 31), D(2025, 4, 1), D(2025, 6, 30), D(2025, 6, 1)),
        ("half", D(2025, 7, 1), D(2025, 7, 1), D(2025, 12, 31), D(2025, 12, 1)),
        ("year", D(2024, 12, 31), D(2024, 1, 1), D(2024, 12, 31), D(2024, 12, 1)),
        ("xun", D(2025, 2, 10), D(2025, 2, 1), D(2025, 2, 10), D(2025, 2, 1)),
        ("xun", D(2025, 2, 11), D(2025, 2, 11), D(2025, 2, 20), D(2025, 2, 11)),
        ("xun", D(2025, 2, 28), D(2025, 2, 21), D(2025, 2, 28), D(2025, 2, 21)),
        ("xun", D(2025, 1, 31), D(2025, 1, 21), D(2025, 1, 31), D(2025, 1, 21)),
    ],
)
def test_span_starts_ends_and_opens(
    kind: str, day: datetime.date, start: datetime.date, end: datetime.date, opens: datetime.date
) -> None:
    span = schedule.span(kind, day)

    assert (span.start_on, span.end_on, span.opens_on) == (start, end, opens)
    assert (span.due_on - end, span.closes_on - end) == (schedule.DUE_AFTER, schedule.CLOSES_AFTER)


@pytest.mark.parametrize(
    ("kind", "start", "label"),
    [
        ("month", D(2025, 1, 1), "2025年1月"),
        ("quarter", D(2025, 1, 1), "2025年第1季度"),
        ("quarter", D(2025, 10, 1), "2025年第4季度"),
        ("half", D(2025, 1, 1), "2025年上半年"),
        ("half", D(2025, 7, 1), "2025年下半年"),
        ("year", D(2024, 1, 1), "2024年"),
        ("xun", D(2025, 1, 1), "2025年1月上旬"),
        ("xun", D(2025, 1, 11), "2025年1月中旬"),
        ("xun", D(2025, 1, 21), "2025年1月下旬"),
    ],
)
def test_label_is_what_people_say(kind: str, start: datetime.date, label: str) -> None:
    assert schedule.label(kind, start) == label


@given(DAYS, st.integers(-300, 300))
def test_add_months_and_months_between_are_each_other_turned_round(day: datetime.date, count: int) -> None:
    first = day.replace(day=1)

    there = schedule.add_months(first, count)

    assert schedule.months_between(first, there) == count + 1
    assert schedule.add_months(there, -count) == first


@given(DAYS)
def test_month_end_is_the_day_before_a_first(day: datetime.date) -> None:
    assert (schedule.month_end(day) + schedule.DAY).day == 1
    assert schedule.month_end(day).month == day.month


def test_four_years_have_48_months() -> None:
    assert schedule.months_between(D(2025, 1, 1), D(2028, 12, 31)) == 48
