"""A period long closed is opened again: the verifier grants it, the clerk is told, reports, and owes it no more."""

from __future__ import annotations

import datetime

import pytest
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Role
from progress import schedule
from progress.models import EntryStatus, Frequency, Period
from progress.services.periods import ensure_ahead
from tests import factories as make
from tests.browser.conftest import Portal, shoot
from tests.browser.test_main_job import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def closed(portal: Portal) -> Period:
    """A month that closed, and clerk's work of all frequencies and states beside it."""
    call_command("load_regions")
    today = timezone.localdate()
    ensure_ahead(on=today)
    team, project = make.team(), make.project(name="北呈乡采煤沉陷区治理")
    names = {"xun": "覆土面积", "month": "复垦面积", "quarter": "植树面积", "half": "投入资金", "year": "验收面积"}
    for kind, name in names.items():
        make.series(make.indicator(name=name), project, frequency=kind)
    month = Period.objects.get(kind=Frequency.MONTH, start_on__lte=today, end_on__gte=today)
    for number, status in enumerate(EntryStatus, start=2):
        make.entry(make.series(make.indicator(name=f"治理面积{number}"), project), when=month, status=status, by=team)
    ended = schedule.add_months(today.replace(day=1), -2)
    return Period.objects.get(kind=Frequency.MONTH, start_on=ended)


def test_closed_month_is_reopened_reported_and_owed_no_more(portal: Portal, closed: Period) -> None:
    clerk, verifier = make.user(Role.CLERK, make.COUNTY), make.user(Role.VERIFIER)
    until = timezone.localdate() + datetime.timedelta(days=3)

    page = portal.sign_in(verifier)
    page.get_by_role("navigation").get_by_role("link", name="调度期").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name=str(closed), exact=True))
    row.get_by_role("link", name="重新开放").click()
    page.get_by_label("单位").fill("上党区")
    page.get_by_label("开放至").fill(until.isoformat())
    page.get_by_label("理由").fill("汛期道路中断，补报")
    assert violations(page) == []
    shoot(page, "30-reopen")
    page.locator("main").get_by_role("button", name="重新开放").click()
    expect(page.get_by_role("status")).to_contain_text(f"{closed}已为上党区重新开放")
    expect(page.get_by_role("row").filter(has_text="汛期道路中断，补报")).to_contain_text("上党区")
    assert violations(page) == []
    shoot(page, "31-periods")

    page = portal.sign_in(clerk)
    dot = page.get_by_role("navigation", name="主导航").get_by_role("link", name="我的待报").locator(".count")
    before = int(dot.inner_text())
    shoot(page, "32-clerk-home")
    page.get_by_role("banner").get_by_role("link", name="站内信").click()
    assert violations(page) == []
    shoot(page, "33-inbox")
    page.get_by_role("button", name=f"{closed}已为上党区").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(str(closed))
    expect(page.get_by_role("banner").get_by_role("link", name="站内信").locator(".count")).to_have_count(0)
    shoot(page, "34-tasks-of-a-period")
    page.get_by_role("row").filter(has_text="复垦面积").get_by_role("link", name="填报").click()
    page.get_by_label("复垦面积").fill("12.5")
    page.get_by_role("button", name="保存并报送").click()
    expect(page.get_by_role("status")).to_contain_text("已报送")

    expect(dot).to_have_text(str(before - 1))
    page.goto(f"{portal.url}/tasks/?state=all")
    assert violations(page) == []
    shoot(page, "35-tasks")
