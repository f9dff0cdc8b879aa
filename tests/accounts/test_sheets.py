"""Workbooks and CSV: read back as they were written, and nothing in them is a formula."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from typing import IO, Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import sheets
from accounts.sheets import Cell, Column, Locked
from progress.gate import CITY_TIME

COLUMNS = [
    Column("项目", width=30),
    Column("数值", "number", is_input=True, unit="亩", hint="只填数字"),
    Column("原因", is_input=True, choices=("尚未开工", "冬季停工")),
    Column("日期", "date"),
]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=30)
#: Whatever NUMERIC(18,4) holds.
AMOUNTS = st.decimals(min_value=-(10**14) + 1, max_value=10**14 - 1, places=4, allow_nan=False)


def opened(file: IO[bytes]) -> Any:
    return openpyxl.load_workbook(file).active


def data(file: IO[bytes]) -> list[tuple[Any, ...]]:
    return list(opened(file).iter_rows(min_row=4, values_only=True))


def written(*cells: Cell) -> list[tuple[Any, ...]]:
    """Each cell in a row of its own, as Excel would read it back."""
    return data(
        sheets.workbook("标题", "", [Column("数值", "number"), Column("说明")], [[cell, "x"] for cell in cells])
    )


def test_workbook_has_title_notes_and_headers_above_the_rows() -> None:
    sheet = opened(
        sheets.workbook("台账", "单位：亩", COLUMNS, [["北张村", Decimal("10.50"), None, None]], foot="导出人：王")
    )

    assert [row[0] for row in sheet.iter_rows(values_only=True)] == [
        "台账",
        "单位：亩",
        "项目",
        "北张村",
        None,
        "导出人：王",
    ]
    assert [cell.value for cell in sheet[3]] == ["项目", "数值（亩）", "原因", "日期"]
    assert sheet.freeze_panes == "A4"
    assert sheet.auto_filter.ref == "A3:D4"
    assert sheet.column_dimensions["A"].width == pytest.approx(30, abs=1)


def test_workbook_prints_on_a4_landscape_with_its_headers_on_every_page() -> None:
    sheet = opened(sheets.workbook("台账", "", COLUMNS, [["北张村", None, None, None]]))

    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert sheet.print_title_rows == "$3:$3"
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)


def test_protected_workbook_opens_its_inputs_only() -> None:
    rows: list[list[Cell | Locked]] = [["北张村", None, None, None], ["南张村", Locked(Decimal(7)), Locked(None), None]]

    sheet = opened(sheets.workbook("台账", "", COLUMNS, rows, protect=True))

    assert sheet.protection.sheet
    assert [[cell.protection.locked for cell in row] for row in sheet["A4:D5"]] == [
        [True, False, False, True],
        [True] * 4,
    ]
    assert sheet["B5"].value == 7


def test_choices_are_offered_and_may_be_passed_over_but_a_number_must_be_one() -> None:
    sheet = opened(sheets.workbook("台账", "", COLUMNS, [["北张村", None, None, None]], protect=True))

    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["C4"].type == "list"
    assert rules["C4"].formula1 == '"尚未开工,冬季停工"'
    assert not rules["C4"].showErrorMessage
    assert (rules["B4"].type, rules["B4"].showErrorMessage, rules["B4"].prompt) == ("decimal", True, "只填数字")


def test_too_many_choices_are_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="很长"):
        sheets.workbook("", "", [Column("原因", is_input=True, choices=("很长" * 200,))], [["x"]])


def test_comments_stand_at_the_faulty_cells() -> None:
    rows: list[list[Cell]] = [["北张村", "十亩", None, None], ["南张村", Decimal(2), None, None]]

    sheet = opened(sheets.workbook("台账", "", COLUMNS, rows, comments={(0, 1): "请填写数字"}))

    assert sheet["B4"].comment.text == "请填写数字"
    assert sheet["B4"].fill.fgColor.rgb != sheet["B5"].fill.fgColor.rgb
    assert sheet["B5"].comment is None


@given(st.lists(AMOUNTS, min_size=1, max_size=20))
@settings(max_examples=60)
def test_amount_reads_back_as_the_same_number(amounts: list[Decimal]) -> None:
    for amount, (cell, _x) in zip(amounts, written(*amounts), strict=True):
        # Excel holds 15 digits; what has more is a text rather than another number.
        assert isinstance(cell, str) != sheets.is_exact(amount)
        assert Decimal(str(cell)) == amount


@given(AMOUNTS)
def test_amount_is_the_same_in_a_csv(amount: Decimal) -> None:
    text = b"".join(sheets.csv_lines([Column("数值", "number")], [[amount]])).decode("utf-8-sig")

    assert Decimal(text.splitlines()[1]) == amount


def test_negative_number_stays_a_number() -> None:
    assert written(Decimal("-5.00"), -3) == [(-5, "x"), (-3, "x")]
    assert b"".join(sheets.csv_lines([Column("数值")], [[Decimal("-5.00")]])).endswith(b"-5.00\r\n")


def test_number_is_shown_with_the_digits_it_carries() -> None:
    file = sheets.workbook("", "", [Column("数值", "number")], [[Decimal("10.50")], [Decimal(10)], [2025]])

    formats = [sheet.number_format for (sheet,) in opened(file)["A4:A6"]]
    assert formats == ["#,##0.00", "#,##0", "0"]


@pytest.mark.parametrize("start", sheets.LIVE)
def test_text_that_looks_like_a_formula_stays_a_text(start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    file = sheets.workbook(text, text, [Column(text)], [[text]], foot=text)

    assert {cell.data_type for row in opened(file).iter_rows() for cell in row if cell.value} == {"s"}
    lines = list(csv.reader(io.StringIO(b"".join(sheets.csv_lines([Column(text)], [[text]])).decode("utf-8-sig"))))
    assert [line[0][0] for line in lines] == ["'", "'"]
    assert sheets.unguarded(lines[1][0]) == text


@given(st.lists(TEXTS, min_size=1, max_size=10))
@settings(max_examples=60)
def test_texts_read_back_and_are_never_formulas(texts: list[str]) -> None:
    file = sheets.workbook("标题", "", [Column("说明"), Column("x")], [[text, "x"] for text in texts])

    cells = [row[0] for row in opened(file).iter_rows(min_row=4)]
    assert [cell.value or "" for cell in cells] == [sheets.clean(text) for text in texts]
    assert "f" not in {cell.data_type for cell in cells}


@given(TEXTS, st.sampled_from(sorted(sheets.ENCODINGS)))
def test_text_reads_back_from_a_csv(text: str, encoding: str) -> None:
    lines = b"".join(sheets.csv_lines([Column("说明")], [[text]], encoding=encoding)).decode(sheets.ENCODINGS[encoding])

    [_head, *rows] = csv.reader(io.StringIO(lines, newline=""))
    assert [sheets.unguarded(cell) for row in rows for cell in row] in ([sheets.clean(text)], [])


def test_csv_begins_with_the_mark_that_excel_knows_utf_8_by() -> None:
    file = sheets.csv_file([Column("项目")], [["北张村"], ["南张村"]])

    assert file.read() == "\ufeff项目\r\n北张村\r\n南张村\r\n".encode()
    assert (
        sheets.csv_file([Column("项目")], [["北张村"]], encoding="gb18030").read().decode("gb18030").startswith("项目")
    )


def test_days_and_instants_are_dates_of_the_city() -> None:
    at = datetime.datetime(2025, 3, 31, 23, 30, tzinfo=CITY_TIME).astimezone(datetime.UTC)
    row: list[Cell] = [datetime.date(2025, 3, 31), at]

    [found] = data(sheets.workbook("", "", [Column("日期", "date"), Column("时间", "instant")], [row]))

    assert found == (datetime.datetime(2025, 3, 31), datetime.datetime(2025, 3, 31, 23, 30))  # noqa: DTZ001
    assert b"2025-03-31,2025-03-31 23:30" in sheets.csv_file([Column("日期"), Column("时间")], [row]).read()


def test_text_longer_than_a_cell_is_cut_and_says_so() -> None:
    [(cell, _x)] = written("长" * 40_000)

    assert len(cell) == 32_767
    assert cell.endswith("…")
