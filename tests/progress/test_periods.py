"""Periods are there ahead of time; their page says what is open for whom and opens closed ones again."""

from __future__ import annotations

import datetime
import uuid
from http import HTTPStatus
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from jurisdictions.models import WorkLine
from progress import schedule
from progress.gate import CITY_TIME
from progress.models import Frequency, Period, Reopening
from progress.services.periods import ensure_ahead
from progress.services.reopenings import reopen
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2025, 4, 20, 12, tzinfo=CITY_TIME)
LIST = reverse("periods")


@pytest.fixture(autouse=True)
def _in_april() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def reopened(period: Period, by: User, unit: str = make.COUNTY) -> Reopening:
    return reopen(
        period=period,
        region=make.region(unit),
        work_line=WorkLine.SUBSIDENCE,
        until=datetime.date(2025, 4, 23),
        reason="补报验收面积",
        by=by,
        at=NOW,
    )


def tables(page: Page) -> list[list[str]]:
    """The rows of what is open, and of the year's periods, as a person reads them."""
    return [
        [" ".join(row.get_text(" ").split()) for row in table.select("tbody tr")]
        for table in BeautifulSoup(page.content, "html.parser").select("table.ledger")
    ]


@pytest.mark.parametrize(
    ("kind", "count"),
    [
        (Frequency.TEN_DAYS, 3 * 36),
        (Frequency.MONTH, 3 * 12),
        (Frequency.QUARTER, 3 * 4),
        (Frequency.HALF, 3 * 2),
        (Frequency.YEAR, 3),
    ],
)
def test_periods_of_each_kind_cover_three_years_without_a_gap(kind: str, count: int) -> None:
    ensure_ahead(on=NOW.date())

    periods = list(Period.objects.filter(kind=kind).order_by("start_on"))

    assert len(periods) == count
    assert (periods[0].start_on, periods[-1].end_on) == (datetime.date(2024, 1, 1), datetime.date(2026, 12, 31))
    assert all(one.end_on + schedule.DAY == following.start_on for one, following in pairwise(periods))


def test_dates_moved_by_hand_stay_when_more_periods_are_made() -> None:
    moved = make.period(2025, 3)
    Period.objects.filter(pk=moved.pk).update(due_on=datetime.date(2025, 4, 8))

    ensure_ahead(on=NOW.date())

    moved.refresh_from_db()
    assert moved.due_on == datetime.date(2025, 4, 8)


def test_list_says_where_each_period_stands(client: Client) -> None:
    for month in (3, 4, 5):
        make.period(2025, month)
    make.period(2025, 4, Frequency.TEN_DAYS)

    _open, listed = tables(signed_in(client, make.user(Role.CLERK)).get(LIST))

    assert [row.split()[:4] for row in listed] == [
        ["2025年5月", "月", "○", "未开放"],
        ["2025年4月", "月", "●", "开放"],
        ["2025年4月上旬", "旬", "▲", "宽限"],
        ["2025年3月", "月", "✕", "截止"],
    ]


def test_list_says_what_is_open_for_whom(client: Client) -> None:
    make.period(2025, 4)
    verifier = make.user(Role.VERIFIER)
    march = make.period(2025, 3)
    reopened(march, verifier)

    now_open, listed = tables(signed_in(client, make.user(Role.CLERK, make.TOWN)).get(LIST))

    assert now_open[0].startswith("2025年4月 ● 开放 全部单位 全部工作线 2025年5月10日")
    assert now_open[1].startswith(f"2025年3月 ↻ 重新开放 上党区 国土生态修复 2025年4月23日 补报验收面积 {verifier}")
    assert "重新开放 1 处" in listed[1]


