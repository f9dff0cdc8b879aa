"""The line dashboard, the stock–flow ledger and a mine as a leader reads them, by keyboard and on paper."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Page, expect

from accounts.models import Role
from progress import rollups
from subsidence.models import Parcel, RequestStatus, Settlement, Stage, StageRequest, SuitedUse
from subsidence.services import stages
from subsidence.services.indicators import ensure_indicators
from tests import factories as make
from tests.browser.conftest import Portal, shoot
from tests.subsidence import farm

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: County, a village or town in it, its task in 亩, what is surveyed there, and how much of that is struck off.
WORK = (
    ("140404", "140404202215", "1200", "602", "180"),
    ("140403", "140403001", "900", "420.50", "420.50"),
    ("140405", "140405001", "800", "350", "0"),
    ("140428", "140428100", "650", "500", "330"),
    ("140423", "140423100", "300", "320", "300"),
)
TASK: dict[str, Any] = {"start_on": datetime.date(2025, 1, 1), "due_on": datetime.date(2028, 12, 31)}


@pytest.fixture
def land() -> None:
    """Five counties with tasks, each with a mine and its 存量, one with newly subsided and one with 历史遗留 land."""
    call_command("load_regions")
    indicator = ensure_indicators()["subsidence-closed-existing"]
    make.target(indicator, "5500", make.CITY, **TASK)
    for county, place, task, surveyed, closed in WORK:
        make.target(indicator, task, county, **TASK)
        team = make.team(county)
        mine = farm.mine(county, name=f"{make.region(county).name}一矿")
        uses = [(SuitedUse.BUILT, Decimal(surveyed) / 2), (SuitedUse.WATER, Decimal(surveyed) / 2)]
        farm.parcel(surveyed, mine, place, by=team, uses=uses)
        for parcel in Parcel.objects.filter(mine=mine):
            approve(parcel, team)
            done = Decimal(closed) / 2
            farm.walk(parcel, Stage.CLOSED if done else Stage.STARTED, done or 100, by=team)
    new: dict[str, Any] = {"subsided_on": datetime.date(2025, 1, 10), "due_on": datetime.date(2026, 1, 31)}
    farm.parcel(35, Parcel.objects.filter(region__code__startswith="140404")[0].mine, **new)
    farm.parcel(60, is_legacy=True, settlement=Settlement.UNKNOWN, uses=[(SuitedUse.FOREST, Decimal(60))])
    rollups.drain()


def approve(parcel: Parcel, team: make.Team) -> None:
    for request in StageRequest.objects.filter(parcel=parcel, status=RequestStatus.PENDING):
        stages.approve(request=request, by=team.reviewer, at=farm.AT)


def axe_finds_nothing(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_leader_reads_map_ledger_and_mine_by_keyboard_and_on_paper(portal: Portal, land: None) -> None:
    page = portal.sign_in(make.user(Role.LEADER))
    page.goto(f"{portal.url}/subsidence/")
    shoot(page, "line-01-dashboard")
    axe_finds_nothing(page)
    page.emulate_media(media="print")
    shoot(page, "line-02-on-paper")
    page.emulate_media(media="screen")

    county = page.locator("a.county").filter(has_text="上党区")
    county.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("上党区")
    shoot(page, "line-03-county")

    page.goto(f"{portal.url}/subsidence/stock/?since=2025-01&until=2026-03")
    shoot(page, "line-04-stock")
    axe_finds_nothing(page)
    page.locator("tfoot .closing a").click()
    shoot(page, "line-05-steps")
    axe_finds_nothing(page)

    page.goto(f"{portal.url}/subsidence/duties/")
    shoot(page, "line-06-duties")
    page.get_by_role("link", name="上党区一矿").click()
    shoot(page, "line-07-mine")
    axe_finds_nothing(page)
    page.goto(f"{portal.url}/subsidence/mines/")
    shoot(page, "line-08-mines")
    axe_finds_nothing(page)
