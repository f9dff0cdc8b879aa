"""The uploaded rows again, as a workbook with a comment in each cell that is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import islice
from typing import IO

from django.utils.translation import gettext as _

from accounts import sheets
from progress.intake import Table
from subsidence.models import ParcelImport
from subsidence.services.parcel_imports.sheet import HEADERS, kind_of
from subsidence.services.parcel_imports.work import table_of

#: More comments than anybody reads; each costs memory until the workbook is closed.
MAX_COMMENTS = 5_000

_NUMBER = re.compile(r"-?[0-9]{1,14}(\.[0-9]{1,4})?")
_NUMBERS = {header for name, header in HEADERS.items() if kind_of(name) == "number"}


def error_workbook(run: ParcelImport) -> IO[bytes]:
    """What was uploaded, as an open XLSX file that may be mended and uploaded again. Raises UnfitTable."""
    table = table_of(run)
    lines = list(table.lines(range(len(table.header))))
    notes = _("共 %(rows)d 行，%(faulty)d 行有误或冲突；标红的单元格有批注，改好后可直接上传本文件。")
    columns = [
        *(sheets.Column(name, "text", 16, is_input=True) for name in table.header),
        # Last, so that every other column keeps the letter that the preview calls it by.
        sheets.Column(_("原行号"), "number", 8),
    ]
    return sheets.workbook(
        run.name,
        notes % {"rows": run.rows, "faulty": run.faulty},
        columns,
        _rows(table, lines),
        comments=_comments(run, table, {number: at for at, (number, _texts) in enumerate(lines)}),
    )


def _rows(table: Table, lines: list[tuple[int, list[str]]]) -> Iterator[list[sheets.Cell]]:
    for number, texts in lines:
        yield [*(_cell(name, text) for name, text in zip(table.header, texts, strict=True)), number]


def _cell(header: str, text: str) -> sheets.Cell:
    """The text as it was typed, as a number where it is a plain one."""
    return Decimal(text) if header in _NUMBERS and _NUMBER.fullmatch(text) else text


def _comments(run: ParcelImport, table: Table, places: dict[int, int]) -> dict[tuple[int, int], str]:
    """What is wrong, by row and column of the workbook; at the parcel's number where the file has no such column."""
    found: dict[tuple[int, int], list[str]] = {}
    faulty = run.lines.exclude(errors=[]).order_by("row").values_list("row", "errors")
    faults = ((row, fault) for row, errors in faulty.iterator() for fault in errors)
    for row, fault in islice(faults, MAX_COMMENTS):
        column = table.columns.get(fault["column"], table.columns["code"])
        found.setdefault((places[row], column), []).append(fault["message"])
    return {cell: "\n".join(messages) for cell, messages in found.items()}
