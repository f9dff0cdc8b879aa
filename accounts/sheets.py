"""Writing tables for Excel: workbooks and CSV in which every cell is a text or a number and none is a live formula."""

from __future__ import annotations

import csv
import datetime
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any, Literal

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

#: What a cell may hold: a text, an exact number shown with the digits it carries, a day, an instant, nothing.
Cell = str | int | Decimal | datetime.date | None
Row = Sequence[Cell]
Kind = Literal["text", "number", "date", "instant"]

#: Title, notes, headers: rows counted from 0, before the first row of data.
HEADER_ROW, FIRST_ROW = 2, 3
#: A workbook keeps numbers as binary fractions, which give back this many significant digits and no more.
EXACT_DIGITS = 15
#: What Excel takes as the start of a formula, with the full-width forms that it reads alike.
LIVE = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
ENCODINGS = {"utf-8": "utf-8-sig", "gb18030": "gb18030"}

LONGEST_TEXT = 32_767
LARGEST_NUMBER = 99_999_999_999_999
#: Excel refuses a longer list of choices written into the sheet.
LONGEST_CHOICES = 255
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

_BASE = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
_BOXED = {**_BASE, "border": 1, "border_color": "#B8C4D0"}
_HEADER = {**_BOXED, "bold": True, "bg_color": "#E7EEF7", "align": "center", "text_wrap": True}
_INPUT = {"bg_color": "#FFF9E5", "locked": False}
_FAULT = {"bg_color": "#FDECEC", "font_color": "#A3121C"}
_TITLE = {**_BASE, "font_size": 16, "bold": True, "align": "center"}


@dataclass(frozen=True)
class Column:
    """One column of a table; `choices` are offered in a drop-down and may be passed over, `hint` stands beside it."""

    header: str
    kind: Kind = "text"
    width: int = 14
    is_input: bool = False
    choices: tuple[str, ...] = ()
    unit: str = ""
    hint: str = ""

    @property
    def title(self) -> str:
        return f"{self.header}（{self.unit}）" if self.unit else self.header


@dataclass(frozen=True)
class Locked:
    """A cell that stays locked although its column is for input: its row is not to be filled in any more."""

    cell: Cell


