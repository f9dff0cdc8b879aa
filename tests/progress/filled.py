"""Sheets as people fill them in, made without the portal's own writers."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from progress.models import ImportRun, Period, Series
from progress.rules import HEADERS
from progress.rules import REQUIRED as REQUIRED
from progress.services import imports
from tests import factories as make

Row = Mapping[str, Any]

COLUMNS = ("project", "indicator", "unit", "region", "period", "value", "no_progress_reason", "note", "version")


def row(to: Series, when: Period, value: Any = "", **cells: Any) -> dict[str, Any]:
    """The cells of one row; those that are not given are empty."""
    return {
        "project": to.project.code,
        "indicator": to.indicator.code,
        "unit": to.indicator.unit,
        "region": to.region_id,
        "period": str(when),
        "value": value,
        **cells,
    }


def as_xlsx(rows: Iterable[Row], columns: Sequence[str] = COLUMNS, *, top: int = 2) -> bytes:
    """A workbook with so many rows of title and notes above the headers."""
    book = openpyxl.Workbook()
    sheet = book.active
    for number in range(top):
        sheet.cell(number + 1, 1, "填报台账")
    sheet.append([HEADERS[name] for name in columns])
    for cells in rows:
        sheet.append([cells.get(name) for name in columns])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_csv(
    rows: Iterable[Row], columns: Sequence[str] = COLUMNS, *, encoding: str = "utf-8", separator: str = ","
) -> bytes:
    text = io.StringIO(newline="")
    lines = csv.writer(text, delimiter=separator)
    lines.writerow([HEADERS[name] for name in columns])
    lines.writerows([cells.get(name, "") for name in columns] for cells in rows)
    return text.getvalue().encode(encoding)


def upload(content: bytes, name: str = "台账.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def receive(
    rows: Iterable[Row], by: User, when: Period, *, is_submitting: bool = False, columns: Sequence[str] = COLUMNS
) -> ImportRun:
    """An import of those rows, checked while the period is open."""
    file = upload(as_xlsx(rows, columns))
    return imports.receive(upload=file, by=by, at=make.inside(when), is_submitting=is_submitting)


def confirm(run: ImportRun, when: Period) -> ImportRun:
    return imports.confirm(run=run, by=run.imported_by, at=make.inside(when))


def saved(rows: Iterable[Row], by: User, when: Period, **options: Any) -> ImportRun:
    return confirm(receive(rows, by, when, **options), when)


def faults(run: ImportRun) -> dict[int, list[str]]:
    """The columns at fault, by row."""
    found = run.lines.exclude(errors=None).order_by("row")
    return {line.row: [error["column"] for error in line.errors or []] for line in found}


def told(run: ImportRun) -> list[str]:
    """Everything that is said about the rows."""
    return [error["message"] for line in run.lines.exclude(errors=None).order_by("row") for error in line.errors or []]


def outcomes(run: ImportRun) -> list[str]:
    return list(run.lines.order_by("row").values_list("outcome", flat=True))


def workbook(rows: Iterable[Row]) -> SimpleUploadedFile:
    return upload(as_xlsx(rows))


def csv_sheet(rows: Iterable[Row], name: str = "台账.csv") -> SimpleUploadedFile:
    return upload(as_csv(rows, encoding="utf-8-sig"), name)
