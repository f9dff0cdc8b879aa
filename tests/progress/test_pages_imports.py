"""The pages of an import: sent, previewed, mended, confirmed, undone; nobody else's, and nothing half-written."""

from __future__ import annotations

import io
import uuid
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role, User
from progress.models import EntryStatus, ImportRun, ImportStatus, Period, ProgressEntry, Series
from tests import factories as make
from tests.pages import Page, signed_in
from tests.progress import filled

pytestmark = pytest.mark.django_db

IMPORTS = reverse("imports")


@pytest.fixture
def march() -> Any:
    """March 2025, while it is open."""
    period = make.period(2025, 3)
    with time_machine.travel(make.inside(period), tick=False):
        yield period


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, make.COUNTY)


@pytest.fixture
def series() -> list[Series]:
    return [make.series(make.indicator(name=f"治理面积{number}")) for number in range(3)]


def send(client: Client, upload: SimpleUploadedFile, do: str = "save") -> Page:
    page: Page = client.post(IMPORTS, {"receipt": str(uuid.uuid4()), "file": upload, "do": do}, follow=True)
    return page


def take(client: Client, step: str, run: ImportRun) -> Page:
    address = reverse("import_step", args=[run.pk, step])
    page: Page = client.post(address, {"receipt": str(uuid.uuid4())}, follow=True)
    return page


def soup(page: Page) -> BeautifulSoup:
    return BeautifulSoup(page.content, "html.parser")


def test_sheet_is_previewed_confirmed_and_undone(
    client: Client, clerk: User, series: list[Series], march: Period
) -> None:
    signed_in(client, clerk)

    page = send(client, filled.workbook([filled.row(series[0], march, "12.50"), filled.row(series[1], march, 7)]))

    run = ImportRun.objects.get()
    assert run.status == ImportStatus.CHECKED
    assert "新增 2" in soup(page).get_text(" ", strip=True)
    assert "12.50亩" in soup(page).get_text("", strip=True)
    assert not ProgressEntry.objects.exists()

    page = take(client, "confirm", run)

    assert "已确认导入。" in page.content.decode()
    assert list(ProgressEntry.objects.order_by("value").values_list("value", "status")) == [
        (Decimal(7), EntryStatus.DRAFT),
        (Decimal("12.5"), EntryStatus.DRAFT),
    ]

    page = take(client, "undo", run)

    assert "已撤销本次导入" in page.content.decode()
    assert not ProgressEntry.objects.exists()


def test_rows_may_be_submitted_at_once(client: Client, clerk: User, series: list[Series], march: Period) -> None:
    signed_in(client, clerk)
    send(client, filled.csv_sheet([filled.row(series[0], march, "12.50")]), do="submit")

    take(client, "confirm", ImportRun.objects.get())

    assert ProgressEntry.objects.get().status == EntryStatus.SUBMITTED


def test_every_fault_is_named_with_row_and_column_and_nothing_is_written(
    client: Client, clerk: User, series: list[Series], march: Period
) -> None:
    signed_in(client, clerk)
    lines = [
        filled.row(series[0], march, "十二"),
        filled.row(series[1], march, "1", project="no-such-project"),
        filled.row(series[2], march, "3.00"),
    ]

    page = send(client, filled.workbook(lines))

    run = ImportRun.objects.get()
    rows = {line.row: line.errors for line in run.lines.filter(outcome="error")}
    assert sorted(rows) == [4, 5]
    text = soup(page).get_text(" ", strip=True)
    assert "有误 2" in text
    assert "十二" in text
    assert "确认导入" not in text

    refused = take(client, "confirm", run)

    assert refused.status_code == 422
    assert not ProgressEntry.objects.exists()


def test_error_workbook_keeps_the_rows_and_comments_the_failing_cells(
    client: Client, clerk: User, series: list[Series], march: Period
) -> None:
    signed_in(client, clerk)
    send(client, filled.workbook([filled.row(series[0], march, "十二"), filled.row(series[1], march, 5)]))

    answer = client.get(reverse("import_errors", args=[ImportRun.objects.get().pk]))

    assert answer["Content-Disposition"].startswith("attachment")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active  # type: ignore[attr-defined]
    noted = [cell for row in sheet.iter_rows() for cell in row if cell.comment]
    assert [cell.value for cell in noted] == ["十二"]
    assert any(str(cell.value) == "5" for row in sheet.iter_rows() for cell in row)


