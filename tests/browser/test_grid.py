"""A clerk's whole period in the grid, with the keyboard alone."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

import pytest
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from accounts.models import Role, User
from progress import schedule
from progress.models import EntryStatus, Indicator, Period, ProgressEntry, Series
from projects.models import Project
from tests import factories as make
from tests.browser.conftest import PASSWORD, Portal, shoot
from tests.browser.test_main_job import violations
from tests.progress.steps import change

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Past months with verified values, enough for a jump to be one.
PAST = 5


class Desk(NamedTuple):
    """Three projects of 上党区 with three indicators each; the last project lacks the last of them."""

    team: make.Team
    period: Period
    indicators: list[Indicator]
    projects: list[Project]

    def series(self, row: int, column: int) -> Series:
        return Series.objects.get(project=self.projects[row], indicator=self.indicators[column])

    def entry(self, row: int, column: int) -> ProgressEntry:
        return ProgressEntry.objects.get(series=self.series(row, column), period=self.period)


@pytest.fixture
def desk(portal: Portal) -> Desk:
    today = timezone.localdate()
    team = make.team(line="subsidence")
    names = ("覆土面积", "植树株数", "完成投资")
    units = ("亩", "株", "万元")
    indicators = [make.indicator(name=name, unit=unit) for name, unit in zip(names, units, strict=True)]
    projects = [make.project(name=f"雄山{number}矿治理") for number in "一二三"]
    for project in projects:
        for indicator in indicators[:2] if project == projects[2] else indicators:
            make.series(indicator, project)
    first = Series.objects.get(project=projects[0], indicator=indicators[0])
    for back in range(PAST, 0, -1):
        month = schedule.add_months(today, -back)
        make.verified_entry(first, 12 + back % 2, make.period(month.year, month.month), by=team)
    make.target(indicators[0], "500", project=projects[0])
    return Desk(team, make.period(today.year, today.month), indicators, projects)


def cell(page: Page, series: Series) -> Locator:
    return page.locator(f"#cell-{series.pk}")


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press the key until the target has the focus, as somebody without a mouse does."""
    for _ in range(60):
        if target.count() and target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError("it cannot be reached with the keyboard")


def sign_in_by_keyboard(portal: Portal, person: User) -> Page:
    person.password = PBKDF2PasswordHasher().encode(PASSWORD, salt="battery", iterations=1000)
    person.save(update_fields=["password"])
    page = portal.visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab_to(page, page.get_by_label("用户名"))
    page.keyboard.type(person.username)
    tab_to(page, page.get_by_label("密码"))
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(portal.url + "/")
    return page


def test_clerk_fills_and_submits_a_period_by_keyboard_only(portal: Portal, desk: Desk) -> None:
    page = sign_in_by_keyboard(portal, desk.team.clerk)
    tab_to(page, page.get_by_role("navigation").get_by_role("link", name="网格填报"))
    page.keyboard.press("Enter")
    expect(page.locator(".editor")).to_be_focused()
    shoot(page, "grid-01-open")
    assert violations(page) == []

    type_a_jump_and_mend_it(page, desk)
    type_what_cannot_be_and_mend_it(page, desk)
    paste_a_block(page, desk)
    say_that_nothing_happened(page, desk)
    page.keyboard.press("?")
    expect(page.locator("#grid-keys")).to_have_attribute("open", "")
    shoot(page, "grid-06-keys")
    page.keyboard.press("Control+Home")
    page.keyboard.press("End")
    page.keyboard.type("7")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("status").filter(has_text="已报送 8 条")).to_be_visible()
    expect(cell(page, desk.series(0, 0))).to_contain_text("⊘ 已报")
    shoot(page, "grid-07-submitted")
    assert violations(page) == []
    submitted = ProgressEntry.objects.filter(period=desk.period, status=EntryStatus.SUBMITTED)
    assert sorted(submitted.values_list("value", "no_progress_reason"), key=str) == [
        (Decimal("1234.5"), ""),
        *((Decimal(value), "") for value in (13, 20, 21, 5, 7)),
        (None, "冬季停工"),
        (None, "汛期停工"),
    ]


def type_a_jump_and_mend_it(page: Page, desk: Desk) -> None:
    """A jump is told and saved; F2 puts the caret into it."""
    page.keyboard.type("130")
    page.keyboard.press("Control+s")
    expect(cell(page, desk.series(0, 0))).to_contain_text("▲ 请核对")
    expect(page.locator("#grid-said")).to_contain_text("比近5期中位数 13.00 高 9.0 倍，请核对")
    shoot(page, "grid-02-jump")
    page.keyboard.press("F2")
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(cell(page, desk.series(0, 0))).to_contain_text("13.00 ✓ 已存")


def type_what_cannot_be_and_mend_it(page: Page, desk: Desk) -> None:
    """It is refused and stays as it was typed; Esc takes back what was not left yet."""
    refused, editor = cell(page, desk.series(1, 0)), page.locator(".editor")
    expect(editor).to_have_attribute("aria-label", f"雄山二矿治理 · 覆土面积（亩） {desk.projects[1].region.full_name}")
    page.keyboard.type("-5")
    page.keyboard.press("ArrowRight")
    expect(refused).to_contain_text("-5 ✕ 拒绝")
    page.keyboard.type("99")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#grid-said")).to_contain_text("此指标不能填负数。")
    expect(editor).to_have_value("-5")
    shoot(page, "grid-03-refused")
    page.keyboard.type("5")
    page.keyboard.press("Tab")
    expect(refused).to_contain_text("5.00 ✓ 已存")


