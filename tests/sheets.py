"""Filled sheets (台账) as a bureau sends them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from progress.models import Period, Series
from progress.rules import HEADERS

Line = Mapping[str, object]


def line(series: Series, period: Period, value: object = "", **cells: object) -> Line:
    """One row of the sheet: the series' and period's own key, and what was filled in."""
    key = {
        "project": series.project.code,
        "indicator": series.indicator.code,
        "region": series.region_id,
        "period": str(period),
    }
    return {**key, "value": value, **cells}


def csv_sheet(lines: Iterable[Line], *, name: str = "台账.csv", encoding: str = "utf-8-sig") -> SimpleUploadedFile:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADERS.values())
    writer.writerows([each.get(column, "") for column in HEADERS] for each in lines)
    return SimpleUploadedFile(name, text.getvalue().encode(encoding))


def workbook(lines: Iterable[Line], *, name: str = "台账.xlsx") -> SimpleUploadedFile:
    """Title, note, headers, then the rows, as the downloaded sheet has them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["生态治理进展填报台账"])
    sheet.append(["单位见各行"])
    sheet.append(list(HEADERS.values()))
    for each in lines:
        sheet.append([each.get(column, "") for column in HEADERS])
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile(name, content.getvalue())
