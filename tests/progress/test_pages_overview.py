"""The start page, the overview, what stands behind a target's figures, and a project's page."""

from __future__ import annotations

import datetime
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from jurisdictions.models import WorkLine
from progress.gate import CITY_TIME
from progress.models import EntryStatus, IndicatorKind, LedgerLine, Target
from progress.services.targets import record_version
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

OVERVIEW = reverse("overview")
YEAR: dict[str, Any] = {"start_on": datetime.date(2025, 1, 1), "due_on": datetime.date(2025, 12, 31)}


@pytest.fixture(autouse=True)
def in_april() -> Any:
    """20 April 2025: the reports for March are due."""
    with time_machine.travel(datetime.datetime(2025, 4, 20, 12, tzinfo=CITY_TIME), tick=False):
        yield


def as_leader(client: Client) -> Client:
    return signed_in(client, make.user(Role.LEADER))


def basis(client: Client, target: Target) -> Page:
    return client.get(target.get_absolute_url())


def row(page: Page, target: Target) -> list[str]:
    """The texts of a target's cells, white space squeezed."""
    link = BeautifulSoup(page.content, "html.parser").find("a", href=target.get_absolute_url())
    assert isinstance(link, Tag)
    line = link.find_parent("tr")
    assert isinstance(line, Tag)
    return [" ".join(cell.get_text(" ").split()) for cell in line.find_all(["th", "td"])]


def test_overview_shows_the_four_lines_in_their_order(client: Client) -> None:
    make.target(make.indicator(work_line=WorkLine.LOWCARBON))
    make.target(make.indicator(work_line=WorkLine.SUBSIDENCE))

    page = as_leader(client).get(OVERVIEW)

    headings = [each.get_text(strip=True) for each in BeautifulSoup(page.content, "html.parser").main.find_all("h2")]  # type: ignore[union-attr]
    assert headings == WorkLine.labels


def test_overview_row_carries_target_plan_figures_and_light(client: Client) -> None:
    indicator = make.indicator()
    target = make.target(indicator, "1200", **YEAR)
    series = make.series(indicator)
    make.verified_entry(series, "250", make.period(2025, 3))
    make.entry(series, "40.5", make.period(2025, 4), status=EntryStatus.SUBMITTED)

    cells = row(as_leader(client).get(OVERVIEW), target)

    assert cells[1:6] == ["1,200.00 亩", "300.00 2025年3月31日", "250.00", "40.50", "20.83%"]
    assert cells[6] == "▲ 预警 截至2025年3月31日计划300.00，核定250.00，为计划的83.33%。"
    assert cells[7:] == ["2025年3月", "255"]


def test_target_without_a_start_shows_what_is_missing(client: Client) -> None:
    target = make.target()

    cells = row(as_leader(client).get(OVERVIEW), target)

    assert "计入口径： 待补" in cells[0]
    assert cells[2:6] == ["待补", "—", "—", "—"]
    assert cells[6].startswith("○ 无计划")
    assert cells[7:] == ["—", "待补"]


def test_overview_leaves_out_what_lies_outside_the_persons_duty(client: Client) -> None:
    mine, _citys = make.target(region_code=make.COUNTY), make.target(region_code=make.CITY)

    page = signed_in(client, make.user(Role.LEADER, make.COUNTY)).get(OVERVIEW)

    shown = [figure.target for _line, found in page.context["lines"] for figure in found]
    assert shown == [mine]


def test_target_past_its_end_says_how_long(client: Client) -> None:
    target = make.target(start_on=datetime.date(2024, 1, 1), due_on=datetime.date(2025, 3, 31))

    assert row(as_leader(client).get(OVERVIEW), target)[8] == "逾期 20 天"


def test_target_of_another_region_is_not_found(client: Client) -> None:
    signed_in(client, make.user(Role.LEADER, make.COUNTY))

    assert basis(client, make.target(region_code=make.CITY)).status_code == HTTPStatus.NOT_FOUND


def test_lines_behind_a_flow_add_up_to_its_verified_figure(client: Client) -> None:
    indicator = make.indicator()
    target = make.target(indicator, "1200", make.COUNTY, **YEAR)
    here, elsewhere = make.series(indicator), make.series(indicator, region_code=make.OTHER_TOWN)
    make.verified_entry(here, 7, make.period(2024, 12))
    first = make.verified_entry(here, 10, make.period(2025, 1))
    make.correction(first, "12.34")
    make.verified_entry(elsewhere, 99, make.period(2025, 1))

    page = basis(as_leader(client), target)

    figure, [total] = page.context["figure"], page.context["sums"]
    assert figure.verified == total.total == Decimal("12.34")
    assert sorted(line.amount for line in page.context["page"].rows) == [-10, 10, Decimal("12.34")]


def test_lines_behind_a_stock_add_up_to_its_figure_and_baseline(client: Client) -> None:
    indicator = make.indicator(IndicatorKind.STOCK)
    target = make.target(indicator, "100", baseline=Decimal(5), **YEAR)
    series = make.series(indicator)
    make.verified_entry(series, 20, make.period(2024, 12))
    make.verified_entry(series, 45, make.period(2025, 2))

    page = basis(as_leader(client), target)

    assert page.context["sums"][0].total == 45
    assert page.context["figure"].verified == 40
    assert "减：基数" in page.content.decode()


def test_lines_behind_a_ratio_are_those_of_both_its_parts(client: Client) -> None:
    done, due = make.indicator(), make.indicator()
    target = make.target(make.ratio(done, due), "100", **YEAR)
    make.verified_entry(make.series(done), 30)
    make.verified_entry(make.series(due), 40)

    page = basis(as_leader(client), target)

    assert [each.total for each in page.context["sums"]] == [30, 40]
    assert page.context["figure"].verified == 75
    assert len(page.context["page"].rows) == 2


