"""我的待报: what the page lists, counts and links, and the red dot in the menu."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from progress.gate import CITY_TIME
from progress.models import EntryStatus, Frequency, Period, Series
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

TASKS = reverse("tasks")


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    """The last day of March 2025, five days before its reports are due."""
    with time_machine.travel(datetime.datetime(2025, 3, 31, 12, tzinfo=CITY_TIME), tick=False):
        yield


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, make.COUNTY)


@pytest.fixture
def one_of_each() -> dict[str, Series]:
    """A series whose report is missing, and one in each status of an entry."""
    entered = {str(status): make.entry(status=status).series for status in EntryStatus}
    return {"missing": make.series(), **entered}


def listed(page: Page) -> list[Series]:
    return [report.series for report in page.context["reports"]]


def counts(page: Page) -> dict[str, int]:
    return {choice.value: choice.count for choice in page.context["choices"]}


def links(page: Page) -> list[str]:
    """Where the buttons of the rows lead."""
    found = BeautifulSoup(page.content, "html.parser").select("table.ledger a.btn")
    return [str(link["href"]) for link in found]


def dot(page: Page, name: str = "tasks") -> int:
    """The number beside an item of the menu."""
    [item] = [item for item in page.context["nav_items"] if item.url == reverse(name)]
    return int(item.count)


def test_what_waits_is_listed_and_each_state_is_counted(
    client: Client, clerk: User, one_of_each: dict[str, Series]
) -> None:
    page = signed_in(client, clerk).get(TASKS)

    assert set(listed(page)) == {one_of_each[state] for state in ("missing", "draft", "returned")}
    assert counts(page) == {
        **{"open": 3, "all": 6},
        **dict.fromkeys(("missing", "draft", "returned", "submitted", "reviewed", "verified"), 1),
    }


def test_click_on_a_count_lists_what_it_counted(client: Client, clerk: User, one_of_each: dict[str, Series]) -> None:
    page = signed_in(client, clerk).get(TASKS)

    lists = {choice.value: listed(client.get(TASKS + choice.url)) for choice in page.context["choices"]}

    assert {state: lists[state] for state in one_of_each} == {state: [found] for state, found in one_of_each.items()}
    assert (len(lists["open"]), len(lists["all"])) == (3, 6)


def test_row_leads_to_where_it_is_typed(client: Client, clerk: User, one_of_each: dict[str, Series]) -> None:
    signed_in(client, clerk)
    period = Period.objects.get()

    def first_link(state: str) -> str:
        return links(client.get(f"{TASKS}?state={state}"))[0]

    blank = one_of_each["missing"]
    assert first_link("missing") == f"{reverse('entry_new')}?series={blank.pk}&period={period.pk}"
    for state in ("draft", "returned"):
        assert first_link(state) == reverse("entry_edit", args=[one_of_each[state].entries.get().pk])
    for state in ("submitted", "reviewed", "verified"):
        assert first_link(state) == reverse("entry", args=[one_of_each[state].entries.get().pk])
    assert all(client.get(first_link(state)).status_code == 200 for state in one_of_each)


def test_returned_row_says_why(client: Client, clerk: User) -> None:
    make.entry(status=EntryStatus.RETURNED)

    assert "退回理由：请补依据" in signed_in(client, clerk).get(TASKS).content.decode()


def test_periods_are_summed_up_and_lead_to_their_own_list(client: Client, clerk: User) -> None:
    month, quarter = make.period(2025, 3), make.period(2025, 1, Frequency.QUARTER)
    monthly, quarterly = make.series(), make.series(frequency=Frequency.QUARTER)

    page = signed_in(client, clerk).get(TASKS)
    by_period = {each.period: listed(client.get(TASKS + each.url)) for each in page.context["sums"]}

    assert by_period == {month: [monthly], quarter: [quarterly]}
    assert [(each.waiting, each.due_on, each.counts) for each in page.context["sums"]] == [
        (1, datetime.date(2025, 4, 5), [1, 0, 0, 0, 0, 0])
    ] * 2


def test_list_is_searched_by_project_and_indicator(client: Client, clerk: User) -> None:
    make.period(2025, 3)
    found = [make.series(on=make.project(name="王庄复垦")), make.series(make.indicator(name="王庄面积"))]
    make.series()

    page = signed_in(client, clerk).get(f"{TASKS}?search=王庄")

    assert (listed(page), counts(page)["open"]) == (found, 2)


def test_mangled_address_lists_what_waits(client: Client, clerk: User, one_of_each: dict[str, Series]) -> None:
    page = signed_in(client, clerk).get(f"{TASKS}?state=x&period=x&after=x&search={'x' * 99}")

    assert len(listed(page)) == 3
    assert client.get(f"{TASKS}?after=1-1&state=all").context["page"].previous_url == ""


def test_red_dot_counts_what_waits_and_goes_with_it(
    client: Client, clerk: User, one_of_each: dict[str, Series]
) -> None:
    signed_in(client, clerk)

    assert dot(client.get(reverse("projects"))) == 3
    make.entry(one_of_each["missing"], status=EntryStatus.SUBMITTED)
    assert dot(client.get(reverse("projects"))) == 2
    with time_machine.travel(datetime.datetime(2025, 4, 11, 12, tzinfo=CITY_TIME), tick=False):
        assert dot(signed_in(client, clerk).get(reverse("projects"))) == 0


def test_red_dot_of_a_reviewer_counts_his_queue(client: Client) -> None:
    team = make.team()
    make.entry(status=EntryStatus.SUBMITTED, by=team)
    make.entry(status=EntryStatus.REVIEWED, by=team)

    assert dot(signed_in(client, team.reviewer).get("/"), "review") == 1
    assert dot(signed_in(client, team.verifier).get("/"), "review") == 1


def test_person_who_types_nothing_has_no_list_in_the_menu(client: Client) -> None:
    page = signed_in(client, make.user(Role.LEADER)).get(TASKS)

    assert TASKS not in [item.url for item in page.context["nav_items"]]
    assert listed(page) == []


def test_home_shows_the_same(client: Client, clerk: User, one_of_each: dict[str, Series]) -> None:
    signed_in(client, clerk)

    typing, page = client.get("/").context["typing"], client.get(TASKS)

    assert typing["waiting"] == counts(page)["open"] == dot(page)
    assert [report.owed for report in typing["reports"]] == [report.owed for report in page.context["reports"]]


def five_hundred() -> None:
    """499 more series, on one project."""
    project, place = make.project(), make.region()
    make.period(2025, 3)
    indicators = [make.indicator() for _ in range(499)]
    Series.objects.bulk_create(Series(project=project, indicator=each, region=place) for each in indicators)


def test_page_of_500_costs_what_a_page_of_one_costs(
    client: Client, clerk: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed_in(client, clerk)
    make.entry()

    for total in (1, 500):
        if total == 500:
            five_hundred()
        with django_assert_num_queries(8):
            page = client.get(TASKS)
        assert (counts(page)["open"], len(listed(page))) == (total, min(total, 100))


def test_pages_hold_each_report_once_while_it_is_worked_through(client: Client, clerk: User) -> None:
    five_hundred()
    signed_in(client, clerk)

    first = client.get(TASKS)
    make.entry(listed(first)[-1], status=EntryStatus.SUBMITTED)
    second = client.get(TASKS + first.context["page"].next_url)
    back = client.get(TASKS + second.context["page"].previous_url)

    assert len({*listed(first), *listed(second)}) == 200
    assert listed(back)[:99] == listed(first)[:99]
    seen, page = len(listed(first)), first
    while page.context["page"].next_url:
        page = client.get(TASKS + page.context["page"].next_url)
        seen += len(listed(page))
    assert seen == 499
