"""The gate opens and closes at midnight in 长治, whatever zone a clock is set to."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from functools import partial
from zoneinfo import ZoneInfo

import pytest

from progress.gate import CITY_TIME, gate


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