def paste_a_block(page: Page, desk: Desk) -> None:
    """A block of a spreadsheet, over the edge of the table and over a place without a series."""
    page.evaluate("navigator.clipboard.writeText('20\\t1,234.50\\r\\n\"21\"\\t31\\r\\n22\\t32\\r\\n')")
    page.keyboard.press("Control+v")
    expect(page.locator(".grid-panel .note")).to_contain_text("粘贴了 3 格。 3 格不能填")
    expect(cell(page, desk.series(1, 2))).to_contain_text("1,234.50 ✓ 已存")
    expect(cell(page, desk.series(2, 1))).to_contain_text("21.00 ✓ 已存")
    shoot(page, "grid-04-pasted")


def say_that_nothing_happened(page: Page, desk: Desk) -> None:
    """Typed into the cell, or given with its reason in the panel."""
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.type("无 冬季停工")
    page.keyboard.press("Enter")
    expect(cell(page, desk.series(2, 0))).to_contain_text("无进展 ✓ 已存")
    page.keyboard.press("Control+Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+0")
    expect(page.get_by_label("本期无进展的原因")).to_be_focused()
    page.keyboard.type("汛期停工")
    shoot(page, "grid-05-reason")
    page.keyboard.press("Enter")
    expect(cell(page, desk.series(0, 1))).to_contain_text("无进展 ✓ 已存")
    expect(page.locator(".editor")).to_be_focused()


def test_page_opens_in_the_first_cell_and_what_is_typed_is_kept(portal: Portal, desk: Desk) -> None:
    page = portal.sign_in(desk.team.clerk)
    page.goto(f"{portal.url}/grid/")
    editor = page.locator(".editor")
    expect(editor).to_be_focused()
    assert page.evaluate("window.scrollY") == 0

    page.reload()
    expect(editor).to_be_focused()
    page.keyboard.type("14")
    page.keyboard.press("Enter")

    expect(cell(page, desk.series(0, 0))).to_contain_text("14.00 ✓ 已存")


def test_returned_entry_is_submitted_with_the_page_once_it_was_changed(portal: Portal, desk: Desk) -> None:
    make.entry(desk.series(0, 1), 10, desk.period, status=EntryStatus.RETURNED, by=desk.team)
    page = portal.sign_in(desk.team.clerk)
    page.goto(f"{portal.url}/grid/")
    returned, ready = cell(page, desk.series(0, 1)), page.locator("[data-ready]")
    returned.click()
    expect(ready).to_have_text("0")

    page.keyboard.type("11")
    page.keyboard.press("Enter")

    expect(returned).to_contain_text("11.00 ✓ 已存")
    expect(ready).to_have_text("1")
    page.reload()
    expect(ready).to_have_text("1")


def test_conflict_shows_both_values_and_either_may_be_kept(portal: Portal, desk: Desk) -> None:
    entries = [make.entry(desk.series(0, column), 10, desk.period, by=desk.team) for column in (1, 2)]
    page = portal.sign_in(make.user(Role.CLERK, make.COUNTY))
    page.goto(f"{portal.url}/grid/")
    for entry in entries:
        change(entry, desk.team.clerk)

    cell(page, desk.series(0, 1)).click()
    page.keyboard.type("15")
    page.keyboard.press("Tab")
    page.keyboard.type("16")
    page.keyboard.press("Enter")
    for column in (1, 2):
        expect(cell(page, desk.series(0, column))).to_contain_text("⇄ 冲突")
    cell(page, desk.series(0, 1)).click()
    expect(page.locator("[data-conflict]")).to_contain_text(f"用对方的 12 （{desk.team.clerk}")
    shoot(page, "grid-08-conflict")
    page.keyboard.press("Alt+1")
    expect(cell(page, desk.series(0, 1))).to_contain_text("15.00 ✓ 已存")
    cell(page, desk.series(0, 2)).click()
    page.keyboard.press("Alt+2")
    expect(cell(page, desk.series(0, 2))).to_contain_text("12.00 ✓ 已存")

    assert [desk.entry(0, column).value for column in (1, 2)] == [15, 12]


def test_last_value_is_copied_and_a_lost_connection_keeps_the_cell_waiting(portal: Portal, desk: Desk) -> None:
    page = portal.sign_in(desk.team.clerk)
    page.goto(f"{portal.url}/grid/")
    cell(page, desk.series(0, 0)).click()
    page.route("**/grid/cell/", lambda route: route.abort())

    page.keyboard.press("Control+d")

    waiting = cell(page, desk.series(0, 0))
    expect(waiting).to_contain_text("13 ↻ 待发")
    shoot(page, "grid-09-waiting")
    portal.complaints.clear()
    page.unroute("**/grid/cell/")
    page.keyboard.type("14")
    page.keyboard.press("Control+s")
    expect(waiting).to_contain_text("14.00 ✓ 已存")
    assert desk.entry(0, 0).value == 14