def test_same_file_twice_has_nothing_to_import(
    client: Client, clerk: User, series: list[Series], march: Period
) -> None:
    signed_in(client, clerk)
    lines = [filled.row(series[0], march, "12.50")]
    send(client, filled.csv_sheet(lines))
    take(client, "confirm", ImportRun.objects.get())

    page = send(client, filled.csv_sheet(lines))

    text = soup(page).get_text(" ", strip=True)
    assert "相同 1" in text
    assert "确认导入" not in text


def test_change_is_shown_old_beside_new(client: Client, clerk: User, series: list[Series], march: Period) -> None:
    entry = make.entry(series[0], "10", march, status=EntryStatus.DRAFT)
    signed_in(client, clerk)

    page = send(client, filled.csv_sheet([filled.row(series[0], march, "12.50", version=entry.version)]))

    [row] = soup(page).select("tbody tr")
    cells = [cell.get_text("", strip=True) for cell in row.find_all(["td", "th"])]
    assert cells[5:7] == ["10.00亩", "12.50亩"]


@pytest.mark.parametrize(
    ("upload", "said"),
    [
        (SimpleUploadedFile("台账.xls", b"\xd0\xcf\x11\xe0"), "另存为 XLSX"),
        (SimpleUploadedFile("台账.csv", "没有表头\n1".encode()), "表头"),
        (SimpleUploadedFile("台账.xlsx", b"PK\x03\x04"), "已损坏"),
    ],
)
def test_file_that_is_no_sheet_is_refused_with_the_reason(
    client: Client, clerk: User, march: Period, upload: SimpleUploadedFile, said: str
) -> None:
    page = send(signed_in(client, clerk), upload)

    assert said in page.content.decode()


def test_double_click_sends_once(client: Client, clerk: User, series: list[Series], march: Period) -> None:
    signed_in(client, clerk)
    receipt = str(uuid.uuid4())

    for _click in range(2):
        upload = filled.csv_sheet([filled.row(series[0], march, "12.50")])
        client.post(IMPORTS, {"receipt": receipt, "file": upload, "do": "save"})

    assert ImportRun.objects.count() == 1


def test_import_belongs_to_who_sent_it(client: Client, clerk: User, series: list[Series], march: Period) -> None:
    send(signed_in(client, clerk), filled.csv_sheet([filled.row(series[0], march, "12.50")]))
    run = ImportRun.objects.get()
    colleague = signed_in(Client(), make.user(Role.CLERK, make.COUNTY))

    assert colleague.get(reverse("import_run", args=[run.pk])).status_code == 404
    assert colleague.get(reverse("import_errors", args=[run.pk])).status_code == 404
    assert take(colleague, "confirm", run).status_code == 404
    assert soup(colleague.get(IMPORTS)).find(string=run.name) is None


def test_progress_asks_the_page_to_reload_once_the_portal_is_done(
    client: Client, clerk: User, series: list[Series], march: Period
) -> None:
    send(signed_in(client, clerk), filled.csv_sheet([filled.row(series[0], march, "12.50")]))
    run = ImportRun.objects.get()
    address = reverse("import_progress", args=[run.pk])

    assert client.get(address)["HX-Refresh"] == "true"
    ImportRun.objects.update(status=ImportStatus.CONFIRMED, rows=10, rows_done=4)
    waiting = client.get(address)
    assert "HX-Refresh" not in waiting
    assert "4 / 10 行" in waiting.content.decode()


@pytest.mark.parametrize("count", [1, 3])
def test_preview_asks_the_same_number_of_queries_for_three_rows(
    client: Client,
    clerk: User,
    series: list[Series],
    march: Period,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    signed_in(client, clerk)
    send(client, filled.csv_sheet([filled.row(each, march, "12.50") for each in series[:count]]))
    address = reverse("import_run", args=[ImportRun.objects.get().pk])

    with django_assert_num_queries(8):
        client.get(address)


def test_sheet_taken_back_may_be_mended_and_sent_again(
    client: Client, clerk: User, series: list[Series], march: Period
) -> None:
    version = make.entry(series[0], "10", march, status=EntryStatus.DRAFT).version
    signed_in(client, clerk)
    send(client, filled.csv_sheet([filled.row(series[0], march, "12.50", version=version)]))
    run = ImportRun.objects.get()
    take(client, "confirm", run)
    take(client, "undo", run)

    send(client, filled.csv_sheet([filled.row(series[0], march, "13.00", version=version)]))
    take(client, "confirm", ImportRun.objects.latest("pk"))

    assert ProgressEntry.objects.get().value == 13
