"""Exports of the lists: exactly what is seen, on record, and the sheet to be filled in."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts import sheets
from accounts.models import AuditEvent, Role, User
from progress.models import EntryStatus, ImportOutcome, ImportStatus, IndicatorKind
from progress.rules import COMMON_REASONS, HEADERS
from progress.services import imports
from projects.models import ProjectStatus
from tests import factories as make
from tests.pages import Page, signed_in
from tests.progress.filled import faults, outcomes

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800", tick=False)]

ENTRIES, LEDGER, PROJECTS = reverse("entries"), reverse("ledger"), reverse("projects")


@pytest.fixture
def leader() -> User:
    return make.user(Role.LEADER, organisation=make.organisation(name="市水利局"), display_name="王工")


@pytest.fixture
def desk(client: Client, leader: User) -> Client:
    return signed_in(client, leader)


def content(page: Page) -> bytes:
    found: bytes = page.getvalue()
    return found


def sheet_of(page: Page) -> Any:
    return openpyxl.load_workbook(io.BytesIO(content(page))).active


def lines_of(page: Page, encoding: str = "utf-8-sig") -> list[list[str]]:
    return list(csv.reader(io.StringIO(content(page).decode(encoding), newline="")))


def body(sheet: Any) -> list[tuple[Any, ...]]:
    """The rows between the headers and the foot."""
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    return rows[: rows.index((None,) * sheet.max_column)]


@pytest.mark.parametrize("address", [ENTRIES, LEDGER, PROJECTS])
def test_export_has_the_columns_and_rows_of_the_page_in_its_order(desk: Client, address: str) -> None:
    for value in (5, 100, 20):
        project = make.project(investment=Decimal(value), status=ProjectStatus.UNDERWAY)
        make.entry(make.series(on=project), value)
    make.entry(make.series(region_code=make.OTHER_TOWN), 50)
    measure = "investment" if address == PROJECTS else "value"
    query = {"region": "上党区", "sort": f"-{measure}", "columns": f"project,region,{measure}", "size": "20"}

    listed = desk.get(address, query).context["list"]
    sheet = sheet_of(desk.get(address, {**query, "export": "xlsx"}))
    lines = lines_of(desk.get(address, {**query, "export": "csv"}))

    assert [cell.value for cell in sheet[3]] == ["序号", *(str(column.label) for column in listed.columns)] == lines[0]
    seen = [[line.number, *(cell for _column, cell in line.cells)] for line in listed.lines]
    assert [row[3] for row in seen] == [100, 20, 5]
    assert body(sheet) == [tuple(row) for row in seen]
    assert [[line[0], line[1], line[2], Decimal(line[3])] for line in lines[1:]] == [
        [str(row[0]), *row[1:]] for row in seen
    ]


def test_workbook_says_what_was_asked_who_took_it_and_what_it_comes_to(desk: Client) -> None:
    make.entry(make.series(), "10.5")

    sheet = sheet_of(desk.get(ENTRIES, {"export": "xlsx", "search": "xm", "status": "draft"}))

    assert sheet["A1"].value == "进度填报"
    assert sheet["A2"].value == "筛选条件：项目、指标或地区：xm；状态：草稿"
    foot = sheet.cell(sheet.max_row, 1).value
    assert "合计：共 1 条；10.50 亩" in foot
    assert "填报单位：市水利局　导出人：王工　导出时间：2025-03-31 12:00" in foot


def test_export_goes_on_record_with_its_filter_and_number_of_rows(desk: Client, leader: User) -> None:
    make.entry(), make.entry()

    desk.get(ENTRIES, {"export": "csv", "status": "draft", "after": "999", "no": "51"})

    [event] = AuditEvent.objects.filter(action="export")
    assert (event.actor_id, event.object_id) == (leader.pk, str(leader.pk))
    assert event.after == {"page": "entries", "query": "status=draft", "form": "csv", "rows": 2}


def test_file_is_named_after_list_and_time(desk: Client) -> None:
    page = desk.get(PROJECTS, {"export": "csv-gb18030"})

    assert page["Content-Disposition"].startswith(
        "attachment; filename*=utf-8''%E9%A1%B9%E7%9B%AE%E5%8F%B0%E8%B4%A6_2025"
    )
    assert page["X-Content-Type-Options"] == "nosniff"
    assert lines_of(page, "gb18030")[0][:2] == ["序号", "项目"]


def test_export_in_an_unknown_format_is_the_page(desk: Client) -> None:
    assert desk.get(ENTRIES, {"export": "pdf"}).context["list"]


def test_export_keeps_to_ones_scope(client: Client) -> None:
    here, _there = make.entry(), make.entry(make.series(region_code=make.OTHER_TOWN))
    signed_in(client, make.user(Role.CLERK, make.COUNTY))

    for address in (ENTRIES, LEDGER):
        lines = lines_of(client.get(address, {"export": "csv", "columns": "project"}))

        assert lines == [["序号", "项目"], ["1", str(here.series.project)]]


def test_texts_in_an_export_are_no_formulas_and_amounts_stay_numbers(desk: Client) -> None:
    flow = make.indicator(may_fall=True)
    make.entry(make.series(flow, make.project(name="＝HYPERLINK()")), Decimal("-5.25"), note="@SUM(A1)")
    columns = "project,value,note"

    sheet = sheet_of(desk.get(ENTRIES, {"export": "xlsx", "columns": columns}))
    lines = lines_of(desk.get(ENTRIES, {"export": "csv", "columns": columns}))

    assert [(cell.value, cell.data_type) for cell in sheet[4]] == [
        (1, "n"),
        ("＝HYPERLINK()", "s"),
        (-5.25, "n"),
        ("@SUM(A1)", "s"),
    ]
    assert lines[1] == ["1", "'＝HYPERLINK()", "-5.25", "'@SUM(A1)"]


def test_amount_beyond_what_excel_holds_is_a_text_with_all_its_digits(desk: Client) -> None:
    make.entry(make.series(make.indicator(decimals=4)), Decimal("12345678901234.5678"))

    sheet = sheet_of(desk.get(ENTRIES, {"export": "xlsx", "columns": "value"}))

    assert (sheet["B4"].value, sheet["B4"].data_type) == ("12345678901234.5678", "s")


def test_sheet_to_fill_has_the_fixed_columns_and_one_row_for_each_report_due(desk: Client) -> None:
    series = make.series(region_code=make.VILLAGE)
    make.verified_entry(series, "10.5", make.period(2025, 2))
    draft = make.entry(series, value=None, no_progress_reason="冬季停工", note="说明")

    sheet = sheet_of(desk.get(LEDGER, {"export": "fill-xlsx"}))

    assert sheet["A1"].value == "2025年3月生态治理进展填报台账"
    assert "导出人：王工" in sheet["A2"].value
    assert [cell.value for cell in sheet[3]] == list(HEADERS.values())
    project, indicator = series.project, series.indicator
    about = [project.code, project.name, indicator.code, indicator.name, "亩", make.VILLAGE, "上党区北呈乡北张村"]
    typed = [None, "冬季停工", "说明", "草稿", draft.version]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=4)]
    assert rows == [[1, *about, "2025年3月", 10.5, *typed]]


def test_sheet_to_fill_opens_what_may_still_be_typed_and_locks_the_rest(desk: Client) -> None:
    make.entry(make.series(), status=EntryStatus.SUBMITTED)
    make.series()

    sheet = sheet_of(desk.get(LEDGER, {"export": "fill-xlsx"}))

    headers = [cell.value for cell in sheet[3]]
    unlocked = [[headers[n] for n, cell in enumerate(row) if not cell.protection.locked] for row in sheet["A4:O5"]]
    assert sheet.protection.sheet
    assert unlocked == [[], ["本期数值", "本期无进展的原因", "进展说明"]]
    [reasons] = [rule for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert reasons.formula1 == f'"{",".join(COMMON_REASONS)}"'
    assert not reasons.showErrorMessage


@pytest.mark.parametrize(("form", "encoding"), [("fill-csv", "utf-8-sig"), ("fill-csv-gb18030", "gb18030")])
def test_sheet_to_fill_as_csv_has_its_headers_first(desk: Client, form: str, encoding: str) -> None:
    make.period()
    level = make.series(make.indicator(IndicatorKind.STOCK))

    lines = lines_of(desk.get(LEDGER, {"export": form}), encoding)

    assert lines[0] == list(HEADERS.values())
    assert (lines[1][1], lines[1][8:]) == (level.project.code, ["2025年3月", "", "", "", "", "未报", ""])


@pytest.mark.parametrize("form", ["fill-xlsx", "fill-csv", "fill-csv-gb18030"])
def test_sheet_uploaded_as_it_was_downloaded_changes_nothing(client: Client, form: str) -> None:
    """Texts that look like formulas, amounts, levels and blanks come back as they were."""
    clerk = make.user(Role.CLERK, make.COUNTY)
    by, series = make.team(), make.series(make.indicator(decimals=4))
    make.verified_entry(series, "10.5", make.period(2025, 2), by=by)
    make.entry(series, "1234567890123.4567", by=by, note="=不是公式")
    make.entry(by=by, value=None, no_progress_reason="－冬季停工")
    make.entry(by=by, value=7, status=EntryStatus.SUBMITTED)
    make.series()
    name = f"台账.{form.split('-')[1]}"

    file = content(signed_in(client, clerk).get(LEDGER, {"export": form}))
    run = imports.receive(upload=SimpleUploadedFile(name, file), by=clerk, at=make.inside(make.period()))

    assert (run.status, faults(run)) == (ImportStatus.CHECKED, {})
    assert set(outcomes(run)) == {ImportOutcome.SAME}


def test_sheet_to_fill_is_chinese_for_a_reader_of_english_too(desk: Client) -> None:
    make.entry()
    desk.cookies["django_language"] = "en"

    lines = lines_of(desk.get(LEDGER, {"export": "fill-csv"}))

    assert lines[0] == list(HEADERS.values())
    assert (lines[1][8], lines[1][13]) == ("2025年3月", "草稿")


def test_every_sheet_to_fill_is_on_record(desk: Client) -> None:
    make.entry()

    desk.get(LEDGER, {"export": "fill-xlsx"})

    assert AuditEvent.objects.get(action="export").after == {
        "page": "ledger",
        "query": "period=2025-03",
        "form": "fill-xlsx",
        "rows": 1,
    }


def test_long_export_is_written_row_by_row() -> None:
    """A generator is drained while the file is written, so what is written does not pile up first."""
    waiting: list[int] = []

    def rows() -> Any:
        for number in range(5_000):
            waiting.append(number)
            yield [number, f"项目{number}"]

    columns = [sheets.Column("序号", "number"), sheets.Column("项目")]
    file = sheets.workbook("台账", "", columns, rows())

    assert openpyxl.load_workbook(file, read_only=True).active["B5003"].value == "项目4999"
    assert len(waiting) == 5_000
