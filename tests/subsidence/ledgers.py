"""Ledgers of parcels as people fill them in, made without the portal's own writer."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from subsidence.models import Mine, ParcelImport
from subsidence.services import parcel_imports as service
from subsidence.services.parcel_imports import HEADERS
from tests.factories import VILLAGE
from tests.subsidence.farm import AT

Row = Mapping[str, Any]


def row(code: str, mine: Mine | None = None, **cells: Any) -> dict[str, Any]:
    """The cells of one new parcel, 存量 that subsided before the cut-off; those that are not given are empty."""
    return {
        "code": code,
        "mine": mine.code if mine else "",
        "region": VILLAGE,
        "surveyed_area": "12.50",
        "surveyed_on": "2025-02-01",
        "document": "摸底〔2025〕1号",
        "subsided_on": "2024-06-01" if mine else "",
        **cells,
    }


def as_xlsx(rows: Iterable[Row], columns: Sequence[str] = tuple(HEADERS)) -> bytes:
    """A workbook with two rows of title and notes above the headers."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number in range(2):
        sheet.cell(number + 1, 1, "图斑台账")
    sheet.append([HEADERS[name] for name in columns])
    for cells in rows:
        sheet.append([cells.get(name) for name in columns])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_csv(rows: Iterable[Row], encoding: str = "utf-8-sig") -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(HEADERS.values())
    lines.writerows([cells.get(name, "") for name in HEADERS] for cells in rows)
    return text.getvalue().encode(encoding)


def upload(content: bytes, name: str = "图斑.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def csv_ledger(name: str) -> SimpleUploadedFile:
    """One without any parcel."""
    return upload(as_csv([]), name)


def received(rows: Iterable[Row], by: User) -> ParcelImport:
    return service.receive(upload=upload(as_xlsx(rows)), by=by, at=AT)


def saved(rows: Iterable[Row], by: User) -> ParcelImport:
    return service.confirm(run=received(rows, by), by=by, at=AT)


def outcomes(run: ParcelImport) -> list[str]:
    return list(run.lines.order_by("row").values_list("outcome", flat=True))


def faults(run: ParcelImport) -> list[list[str]]:
    """The columns at fault, of each row that has some."""
    return [[error["column"] for error in line.errors] for line in run.lines.exclude(errors=[]).order_by("row")]


def told(run: ParcelImport) -> list[str]:
    """Everything that is said about the rows."""
    return [error["message"] for line in run.lines.order_by("row") for error in line.errors]
