"""The main job as people do it: enter, review, verify, see the figure move, open what it is made of."""

from __future__ import annotations

import json
import urllib.request
from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.utils import timezone
from knox.models import get_token_model
from playwright.sync_api import Page, expect

from accounts.models import Role, User
from progress.models import LedgerLine, PendingDelta, ProgressEntry
from progress.services.periods import ensure_ahead
from tests import factories as make
from tests import live
from tests.browser.conftest import Portal, shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def team(portal: Portal) -> make.Team:
    """The people of 上党区, on the article's data."""
    call_command("load_regions")
    call_command("load_article")
    ensure_ahead(on=timezone.localdate())
    return make.team(make.COUNTY)


def test_entry_travels_from_the_clerk_to_the_overview(portal: Portal, team: make.Team) -> None:
    clerk = portal.sign_in(team.clerk)
    shoot(clerk, "01-clerk-home")
    start_entry(clerk)
    clerk.get_by_label("采煤沉陷区治理面积").fill("120.50")
    clerk.get_by_label("进展说明").fill("北张村完成覆土")
    shoot(clerk, "02-entry-form")
    clerk.get_by_role("button", name="保存并报送").click()
    expect(clerk.get_by_role("status")).to_contain_text("已报送")
    shoot(clerk, "03-submitted")

    take_step(portal.sign_in(team.reviewer), "审核通过", "04-review")
    assert figures(portal, team.verifier) == ("180", "120.5")
    take_step(portal.sign_in(team.verifier), "核定", "05-verify")
    live.wait_until(lambda: not PendingDelta.objects.exists())

    leader = portal.sign_in(make.user(Role.LEADER))
    leader.get_by_role("navigation").get_by_role("link", name="总览").click()
    row = leader.get_by_role("row").filter(has_text="采煤沉陷区生态修复治理整改任务")
    expect(row).to_contain_text("70,897.71")
    expect(row).to_contain_text("0.42%")
    shoot(leader, "06-overview")
    row.get_by_role("link", name="300.50").click()
    behind = leader.locator("#verified")
    for amount in ("180.00", "120.50", "300.50"):
        expect(behind).to_contain_text(amount)
    shoot(leader, "07-basis")
    assert figures(portal, team.verifier) == ("300.5", None)


def test_double_click_reports_once(portal: Portal, team: make.Team) -> None:
    page = portal.sign_in(team.clerk)
    start_entry(page)
    page.get_by_label("采煤沉陷区治理面积").fill("60")

    page.get_by_role("button", name="保存并报送").dblclick()

    expect(page.get_by_role("status")).to_contain_text("已报送")
    assert ProgressEntry.objects.filter(submitted_by=team.clerk).count() == 1
    assert LedgerLine.objects.filter(entry__submitted_by=team.clerk).count() == 0


def test_two_tabs_end_in_a_conflict_that_loses_nothing(portal: Portal, team: make.Team) -> None:
    first = portal.sign_in(team.clerk)
    start_entry(first)
    first.get_by_label("采煤沉陷区治理面积").fill("60")
    first.get_by_role("button", name="保存草稿").click()
    first.get_by_role("link", name="修改").click()
    second = first.context.new_page()
    second.goto(first.url)

    first.get_by_label("采煤沉陷区治理面积").fill("70")
    first.get_by_role("button", name="保存草稿").click()
    expect(first.get_by_role("status")).to_contain_text("已保存")
    second.get_by_label("采煤沉陷区治理面积").fill("80")
    second.get_by_role("button", name="保存草稿").click()

    expect(second.get_by_role("heading", level=1)).to_contain_text("已被他人修改")
    expect(second.locator("main")).to_contain_text("70.00")
    expect(second.locator("[name=value]")).to_have_value("80")
    shoot(second, "08-conflict")
    second.get_by_role("button", name="保存草稿").click()
    expect(second.get_by_role("status")).to_contain_text("已保存")
    assert ProgressEntry.objects.get(entered_by=team.clerk).value == Decimal(80)


def test_refused_number_says_why_and_keeps_what_was_typed(portal: Portal, team: make.Team) -> None:
    page = portal.sign_in(team.clerk)
    start_entry(page)
    page.get_by_label("进展说明").fill("北张村完成覆土")
    page.get_by_label("采煤沉陷区治理面积").fill("１２０")

    page.get_by_role("button", name="保存并报送").click()

    expect(page.get_by_role("alert")).to_contain_text("请用半角数字填写")
    expect(page.get_by_label("进展说明")).to_have_value("北张村完成覆土")
    shoot(page, "09-refused")


def test_another_county_finds_nothing(portal: Portal, team: make.Team) -> None:
    entry = make.entry(make.series(), 10, by=team)

    page = portal.sign_in(make.user(Role.CLERK, make.OTHER_COUNTY))
    page.goto(f"{portal.url}/entries/{entry.pk}/")

    expect(page.get_by_role("heading", level=1)).to_contain_text("没有找到")
    shoot(page, "10-other-county")


def test_pages_are_accessible_and_speak_english_when_asked(portal: Portal, team: make.Team) -> None:
    make.entry(by=team)
    page = portal.sign_in(team.clerk)
    for path in ("/", "/entries/", "/entries/new/", "/overview/", "/projects/", "/projects/xiongshan-5/"):
        response = page.goto(portal.url + path)
        assert response is not None
        assert response.status == 200, path
        assert violations(page) == [], path

    page.get_by_role("button", name="English").click()

    expect(page.get_by_role("navigation", name="Main")).to_contain_text("Overview")
    shoot(page, "11-english")


def start_entry(page: Page) -> None:
    page.get_by_role("row").filter(has_text="雄山五矿").get_by_role("link", name="填报").first.click()


def take_step(page: Page, button: str, shot: str) -> None:
    """Open the only entry of the queue, in a tab of its own, and take the step there."""
    page.get_by_role("navigation").get_by_role("link", name="审核核定").click()
    with page.context.expect_page() as opened:
        page.get_by_role("row").get_by_role("link", name="雄山五矿").click()
    entry = opened.value
    shoot(entry, shot)
    entry.get_by_role("button", name=button, exact=True).click()
    expect(entry.get_by_role("status")).to_be_visible()


def figures(portal: Portal, person: User) -> tuple[str, str | None]:
    """What a REST client reads of the city's target: verified and in flight."""
    _row, token = get_token_model().objects.create(user=person)
    address = f"{portal.url}/api/v1/targets/subsidence-city/"
    request = urllib.request.Request(address, headers={"Authorization": f"Token {token}"})  # noqa: S310 - the portal's
    with urllib.request.urlopen(request) as response:  # noqa: S310
        target = json.load(response)
    return target["verified"], target["in_flight"]


def violations(page: Page) -> list[str]:
    return [f"{found['id']}: {found['help']}" for found in Axe().run(page).response["violations"]]
