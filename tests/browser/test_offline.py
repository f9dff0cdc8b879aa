"""Typing without network: nothing vanishes, nothing doubles, and the next person at the machine sees none of it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone
from playwright.sync_api import Browser, Dialog, Locator, Page, Route, expect

from accounts.models import AuditEvent, Receipt, Role, User
from progress.models import Period, ProgressEntry
from progress.services import imports
from progress.services.periods import ensure_ahead
from tests import factories as make
from tests.browser.conftest import PASSWORD, Portal, shoot
from tests.progress import filled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CELL = "**/grid/cell/"
STATIC = settings.BASE_DIR / "static"
WALK = Path(__file__).with_name("walk.js")
BANNER = "离线：填报保存在本机，恢复网络后自动续传为草稿"
#: Types into a slot as the grid does, without waiting for the network.
TYPE = """async (cell) => {
  const { outbox } = await import("/static/offline.js");
  window.told = outbox.put({ no_progress_reason: "", note: null, version: null, ...cell });
}"""
SYNC = 'async () => (await import("/static/offline.js")).outbox.sync()'
QUEUE = """async () => {
  const { outbox } = await import("/static/offline.js");
  return (await outbox.pending()).map(({ state, value }) => [state, value]);
}"""


@pytest.fixture
def clerk(portal: Portal) -> Iterator[User]:
    """A clerk with a project to report on; lost requests, which the console notes, are what these tests are about."""
    ensure_ahead(on=timezone.localdate())
    yield make.user(Role.CLERK, make.COUNTY)
    portal.complaints[:] = [said for said in portal.complaints if not re.search(r"net::ERR_|status of 40[13]", said)]


def open_period() -> Period:
    today = timezone.localdate()
    return Period.objects.get(kind="month", start_on__lte=today, end_on__gte=today)


@pytest.fixture
def slot(clerk: User) -> dict[str, object]:
    """A series and a period that is open today, as a cell names them."""
    series = make.series(on=make.project(name="雄山五矿采煤沉陷区治理"))
    period = open_period()
    about = {"project": series.project.name, "indicator": series.indicator.name, "unit": "亩", "period": str(period)}
    return {"series": series.pk, "period": period.pk, "about": {**about, "url": "/grid/"}}


def until(page: Page, condition: Callable[[], bool]) -> None:
    """Wait for the condition while the browser's requests go on; raises AssertionError when it does not come true."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        page.wait_for_timeout(50)


def put(page: Page, slot: dict[str, object], value: str, **more: object) -> None:
    page.evaluate(TYPE, {**slot, "value": value, **more})
    until(page, lambda: any(each[1] == value for each in queue(page)) or bool(saved(value)))


def type_into(page: Page, cell: Locator, text: str) -> None:
    cell.click()
    page.keyboard.type(text)
    page.keyboard.press("Control+s")


def saved(value: str) -> list[ProgressEntry]:
    return list(ProgressEntry.objects.filter(value=Decimal(value))) if re.fullmatch(r"[0-9.]+", value) else []


def queue(page: Page) -> list[list[str]]:
    found: list[list[str]] = page.evaluate(QUEUE)
    return found


def exported(page: Page) -> bytes:
    with page.expect_download() as download:
        page.get_by_role("button", name="导出").click()
    return Path(download.value.path()).read_bytes()


def opened(portal: Portal, person: User, path: str = "/offline/") -> Page:
    """The person's page, kept by a worker that is in charge of it."""
    page = portal.sign_in(person)
    page.goto(portal.url + path)
    page.evaluate("navigator.serviceWorker.ready.then(Boolean)")
    page.goto(portal.url + path)
    kept = f"caches.open('pages-{person.pk}').then((cache) => cache.match('{path}')).then(Boolean)"
    until(page, lambda: bool(page.evaluate(kept)))
    return page


def sign_in_here(page: Page, portal: Portal, person: User) -> None:
    """Sign in at the machine of somebody who left."""
    page.goto(f"{portal.url}/login/")
    page.get_by_label("用户名").fill(person.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("button", name="退出")).to_be_visible()


def lose_answers(page: Page) -> None:
    """The server gets every cell, and no answer comes back."""

    def reach(route: Route) -> None:
        route.fetch()
        route.abort()

    page.context.route(CELL, reach)


def test_queue_keeps_its_promises_on_random_walks(browser: Browser) -> None:
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(path=STATIC / route.request.url.rpartition("/")[2]))
    page.goto("http://queue.test/favicon.svg")

    broken = page.evaluate(WALK.read_text(encoding="utf-8"), 3000)

    page.close()
    assert broken == []