def test_lines_behind_a_projects_target_are_the_projects(client: Client) -> None:
    indicator, project = make.indicator(), make.project()
    target = make.target(indicator, project=project)
    make.verified_entry(make.series(indicator, project), 30)
    make.verified_entry(make.series(indicator), 99)

    page = basis(as_leader(client), target)

    assert page.context["figure"].verified == page.context["sums"][0].total == 30
    assert [line.amount for line in page.context["page"].rows] == [30]


def test_long_basis_is_paged_with_the_sum_over_all(client: Client) -> None:
    indicator = make.indicator()
    target = make.target(indicator)
    series, team = make.series(indicator), make.team()
    for number in range(105):
        make.verified_entry(series, 1, make.period(2016 + number // 12, number % 12 + 1), by=team)
    as_leader(client)

    first = basis(client, target)
    second = client.get(target.get_absolute_url() + first.context["page"].next_url)

    assert (len(first.context["page"].rows), len(second.context["page"].rows)) == (100, 5)
    assert [page.context["sums"][0].total for page in (first, second)] == [105, 105]


def test_in_flight_entries_add_up_to_the_in_flight_figure(client: Client) -> None:
    indicator = make.indicator(IndicatorKind.STOCK)
    target = make.target(indicator, **YEAR)
    series, other = make.series(indicator), make.series(indicator)
    make.verified_entry(series, 10, make.period(2025, 1))
    make.entry(series, 25, make.period(2025, 2), status=EntryStatus.SUBMITTED)
    make.entry(series, 30, make.period(2025, 3), status=EntryStatus.REVIEWED)
    make.entry(other, 4, make.period(2025, 3), status=EntryStatus.SUBMITTED)

    page = basis(as_leader(client), target)

    movements = page.context["movements"]
    assert sorted(each.added for each in movements) == [4, 20]
    assert page.context["figure"].in_flight == sum(each.added for each in movements) == 24


def test_plan_is_shown_as_its_curve_or_in_words(client: Client) -> None:
    drawn = make.target(plan={datetime.date(2025, 6, 1): Decimal(50)}, **YEAR)
    even = make.target(**YEAR)
    open_ended = make.target(start_on=datetime.date(2025, 1, 1))
    as_leader(client)

    texts = [basis(client, each).content.decode() for each in (drawn, even, open_ended)]

    assert "逐月计划" in texts[0]
    assert "按起止月份平均推算：2025年1月至2025年12月" in texts[1]
    assert "完成期限没有登记" in texts[2]


def test_versions_are_listed_once_there_are_two(client: Client) -> None:
    target = make.target(value="100")
    record_version(target=target, value=Decimal(120), by=None, at=make.inside(make.period()))

    page = basis(as_leader(client), target)

    assert [version.n for version in page.context["versions"]] == [2, 1]
    assert page.context["figure"].version.value == 120


def test_project_page_joins_the_register_with_its_figures(client: Client) -> None:
    programme = make.programme()
    project = make.project(programme=programme)
    part, sibling = make.project(parent=project), make.project(programme=programme)
    target = make.target(make.indicator(), project=project)
    entry = make.verified_entry(make.series(target.indicator, project), 30)

    context = as_leader(client).get(project.get_absolute_url()).context

    assert (list(context["parts"]), list(context["siblings"])) == ([part], [sibling])
    assert [(series, total.amount) for series, total in context["series"]] == [(entry.series, 30)]
    assert [figure.verified for figure in context["figures"]] == [30]
    assert list(context["entries"]) == [entry]


def test_project_page_shows_what_nobody_has_said(client: Client) -> None:
    project = make.project(name="")

    html = as_leader(client).get(project.get_absolute_url()).content.decode()

    assert f"待补（{project.code}）" in html
    assert html.count('<span class="tag todo">待补</span>') >= 8


def test_project_of_another_county_is_not_found(client: Client) -> None:
    signed_in(client, make.user(Role.CLERK, make.OTHER_COUNTY))

    assert client.get(make.project().get_absolute_url()).status_code == HTTPStatus.NOT_FOUND


def test_home_lists_what_a_clerk_owes_and_got_back(client: Client) -> None:
    owed, done, returned = make.series(), make.series(), make.series()
    make.entry(done, when=make.period(2025, 4), status=EntryStatus.SUBMITTED)
    make.entry(returned, when=make.period(2025, 4), status=EntryStatus.RETURNED)

    page = signed_in(client, make.user(Role.CLERK, make.COUNTY)).get("/")

    typing = page.context["typing"]
    assert typing["waiting"] == 2
    assert [report.series for report in typing["reports"]] == [owed, returned]


def test_home_counts_what_waits_for_reviewer_and_verifier(client: Client) -> None:
    team = make.team()
    make.entry(status=EntryStatus.SUBMITTED, by=team)
    make.entry(status=EntryStatus.REVIEWED, by=team)

    reviewers = signed_in(client, team.reviewer).get("/").context
    verifiers = signed_in(client, team.verifier).get("/").context

    assert (reviewers["to_review"], reviewers["to_verify"]) == (1, None)
    assert (verifiers["to_review"], verifiers["to_verify"]) == (None, 1)


def test_home_of_a_person_without_duties_says_so(client: Client) -> None:
    assert "今天没有有效的职责" in signed_in(client, make.user()).get("/").content.decode()


def test_figures_stay_exact_while_nothing_is_rolled_up(client: Client) -> None:
    indicator = make.indicator()
    target = make.target(indicator, "70897.71")
    make.verified_entry(make.series(indicator), "180")

    page = basis(as_leader(client), target)

    assert LedgerLine.objects.count() == 1
    assert "70,897.71" in page.content.decode()
    assert page.context["figure"].verified == 180
