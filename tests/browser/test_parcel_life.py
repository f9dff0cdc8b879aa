"""A parcel's whole life as people live it: registered, asked for and approved by two, struck off, seen in the city."""

from __future__ import annotations

from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import Role
from progress.models import PendingDelta, Target
from subsidence.models import Parcel, ParcelStage, Stage
from subsidence.services import board
from tests import factories as make
from tests import live
from tests.browser.conftest import Portal, shoot
from tests.subsidence import farm

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CODE = "XS5-BZ-01"
#: A rectangle of about 422 亩 in 上党区, as people copy it from their surveyors.
OUTLINE = "113.05,36.02\n113.05,36.02478\n113.05589,36.02478\n113.05589,36.02"
TASK = "采煤沉陷区生态修复治理整改任务"


@pytest.fixture
def team(portal: Portal) -> make.Team:
    """The people of 上党区, on the article's data; of what is struck off, the 存量 counts for the city."""
    call_command("load_regions")
    call_command("load_article")
    farm.cut_off()
    found = make.team(make.COUNTY)
    target = Target.objects.get(code="subsidence-city")
    board.count(
        target=target, stage=Stage.CLOSED, document="长自然资发〔2025〕2号", by=found.verifier, at=timezone.now()
    )
    return found


def test_parcel_is_taken_through_all_its_stages_and_the_city_figure_moves(portal: Portal, team: make.Team) -> None:
    leader = portal.sign_in(make.user(Role.LEADER))
    assert achieved(leader, portal) == "—"
    clerk, reviewer, verifier = (portal.sign_in(person) for person in (team.clerk, team.reviewer, team.verifier))

    register(clerk, portal)
    approve_survey_by_keyboard(reviewer, portal)
    farm.photograph(Parcel.objects.get(code=CODE), team.clerk)
    draw(clerk, portal)
    expect(offers(clerk)).to_have_count(1)

    refused_area_then_right_one(clerk)
    decide_with_a_double_click(reviewer, portal)
    refused_date_then_right_one(clerk)
    decide(reviewer, portal)
    for stage in (Stage.FINISHED, Stage.SELF_CHECKED):
        ask(clerk, stage)
        decide(reviewer, portal)
    for stage in (Stage.ACCEPTED, Stage.PUBLISHED, Stage.CLOSED):
        ask(clerk, stage)
        decide(verifier, portal)

    clerk.reload()
    closed = clerk.locator(".bars").get_by_role("row").filter(has_text="销号")
    expect(closed).to_contain_text("422.00")
    expect(closed).to_contain_text("100.00%")
    expect(clerk.get_by_text("管护至")).to_be_visible()
    shoot(clerk, "parcel-07-closed")
    assert violations(clerk) == []
    assert Parcel.objects.get(code=CODE).closed_area == Decimal(422)
    live.wait_until(lambda: not PendingDelta.objects.exists())
    assert achieved(leader, portal) == "422.00"
    shoot(leader, "parcel-08-overview")

    closed.get_by_role("link", name="422.00").click()
    expect(clerk.get_by_role("row").filter(has_text="销号面积·存量")).to_contain_text("422.00")


def test_list_queue_and_form_can_be_worked_with(portal: Portal, team: make.Team) -> None:
    for number, stage in enumerate((Stage.APPROVED, Stage.FINISHED, Stage.CLOSED)):
        parcel = farm.walk(farm.parcel("100.25", by=team, code=f"TB-{number}"), stage, 60, by=team)
        farm.ask(parcel, Stage.APPROVED, "40.25", by=team.clerk)
    late = farm.parcel(33, by=team, code="ZL-1", subsided_on=farm.CUT_OFF, due_on=farm.AT.date())
    farm.reversal(farm.step(late, Stage.APPROVED, 10, by=team), by=team)
    page = portal.sign_in(team.reviewer)

    page.goto(f"{portal.url}/subsidence/parcels/")
    expect(page.get_by_role("row").filter(has_text="合计")).to_contain_text("勘测")
    shoot(page, "parcel-10-list")
    assert violations(page) == []
    page.goto(f"{portal.url}/subsidence/requests/")
    expect(page.locator("[data-row]")).to_have_count(3)
    shoot(page, "parcel-11-queue")
    assert violations(page) == []
    page.goto(portal.url + late.get_absolute_url())
    expect(page.locator("#chain del")).to_have_text("10.00")
    shoot(page, "parcel-12-reversed")

    other = portal.sign_in(make.user(Role.CLERK, make.OTHER_COUNTY))
    other.goto(portal.url + late.get_absolute_url())
    expect(other.get_by_role("heading", level=1)).to_contain_text("没有找到")


