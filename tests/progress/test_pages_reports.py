"""The report pages: what they ask, what they show, where every figure leads, and what is taken away as a workbook."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import openpyxl
import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role
from progress.gate import CITY_TIME
from progress.models import Indicator, IndicatorKind, Series
from tests import factories as make
from tests.pages import Page, signed_in
from tests.progress.reading import D

pytestmark = pytest.mark.django_db

DISPATCH, MONTH, YEAR = (reverse(f"report_{name}") for name in ("dispatch", "month", "year"))
FIGURE = re.compile(r"[\d,]+\.\d\d%?")
TERM: dict[str, Any] = {"start_on": D(2025, 1, 1), "due_on": D(2025, 12, 31)}


@pytest.fixture(autouse=True)
def _in_april() -> Iterator[None]:
    """20 April 2025: the reports for March are due."""
    with time_machine.travel(datetime.datetime(2025, 4, 20, 12, tzinfo=CITY_TIME), tick=False):
        yield


@pytest.fixture
def leader(client: Client) -> Client:
    return signed_in(client, make.user(Role.LEADER))


def measured() -> Indicator:
    """10 亩 of a county's 40 in March, corrected to 12.5 on 10 April; 4 of another county without a task."""
    area, team = make.indicator(name="治理面积"), make.team(make.CITY)
    make.target(area, "40", make.COUNTY, **TERM)
    make.target(area, "100", **TERM)
    entry = make.verified_entry(make.series(area), 10, make.period(2025, 3), by=team)
    make.verified_entry(make.series(area, region_code=make.OTHER_TOWN), 4, make.period(2025, 3), by=team)
    make.correction(entry, "12.5", by=team, at=datetime.datetime(2025, 4, 10, 9, tzinfo=CITY_TIME))
    return area


def soup(page: Page) -> Tag:
    found = BeautifulSoup(page.content, "html.parser").main
    assert isinstance(found, Tag)
    return found


def cells(page: Page) -> list[list[str]]:
    """The texts of the report's rows, heads included, white space squeezed."""
    table = soup(page).find("table")
    assert isinstance(table, Tag)
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")
    ]


def links(page: Page) -> list[str]:
    return [str(link["href"]) for link in soup(page).select("table a")]


def test_dispatch_table_opens_with_last_month_and_the_first_target(leader: Client) -> None:
    measured()

    head, *rows, total = cells(leader.get(DISPATCH))

    assert head == ["单位", "目标", "本月", "累计", "完成率（%）", "同比（%）", "环比（%）", "排名", "灯号", "报送"]
    assert rows == [
        ["上党区", "40.00", "12.50", "12.50", "31.25%", "—", "—", "1", "● 正常", ""],
        ["襄垣县", "—", "4.00", "4.00", "—", "—", "—", "—", "—", ""],
    ]
    assert total == ["合计", "100.00", "16.50", "16.50", "16.50%", "—", "—", "—", "■ 滞后", ""]


def test_look_back_says_so_and_leads_back_to_today(leader: Client) -> None:
    measured()

    page = leader.get(DISPATCH, {"month": "2025-03", "as_of": "2025-04-09"})

    assert cells(page)[1][2:5] == ["10.00", "10.00", "25.00%"]
    assert "截至2025年4月9日的口径" in soup(page).get_text()
    assert all("as_of=2025-04-09" in link for link in links(page))
    today = next(link for link in soup(page).find_all("a") if link.get_text() == "看今天的数字")
    assert cells(leader.get(f"{DISPATCH}{today['href']}"))[1][2] == "12.50"


@pytest.mark.parametrize("page", [DISPATCH, MONTH, YEAR])
@pytest.mark.parametrize("day", ["2025-04-20", "2026-01-01", "昨天"])
def test_day_that_cannot_be_looked_back_on_is_said_beside_todays_figures(leader: Client, page: str, day: str) -> None:
    measured()

    shown = leader.get(page, {"as_of": day})

    assert "以下为今天的数字" in soup(shown).get_text()
    assert "16.50" in soup(shown).get_text()
    assert "的口径" not in soup(shown).get_text()


@pytest.mark.parametrize(
    "query", [{"month": "2025-13"}, {"month": "0001-01"}, {"measure": "target:x"}, {"region": "999999"}]
)
def test_question_that_is_not_understood_is_answered_at_its_field(leader: Client, query: dict[str, str]) -> None:
    measured()

    page = leader.get(DISPATCH, query)

    assert page.status_code == HTTPStatus.OK
    assert soup(page).find(class_="errorlist")
    assert not soup(page).find("table")


