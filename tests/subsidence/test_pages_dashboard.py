"""The line's own page and the stock–flow ledger, as people with different duties see them."""

from __future__ import annotations

import datetime
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from subsidence.models import Parcel, Stage, StageRequest, SuitedUse
from subsidence.services import stages
from subsidence.services.indicators import ensure_indicators
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY, OTHER_TOWN
from tests.pages import signed_in
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 12:00 +0800")]


def set_tasks() -> None:
    """602 亩 for the city and 400 for a county, by 2028, of 存量 alone."""
    indicator = ensure_indicators()["subsidence-closed-existing"]
    plan: dict[str, Any] = {"start_on": datetime.date(2025, 1, 1), "due_on": datetime.date(2028, 12, 31)}
    make.target(indicator, "602", CITY, **plan)
    make.target(indicator, "400", COUNTY, **plan)


def treated(region_code: str = make.VILLAGE, area: int = 100) -> Parcel:
    return farm.walk(farm.parcel(area, region_code=region_code, by=make.team(region_code[:6])), Stage.CLOSED, area // 2)


def test_city_leader_reads_targets_map_funnel_ranking_and_trend(client: Client) -> None:
    set_tasks()
    treated()

    page = signed_in(client, make.user(Role.LEADER)).get(reverse("subsidence")).content.decode()

    assert "602.00" in page
    assert "12.50%" in page  # 50 of 400 in the county
    assert f'href="/subsidence/?region={COUNTY}"' in page
    assert page.count('class="county none"') >= 11  # the others have no task
    assert "示意图，不作划界依据" in page
    assert "天地图" in page
    assert "销号面积·存量" in page
    assert 'class="line-2"' in page  # the plan


def test_county_leader_sees_his_county_and_no_other(client: Client) -> None:
    set_tasks()
    treated()
    treated(OTHER_TOWN, 9_999)
    client = signed_in(client, make.user(Role.LEADER, COUNTY))

    page = client.get(reverse("subsidence")).content.decode()

    assert "9,999" not in page
    assert "602.00" not in page
    assert page.count("county unseen") == 11
    assert client.get(reverse("subsidence"), {"region": OTHER_COUNTY}).status_code == 404
    assert client.get(reverse("subsidence"), {"region": COUNTY}).status_code == 200


@pytest.mark.parametrize("region", ["140499", "1404", "x", "140404202"])
def test_page_of_what_is_no_county_is_not_found(client: Client, region: str) -> None:
    assert signed_in(client, make.user(Role.LEADER)).get(reverse("subsidence"), {"region": region}).status_code == 404


def test_line_without_targets_and_parcels_says_so(client: Client) -> None:
    page = signed_in(client, make.user(Role.LEADER)).get(reverse("subsidence")).content.decode()

    assert "您所看的地区还没有登记这条工作线的任务" in page
    assert "还没有登记图斑" in page


def test_dashboard_asks_twelve_queries_however_many_parcels(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    set_tasks()
    client = signed_in(client, make.user(Role.LEADER))
    for rows in (1, 2):
        for _ in range(rows):
            treated()
        with django_assert_num_queries(12):
            client.get(reverse("subsidence"))


def test_every_cell_of_the_funnel_opens_the_parcels_that_add_up_to_it(client: Client) -> None:
    uses = [(SuitedUse.UNKNOWN, Decimal(20)), (SuitedUse.WATER, Decimal(40))]
    team = make.team()
    farm.registered(60, uses=uses, by=team)
    for request in StageRequest.objects.all():
        stages.approve(request=request, by=team.reviewer, at=farm.AT)
    treated()
    client = signed_in(client, make.user(Role.LEADER))

    for step in client.get(reverse("subsidence")).context["funnel"].steps:
        for part in (step, *step.cells):
            rows = client.get(part.url).context["page"].rows
            assert sum(getattr(row, step.stage.area_field) for row in rows) == part.area, part.url


def test_ledger_page_balances_and_every_number_opens_its_steps(client: Client) -> None:
    mine = farm.mine(code="jia", name="甲矿")
    farm.walk(farm.parcel(100, mine), Stage.CLOSED, 40)
    farm.parcel(30, mine, subsided_on=datetime.date(2025, 1, 10), due_on=datetime.date(2026, 1, 1))
    client = signed_in(client, make.user(Role.LEADER))

    page = client.get(reverse("stock"), {"since": "2025-01", "until": "2025-12"}).content.decode()

    assert re.findall(r'class="figure" href="[^"]+">([-\d.,]+)<', page)[:6] == [
        "0.00",
        "100.00",
        "30.00",
        "0.00",
        "-40.00",
        "90.00",
    ]
    assert "75.00%" in page
    steps = client.get(reverse("stock_basis"), {"mine": "jia", "until": "2025-12"})
    assert sorted(row.area for row in steps.context["page"].rows) == [-40, 30, 100]
    assert [each.shown for each in steps.context["list"].totals.sums] == ["90.00"]


def test_ledger_of_legacy_land_is_its_countys(client: Client) -> None:
    farm.parcel(20, is_legacy=True)
    farm.parcel(70)
    client = signed_in(client, make.user(Role.LEADER))

    found = client.get(reverse("stock"), {"mine": "legacy", "until": "2025-12"}).context
    steps = client.get(reverse("stock_basis"), {"mine": "legacy", "county": COUNTY})

    assert [(line.holder.name, line.flow.closing) for line in found["lines"]] == [("历史遗留", 20)]
    assert [row.area for row in steps.context["page"].rows] == [20]


def test_ledger_workbook_says_what_the_page_says(client: Client) -> None:
    farm.walk(farm.parcel(100, farm.mine(name="甲矿")), Stage.CLOSED, 40)
    client = signed_in(client, make.user(Role.LEADER))

    answer = client.get(reverse("stock"), {"since": "2025-12", "until": "2025-12", "export": "xlsx"})

    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4, max_row=5)]
    assert rows == [
        ["上党区", "甲矿", 100, 0, 0, 0, -40, 60, "0.00%"],
        ["合计", None, 100, 0, 0, 0, -40, 60, "0.00%"],
    ]


@pytest.mark.parametrize(
    "query", ["since=2025-12&until=2025-01", "since=x", "until=1000-01", "region=%00", "mine=nobody"]
)
def test_ledger_asked_for_nonsense_shows_this_year_and_says_so(client: Client, query: str) -> None:
    answer = signed_in(client, make.user(Role.LEADER)).get(f"{reverse('stock')}?{query}")

    assert answer.status_code == 200
    assert answer.context["form"].errors


def test_ledger_keeps_other_counties_out_of_sight(client: Client) -> None:
    farm.parcel(100, farm.mine(name="甲矿"))
    farm.parcel(70, farm.mine(OTHER_COUNTY, name="乙矿"), OTHER_TOWN, by=make.team(OTHER_COUNTY))
    client = signed_in(client, make.user(Role.LEADER, COUNTY))

    page = client.get(reverse("stock"), {"until": "2025-12"})
    steps = client.get(reverse("stock_basis"))

    assert [line.holder.name for line in page.context["lines"]] == ["甲矿"]
    assert "乙矿" not in page.content.decode()
    assert [row.area for row in steps.context["page"].rows] == [100]
