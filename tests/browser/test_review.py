"""A reviewer's desk by keyboard only, and a supervisor's spot check."""

from __future__ import annotations

from decimal import Decimal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from accounts.models import Role
from progress.models import EntryStatus, ProgressEntry, SpotCheck
from progress.services import entries
from progress.services.entries import Content
from tests import factories as make
from tests.browser.conftest import Portal, shoot
from tests.progress.steps import submit, withdraw

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ROWS, STALE = 20, 11
RETURNED = {3: "面积与图斑不符", 7: "缺施工中照片"}


@pytest.fixture
def team() -> make.Team:
    return make.team()


def waiting(team: make.Team) -> list[ProgressEntry]:
    """Twenty submitted entries; some have a figure of the month before, one reports no progress, one has a paper."""
    found = []
    for n in range(ROWS):
        series = make.series(make.indicator(name=f"采煤沉陷区治理面积{n + 1}"))
        if n % 3 == 0:
            make.verified_entry(series, 100 + n, make.period(2025, 2), by=team)
        silence = {"value": None, "no_progress_reason": "冬季停工"} if n == 5 else {"value": Decimal("120.5") + n}
        draft = make.entry(series, by=team, note="北张村完成覆土，本月转入绿化" if n % 4 == 0 else "", **silence)
        if n == 1:
            make.evidence(draft, team.clerk)
        found.append(submit(draft, team.clerk))
    return found


def test_twenty_rows_are_reviewed_by_keyboard_only(portal: Portal, team: make.Team) -> None:
    found = waiting(team)
    page = portal.sign_in(team.reviewer)
    page.goto(f"{portal.url}/review/")
    shoot(page, "20-review-queue")
    assert violations(page) == []
    mended = mend(found[STALE], team)
    keys = page.keyboard

    keys.press("?")
    expect(page.get_by_text("再按一次改回暂不办理")).to_be_visible()
    keys.press("?")
    keys.press("j")
    keys.press("Space")
    expect(row(page, found[0]).get_by_role("checkbox")).to_be_checked()
    keys.press("Space")
    with page.context.expect_page() as opened:
        keys.press("Enter")
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text(found[0].series.project.name)
    opened.value.close()
    for n, entry in enumerate(found):
        expect(row(page, entry)).to_be_focused()
        if n in RETURNED:
            keys.press("b")
            keys.type(RETURNED[n])
            keys.press("Enter")
            keys.press("j")
        else:
            keys.press("p")
    expect(page.get_by_text("通过 18 条，退回 2 条，勾选 0 条")).to_be_visible()
    shoot(page, "21-review-decided")
    keys.press("Control+Enter")

    expect(page.get_by_role("alert")).to_contain_text("通过 17 条，退回 2 条；未办理 1 条")
    stale = row(page, mended)
    expect(stale).to_be_focused()
    expect(stale).to_contain_text("已被他人修改")
    expect(stale).to_contain_text("60.00")
    expect(stale.get_by_role("radio", name="通过")).to_be_checked()
    shoot(page, "22-review-refused")
    keys.press("Control+Enter")

    expect(page.get_by_role("status")).to_contain_text("通过 1 条，退回 0 条；未办理 0 条")
    expect(page.get_by_text("没有等您审核或核定的填报。")).to_be_visible()
    after = {entry.pk: entry for entry in ProgressEntry.objects.filter(pk__in=[entry.pk for entry in found])}
    for n, entry in enumerate(found):
        status, reason = (EntryStatus.RETURNED, RETURNED[n]) if n in RETURNED else (EntryStatus.REVIEWED, "")
        assert (after[entry.pk].status, after[entry.pk].return_reason) == (status, reason)


def mend(entry: ProgressEntry, team: make.Team) -> ProgressEntry:
    """The clerk takes the entry back, changes it and submits it again, while the reviewer has the queue open."""
    draft, content = withdraw(entry, team.clerk), Content(Decimal(60))
    at = make.inside(draft.period)
    changed = entries.change_draft(entry=draft, version=draft.version, content=content, by=team.clerk, at=at)
    return submit(changed, team.clerk)


def test_supervisor_draws_checks_and_finds_a_fault(portal: Portal, team: make.Team) -> None:
    for n in range(3):
        make.verified_entry(value=Decimal("120.50") + n, by=team)
    page = portal.sign_in(make.user(Role.SUPERVISOR))
    page.get_by_role("navigation").get_by_role("link", name="抽查").click()
    page.get_by_role("link", name="新抽查").click()
    page.get_by_label("抽取数量").fill("2")
    shoot(page, "23-draw")
    assert violations(page) == []
    page.get_by_role("button", name="随机抽取").click()

    expect(page.get_by_role("status")).to_contain_text("已抽取 2 条")
    expect(page.get_by_text("✓ 一致")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="去核查").first.click()
    page.get_by_label("不实").check()
    shoot(page, "24-check")
    page.get_by_role("button", name="提交核查结果").click()
    expect(page.get_by_role("alert")).to_contain_text("不实的，必须写明核查情况")
    page.get_by_label("核查情况").fill("现场丈量只有 96 亩")
    page.get_by_role("button", name="提交核查结果").click()
    expect(page.get_by_role("status")).to_contain_text("已转入更正")
    page.get_by_role("link", name="去核查").click()
    page.get_by_label("属实").check()
    page.get_by_role("button", name="提交核查结果").click()

    expect(page.locator("main")).to_contain_text("已查 2 条：属实 1 条，不实 1 条")
    shoot(page, "25-checks-of-a-draw")
    page.goto(f"{portal.url}{SpotCheck.objects.get(result='faulty').entry.get_absolute_url()}")
    shoot(page, "26-checked-entry")
    assert violations(page) == []


def row(page: Page, entry: ProgressEntry) -> Locator:
    return page.locator(f"#entry-{entry.pk}")


def violations(page: Page) -> list[str]:
    return [f"{found['id']}: {found['help']}" for found in Axe().run(page).response["violations"]]