def workbook(
    title: str,
    notes: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell | Locked]],
    *,
    name: str = "",
    protect: bool = False,
    comments: Mapping[tuple[int, int], str] | None = None,
    foot: str = "",
) -> IO[bytes]:
    """The table as an open XLSX file, rewound; rows are written as they come, so their number costs no memory.

    With `protect` only the inputs can be typed into. `comments` are tied to (row, column), counted from 0 in the data,
    and mark the cell as faulty. `foot` is a line below the table. Raises ValueError when choices are too long.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads it and closes it
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_date_format": "yyyy-mm-dd",
    }
    book = xlsxwriter.Workbook(file, options)
    sheet = book.add_worksheet(name or _("台账"))
    paper = _Paper(book, sheet, columns, comments or {})
    paper.write_head(title, notes)
    count = paper.write_rows(rows)
    paper.finish(count, foot, protect=protect)
    book.close()
    file.seek(0)
    return file


class _Paper:
    """One sheet while it is written from top to bottom."""

    def __init__(
        self, book: Any, sheet: Worksheet, columns: Sequence[Column], comments: Mapping[tuple[int, int], str]
    ) -> None:
        self.book, self.sheet, self.columns, self.comments = book, sheet, columns, comments
        self.formats: dict[tuple[str, bool, bool], Format] = {}

    def write_head(self, title: str, notes: str) -> None:
        last = len(self.columns) - 1
        for index, column in enumerate(self.columns):
            self.sheet.set_column(index, index, column.width)
        self.sheet.set_row(0, 30)
        self._across(0, last, title, self.book.add_format(_TITLE))
        self._across(1, last, notes, self.book.add_format({**_BASE, "text_wrap": True}))
        self.sheet.set_row(HEADER_ROW, 30)
        head = self.book.add_format(_HEADER)
        for index, column in enumerate(self.columns):
            self.sheet.write_string(HEADER_ROW, index, clean(column.title), head)

    def _across(self, row: int, last: int, text: str, style: Format) -> None:
        if last > 0:
            self.sheet.merge_range(row, 0, row, last, "", style)
        self.sheet.write_string(row, 0, clean(text), style)

    def write_rows(self, rows: Iterable[Sequence[Cell | Locked]]) -> int:
        """Write the rows; returns how many."""
        count = 0
        for count, row in enumerate(rows, start=1):
            for index, cell in enumerate(row):
                self._write(count - 1, index, cell)
        return count

    def _write(self, at: int, index: int, cell: Cell | Locked) -> None:
        is_open = self.columns[index].is_input and not isinstance(cell, Locked)
        cell = cell.cell if isinstance(cell, Locked) else cell
        is_faulty = (at, index) in self.comments
        style = self._format(_shape(cell, self.columns[index]), is_open, is_faulty)
        _put(self.sheet, FIRST_ROW + at, index, cell, style)
        if is_faulty:
            size = {"x_scale": 1.6, "font_size": 9}
            self.sheet.write_comment(FIRST_ROW + at, index, clean(self.comments[at, index]), size)

    def _format(self, shape: str, is_open: bool, is_faulty: bool) -> Format:  # noqa: FBT001 - a key of the cache
        key = (shape, is_open, is_faulty)
        if key not in self.formats:
            align = {"num_format": shape, "align": "left" if shape == "@" else "right"}
            style = {**_BOXED, **align, **(_INPUT if is_open else {}), **(_FAULT if is_faulty else {})}
            self.formats[key] = self.book.add_format({**style, "text_wrap": shape == "@"})
        return self.formats[key]

    def finish(self, count: int, foot: str, *, protect: bool) -> None:
        last = len(self.columns) - 1
        if foot:
            self.sheet.write_string(FIRST_ROW + count + 1, 0, clean(foot), self.book.add_format(_BASE))
        self.sheet.freeze_panes(FIRST_ROW, 0)
        if count:
            self.sheet.autofilter(HEADER_ROW, 0, HEADER_ROW + count, last)
            self._offer_and_check(count)
        if protect:
            allowed = ("autofilter", "format_columns", "format_rows", "select_locked_cells", "select_unlocked_cells")
            self.sheet.protect(options=dict.fromkeys(allowed, True))
        self._prepare_print()

    def _offer_and_check(self, count: int) -> None:
        for index, column in enumerate(self.columns):
            if rule := _validation(column):
                self.sheet.data_validation(FIRST_ROW, index, FIRST_ROW + count - 1, index, rule)

    def _prepare_print(self) -> None:
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        self.sheet.repeat_rows(HEADER_ROW)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_footer("&C" + _("第 &P 页，共 &N 页"))


def _validation(column: Column) -> dict[str, Any] | None:
    """What Excel offers and checks while somebody types into the column; None where nobody does."""
    hint = {"input_title": column.header[:32], "input_message": column.hint[:255]} if column.hint else {}
    if not column.is_input:
        return None
    if column.choices:
        if len(",".join(column.choices)) > LONGEST_CHOICES:
            raise ValueError(column.choices)
        return {"validate": "list", "source": list(column.choices), "show_error": False, **hint}
    if column.kind == "number":
        return {
            "validate": "decimal",
            "criteria": "between",
            "minimum": -LARGEST_NUMBER,
            "maximum": LARGEST_NUMBER,
            "error_title": _("不是数值"),
            "error_message": _("请填写数字，例如 120.50；没有进展请留空，并填写原因。"),
            **hint,
        }
    return {"validate": "any", **hint} if hint else None


def _shape(cell: Cell, column: Column) -> str:
    """The number format in which the cell is shown; an empty one takes that of its column."""
    match cell:
        case str():
            return "@"
        case Decimal() if is_exact(cell):
            exponent = cell.as_tuple().exponent
            digits = -exponent if isinstance(exponent, int) and exponent < 0 else 0
            return f"#,##0.{'0' * digits}" if digits else "#,##0"
        case int():
            return "0"
        case datetime.datetime():
            return "yyyy-mm-dd hh:mm"
        case datetime.date():
            return "yyyy-mm-dd"
        case None if column.kind == "number":
            return "General"
    return "@"


def is_exact(number: Decimal) -> bool:
    """Whether a workbook gives the number back digit for digit."""
    return len(number.normalize().as_tuple().digits) <= EXACT_DIGITS


def _put(sheet: Worksheet, row: int, index: int, cell: Cell, style: Format) -> None:
    match cell:
        case str():
            sheet.write_string(row, index, clean(cell), style)
        case None:
            sheet.write_blank(row, index, None, style)
        case Decimal() if not is_exact(cell):
            sheet.write_string(row, index, f"{cell:f}", style)
        case Decimal() | int():
            # As a Decimal it is written with its own digits; as a float it would bring a tail along.
            sheet.write_number(row, index, cell, style)
        case datetime.datetime():
            sheet.write_datetime(row, index, timezone.localtime(cell).replace(tzinfo=None), style)
        case datetime.date():
            sheet.write_datetime(row, index, cell, style)


def clean(text: str) -> str:
    """The text less what a workbook cannot hold."""
    if text.isprintable() and len(text) <= LONGEST_TEXT:
        return text
    text = _CONTROL.sub("", text)
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"


def csv_file(columns: Sequence[Column], rows: Iterable[Row], *, encoding: str = "utf-8") -> IO[bytes]:
    """The table as an open CSV file, rewound: headers first, in UTF-8 with BOM or in GB18030."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller reads it and closes it
    file.writelines(csv_lines(columns, rows, encoding=encoding))
    file.seek(0)
    return file


def csv_lines(columns: Sequence[Column], rows: Iterable[Row], *, encoding: str = "utf-8") -> Iterator[bytes]:
    """The lines of the table as CSV, headers first."""
    encoder, buffer = ENCODINGS[encoding], io.StringIO(newline="")
    lines = csv.writer(buffer)
    lines.writerow([guarded(column.title) for column in columns])
    for row in rows:
        yield buffer.getvalue().encode(encoder)
        # Only the first line begins with the mark of the encoding.
        encoder = encoder.removesuffix("-sig")
        buffer.seek(0)
        buffer.truncate()
        lines.writerow([_plain(cell) for cell in row])
    yield buffer.getvalue().encode(encoder)


def _plain(cell: Cell) -> str:
    match cell:
        case str():
            return guarded(clean(cell))
        case None:
            return ""
        case Decimal():
            return f"{cell:f}"
        case datetime.datetime():
            return f"{timezone.localtime(cell):%Y-%m-%d %H:%M}"
    return str(cell)


def guarded(text: str) -> str:
    """The text as it stands in a CSV: with an apostrophe before what Excel would take for a formula."""
    return f"'{text}" if text.startswith(LIVE) else text


def unguarded(text: str) -> str:
    """The text that `guarded` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(LIVE) else text