def test_reopening_elsewhere_is_nobodys_business_here(client: Client) -> None:
    reopened(make.period(2025, 3), make.user(Role.VERIFIER), make.OTHER_COUNTY)

    now_open, listed = tables(signed_in(client, make.user(Role.CLERK, make.COUNTY)).get(LIST))

    assert now_open == ["今天没有开放填报的调度期。"]
    assert "重新开放" not in listed[0]


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("", ["2025年4月", "2025年第1季度", "2025年3月"]),
        ("?kind=month", ["2025年4月", "2025年3月"]),
        ("?year=2024", ["2024年12月"]),
        ("?year=2024&kind=quarter", []),
        ("?year=nonsense&kind=nonsense", ["2025年4月", "2025年第1季度", "2025年3月"]),
    ],
)
def test_list_is_of_one_year_and_kind(client: Client, query: str, labels: list[str]) -> None:
    for year, month, kind in ((2025, 3, "month"), (2025, 4, "month"), (2024, 12, "month"), (2025, 3, "quarter")):
        make.period(year, month, Frequency(kind))

    page = signed_in(client, make.user(Role.LEADER)).get(LIST + query)

    assert sorted(str(row.period) for row in page.context["rows"]) == sorted(labels)


def form(page: Page, **typed: Any) -> dict[str, Any]:
    """What the page's form would send: what it shows, and what was typed over it."""
    shown = {"receipt": page.context["form"]["receipt"].value(), "work_line": "subsidence", "until": "2025-04-23"}
    return {**shown, "region": "上党区", "reason": "补报验收面积", **typed}


def test_verifier_reopens_a_period_from_the_list(client: Client) -> None:
    march = make.period(2025, 3)
    make.region(make.COUNTY)
    page = signed_in(client, make.user(Role.VERIFIER)).get(LIST)
    address = reverse("reopen", args=[march.pk])

    assert address in page.content.decode()
    sent = form(client.get(address))
    answers = [client.post(address, sent, follow=True) for _twice in range(2)]

    assert Reopening.objects.get().until == datetime.date(2025, 4, 23)
    assert all("2025年3月已为上党区重新开放至2025年4月23日。" in answer.content.decode() for answer in answers)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": ""}, "必填"),
        ({"until": "2025-06-01"}, "截止日期须在2025年4月20日至2025年5月21日之间。"),
        ({"region": "月球"}, "月球"),
        ({"region": "140499"}, "140499"),
        ({"work_line": "lunar"}, "lunar"),
    ],
)
def test_refused_form_comes_back_with_all_that_was_typed(client: Client, typed: dict[str, str], said: str) -> None:
    address = reverse("reopen", args=[make.period(2025, 3).pk])
    make.region(make.COUNTY)
    sent = form(signed_in(client, make.user(Role.VERIFIER)).get(address), **typed)

    answer = client.post(address, sent)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in answer.content.decode()
    assert {name: answer.context["form"][name].value() for name in sent} == sent
    assert not Reopening.objects.exists()


@pytest.mark.parametrize("role", [Role.CLERK, Role.REVIEWER, Role.LEADER])
def test_others_find_no_form_to_reopen_and_may_not_send_one(client: Client, role: Role) -> None:
    address = reverse("reopen", args=[make.period(2025, 3).pk])
    make.region(make.COUNTY)
    page = signed_in(client, make.user(role)).get(address)

    answer = client.post(address, form(page))

    assert 'name="until"' not in page.content.decode()
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert not Reopening.objects.exists()


def test_verifier_ends_a_reopening_from_the_list(client: Client) -> None:
    verifier = make.user(Role.VERIFIER)
    opened = reopened(make.period(2025, 3), verifier)
    address = reverse("reopening_end", args=[opened.pk])
    assert address in signed_in(client, verifier).get(LIST).content.decode()

    first = client.post(address, {"receipt": uuid.uuid4()}, follow=True)
    again = client.post(address, {"receipt": uuid.uuid4()}, follow=True)

    opened.refresh_from_db()
    assert opened.until == datetime.date(2025, 4, 19)
    assert "上党区的2025年3月已提前结束开放。" in first.content.decode()
    assert "此次重新开放已经结束。" in again.content.decode()


def test_form_shows_what_was_opened_again_before(client: Client) -> None:
    verifier = make.user(Role.VERIFIER)
    march = make.period(2025, 3)
    reopened(march, verifier)

    page = signed_in(client, verifier).get(reverse("reopen", args=[march.pk]))

    assert [each.reason for each in page.context["earlier"]] == ["补报验收面积"]
