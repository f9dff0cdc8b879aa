"""The boundary of a parcel drawn on its map, refused with the place, mended, taken from a survey, and saved."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from subsidence.models import Boundary, Rule, RuleKind
from subsidence.services import boundaries
from tests import factories as make
from tests.browser.conftest import Portal, shoot
from tests.browser.test_main_job import violations
from tests.subsidence import farm, layers

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Where a person clicks, as parts of the map's width and height; drawn in this order they cross.
CROSSING = ((0.45, 0.4), (0.6, 0.6), (0.6, 0.4), (0.45, 0.6))
SURVEY = layers.square(113.0502, 36.0201, 0.0098)


@pytest.fixture
def team(portal: Portal) -> make.Team:
    """The people of 上党区, where a parcel waits for its boundary beside one that has it."""
    team = make.team(make.COUNTY)
    farm.parcel(1450, code="TB-602", by=team)
    Rule.objects.create(kind=RuleKind.AREA_TOLERANCE, value=1, since=make.LONG_AGO, source="某规范")
    for number, (west, south) in enumerate(((113.06, 36.02), (113.0605, 36.031), (113.04, 36.033)), start=1):
        beside, land = farm.registered(code=f"TB-A{number}", by=team), layers.plot(layers.square(west, south, 0.0095))
        boundaries.draw(parcel=beside, plot=land, was="", by=team.clerk, at=farm.AT)
    return team


def click_round(page: Page, corners: tuple[tuple[float, float], ...]) -> None:
    """Draw a polygon by mouse, closing it on its first corner."""
    box = page.locator("#parcel-map").bounding_box()
    assert box
    page.locator(".leaflet-pm-icon-polygon").click()
    for across, down in (*corners, corners[0]):
        page.mouse.move(box["x"] + across * box["width"], box["y"] + down * box["height"], steps=4)
        page.mouse.click(box["x"] + across * box["width"], box["y"] + down * box["height"])


def test_boundary_is_drawn_refused_mended_imported_and_saved(portal: Portal, team: make.Team) -> None:
    page = portal.sign_in(team.clerk)
    page.goto(f"{portal.url}/subsidence/parcels/TB-602/boundary/")
    verdict, typed = page.locator("#verdict"), page.get_by_label("界址点坐标")
    expect(page.locator("#parcel-map[data-ready]")).to_be_visible()
    expect(verdict).to_contain_text("尚未绘制边界")
    shoot(page, "boundary-01-blank")
    assert violations(page) == []

    click_round(page, CROSSING)
    expect(verdict).to_contain_text("边界自相交，交叉点在经度")
    expect(page.locator("#parcel-map path[stroke='#c1121f']")).to_have_count(1)
    shoot(page, "boundary-02-crossing")

    typed.fill("\n".join(f"{x},{y}" for x, y in layers.square(113.055, 36.02, 0.01)))
    typed.press("Tab")
    expect(verdict).to_contain_text("与图斑 TB-A1 重叠")
    shoot(page, "boundary-03-overlap")

    survey = layers.zipped(layers.files([[layers.in_metres(SURVEY, 4526)]], system=4526))
    file: FilePayload = {"name": "图斑.zip", "mimeType": "application/zip", "buffer": survey}
    page.get_by_label("或选择文件").set_input_files(file)
    expect(verdict).to_contain_text("检查通过，尚未保存")
    expect(verdict).to_contain_text("在容差内")
    expect(typed).to_have_value("\n".join(f"{x:.7f},{y:.7f}" for x, y in reversed(SURVEY[1:])))
    shoot(page, "boundary-04-imported")
    assert violations(page) == []

    page.get_by_role("button", name="保存边界").click()
    expect(page.get_by_role("status")).to_contain_text("已保存边界")
    saved = Boundary.objects.get(parcel__code="TB-602")
    assert saved.recorded_by == team.clerk

    page.locator(".leaflet-pm-icon-edit").click()
    corner = page.locator("#parcel-map .marker-icon:not(.marker-icon-middle)").first
    box = corner.bounding_box()
    assert box
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] - 40, steps=6)
    page.mouse.up()
    expect(verdict).to_contain_text("尚未保存")
    shoot(page, "boundary-05-edited")
    page.get_by_role("button", name="保存边界").click()
    expect(page.get_by_role("status")).to_contain_text("已保存边界")
    assert Boundary.objects.get(parcel__code="TB-602").area != saved.area
    shoot(page, "boundary-06-saved")

    page.get_by_text("删除边界", exact=True).click()
    page.get_by_role("button", name="确认删除边界").click()
    expect(page.get_by_role("status")).to_contain_text("已删除边界")
    assert not Boundary.objects.filter(parcel__code="TB-602").exists()
