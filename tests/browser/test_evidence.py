"""Evidence as people bring and judge it: several files with a result each, flags, before beside after."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import FilePayload, Page, expect

from progress import schedule
from progress.models import EvidenceStage, Frequency, ProgressEntry
from progress.services.periods import ensure_periods
from tests import factories as make
from tests import uploads
from tests.browser.conftest import SHOTS, Portal, shoot
from tests.browser.test_main_job import violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZE = (1600, 1200)


def payload(name: str, body: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": body}


@pytest.fixture
def team(portal: Portal) -> make.Team:
    """The people of 上党区."""
    return make.team(make.COUNTY)


@pytest.fixture
def entry(team: make.Team) -> ProgressEntry:
    """A draft of last month's period, still open, whose indicator asks for evidence; January has a photo before."""
    today = timezone.localdate()
    series = make.series(
        make.indicator(name="采煤沉陷区治理面积", evidence_required=True), make.project(name="北张村治理")
    )
    ensure_periods(first=today.replace(month=1, day=1), last=today, kinds=(Frequency.MONTH,))
    span = schedule.span(Frequency.MONTH, today)
    before = make.entry(series, when=make.period(2025, 1), by=team)
    photo = uploads.photo("before", size=SIZE, taken="2025:01:10 09:30:00", place=uploads.SHANGDANG)
    make.evidence(before, team.clerk, photo, name="一月.jpg", stage=EvidenceStage.BEFORE)
    return make.entry(series, 12, make.period(span.start_on.year, span.start_on.month), by=team)


def test_clerk_brings_photos_and_reviewer_sees_what_is_odd(
    portal: Portal, team: make.Team, entry: ProgressEntry
) -> None:
    clerk = portal.sign_in(team.clerk)
    clerk.goto(portal.url + entry.get_absolute_url())
    expect(clerk.locator("#evidence")).to_contain_text("须附佐证")
    clerk.get_by_role("button", name="报送", exact=True).click()
    expect(clerk.get_by_role("alert")).to_contain_text("须附佐证材料")

    bring(clerk)
    shoot(clerk, "51-evidence-uploaded")
    assert violations(clerk) == []
    clerk.get_by_role("button", name="报送", exact=True).click()
    expect(clerk.get_by_role("status")).to_contain_text("已报送")

    reviewer = portal.sign_in(team.reviewer)
    reviewer.goto(portal.url + entry.get_absolute_url())
    expect(reviewer.get_by_text("⚑ 拍摄地点不在本县")).to_be_visible()
    expect(reviewer.get_by_text("⚑ 拍摄时间不在本调度期")).to_be_visible()
    assert loaded(reviewer, ".proof-view img") == 3
    shoot(reviewer, "52-evidence-flags")
    look_closely(reviewer)
    reviewer.get_by_role("link", name="治理前后对比").click()
    compare(reviewer)


def bring(clerk: Page) -> None:
    """Four files of which one is refused: its reason stands at its name, the others are in."""
    good = uploads.photo("after", size=SIZE)
    far = uploads.photo("far", size=SIZE, taken="2020:05:01 08:00:00", place=uploads.XIANGYUAN)
    clerk.get_by_label("照片阶段", exact=True).select_option(label="治理后")
    clerk.get_by_label("添加照片或文件").set_input_files(
        [
            payload("覆土.jpg", good),
            payload("别处.jpg", far),
            payload("图.svg", b"<svg/>"),
            payload("单.pdf", make.pdf()),
        ]
    )
    clerk.get_by_role("button", name="上传").click()
    results = clerk.locator(".uploads li")
    expect(results).to_have_class(["added", "added", "refused", "added"])
    expect(results.nth(2)).to_contain_text("只接收 PDF、JPEG、PNG、WebP 文件")
    expect(clerk.locator("#proofs .proof")).to_have_count(3)

    # What was chosen stays listed; sending it once more adds the one photo that is new.
    clerk.get_by_label("添加照片或文件").set_input_files(
        [payload("覆土.jpg", good), payload("远.jpg", uploads.photo("wide", size=SIZE))]
    )
    clerk.get_by_role("button", name="上传").click()
    expect(results).to_have_class(["refused", "added"])
    expect(results.first).to_contain_text("未重复添加")
    expect(clerk.locator("#proofs .proof")).to_have_count(4)
    tile = clerk.locator(".proof").filter(has_text="远.jpg")
    tile.get_by_role("combobox").select_option(label="治理中")
    tile.get_by_role("button", name="改阶段").click()
    expect(clerk.locator(".proof").filter(has_text="远.jpg").locator(".tag").first).to_have_text("治理中")


