"""Opening a closed period again: for whom, until when, why, by whom; and ending it early."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine

from accounts.models import AuditEvent, Message, Role, User
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import WorkLine
from progress.gate import CITY_TIME
from progress.models import Period, Reopening
from progress.services import entries, reopenings
from progress.services.entries import Content, Incomplete, PeriodClosed
from progress.services.reopenings import AlreadyEnded, NotClosed
from tests import factories as make

pytestmark = pytest.mark.django_db

D = datetime.date
#: March 2025 closed ten days before.
NOW = datetime.datetime(2025, 4, 20, 12, tzinfo=CITY_TIME)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _in_april() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def march() -> Period:
    return make.period(2025, 3)


@pytest.fixture
def verifier() -> User:
    return make.user(Role.VERIFIER)


def reopen(period: Period, by: User, unit: str = make.COUNTY, **asked: Any) -> Reopening:
    asked = {"work_line": WorkLine.SUBSIDENCE, "until": D(2025, 4, 23), "reason": "补报验收面积", **asked}
    return reopenings.reopen(period=period, region=make.region(unit), by=by, at=NOW, **asked)


def test_clerk_of_the_unit_may_type_until_the_last_day(march: Period, verifier: User) -> None:
    series, clerk = make.series(), make.user(Role.CLERK, make.COUNTY)
    content = Content(no_progress_reason="冻土期停工")
    last = datetime.datetime(2025, 4, 23, 23, 59, 59, tzinfo=CITY_TIME)

    with pytest.raises(PeriodClosed):
        entries.create_draft(series=series, period=march, content=content, by=clerk, at=NOW)
    reopen(march, verifier)
    entry = entries.create_draft(series=series, period=march, content=content, by=clerk, at=last)
    midnight = last + datetime.timedelta(seconds=1)

    with pytest.raises(PeriodClosed):
        entries.submit(entry=entry, version=entry.version, by=clerk, at=midnight)
    assert entries.submit(entry=entry, version=entry.version, by=clerk, at=last).submitted_at == last


def test_other_units_and_lines_stay_closed(march: Period, verifier: User) -> None:
    reopen(march, verifier)
    there = make.series(region_code=make.OTHER_TOWN)
    water = make.series(make.indicator(work_line=WorkLine.WATER), make.project(work_line=WorkLine.WATER))

    for series in (there, water):
        with pytest.raises(PeriodClosed):
            entries.create_draft(series=series, period=march, content=Content(), by=make.user(Role.CLERK), at=NOW)


def test_reopening_is_on_the_audit_trail_with_its_reason(march: Period, verifier: User) -> None:
    opened = reopen(march, verifier)

    event = AuditEvent.objects.get(action="period.reopen")

    assert (event.actor_id, event.object_id, event.reason) == (verifier.pk, str(opened.pk), "补报验收面积")
    assert event.after == {
        "period": march.pk,
        "region": make.COUNTY,
        "work_line": "subsidence",
        "until": "2025-04-23",
        "reason": "补报验收面积",
    }


@pytest.mark.parametrize(
    ("asked", "refusal", "field"),
    [
        ({"reason": " "}, Incomplete, "reason"),
        ({"reason": "长" * 201}, Incomplete, "reason"),
        ({"until": TODAY - datetime.timedelta(days=1)}, Incomplete, "until"),
        ({"until": TODAY + datetime.timedelta(days=32)}, Incomplete, "until"),
    ],
)
def test_what_is_missing_or_too_long_is_refused_at_its_input(
    march: Period, verifier: User, asked: dict[str, Any], refusal: type[Refused], field: str
) -> None:
    with pytest.raises(refusal) as refused:
        reopen(march, verifier, **asked)

    assert refused.value.field == field
    assert not Reopening.objects.exists()


@pytest.mark.parametrize("days", [0, 31])
def test_last_day_is_today_or_up_to_31_days_ahead(march: Period, verifier: User, days: int) -> None:
    until = TODAY + datetime.timedelta(days=days)

    assert reopen(march, verifier, until=until).until == until


def test_period_that_is_open_or_not_yet_open_is_not_reopened(verifier: User) -> None:
    for month in (4, 5):
        with pytest.raises(NotClosed):
            reopen(make.period(2025, month), verifier)


@pytest.mark.parametrize("standing", [make.COUNTY, make.CITY])
def test_unit_for_which_it_is_open_again_already_is_told_so(march: Period, verifier: User, standing: str) -> None:
    reopen(march, verifier, standing)

    with pytest.raises(NotClosed, match="已对该单位重新开放至2025年4月23日"):
        reopen(march, verifier)


def test_reopening_may_be_followed_by_a_longer_one_and_by_others(march: Period, verifier: User) -> None:
    reopen(march, verifier)

    reopen(march, verifier, until=D(2025, 4, 24))
    reopen(march, verifier, make.OTHER_COUNTY)
    reopen(march, verifier, work_line=WorkLine.WATER)

    assert march.reopenings.count() == 4


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.LEADER, Role.SUPERVISOR, Role.SYSTEM_ADMIN])
def test_only_a_verifier_reopens(march: Period, role: Role) -> None:
    with pytest.raises(NotAllowed):
        reopen(march, make.user(role))


def test_verifier_of_another_line_or_county_does_not(march: Period) -> None:
    for person in (make.user(Role.VERIFIER, line=WorkLine.WATER), make.user(Role.VERIFIER, make.OTHER_COUNTY)):
        with pytest.raises(NotAllowed):
            reopen(march, person)


def test_ended_early_it_is_closed_at_once_and_on_the_audit_trail(march: Period, verifier: User) -> None:
    opened = reopen(march, verifier)

    reopenings.end(reopening=opened, by=verifier, at=NOW)

    with pytest.raises(PeriodClosed):
        entries.create_draft(series=make.series(), period=march, content=Content(), by=make.user(Role.CLERK), at=NOW)
    event = AuditEvent.objects.get(action="period.reopening_end")
    assert event.before and event.after
    assert (event.before["until"], event.after["until"]) == ("2025-04-23", "2025-04-19")


def test_reopening_ends_once_and_by_whom_it_concerns(march: Period, verifier: User) -> None:
    opened = reopen(march, verifier)

    with pytest.raises(NotAllowed):
        reopenings.end(reopening=opened, by=make.user(Role.VERIFIER, make.OTHER_COUNTY), at=NOW)
    reopenings.end(reopening=opened, by=verifier, at=NOW)
    with pytest.raises(AlreadyEnded):
        reopenings.end(reopening=opened, by=verifier, at=NOW)


def test_clerks_of_the_unit_are_told_and_no_others(march: Period, verifier: User) -> None:
    told = [
        make.user(Role.CLERK, make.CITY),
        make.user(Role.CLERK, make.COUNTY, WorkLine.SUBSIDENCE),
        make.user(Role.CLERK, make.TOWN),
    ]
    make.user(Role.CLERK, make.OTHER_COUNTY)
    make.user(Role.CLERK, make.COUNTY, WorkLine.WATER)
    make.user(Role.REVIEWER, make.COUNTY)
    make.user(Role.CLERK, make.COUNTY, is_active=False)

    reopen(march, verifier)

    assert [message.user for message in Message.objects.order_by("user")] == told
    text = Message.objects.values_list("text", flat=True)[0]
    assert text == "2025年3月已为上党区 · 国土生态修复重新开放至2025年4月23日，请及时报送。理由：补报验收面积"


@pytest.mark.parametrize(
    ("unit", "line", "is_visible"),
    [
        (make.COUNTY, "", True),
        (make.TOWN, WorkLine.SUBSIDENCE, True),
        (make.CITY, "", True),
        (make.OTHER_COUNTY, "", False),
        (make.COUNTY, WorkLine.WATER, False),
    ],
)
def test_those_it_concerns_see_it(march: Period, verifier: User, unit: str, line: str, is_visible: bool) -> None:
    opened = reopen(march, verifier)

    visible = Reopening.objects.visible_to(make.user(Role.CLERK, unit, line))

    assert list(visible) == ([opened] if is_visible else [])