def register(page: Page, portal: Portal) -> None:
    """First with parts that do not add up, of which nothing is lost."""
    page.goto(f"{portal.url}/subsidence/parcels/new/")
    assert violations(page) == []
    page.get_by_label("图斑编号").fill(CODE)
    page.get_by_label("责任主体").fill("xswk")
    page.get_by_label("所在村").fill(make.VILLAGE)
    page.get_by_label("勘测面积（亩）").fill("422.00")
    page.get_by_label("宜水").fill("421.99")
    expect(page.get_by_text("合计 421.99 亩，与勘测面积相差 0.01 亩")).to_be_visible()
    page.get_by_label("摸底日期").fill("2025-02-01")
    page.get_by_label("沉陷日期").fill("2024-06-01")
    page.get_by_label("文号").fill("长自然资调〔2025〕3号")
    page.get_by_label("稳沉", exact=True).select_option("稳沉")
    page.get_by_label("稳沉判定依据").fill("2025年1月观测报告")
    page.get_by_role("button", name="登记并申报摸底面积").click()

    expect(page.get_by_role("alert")).to_contain_text("相差 0.01 亩")
    shoot(page, "parcel-01-sum-differs")
    page.get_by_label("宜水").fill("422")
    page.get_by_role("button", name="登记并申报摸底面积").click()
    expect(page.get_by_role("status")).to_contain_text("等待他人审批")
    shoot(page, "parcel-02-registered")


def approve_survey_by_keyboard(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/subsidence/requests/")
    page.keyboard.press("j")
    page.keyboard.press("p")
    expect(page.get_by_text("通过 1 条，退回 0 条")).to_be_visible()
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("通过 1 条")


def draw(page: Page, portal: Portal) -> None:
    """The outline beside the surveyed area, and back to the parcel."""
    page.goto(f"{portal.url}/subsidence/parcels/{CODE}/boundary/")
    page.get_by_label("界址点坐标").fill(OUTLINE)
    page.get_by_role("button", name="保存边界").click()
    expect(page.get_by_role("status")).to_contain_text("已保存边界")
    page.goto(f"{portal.url}/subsidence/parcels/{CODE}/")
    expect(page.locator("#boundary svg")).to_be_visible()


def refused_area_then_right_one(page: Page) -> None:
    """422.01 of 422.00."""
    ask(page, Stage.APPROVED, area="422.01", is_sent=False)
    expect(page.get_by_role("alert")).to_contain_text("最多还可申报 422.00 亩")
    expect(opened(page).get_by_label("面积（亩）")).to_have_value("422.01")
    shoot(page, "parcel-03-too-much")
    opened(page).get_by_label("面积（亩）").fill("422")
    opened(page).get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("已申报立项 422.00 亩")


def refused_date_then_right_one(page: Page) -> None:
    """Begun before it was approved."""
    ask(page, Stage.STARTED, on="2025-02-28", is_sent=False)
    expect(page.get_by_role("alert")).to_contain_text("最早为 2025-03-01")
    opened(page).get_by_label("日期").fill(f"{farm.DAYS[Stage.STARTED]:%F}")
    opened(page).get_by_role("button").click()
    expect(page.get_by_role("status")).to_contain_text("已申报开工 422.00 亩")


def ask(page: Page, stage: Stage, *, area: str = "422", on: str = "", is_sent: bool = True) -> None:
    page.reload()
    page.get_by_text(f"申报{stage.label}（最多").click()
    opened(page).get_by_label("面积（亩）").fill(area)
    opened(page).get_by_label("日期").fill(on or f"{farm.DAYS[stage]:%F}")
    opened(page).get_by_label("文号").fill("长自然资发〔2025〕8号")
    opened(page).get_by_role("button").click()
    if is_sent:
        expect(page.get_by_role("status")).to_contain_text(f"已申报{stage.label}")


def opened(page: Page) -> Locator:
    """The form that is unfolded."""
    return page.locator("details.ask[open]")


def decide(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/subsidence/parcels/{CODE}/")
    page.get_by_role("button", name="通过", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("已通过")


def decide_with_a_double_click(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/subsidence/parcels/{CODE}/")
    shoot(page, "parcel-04-to-approve")
    assert violations(page) == []
    page.get_by_role("button", name="通过", exact=True).dblclick()
    expect(page.get_by_role("status")).to_contain_text("已通过")
    assert ParcelStage.objects.filter(parcel__code=CODE, stage=Stage.APPROVED).count() == 1


def offers(page: Page) -> Locator:
    return page.get_by_text("（最多")


def achieved(page: Page, portal: Portal) -> str:
    """What the overview says of the city's task."""
    page.goto(f"{portal.url}/overview/")
    row = page.get_by_role("row").filter(has_text=TASK)
    return row.get_by_role("cell").nth(2).locator(".figure").first.inner_text()


def violations(page: Page) -> list[str]:
    return [f"{found['id']}: {found['help']}" for found in Axe().run(page).response["violations"]]
