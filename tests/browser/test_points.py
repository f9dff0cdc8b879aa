"""Ground that is watched, as people do it: readings typed and pasted, a rate that alarms, a deadline put off."""

from __future__ import annotations

import datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from subsidence.models import Parcel
from tests import factories as make
from tests.browser.conftest import Portal, shoot
from tests.subsidence import farm, ground

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def back(days: int) -> str:
    return f"{timezone.localdate() - datetime.timedelta(days):%F}"


@pytest.fixture
def team(portal: Portal) -> make.Team:
    ground.limits()
    return make.team(make.COUNTY)


@pytest.fixture
def parcel(team: make.Team) -> Parcel:
    """增量 whose deadline has passed."""
    return farm.parcel(40, subsided_on=datetime.date(2025, 1, 20), due_on=datetime.date(2025, 12, 31), by=team)


def test_clerk_records_readings_and_the_verifier_puts_the_deadline_off(
    portal: Portal, team: make.Team, parcel: Parcel
) -> None:
    clerk = portal.sign_in(team.clerk)
    clerk.goto(f"{portal.url}{parcel.get_absolute_url()}#points")
    clerk.get_by_role("link", name="登记观测点").click()
    clerk.get_by_label("观测点编号").fill("GC-01")
    clerk.get_by_label("经度").fill("113.05")
    clerk.get_by_label("纬度").fill("36.05")
    shoot(clerk, "points-01-new")
    clerk.get_by_role("button", name="保存").click()

    clerk.get_by_label("第1行观测日期").fill(back(400))
    clerk.get_by_label("第1行累计下沉").fill("1,000.00")
    clerk.get_by_label("第2行观测日期").fill(back(300))
    lines = [f"{back(250)}\t1310.5\t0.8", f"{back(190)}\t1340\t0.85", f"{back(100)}\t1351.25", f"{back(3)}\t1368"]
    pasted = "\n".join(["日期\t累计下沉\t倾斜", *lines])
    clerk.get_by_label("从表格粘贴").fill(pasted)
    clerk.get_by_role("button", name="登记观测").click()
    expect(clerk.get_by_label("第2行累计下沉")).to_have_attribute("aria-invalid", "true")
    expect(clerk.get_by_label("从表格粘贴")).to_have_value(pasted)
    shoot(clerk, "points-02-refused")
    clerk.get_by_label("第2行累计下沉").fill("1,080")
    clerk.get_by_role("button", name="登记观测").click()
    expect(clerk.get_by_text("已登记6次观测。")).to_be_visible()
    expect(clerk.get_by_text("，稳沉（某规范）")).to_be_visible()
    expect(clerk.get_by_role("table", name="").first).to_contain_text("超速")
    shoot(clerk, "points-03-settled")
    assert violations(clerk) == []

    clerk.get_by_role("link", name=f"更正 {back(3)} 的观测").click()
    clerk.get_by_label("累计下沉（mm）").fill("1568")
    clerk.get_by_label("理由").first.fill("仪器读数抄错")
    shoot(clerk, "points-04-correction")
    assert violations(clerk) == []
    clerk.get_by_role("button", name="保存更正").click()
    expect(clerk.get_by_text("未稳沉（某规范）")).to_be_visible()
    shoot(clerk, "points-05-active")
    clerk.get_by_role("navigation", name="沉陷区治理").get_by_role("link", name="观测点").click()
    shoot(clerk, "points-06-list")
    assert violations(clerk) == []

    verifier = portal.sign_in(team.verifier)
    verifier.goto(f"{portal.url}{parcel.get_absolute_url()}")
    expect(verifier.locator("#points")).to_contain_text("未稳沉")
    verifier.get_by_role("link", name="调整期限").click()
    verifier.get_by_label("新的治理期限").fill(back(-90))
    verifier.get_by_label("文号").fill("长自然资函〔2026〕3号")
    verifier.get_by_label("理由").fill("雨季停工")
    shoot(verifier, "points-07-deadline")
    assert violations(verifier) == []
    verifier.get_by_role("button", name="调整期限").click()
    expect(verifier.locator("#duty")).to_contain_text("还有 90 天")
    expect(verifier.locator("#duty")).to_contain_text("雨季停工")
    shoot(verifier, "points-08-parcel")
    assert parcel.mine
    verifier.goto(f"{portal.url}{parcel.mine.get_absolute_url()}")
    expect(verifier.get_by_text("合每30天")).to_be_visible()
    shoot(verifier, "points-09-mine")


def violations(page: Page) -> list[str]:
    return [found["id"] for found in Axe().run(page).response["violations"]]
