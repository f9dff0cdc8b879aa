"""A filled sheet with faults is refused whole, mended, imported and taken back; a worker saves a long one."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import Page, expect

from accounts.models import Role
from progress.models import Frequency, Indicator, IndicatorKind, Period, ProgressEntry, Series
from progress.services.periods import ensure_ahead
from tests import factories as make
from tests.browser.conftest import Portal, shoot
from tests.browser.test_main_job import violations
from tests.progress import filled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

#: Rows of an import that is too large to be dealt with while the person waits.
MANY = 4_000


@pytest.fixture
def month(portal: Portal) -> Period:
    """The month of today, which is open."""
    call_command("load_regions")
    today = timezone.localdate()
    ensure_ahead(on=today)
    return Period.objects.get(kind=Frequency.MONTH, start_on__lte=today, end_on__gte=today)


def upload(page: Page, file: SimpleUploadedFile, folder: Path) -> None:
    path = folder / (file.name or "sheet")
    path.write_bytes(file.read())
    page.get_by_label("填好的台账").set_input_files(path)
    page.get_by_role("button", name="上传并检查").click()


def test_sheet_is_filled_refused_mended_imported_and_undone(portal: Portal, month: Period, tmp_path: Path) -> None:
    project = make.project(name="北呈乡采煤沉陷区治理")
    for name in ("覆土面积", "复垦面积", "植树面积"):
        make.series(make.indicator(name=name), project)
    page = portal.sign_in(make.user(Role.CLERK, make.COUNTY))

    page.get_by_role("navigation", name="主导航").get_by_role("link", name="填报台账").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="下载填报表（.xlsx）").click()
    path = tmp_path / "台账.xlsx"
    download.value.save_as(path)
    fill(path, "12.50", "十二", "7")
    page.get_by_role("link", name="上传填好的表").click()
    assert violations(page) == []
    page.get_by_label("填好的台账").set_input_files(path)
    shoot(page, "40-imports")
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_role("row").filter(has_text="十二")).to_contain_text("本期数值")
    expect(page.get_by_role("button", name="确认导入")).to_have_count(0)
    assert violations(page) == []
    shoot(page, "41-import-errors")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载问题标注表").click()
    noted = tmp_path / "noted.xlsx"
    download.value.save_as(noted)
    assert [cell.value for row in load_workbook(noted).active.iter_rows() for cell in row if cell.comment] == ["十二"]

    fill(path, "12.50", "12", "7")
    page.get_by_role("link", name="批量导入").click()
    page.get_by_label("填好的台账").set_input_files(path)
    page.get_by_role("button", name="上传并检查").click()
    expect(page.get_by_text("新增 3")).to_be_visible()
    shoot(page, "42-import-preview")
    assert not ProgressEntry.objects.exists()
    page.get_by_role("button", name="确认导入").click()
    expect(page.get_by_text("已确认导入。")).to_be_visible()
    values = ProgressEntry.objects.order_by("value").values_list("value", flat=True)
    assert list(values) == [7, 12, Decimal("12.5")]

    page.get_by_role("button", name="撤销本次导入").click()
    expect(page.get_by_text("已撤销本次导入")).to_be_visible()
    shoot(page, "43-import-undone")
    assert not ProgressEntry.objects.exists()


def fill(path: Path, *values: str) -> None:
    """Type the values below the header 本期数值, as a person does in Excel."""
    book = load_workbook(path)
    sheet = book.active
    assert sheet is not None
    head = next(row for row in sheet.iter_rows(max_row=10) if any(cell.value == "本期数值" for cell in row))
    place = next(cell for cell in head if cell.value == "本期数值")
    for offset, value in enumerate(values, start=1):
        sheet.cell(place.row + offset, place.column).value = value
    book.save(path)


def test_long_import_shows_how_far_it_is_and_ends_by_itself(portal: Portal, month: Period, tmp_path: Path) -> None:
    project = make.project(name="北呈乡采煤沉陷区治理")
    facts = {"work_line": project.work_line, "kind": IndicatorKind.FLOW, "unit": "亩"}
    indicators = Indicator.objects.bulk_create(
        Indicator(code=f"many-{number}", name=f"指标{number}", **facts) for number in range(MANY)
    )
    made = Series.objects.bulk_create(
        Series(project=project, indicator=each, region=project.region) for each in indicators
    )
    page = portal.sign_in(make.user(Role.CLERK, make.COUNTY))
    page.goto(f"{portal.url}/imports/")
    upload(page, filled.csv_sheet(filled.row(series, month, "1.00") for series in made), tmp_path)

    expect(page.get_by_text(f"新增 {MANY}")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="确认导入").click()
    shoot(page, "44-import-progress")
    expect(page.get_by_role("button", name="撤销本次导入")).to_be_visible(timeout=60_000)
    assert ProgressEntry.objects.count() == MANY