def test_every_figure_of_a_report_leads_to_the_lines_that_add_up_to_it(leader: Client) -> None:
    area = measured()
    make.verified_entry(make.series(make.indicator(IndicatorKind.STOCK)), 70, make.period(2025, 2))
    make.ratio(area, make.series().indicator)

    for address in (DISPATCH, f"{MONTH}?month=2025-03", YEAR):
        for link in soup(leader.get(address)).select("table a.figure"):
            behind = leader.get(str(link["href"]))
            shown = behind.context["figure"]
            value = shown.version.value if str(link["href"]).startswith("/targets/") else shown.value
            assert f"{value:,.2f}" == link.get_text(strip=True)


def test_lines_behind_a_figure_are_marked_as_taken_back_and_stated_anew(leader: Client) -> None:
    area = measured()

    page = leader.get(reverse("report_ledger"), {"indicator": area.code, "region": make.COUNTY, "until": "2025-03"})

    lines = [(row[4], row[5]) for row in cells(page)[1:]]
    assert sorted(lines) == [("入账", "10.00 亩"), ("冲销", "-10.00 亩"), ("更正", "12.50 亩")]
    assert page.context["figure"].value == sum(line.amount for line in page.context["page"].rows)


def test_month_report_gives_the_reasons_of_no_progress(leader: Client) -> None:
    series = make.series(make.indicator(name="植树"))
    make.verified_entry(series, None, make.period(2025, 3), no_progress_reason="冻土期停工")

    [row] = cells(leader.get(MONTH))[1:]

    assert row == ["植树 本期增量", "亩", "0.00", "0.00", "0.00", "—", "—", "—", "—", f"{series.project} ：冻土期停工"]


def test_year_report_has_twelve_months_and_the_year(leader: Client) -> None:
    measured()

    head, row = cells(leader.get(YEAR, {"year": 2025}))

    assert head == ["指标", "单位", *(f"{month}月" for month in range(1, 13)), "全年"]
    assert row == ["治理面积 本期增量", "亩", "—", "—", "16.50", *["—"] * 9, "16.50"]


def test_county_sees_its_own_row_and_a_total_that_tells_nothing_of_the_city(client: Client) -> None:
    area = measured()
    signed_in(client, make.user(Role.CLERK, make.COUNTY))

    page = client.get(DISPATCH, {"measure": f"indicator:{area.code}", "region": make.CITY})

    assert [row[0] for row in cells(page)[1:]] == ["上党区", "范围内合计"]
    assert cells(page)[2][2] == "12.50"
    assert "100.00" not in soup(page).get_text()


def test_region_outside_the_duty_is_not_found(client: Client) -> None:
    area = measured()
    signed_in(client, make.user(Role.CLERK, make.OTHER_COUNTY))
    ledger = {"indicator": area.code, "until": "2025-03"}

    answers = [
        client.get(DISPATCH, {"region": make.COUNTY}),
        client.get(MONTH, {"region": make.CITY}),
        client.get(YEAR, {"region": make.CITY}),
        client.get(reverse("report_ledger"), {**ledger, "region": make.COUNTY}),
        client.get(reverse("report_ledger"), ledger),
        client.get(reverse("report_ledger"), {**ledger, "project": Series.objects.get(region=make.TOWN).project.code}),
    ]

    assert {answer.status_code for answer in answers} == {HTTPStatus.NOT_FOUND}


def test_person_without_a_duty_is_told_so(client: Client) -> None:
    signed_in(client, make.user())

    assert ["没有可以查看汇总的职责" in client.get(page).content.decode() for page in (DISPATCH, MONTH, YEAR)] == [
        True
    ] * 3


@pytest.mark.parametrize("address", [DISPATCH, MONTH, YEAR])
def test_workbook_holds_what_the_page_shows(leader: Client, address: str) -> None:
    measured()
    query = {"as_of": "2025-04-09"}

    shown = cells(leader.get(address, query))
    answer = leader.get(address, {**query, "export": "xlsx"})

    sheet = openpyxl.load_workbook(io.BytesIO(b"".join(answer))).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3)]
    assert "截至2025年4月9日的口径" in sheet["A2"].value
    assert rows[0] == shown[0]
    for row, texts in zip(rows[1:], shown[1:], strict=False):
        numbers = [f"{cell:,.2f}" for cell in row if isinstance(cell, int | float) and cell != 1]
        assert [text.removesuffix("%") for text in texts if FIGURE.fullmatch(text)] == numbers
    taken = AuditEvent.objects.get(action="export")
    assert taken.after is not None
    assert taken.after["rows"] == len(shown) - 1


@pytest.mark.parametrize(("address", "count"), [(DISPATCH, 19), (MONTH, 16), (YEAR, 10)])
def test_report_asks_the_same_number_of_queries_for_three_rows(
    leader: Client, address: str, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for rows in (1, 2):
        for _ in range(rows):
            measured()
            make.verified_entry(make.series(), None, make.period(2025, 3), no_progress_reason="停工")
        with django_assert_num_queries(count):
            leader.get(address)
