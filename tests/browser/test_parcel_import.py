"""A ledger of parcels in a real browser: refused with its faults, mended, confirmed, and taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from subsidence.models import Parcel
from tests import factories as make
from tests.browser.conftest import Portal, shoot
from tests.subsidence import farm, ledgers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def send(page: Page, folder: Path, name: str, rows: list[dict[str, Any]]) -> None:
    file = folder / name
    file.write_bytes(ledgers.as_xlsx(rows))
    page.get_by_label("填好的图斑台账").set_input_files(file)
    page.get_by_role("button", name="上传并检查").click()


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def assert_accessible(page: Page) -> None:
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


def test_ledger_is_mended_confirmed_and_taken_back(portal: Portal, tmp_path: Path) -> None:
    farm.cut_off()
    make.region(make.VILLAGE)
    mine, team = farm.mine(code="xiongshan-5", name="雄山五矿"), make.team()
    known = {"land_before": "旱地", "suited_use": "宜耕", "region_name": "上党区北呈乡北张村"}
    rows = [ledgers.row(f"XS5-{number}", mine, **known) for number in range(1, 5)]
    faulty = {"surveyed_area": "约12", "surveyed_on": "2025年2月30日", "suited_use": "宜居"}
    page = portal.sign_in(team.clerk)

    page.goto(f"{portal.url}/subsidence/imports/")
    assert_accessible(page)
    send(page, tmp_path, "图斑-待改.xlsx", [*rows[:2], {**rows[2], **faulty}, {**rows[3], "mine": "xiongshan-9"}])
    expect(page.locator("td.reason").first).to_contain_text("E6 勘测面积（亩）")
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    assert_accessible(page)
    shoot(page, "parcel_import_faults")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载问题标注表").click()
    assert download.value.suggested_filename == "图斑-待改-问题标注.xlsx"

    page.goto(f"{portal.url}/subsidence/imports/")
    shoot(page, "parcel_imports")
    send(page, tmp_path, "图斑.xlsx", rows)
    press(page, "确认导入")
    expect(page.locator(".tag").first).to_have_text("已导入")
    expect(page.get_by_role("link", name="XS5-4")).to_be_visible()
    shoot(page, "parcel_import_saved")
    assert Parcel.objects.count() == 4

    press(page, "撤销本次导入")
    expect(page.locator(".tag").first).to_have_text("已撤销")
    assert not Parcel.objects.exists()
