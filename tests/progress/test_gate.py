"""The gate opens and closes at midnight in 长治, whatever zone a clock is set to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from progress import schedule
from progress.gate import CITY_TIME, Stage, gate, stage


@dataclass
class Clerk:
    """A person with or without the duty to report."""

    on_duty: bool = True

    def answers_for(self, *, unit: str, line: str, on: datetime.date) -> bool:
        return self.on_duty


ask = partial(gate, user=Clerk(), unit="140404202", line="subsidence")


@dataclass
class March:
    """A period with the usual dates."""

    opens_on: datetime.date = datetime.date(2025, 3, 1)
    due_on: datetime.date = datetime.date(2025, 4, 5)
    closes_on: datetime.date = datetime.date(2025, 4, 10)

    def __str__(self) -> str:
        return "2025年3月"


TIMELINE = [
    ("2025-02-28 23:59:59", False, "2025年3月尚未开放填报，2025年3月1日起可填。"),
    ("2025-03-01 00:00:00", True, "2025年3月开放填报，请于2025年4月5日前报送。"),
    ("2025-04-05 23:59:59", True, "2025年3月开放填报，请于2025年4月5日前报送。"),
    ("2025-04-06 00:00:00", True, "2025年3月已过报送期限2025年4月5日，宽限至2025年4月10日，逾期报送将被记录。"),
    ("2025-04-10 23:59:59", True, "2025年3月已过报送期限2025年4月5日，宽限至2025年4月10日，逾期报送将被记录。"),
    ("2025-04-11 00:00:00", False, "2025年3月已于2025年4月10日截止填报。"),
]


@pytest.mark.parametrize(("clock", "is_open", "reason"), TIMELINE)
def test_gate_follows_the_days_of_the_city(clock: str, is_open: bool, reason: str) -> None:
    answer = ask(period=March(), now=datetime.datetime.fromisoformat(clock).replace(tzinfo=CITY_TIME))

    assert (answer.is_open, answer.reason) == (is_open, reason)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
@pytest.mark.parametrize(("clock", "is_open", "reason"), TIMELINE)
def test_gate_reads_an_instant_in_any_zone(clock: str, is_open: bool, reason: str, zone: str) -> None:
    at = datetime.datetime.fromisoformat(clock).replace(tzinfo=CITY_TIME).astimezone(ZoneInfo(zone))

    assert ask(period=March(), now=at).is_open is is_open


RETURNED_AT = datetime.datetime(2025, 4, 9, 23, 59, 59, tzinfo=CITY_TIME)


@pytest.mark.parametrize(
    ("clock", "is_open", "reason"),
    [
        ("2025-04-10 23:59:59", True, TIMELINE[4][2]),
        ("2025-04-11 00:00:00", True, "已退回，请于2025年4月12日前改正并重新报送。"),
        ("2025-04-12 23:59:59", True, "已退回，请于2025年4月12日前改正并重新报送。"),
        ("2025-04-13 00:00:00", False, TIMELINE[5][2]),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Pacific/Auckland"])
def test_gate_stays_open_three_days_for_what_was_returned(clock: str, is_open: bool, reason: str, zone: str) -> None:
    at = datetime.datetime.fromisoformat(clock).replace(tzinfo=CITY_TIME)

    answer = ask(period=March(), now=at, returned_at=RETURNED_AT.astimezone(ZoneInfo(zone)))

    assert (answer.is_open, answer.reason) == (is_open, reason)


def test_gate_without_grace_closes_after_the_due_day() -> None:
    period = March(closes_on=datetime.date(2025, 4, 5))

    at = datetime.datetime(2025, 4, 6, tzinfo=CITY_TIME)

    assert ask(period=period, now=at).reason == "2025年3月已于2025年4月5日截止填报。"


#: Where the factory's series lies: 北呈乡 of 上党区 of 长治市.
TOWN, COUNTY, CITY = "140404202", "140404", "1404"
AFTER_CLOSING = datetime.datetime(2025, 4, 11, tzinfo=CITY_TIME)


@dataclass
class Opened:
    """March opened again for a unit on a line through a day."""

    unit: str = TOWN
    line: str = "subsidence"
    until: datetime.date = datetime.date(2025, 4, 14)
    reason: str = "补报验收"

    def covers(self, *, unit: str, line: str) -> bool:
        return line == self.line and unit.startswith(self.unit)


AGAIN = "2025年3月已重新开放至2025年4月14日（补报验收）。"
CLOSED = TIMELINE[5][2]


@pytest.mark.parametrize(
    ("opened", "clock", "is_open", "reason"),
    [
        pytest.param(Opened(), "2025-04-11 00:00:00", True, AGAIN, id="this unit"),
        pytest.param(Opened(), "2025-04-14 23:59:59", True, AGAIN, id="this unit, last second"),
        pytest.param(Opened(), "2025-04-15 00:00:00", False, CLOSED, id="expired"),
        pytest.param(Opened(COUNTY), "2025-04-12 12:00:00", True, AGAIN, id="its county"),
        pytest.param(Opened(CITY), "2025-04-12 12:00:00", True, AGAIN, id="its city"),
        pytest.param(Opened("140404202215"), "2025-04-12 12:00:00", False, CLOSED, id="a village of it"),
        pytest.param(Opened("140423"), "2025-04-12 12:00:00", False, CLOSED, id="another county"),
        pytest.param(Opened(line="water"), "2025-04-12 12:00:00", False, CLOSED, id="another line"),
        pytest.param(Opened(), "2025-02-28 23:59:59", False, TIMELINE[0][2], id="before the period opens"),
        pytest.param(Opened(), "2025-04-10 23:59:59", True, TIMELINE[4][2], id="still in its grace"),
    ],
)
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "UTC", "Pacific/Auckland"])
def test_closed_period_is_open_again_for_whom_it_was_reopened(
    opened: Opened, clock: str, is_open: bool, reason: str, zone: str
) -> None:
    at = datetime.datetime.fromisoformat(clock).replace(tzinfo=CITY_TIME).astimezone(ZoneInfo(zone))

    answer = ask(period=March(), now=at, reopenings=[opened])

    assert (answer.is_open, answer.reason) == (is_open, reason)


def test_the_longest_of_several_reopenings_is_named() -> None:
    others = [Opened(until=datetime.date(2025, 4, 12)), Opened(CITY, line="water", until=datetime.date(2025, 4, 20))]

    answer = ask(period=March(), now=AFTER_CLOSING, reopenings=[*others, Opened(COUNTY)])

    assert answer.reason == AGAIN


@pytest.mark.parametrize("clock", [clock for clock, _open, _reason in TIMELINE])
def test_gate_is_shut_for_whoever_has_no_duty_there(clock: str) -> None:
    at = datetime.datetime.fromisoformat(clock).replace(tzinfo=CITY_TIME)

    answer = ask(user=Clerk(on_duty=False), period=March(), now=at, reopenings=[Opened()], returned_at=RETURNED_AT)

    assert (answer.is_open, answer.reason) == (False, "您没有该单位此工作线的填报职责。")


def test_duty_is_asked_for_the_day_of_the_city() -> None:
    asked = []

    class Asked(Clerk):
        def answers_for(self, *, unit: str, line: str, on: datetime.date) -> bool:
            asked.append((unit, line, on))
            return True

    gate(user=Asked(), unit=TOWN, line="water", period=March(), now=AFTER_CLOSING.astimezone(ZoneInfo("UTC")))

    assert asked == [(TOWN, "water", datetime.date(2025, 4, 11))]


@dataclass(frozen=True)
class Real:
    """A period as the schedule makes it."""

    kind: str
    span: schedule.Span

    def __getattr__(self, name: str) -> datetime.date:
        day: datetime.date = getattr(self.span, name)
        return day

    def __str__(self) -> str:
        return schedule.label(self.kind, self.span.start_on)


@pytest.mark.parametrize(
    ("kind", "day", "opens", "due", "closes", "name"),
    [
        ("xun", "2025-02-21", "2025-02-21", "2025-03-05", "2025-03-10", "2025年2月下旬"),
        ("month", "2025-02-01", "2025-02-01", "2025-03-05", "2025-03-10", "2025年2月"),
        ("quarter", "2025-01-01", "2025-03-01", "2025-04-05", "2025-04-10", "2025年第1季度"),
        ("half", "2025-07-01", "2025-12-01", "2026-01-05", "2026-01-10", "2025年下半年"),
        ("year", "2024-01-01", "2024-12-01", "2025-01-05", "2025-01-10", "2024年"),
    ],
)
def test_period_of_each_kind_opens_and_closes_on_its_days(
    kind: str, day: str, opens: str, due: str, closes: str, name: str
) -> None:
    period = Real(kind, schedule.span(kind, datetime.date.fromisoformat(day)))
    first, last = (datetime.datetime.fromisoformat(each).replace(tzinfo=CITY_TIME) for each in (opens, closes))
    second, midnight = datetime.timedelta(seconds=1), datetime.timedelta(days=1)

    seen = [ask(period=period, now=at) for at in (first - second, first, last + midnight - second, last + midnight)]

    assert [answer.is_open for answer in seen] == [False, True, True, False]
    assert all(answer.reason.startswith(name) for answer in seen)
    assert str(period.due_on) == due


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        ("2025-02-28", Stage.AHEAD),
        ("2025-03-01", Stage.OPEN),
        ("2025-04-05", Stage.OPEN),
        ("2025-04-06", Stage.GRACE),
        ("2025-04-10", Stage.GRACE),
        ("2025-04-11", Stage.CLOSED),
    ],
)
def test_stage_is_that_of_the_day(day: str, standing: Stage) -> None:
    assert stage(March(), datetime.date.fromisoformat(day)) == standing
