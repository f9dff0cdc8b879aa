"""The judgement of readings at its limits: what sank exactly so much, in exactly so long."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from subsidence.models import Settlement
from subsidence.settling import Limits, Pace, Seen, State, judge, months_before, paces, verdict

day = datetime.date.fromisoformat
LIMITS = Limits(Decimal(30), 6, Decimal(50), "某规范第1条", "某规范第2条")


def seen(**readings: str) -> list[Seen]:
    """Readings written d20250101="12.30"."""
    return [Seen(day(f"{on[1:5]}-{on[5:7]}-{on[7:]}"), Decimal(sink)) for on, sink in readings.items()]


@pytest.mark.parametrize(
    ("sink", "state"),
    [("30.00", State.SETTLED), ("30.01", State.ACTIVE), ("0", State.SETTLED), ("-5.00", State.SETTLED)],
)
def test_limit_itself_is_settled(sink: str, state: State) -> None:
    readings = seen(d20250101="0", d20250701=sink)

    found = judge(readings, day("2025-07-01"), LIMITS)

    assert (found.state, found.sink_in_window) == (state, Decimal(sink))


def test_exactly_six_months_suffice_and_a_day_less_does_not() -> None:
    whole = judge(seen(d20250101="0", d20250701="9"), day("2025-07-01"), LIMITS)
    short = judge(seen(d20250102="0", d20250701="9"), day("2025-07-01"), LIMITS)

    assert (whole.window, whole.since) == ((day("2025-01-01"), day("2025-07-01")), day("2025-01-01"))
    assert (short.state, short.window, short.since) == (State.UNKNOWN, None, None)
    assert short.sentence == "观测未满6个月（自2025-01-02起），不作判定。"


@pytest.mark.parametrize(
    ("until", "start"),
    [
        ("2024-08-31", "2024-02-29"),
        ("2024-08-29", "2024-02-29"),
        ("2025-08-31", "2025-02-28"),
        ("2025-03-31", "2024-09-30"),
    ],
)
def test_window_starts_on_the_last_day_of_a_shorter_month(until: str, start: str) -> None:
    assert months_before(day(until), 6) == day(start)
    readings = [Seen(day(start), Decimal(0)), Seen(day(until), Decimal(1))]
    assert judge(readings, day(until), LIMITS).state == State.SETTLED
    late = [Seen(day(start) + datetime.timedelta(1), Decimal(0)), readings[1]]
    assert judge(late, day(until), LIMITS).state == State.UNKNOWN


def test_sink_counts_from_the_last_reading_at_or_before_the_start_and_nothing_is_interpolated() -> None:
    readings = seen(d20240601="0", d20241120="10", d20250301="30", d20250701="41")

    found = judge(readings, day("2025-07-10"), LIMITS)

    # Interpolated to 1 January, the sink would be 23: settled.
    assert (found.state, found.sink_in_window, found.since) == (State.ACTIVE, Decimal(31), day("2024-11-20"))
    said = "2024-11-20至2025-07-01下沉31.00 mm，大于6个月30.00 mm，未稳沉（某规范第1条）。"
    assert found.sentence == said


def test_order_of_the_readings_does_not_matter_and_later_ones_are_not_known_yet() -> None:
    readings = seen(d20250101="0", d20250401="20", d20250701="25", d20250702="99")

    found = judge(reversed(readings), day("2025-07-01"), LIMITS)

    assert (found.state, found.sink_in_window) == (State.SETTLED, Decimal(25))


def test_ground_that_rose_is_settled_and_the_sentence_says_how_far() -> None:
    found = judge(seen(d20250101="40.5", d20250701="-2"), day("2025-07-01"), LIMITS)

    assert found.state == State.SETTLED
    assert "下沉-42.50 mm" in found.sentence


def test_nothing_is_judged_without_readings_or_limits() -> None:
    one = seen(d20250701="3")
    on = day("2025-07-01")

    assert judge([], on, LIMITS).sentence == "尚无观测记录，不作判定。"
    assert judge(one, on, LIMITS).state == State.UNKNOWN
    assert judge(seen(d20250101="0", d20250701="3"), on, Limits()).sentence == "稳沉判定的限值待补，不作判定。"


def test_settled_once_is_not_settled_for_ever() -> None:
    readings = seen(d20250101="0", d20250701="3")

    assert judge(readings, day("2026-01-01"), LIMITS).state == State.SETTLED
    silent = judge(readings, day("2026-01-02"), LIMITS)
    assert silent.state == State.UNKNOWN
    assert silent.sentence == "近6个月没有观测（最近一次2025-07-01），不作判定。"


@pytest.mark.parametrize(
    ("sank", "days", "exceeds", "rate"),
    [
        ("50.00", 30, False, "50.00"),
        ("50.01", 30, True, "50.01"),
        ("51.66", 31, False, "50.00"),
        ("51.67", 31, True, "50.01"),
        ("1.67", 1, True, "50.10"),
        ("-80.00", 30, False, "-80.00"),
    ],
)
def test_rate_is_told_for_thirty_days(sank: str, days: int, *, exceeds: bool, rate: str) -> None:
    first = day("2025-01-01")
    pace = Pace(first, first + datetime.timedelta(days), Decimal(sank))

    assert (pace.exceeds(Decimal(50)), pace.rate) == (exceeds, Decimal(rate))
    assert not pace.exceeds(None)


def test_paces_join_each_reading_to_the_next_in_order_of_days() -> None:
    found = paces(seen(d20250301="30", d20250101="0", d20250131="50"))

    assert [(pace.since.month, pace.on.month, pace.sank) for pace in found] == [(1, 1, 50), (1, 3, -20)]
    assert paces(seen(d20250101="0")) == []


@pytest.mark.parametrize(
    ("states", "state"),
    [
        ([], State.UNKNOWN),
        ([State.SETTLED, State.SETTLED], State.SETTLED),
        ([State.SETTLED, State.UNKNOWN], State.UNKNOWN),
        ([State.SETTLED, State.UNKNOWN, State.ACTIVE], State.ACTIVE),
    ],
)
def test_one_moving_point_is_enough_and_all_must_have_settled(states: list[State], state: State) -> None:
    assert verdict(states) == state


def test_states_are_kept_as_a_parcels_settlement() -> None:
    assert {state.value for state in State} == set(Settlement.values)