def look_closely(reviewer: Page) -> None:
    """A photo fills the screen, and the way back is one key."""
    reviewer.get_by_role("link", name="放大 别处.jpg").press("Enter")
    large = reviewer.get_by_role("img", name="治理后 别处.jpg")
    expect(large).to_be_visible()
    reviewer.wait_for_function("() => document.querySelector(':target img').naturalWidth === 1600")
    reviewer.screenshot(path=SHOTS / "53-evidence-large.png")
    reviewer.keyboard.press("Tab")
    reviewer.keyboard.press("Enter")
    expect(large).to_be_hidden()


def compare(reviewer: Page) -> None:
    """January beside now; another photo is chosen by keyboard."""
    sides = reviewer.locator(".side")
    expect(sides.nth(0)).to_contain_text("一月.jpg")
    expect(sides.nth(1)).to_contain_text("别处.jpg")
    expect(sides.nth(1)).to_contain_text("⚑ 拍摄地点不在本县")
    assert loaded(reviewer, "figure img") == 2
    assert violations(reviewer) == []
    shoot(reviewer, "54-before-after")
    choice = sides.nth(1).get_by_role("link", name="治理中")
    choice.focus()
    reviewer.keyboard.press("Enter")
    expect(sides.nth(1)).to_contain_text("远.jpg")
    expect(sides.nth(0)).to_contain_text("一月.jpg")
    reviewer.emulate_media(media="print")
    shoot(reviewer, "55-before-after-print")


def loaded(page: Page, selector: str) -> int:
    """How many pictures have come and are pictures; those further down come when they are scrolled to."""
    pictures = page.locator(selector)
    for number in range(pictures.count()):
        pictures.nth(number).scroll_into_view_if_needed()
    page.wait_for_function("all => [...document.querySelectorAll(all)].every(each => each.complete)", arg=selector)
    count: int = pictures.evaluate_all("all => all.filter(each => each.naturalWidth > 0).length")
    return count


def test_network_that_fails_half_way_loses_and_doubles_nothing(
    portal: Portal, team: make.Team, entry: ProgressEntry
) -> None:
    """The server has stored the first file when the line breaks; the second never left."""
    clerk = portal.sign_in(team.clerk)
    clerk.goto(portal.url + entry.get_absolute_url())
    clerk.get_by_label("添加照片或文件").set_input_files(
        [payload(f"{number}.jpg", uploads.photo(number)) for number in range(2)]
    )
    clerk.evaluate(
        """() => {
            const send = window.fetch;
            window.fetch = async (url, options) => {
                if (!options) return send(url);
                await send(url, options);
                window.fetch = (url, options) => options ? Promise.reject(new TypeError()) : send(url);
                throw new TypeError();
            };
            window.mend = () => { window.fetch = send; };
        }"""
    )
    clerk.get_by_role("button", name="上传").click()
    results = clerk.locator(".uploads li")
    expect(results).to_have_text(
        [f"{number}.jpg 网络中断，未收到结果；再点“上传”重试，不会重复。" for number in range(2)]
    )

    clerk.evaluate("window.mend()")
    clerk.get_by_role("button", name="上传").click()

    expect(results).to_have_class(["added", "added"])
    assert entry.evidence.count() == 2