def test_grid_without_network_keeps_what_is_typed_and_saves_it_once(
    portal: Portal, clerk: User, slot: dict[str, object]
) -> None:
    page = opened(portal, clerk, "/grid/")
    cell = page.locator(f"#cell-{slot['series']}")
    page.context.set_offline(True)
    type_into(page, cell, "5")
    expect(cell).to_contain_text("待发")
    expect(page.get_by_text(BANNER)).to_be_visible()

    page.reload()
    expect(page.get_by_text(BANNER)).to_be_visible()
    expect(cell).to_contain_text("5")
    type_into(page, cell, "7")
    expect(cell).to_contain_text("待发")
    shoot(page, "60-offline-grid")
    page.get_by_role("link", name="未发送 1").click()
    row = page.get_by_role("row").filter(has_text="雄山五矿")
    expect(row).to_contain_text("待发送")
    shoot(page, "61-offline-queue")
    # The file of what is unsent is a sheet that the import takes.
    run = imports.receive(upload=filled.upload(exported(page), "本机未发送.csv"), by=clerk, at=timezone.now())
    assert (filled.told(run), filled.outcomes(run)) == ([], ["new"])
    page.goto(f"{portal.url}/overview/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("没有网络")
    shoot(page, "62-offline-page")
    page.get_by_role("link", name="网格填报").click()
    expect(cell).to_contain_text("7")
    page.context.set_offline(False)

    expect(cell).to_contain_text("已存", timeout=30_000)
    expect(page.get_by_text(BANNER)).to_be_hidden()
    expect(page.get_by_text("本页仍是离线时保存的版本")).to_be_visible()
    [entry] = ProgressEntry.objects.all()
    assert (entry.value, entry.version, entry.entered_by) == (Decimal(7), 1, clerk)
    assert Receipt.objects.filter(user=clerk).count() == 1

    # The page that was kept is older than the answer, which the queue remembers.
    page.context.set_offline(True)
    page.reload()
    expect(cell).to_contain_text("7")
    type_into(page, cell, "8")
    expect(cell).to_contain_text("待发")
    page.context.set_offline(False)
    expect(cell).to_contain_text("已存", timeout=30_000)
    entry.refresh_from_db()
    assert (entry.value, entry.version) == (Decimal(8), 2)


def test_lost_answer_is_asked_for_again_and_what_was_typed_since_follows(
    portal: Portal, clerk: User, slot: dict[str, object]
) -> None:
    page = opened(portal, clerk)
    lose_answers(page)
    put(page, slot, "5")
    until(page, lambda: queue(page) == [["sending", "5"]] and ProgressEntry.objects.exists())
    put(page, slot, "6")
    page.evaluate("() => window.told")
    page.context.unroute(CELL)

    page.get_by_role("button", name="立即同步").click()

    expect(page.get_by_text("全部填报已送达服务器")).to_be_visible()
    [entry] = ProgressEntry.objects.all()
    assert (entry.value, entry.version) == (Decimal(6), 2)
    assert AuditEvent.objects.filter(action__startswith="entry.").count() == 2


def test_tab_closed_while_sending_loses_and_doubles_nothing(
    portal: Portal, clerk: User, slot: dict[str, object]
) -> None:
    page = opened(portal, clerk)
    held: list[Route] = []

    def hold(route: Route) -> None:
        route.fetch()
        held.append(route)

    page.context.route(CELL, hold)
    put(page, slot, "5")
    until(page, lambda: ProgressEntry.objects.exists() and bool(held))
    second = page.context.new_page()
    page.close()
    page.context.unroute(CELL)

    second.goto(f"{portal.url}/offline/")

    expect(second.get_by_text("全部填报已送达服务器")).to_be_visible()
    [entry] = ProgressEntry.objects.all()
    assert (entry.value, entry.version) == (Decimal(5), 1)


def test_next_person_at_the_machine_sees_nothing_and_the_first_finds_all(
    portal: Portal, clerk: User, slot: dict[str, object]
) -> None:
    other = make.user(Role.CLERK, make.COUNTY, display_name="李四")
    portal.sign_in(other)  # In a browser of his own, for the password.
    page = opened(portal, clerk, "/grid/")
    asked: list[str] = []

    def agree(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", agree)
    page.context.route(CELL, lambda route: route.abort())
    put(page, slot, "5")
    expect(page.get_by_role("link", name="未发送 1")).to_be_visible()
    left_open = page.context.new_page()
    left_open.goto(f"{portal.url}/offline/")
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_label("用户名")).to_be_visible()
    assert asked == ["还有 1 条填报没有送达服务器。退出后它们留在本机，只有您再次登录时才会自动续传。确定退出吗？"]
    assert page.evaluate("caches.keys().then((names) => names.filter((name) => name.startsWith('pages')))") == []

    sign_in_here(page, portal, other)
    page.context.unroute(CELL)
    put(left_open, slot, "9")
    expect(left_open.get_by_text("本浏览器已由他人登录")).to_be_visible()
    left_open.close()
    page.goto(f"{portal.url}/offline/")
    expect(page.get_by_text("全部填报已送达服务器")).to_be_visible()
    expect(page.get_by_role("link", name="未发送")).to_be_hidden()
    page.context.set_offline(True)
    page.goto(f"{portal.url}/grid/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("没有网络")
    page.context.set_offline(False)
    assert not ProgressEntry.objects.exists()

    page.goto(f"{portal.url}/offline/")
    page.get_by_role("button", name="退出").click()
    sign_in_here(page, portal, clerk)
    # The 5 may have been on its way, so it is sent first.
    until(page, ProgressEntry.objects.filter(value=9, version=2).exists)
    assert ProgressEntry.objects.get().entered_by == clerk
    expect(page.get_by_role("link", name="未发送")).to_be_hidden()


def test_refused_cell_stays_with_its_reason_until_its_author_decides(
    portal: Portal, clerk: User, slot: dict[str, object]
) -> None:
    page = opened(portal, clerk)
    put(page, slot, "=1+1")
    row = page.get_by_role("row").filter(has_text="雄山五矿")
    expect(row).to_contain_text("被拒绝")
    series = make.series(on=make.project(name="南宋乡治理"))
    other = {**slot, "series": series.pk, "about": {"project": "南宋乡治理"}}
    theirs = make.entry(series, 12, open_period())
    put(page, other, "8", note="@备注")
    clash = page.get_by_role("row").filter(has_text="南宋乡")
    expect(clash).to_contain_text("与他人冲突")
    expect(clash).to_contain_text("12")
    assert [f"{each['id']}: {each['help']}" for each in Axe().run(page).response["violations"]] == []
    shoot(page, "63-offline-refused")

    text = exported(page).decode()
    assert text.startswith("\ufeff项目代码,项目,")
    assert ",'=1+1," in text
    assert ",8,,'@备注," in text

    clash.get_by_role("button", name="仍用我的值").click()
    expect(clash).to_have_count(0)
    theirs.refresh_from_db()
    assert (theirs.value, theirs.note) == (Decimal(8), "@备注")
    page.once("dialog", Dialog.accept)
    row.get_by_role("button", name="删除").click()
    expect(page.get_by_text("全部填报已送达服务器")).to_be_visible()
    assert ProgressEntry.objects.count() == 1


def test_session_that_ended_is_said_and_the_next_login_sends(
    portal: Portal, clerk: User, slot: dict[str, object]
) -> None:
    page = opened(portal, clerk)
    Session.objects.all().delete()
    put(page, slot, "5")
    expect(page.get_by_text("请重新登录后自动续传")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="雄山五矿")).to_contain_text("待发送")
    shoot(page, "64-offline-signed-out")

    second = page.context.new_page()
    sign_in_here(second, portal, clerk)

    expect(page.get_by_text("全部填报已送达服务器")).to_be_visible()
    assert ProgressEntry.objects.get().value == Decimal(5)


def test_over_plain_http_the_queue_works_and_the_page_says_what_does_not(
    portal: Portal, clerk: User, slot: dict[str, object]
) -> None:
    page = portal.sign_in(clerk)
    page.context.add_init_script(
        """Object.defineProperty(window, "isSecureContext", { value: false });
        for (const name of ["serviceWorker", "locks", "storage"]) {
          Object.defineProperty(Navigator.prototype, name, { value: undefined });
        }
        delete window.caches;"""
    )
    page.goto(f"{portal.url}/offline/")
    expect(page.get_by_text("当前通过 HTTP 访问，断网时不能打开填报页")).to_be_visible()
    second = page.context.new_page()
    second.goto(f"{portal.url}/offline/")
    page.context.route(CELL, lambda route: route.abort())
    put(page, slot, "5")
    page.context.unroute(CELL)

    # Two tabs without locks send the same receipt at the same time.
    page.evaluate(SYNC.replace("async () =>", "() => { window.tried = (async () =>") + ")(); }")
    second.evaluate(SYNC)

    for each in (page, second):
        expect(each.get_by_text("全部填报已送达服务器")).to_be_visible()
    [entry] = ProgressEntry.objects.all()
    assert (entry.value, entry.version) == (Decimal(5), 1)
