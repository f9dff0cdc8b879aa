"""Clerks are reminded of what they owe three days before the last day and on it, and of each once."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection
from django.utils import translation

from accounts.models import Message, Role, User
from jurisdictions.models import WorkLine
from progress.gate import CITY_TIME
from progress.models import EntryStatus, Frequency, Reopening
from progress.services import reminders
from progress.tasks import remind_clerks
from tests import factories as make
from tests.progress import steps

pytestmark = pytest.mark.django_db

THREE_BEFORE = "还有 1 项未报，请于2025年4月5日前报送。"
ON_THE_DAY = "今天是2025年3月的报送期限，还有 1 项未报，请今天报送。"


def remind_at(day: int, hour: int = 8) -> None:
    """The task as it runs on that day of April 2025."""
    with time_machine.travel(datetime.datetime(2025, 4, day, hour, tzinfo=CITY_TIME), tick=False):
        remind_clerks()


def texts(person: User) -> list[str]:
    return [message.text for message in person.inbox.order_by("pk")]


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, make.COUNTY)


@pytest.fixture
def owing(clerk: User) -> None:
    make.period(2025, 3)
    make.series()


@pytest.mark.usefixtures("owing")
def test_clerk_is_reminded_on_two_days_of_all(clerk: User) -> None:
    for day in range(1, 12):
        remind_at(day)

    assert texts(clerk) == [f"2025年3月{THREE_BEFORE}", ON_THE_DAY]
    assert [message.sent_at.astimezone(CITY_TIME).day for message in clerk.inbox.order_by("pk")] == [2, 5]


@pytest.mark.usefixtures("owing")
def test_however_often_the_task_runs_he_is_told_once(clerk: User) -> None:
    for hour in (8, 8, 9, 10):
        remind_at(2, hour)

    assert len(texts(clerk)) == 1


def test_message_leads_to_his_list_of_that_period(clerk: User) -> None:
    period = make.period(2025, 3)
    make.series()

    remind_at(5)

    assert clerk.inbox.get().url == f"/tasks/?period={period.pk}"


def test_whoever_owes_nothing_is_left_alone(clerk: User) -> None:
    make.entry(status=EntryStatus.SUBMITTED)
    others = [make.user(Role.CLERK, make.OTHER_COUNTY), make.user(Role.CLERK, make.COUNTY, WorkLine.WATER)]

    for day in (2, 5):
        remind_at(day)

    assert [texts(person) for person in (clerk, *others)] == [[], [], []]


def test_drafts_and_what_came_back_are_counted_too(clerk: User) -> None:
    team = make.team()
    make.entry(by=team)
    make.entry(status=EntryStatus.RETURNED, by=team)
    make.entry(status=EntryStatus.REVIEWED, by=team)
    make.series()

    remind_at(5)

    assert texts(clerk) == ["今天是2025年3月的报送期限，还有 3 项未报，请今天报送。"]


def test_each_period_is_told_of_by_itself(clerk: User) -> None:
    make.period(2025, 3)
    make.period(2025, 1, Frequency.QUARTER)
    make.series()
    make.series(frequency=Frequency.QUARTER)

    remind_at(2)

    assert sorted(text[: text.index("还")] for text in texts(clerk)) == ["2025年3月", "2025年第1季度"]


@pytest.mark.usefixtures("owing")
def test_deputies_and_those_they_stand_in_for_are_reminded(clerk: User) -> None:
    deputy, former, gone = make.user(), make.user(), make.user(is_active=False)
    make.duty(deputy, Role.CLERK, make.COUNTY, deputises_for=clerk)
    make.duty(former, Role.CLERK, make.COUNTY, valid_until=datetime.date(2025, 4, 1))
    make.duty(gone, Role.CLERK, make.COUNTY)

    remind_at(2)

    assert set(Message.objects.values_list("user", flat=True)) == {clerk.pk, deputy.pk}


def test_reopened_period_is_due_on_its_last_day(clerk: User) -> None:
    make.series()
    Reopening.objects.create(
        period=make.period(2025, 1),
        region=make.region(make.COUNTY),
        work_line=WorkLine.SUBSIDENCE,
        until=datetime.date(2025, 4, 20),
        reason="补报",
        reopened_by=make.user(),
        reopened_at=datetime.datetime(2025, 4, 15, tzinfo=CITY_TIME),
    )

    for day in range(15, 22):
        remind_at(day)

    assert texts(clerk) == [
        "2025年1月还有 1 项未报，请于2025年4月20日前报送。",
        "今天是2025年1月的报送期限，还有 1 项未报，请今天报送。",
    ]


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_tell_each_person_once() -> None:
    make.period(2025, 3)
    make.series()
    clerks = [make.user(Role.CLERK, make.COUNTY) for _ in range(20)]
    at = datetime.datetime(2025, 4, 5, 8, tzinfo=CITY_TIME)

    def run(_number: int) -> int:
        try:
            return reminders.remind(at=at)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(run, range(4)))

    assert found == [20] * 4
    assert Message.objects.count() == 20
    assert {len(texts(clerk)) for clerk in clerks} == {1}


def test_returned_entry_is_told_to_its_clerk_in_chinese_whatever_the_reviewer_reads() -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)

    with translation.override("en"):
        steps.send_back(entry, team.reviewer, "数据与照片不符")

    message = team.clerk.inbox.get()
    assert (
        message.text
        == f"{entry.series.project} · {entry.series.indicator} · 2025年3月被{team.reviewer}退回：数据与照片不符"
    )
    assert message.url == entry.get_absolute_url()


def test_entry_that_comes_back_twice_is_told_of_twice() -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.RETURNED, by=team)

    entry = steps.submit(entry, team.clerk)
    steps.send_back(entry, team.reviewer, "仍缺照片")

    assert len(texts(team.clerk)) == 2
