"""A list by keyboard: sorted, its columns chosen, its filter kept, printed, taken to Excel."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.management import call_command
from playwright.sync_api import Page, expect

from accounts.models import Role, SavedFilter
from progress.models import EntryStatus, ProgressEntry
from tests import factories as make
from tests.browser.conftest import SHOTS, Portal, shoot

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.engine]

WORKS = ("采煤沉陷区治理（一期）", "矿山地质环境恢复", "浊漳南源生态修复", "漳泽湖湿地保护", "废弃矿井治理")


@pytest.fixture
def places() -> None:
    call_command("load_regions")
    team = make.team(make.CITY)
    area, trees = make.indicator(name="治理面积"), make.indicator(name="植树", unit="株", decimals=0)
    for number, town in enumerate(("140404202215", "140428100", "140423100", "140404202", "140403001")):
        on = make.project(town, name=WORKS[number])
        status = list(EntryStatus)[number]
        make.entry(
            make.series(area, on), f"{number * 1234 + 70}.5", by=team, status=status, note="北张村完成覆土，等待验收。"
        )
        make.entry(make.series(trees, on), None, by=team, no_progress_reason="冬季停工")
        make.series(make.indicator(name="投入资金", unit="万元"), on)


def axe_finds_nothing(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_list_is_worked_by_keyboard_printed_and_taken_along(portal: Portal, places: None) -> None:
    leader = make.user(Role.LEADER, organisation=make.organisation(name="市水利局"))
    page = portal.sign_in(leader)
    page.goto(f"{portal.url}/entries/")
    shoot(page, "lists-01-entries")

    page.get_by_label("项目、指标或地区").fill("zzx")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    page.goto(f"{portal.url}/entries/")
    page.get_by_role("link", name="数值").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader", name="数值")).to_have_attribute("aria-sort", "ascending")

    page.get_by_text("选择列").focus()
    page.keyboard.press("Enter")
    for label in ("项目代码", "工作线", "进展说明", "版次", "报送时间"):
        page.get_by_role("checkbox", name=label, exact=True).focus()
        page.keyboard.press("Space")
    shoot(page, "lists-02-columns")
    axe_finds_nothing(page)
    page.keyboard.press("Enter")
    expect(page.get_by_role("columnheader")).to_have_count(15)
    shoot(page, "lists-03-wide")
    axe_finds_nothing(page)

    page.get_by_text("常用筛选").focus()
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="名称", exact=True).fill("全部列")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已保存常用筛选")
    page.get_by_text("常用筛选", exact=True).click()
    shoot(page, "lists-04-kept")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="全部列")).to_be_hidden()
    assert SavedFilter.objects.get().name == "全部列"

    page.goto(
        f"{portal.url}/entries/?columns=project,indicator,unit,region,period,value,status,note&print=1&sort=-value"
    )
    page.emulate_media(media="print")
    page.pdf(path=SHOTS / "lists-05-print.pdf", prefer_css_page_size=True)
    shoot(page, "lists-05-print")


def test_sheet_of_what_is_due_is_downloaded(portal: Portal, places: None, tmp_path: Path) -> None:
    page = portal.sign_in(make.user(Role.CLERK, "1404"))
    month = ProgressEntry.objects.earliest("pk").period.end_on
    page.goto(f"{portal.url}/ledger/?period={month:%Y-%m}")
    shoot(page, "lists-06-ledger")
    axe_finds_nothing(page)

    with page.expect_download() as download:
        page.get_by_role("link", name="下载填报表（.xlsx）").click()

    sheet = openpyxl.load_workbook(io.BytesIO(Path(download.value.path()).read_bytes())).active
    assert download.value.suggested_filename.startswith("填报台账_")
    assert sheet.max_row == 3 + 15
    page.goto(f"{portal.url}/projects/")
    shoot(page, "lists-07-projects")
    axe_finds_nothing(page)
