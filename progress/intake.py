"""Reading an uploaded table (XLSX, CSV) as texts, row by row, numbered as in the person's own file."""

from __future__ import annotations

import csv
import datetime
import io
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from accounts.sheets import unguarded
from progress import hazards
from progress.hazards import UnfitTable

#: Rows from the top among which the headers are looked for.
HEAD_ROWS = 10
SEPARATORS = ",\t;"
#: Seconds that reading a table may take.
PATIENCE = 60
#: Significant digits that Excel keeps and shows; what a binary fraction has behind them nobody typed.
EXCEL_DIGITS = 15

Cells = Sequence[Any]


@dataclass(frozen=True)
class Table:
    """The rows of a table from the top of the file; `columns` gives the place of each header that was asked for."""

    rows: Iterable[Cells]
    header: list[str]
    header_row: int
    columns: dict[str, int]
    #: How many rows there are at most below the header.
    height: int

    def letters(self) -> dict[str, str]:
        """The letters of the columns, as Excel names them."""
        return {name: letter(place) for name, place in self.columns.items()}

    def lines(self, places: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
        """Number and texts, at those places, of each row below the header that has any there. Raises UnfitTable."""
        deadline = time.monotonic() + PATIENCE
        for number, row in enumerate(_readable(self.rows), start=1):
            if number <= self.header_row:
                continue
            if number > self.header_row + hazards.MAX_ROWS:
                raise UnfitTable(_("行数过多：最多 %(limit)s 行，请分几次导入。") % {"limit": f"{hazards.MAX_ROWS:,}"})
            if not number % 1_000 and time.monotonic() > deadline:
                raise UnfitTable(_("读取超时，请减少行数，分几次导入。"))
            width = len(row)
            texts = [text_of(row[place]) if place < width else "" for place in places]
            if any(texts):
                yield number, texts


def letter(place: int) -> str:
    """What Excel calls the column at a place counted from 0."""
    name = ""
    while place >= 0:
        place, digit = divmod(place, 26)
        name, place = chr(ord("A") + digit) + name, place - 1
    return name


def text_of(cell: Any) -> str:
    """What a person reads in the cell, without space around it; a number as it would be typed."""
    if isinstance(cell, str):
        # The database keeps no NUL; what stands for one is no figure and no name, so that the rules refuse it.
        text = cell.strip().replace("\0", "\N{REPLACEMENT CHARACTER}")
        return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return _digits(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    return str(cell)


def _digits(number: float) -> str:
    """The decimal a cell shows: 0.30000000000000004, which 0.1 + 0.2 leaves behind, was read as 0.3."""
    text = f"{number:.{EXCEL_DIGITS}g}"
    return f"{Decimal(text):f}" if "e" in text else text


def read(name: str, content: bytes, *, headers: Mapping[str, str], required: Collection[str]) -> Table:
    """The table in the file, found by its headers; hazards.check has let it pass. Raises UnfitTable."""
    if hazards.kind_of(name) == ".csv":
        return _csv_table(hazards.decoded(content), headers, required)
    return _sheet_table(content, headers, required)


def _csv_table(text: str, headers: Mapping[str, str], required: Collection[str]) -> Table:
    """The table whatever its separator: that under which the headers are found."""
    for separator in SEPARATORS:
        head = _first(_csv_rows(text, separator))
        if found := _find_header(head, headers, required):
            row, columns = found
            names = [text_of(cell) for cell in head[row - 1]]
            return Table(_csv_rows(text, separator), names, row, columns, height=text.count("\n") + 1 - row)
    raise _headless(headers, required)


def _csv_rows(text: str, separator: str) -> Iterator[Cells]:
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
        yield [unguarded(cell) for cell in row] if "'" in "".join(row) else row


def _sheet_table(content: bytes, headers: Mapping[str, str], required: Collection[str]) -> Table:
    """The one sheet of the workbook that has the headers."""
    tables = []
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for number in range(len(book.sheet_names)):
            sheet = book.get_sheet_by_index(number)
            head = _first(sheet.iter_rows())
            if found := _find_header(head, headers, required):
                row, columns = found
                names = [text_of(cell) for cell in head[row - 1]]
                tables.append(Table(_sheet_rows(sheet), names, row, columns, height=sheet.total_height - row))
    except CalamineError as error:
        raise UnfitTable(_("文件已损坏，无法打开；请在 Excel 或 WPS 中打开后另存为 XLSX 再上传。")) from error
    if len(tables) > 1:
        raise UnfitTable(_("工作簿中有几张台账，请每次只导入一张：把其余工作表移到另一个文件。"))
    if not tables:
        raise _headless(headers, required)
    return tables[0]


def _sheet_rows(sheet: CalamineSheet) -> Iterator[Cells]:
    return iter(sheet.iter_rows())


def _first(rows: Iterable[Cells]) -> list[Cells]:
    """The rows among which the headers stand; a file that breaks off there has none."""
    head = []
    for row in _readable(rows):
        head.append(row)
        if len(head) == HEAD_ROWS:
            break
    return head


def _readable(rows: Iterable[Cells]) -> Iterator[Cells]:
    """The rows, with what the CSV reader stumbles over said in the person's terms."""
    number, upcoming = 0, iter(rows)
    while True:
        number += 1
        try:
            row = next(upcoming)
        except StopIteration:
            return
        except (OverflowError, ValueError) as error:
            raise UnfitTable(
                _("第 %(row)d 行有无法读取的日期或时间，请改为文字后再上传。") % {"row": number}
            ) from error
        except csv.Error as error:
            where = {"row": number}
            raise UnfitTable(
                _("第 %(row)d 行的引号不成对或内容过长，无法继续读取，请检查后再上传。") % where
            ) from error
        yield row


def _find_header(
    head: Sequence[Cells], headers: Mapping[str, str], required: Collection[str]
) -> tuple[int, dict[str, int]] | None:
    """Number of the header row, and the places of the headers in it. Raises UnfitTable for a header that is twice."""
    for number, row in enumerate(head, start=1):
        names = ["".join(text_of(cell).split()) for cell in row]
        if all(headers[name] in names for name in required):
            twice = [header for header in headers.values() if names.count(header) > 1]
            if twice:
                raise UnfitTable(_("“%(header)s”一列出现了两次，请只保留一列。") % {"header": twice[0]})
            if len(names) > hazards.MAX_COLUMNS:
                raise UnfitTable(_("列数过多：最多 %(limit)d 列。") % {"limit": hazards.MAX_COLUMNS})
            return number, {name: names.index(header) for name, header in headers.items() if header in names}
    return None


def _headless(headers: Mapping[str, str], required: Collection[str]) -> UnfitTable:
    wanted = "、".join(headers[name] for name in required)
    return UnfitTable(
        _("前 %(rows)d 行中没有找到表头，表头须有：%(wanted)s。请下载台账填写。")
        % {"rows": HEAD_ROWS, "wanted": wanted}
    )
