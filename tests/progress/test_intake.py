"""Uploaded tables: what could do harm is refused within two seconds and with a reason, the rest is read exactly."""

from __future__ import annotations

import datetime
import io
import time
import zipfile
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from progress import hazards, intake
from progress.hazards import UnfitTable
from progress.rules import HEADERS, READ, REQUIRED
from tests.progress import filled, packages
from tests.progress.packages import GOOD_ROWS, cell, parts, row, sheet, with_part, workbook

WANTED = {name: HEADERS[name] for name in READ}
SECONDS = 2


def read(content: bytes, name: str = "台账.xlsx") -> list[tuple[int, list[str]]]:
    hazards.check(name, content)
    table = intake.read(name, content, headers=WANTED, required=REQUIRED)
    return list(table.lines(list(table.columns.values())))


def stored(name: str, content: bytes, **facts: Any) -> bytes:
    """A workbook with one more part, whose entry in the directory is made by hand."""
    file = io.BytesIO(packages.package(parts()))
    with zipfile.ZipFile(file, "a") as archive:
        info = zipfile.ZipInfo(name)
        for fact, value in facts.items():
            setattr(info, fact, value)
        archive.writestr(info, content)
    return file.getvalue()


def encrypted() -> bytes:
    """The flag of a password on every entry."""
    content = bytearray(packages.package(parts()))
    for at in range(len(content) - 10):
        if content[at : at + 4] == b"PK\x03\x04":
            content[at + 6] |= 1
        if content[at : at + 4] == b"PK\x01\x02":
            content[at + 8] |= 1
    return bytes(content)


def shared(length: int, uses: int) -> bytes:
    """One long text that many cells share."""
    texts = f'<sst xmlns="{packages.MAIN}"><si><t>{"长" * length}</t></si></sst>'
    cells = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, uses + 1))
    return packages.package({**parts(cells), "xl/sharedStrings.xml": texts.encode()})


def with_links(target: str, kind: str) -> bytes:
    link = f'<Relationship Id="rId9" Type="x/{kind}" Target="{target}" TargetMode="External"/>'
    return with_part("xl/worksheets/_rels/sheet1.xml.rels", f"<Relationships>{link}</Relationships>".encode())


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600
BILLION = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
FORMULA = GOOD_ROWS + '<row r="3"><c r="E3"><f>1+1</f><v>2</v></c></row>'
PREFIXED = FORMULA.replace("<", "<x:").replace("<x:/", "</x:")

BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "empty file": ("a.xlsx", lambda: b"", "文件是空的"),
    "empty csv": ("a.csv", lambda: b"", "文件是空的"),
    "too large": ("a.csv", lambda: b"a" * (hazards.MAX_BYTES + 1), "不超过 10 MB"),
    "old format": ("a.xls", lambda: OLE, "旧格式 XLS"),
    "renamed old format": ("a.xlsx", lambda: OLE, "旧格式 XLS"),
    "encrypted": ("a.xlsx", lambda: OLE + "EncryptedPackage".encode("utf-16-le"), "打开密码"),
    "encrypted entries": ("a.xlsx", encrypted, "打开密码"),
    "macro by name": ("a.xlsm", lambda: workbook(), "可含宏"),
    "binary workbook": ("a.xlsb", lambda: workbook(), "可含宏"),
    "other kind": ("a.exe", lambda: b"MZ", "只接收 XLSX 和 CSV"),
    "no kind": ("台账", lambda: workbook(), "只接收 XLSX 和 CSV"),
    "kind is not the last": ("a.xlsx.exe", lambda: workbook(), "只接收 XLSX 和 CSV"),
    "macro": ("a.xlsx", lambda: with_part("xl/vbaProject.bin"), "含有宏"),
    "macro in capitals": ("a.xlsx", lambda: with_part("XL/VBAPROJECT.BIN"), "含有宏"),
    "macro sheet": ("a.xlsx", lambda: with_part("xl/macrosheets/sheet1.xml"), "含有宏"),
    "macro by content type": (
        "a.xlsx",
        lambda: with_part("[Content_Types].xml", b'<Types><Override ContentType="x.macroEnabled.main+xml"/></Types>'),
        "含有宏",
    ),
    "external workbook": ("a.xlsx", lambda: with_part("xl/externalLinks/externalLink1.xml", b"<a/>"), "其他工作簿"),
    "external target": ("a.xlsx", lambda: with_links("file:///etc/passwd", "oleObject"), "其他工作簿"),
    "data connection": ("a.xlsx", lambda: with_part("xl/connections.xml", b"<a/>"), "外部数据"),
    "embedded object": ("a.xlsx", lambda: with_part("xl/embeddings/oleObject1.bin"), "嵌入的对象"),
    "control": ("a.xlsx", lambda: with_part("xl/activeX/activeX1.xml", b"<a/>"), "控件"),
    "custom ribbon": ("a.xlsx", lambda: with_part("customUI/customUI.xml", b"<a/>"), "自定义命令"),
    "picture with script": ("a.xlsx", lambda: with_part("xl/media/image1.svg", b"<svg onload='x'/>"), "夹带"),
    "archive in archive": ("a.xlsx", lambda: with_part("xl/inner.zip", workbook()), "夹带"),
    "program": ("a.xlsx", lambda: with_part("xl/run.exe", b"MZ"), "夹带"),
    "formula": ("a.xlsx", lambda: workbook(FORMULA), "单元格 E3 是公式"),
    "shared formula": ("a.xlsx", lambda: workbook(FORMULA.replace("<f>", '<f t="shared" si="0">')), "E3 是公式"),
    "empty formula": ("a.xlsx", lambda: workbook(FORMULA.replace("<f>1+1</f>", "<f/>")), "E3 是公式"),
    "error value": (
        "a.xlsx",
        lambda: workbook(GOOD_ROWS + '<row r="3"><c r="D3"/><c r="E3" t="e"><v>#N/A</v></c></row>'),
        "单元格 E3 是错误值",
    ),
    "formula with prefix": (
        "a.xlsx",
        lambda: with_part(
            "xl/worksheets/sheet1.xml",
            f'<x:worksheet xmlns:x="{packages.MAIN}"><x:sheetData>{PREFIXED}</x:sheetData></x:worksheet>'.encode(),
        ),
        "是公式",
    ),
    "formula in a sheet of another name": (
        "a.xlsx",
        lambda: with_part("xl/worksheets/other.xml", sheet(FORMULA)),
        "是公式",
    ),
    "entities": ("a.xlsx", lambda: with_part("xl/worksheets/sheet1.xml", sheet(GOOD_ROWS, head=BILLION)), "声明"),
    "file entity": (
        "a.xlsx",
        lambda: with_part("xl/workbook.xml", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'),
        "声明",
    ),
    "entities in utf-16": (
        "a.xlsx",
        lambda: with_part("xl/worksheets/sheet1.xml", sheet(FORMULA).decode().encode("utf-16")),
        "不是 UTF-8",
    ),
    "other encoding": (
        "a.xlsx",
        lambda: with_part("xl/worksheets/sheet1.xml", sheet(GOOD_ROWS).replace(b"UTF-8", b"UTF-7")),
        "不是 UTF-8",
    ),
    "parent folder": ("a.xlsx", lambda: with_part("../../evil.xml"), "已损坏"),
    "absolute name": ("a.xlsx", lambda: with_part("/etc/evil.xml"), "已损坏"),
    "backslash": ("a.xlsx", lambda: stored("xl/x.xml", b"x", filename="..\\evil.xml"), "已损坏"),
    "drive": ("a.xlsx", lambda: with_part("c:/evil.xml"), "已损坏"),
    "symbolic link": ("a.xlsx", lambda: stored("xl/x.xml", b"/etc", external_attr=0o120777 << 16), "已损坏"),
    "same name twice": ("a.xlsx", lambda: stored("XL/workbook.xml", b"<a/>"), "已损坏"),
    "other compression": ("a.xlsx", lambda: stored("xl/x.xml", b"x" * 99, compress_type=zipfile.ZIP_BZIP2), "已损坏"),
    "not a workbook": ("a.xlsx", lambda: packages.package({"a.txt": b"a"}), "已损坏"),
    "no sheet": ("a.xlsx", lambda: packages.package({"[Content_Types].xml": b"<Types/>"}), "已损坏"),
    "cut off": ("a.xlsx", lambda: workbook()[:-30], "已损坏"),
    "begins with a picture": ("a.xlsx", lambda: b"GIF89a" + workbook(), "不是 XLSX 表格"),
    "begins with a document": ("a.xlsx", lambda: b"%PDF-1.4\n" + workbook(), "不是 XLSX 表格"),
    "ends with a page": ("a.xlsx", lambda: workbook() + b"<script>x()</script>", "已损坏"),
    "hides a page in its comment": (
        "a.xlsx",
        lambda: packages.package(parts(), comment=b"<script>x()</script>"),
        "已损坏",
    ),
    "page": ("a.xlsx", lambda: b"<html><table/></html>", "不是 XLSX 表格"),
    "bomb": ("a.xlsx", lambda: with_part("xl/worksheets/sheet1.xml", sheet(" " * 200_000_000)), "解压后过大"),
    "bomb that lies": ("a.xlsx", lambda: packages.lying("xl/b.xml", b"<a/>" * 30_000_000, 1000), "解压后过大"),
    "small bomb that lies": ("a.xlsx", lambda: packages.lying("xl/b.xml", b"x" * 5000, 100), "已损坏"),
    "high ratio": ("a.xlsx", lambda: with_part("xl/b.xml", b" " * 5_000_000), "解压后过大"),
    "many parts": (
        "a.xlsx",
        lambda: packages.package({**parts(), **{f"xl/{n}.xml": b"" for n in range(300)}}),
        "解压后过大",
    ),
    "many columns": ("a.xlsx", lambda: workbook(GOOD_ROWS + f'<row r="3">{cell("CW3", "x")}</row>'), "最多 200,000 行"),
    "last cell of all": ("a.xlsx", lambda: workbook(GOOD_ROWS + row(1_048_576, "x")), "最多 200,000 行"),
    "wide and deep": (
        "a.xlsx",
        lambda: workbook(GOOD_ROWS + f'<row r="3">{cell("CV3", "x")}</row>' + row(199_999, "x")),
        "范围过大",
    ),
    "cells without a place": ("a.xlsx", lambda: workbook("<row><c><v>1</v></c></row>"), "没有写明位置"),
    "one text shared by many": ("a.xlsx", lambda: shared(20_000, 5_000), "解压后过大"),
    "picture as csv": ("a.csv", lambda: b"\x89PNG\r\n\x1a\n", "不是 CSV 文本"),
    "workbook as csv": ("a.csv", lambda: workbook(), "不是 CSV 文本"),
    "page as csv": ("a.csv", lambda: b" <svg onload='x()'/>", "网页或图形"),
    "zero bytes in csv": ("a.csv", lambda: b"a,b\0c", "不是 CSV 文本"),
    "utf-16 csv": ("a.csv", lambda: "项目代码,值".encode("utf-16"), "UTF-16"),
    "neither utf-8 nor gb18030": ("a.csv", lambda: b"\x81\xff\xff\xfe,", "无法识别文字编码"),
    "long name": ("长" * 255 + ".xlsx", workbook, "文件名过长"),
    "name that reads backwards": ("台账\u202excod.xlsx", workbook, "控制字符"),
    "name with a line break": ("台账\n.xlsx", workbook, "控制字符"),
}


@pytest.mark.parametrize(("name", "make", "reason"), BAD.values(), ids=BAD.keys())
def test_hostile_file_is_refused_at_once_with_a_reason(name: str, make: Callable[[], bytes], reason: str) -> None:
    content = make()
    began = time.process_time()

    with pytest.raises(UnfitTable) as refused:
        hazards.check(name, content)

    assert reason in str(refused.value)
    assert time.process_time() - began < SECONDS


def spoilt_header(**header: str) -> bytes:
    names = {**{name: HEADERS[name] for name in REQUIRED}, **header}
    return workbook(row(1, *names.values()))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (spoilt_header(value="数值"), "没有找到表头"),
        (spoilt_header(again="本期数值"), "“本期数值”一列出现了两次"),
        (workbook(row(11, *packages.HEADERS)), "前 10 行中没有找到表头"),
        (with_part("xl/worksheets/sheet1.xml", sheet(GOOD_ROWS)[:-30]), "已损坏"),
    ],
)
def test_workbook_without_a_readable_sheet_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnfitTable, match=reason):
        read(content)


def test_two_sheets_that_could_be_meant_are_refused() -> None:
    book = openpyxl.load_workbook(io.BytesIO(filled.as_xlsx([])))
    book.copy_worksheet(book.active)
    file = io.BytesIO()
    book.save(file)

    with pytest.raises(UnfitTable, match="几张台账"):
        read(file.getvalue())


def test_csv_whose_quotes_do_not_close_is_refused_with_its_row() -> None:
    text = ",".join(packages.HEADERS) + '\np,i,1404,2025-03,"1\n'

    with pytest.raises(UnfitTable, match="第 2 行"):
        read(text.encode(), "a.csv")


def test_more_rows_than_allowed_are_refused() -> None:
    text = ",".join(packages.HEADERS) + "\n" + "p,i,r,t,1\n" * (hazards.MAX_ROWS + 1)

    with pytest.raises(UnfitTable, match="最多 200,000 行"):
        read(text.encode(), "a.csv")


def test_cells_become_what_the_person_sees() -> None:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    page = book.add_worksheet()
    page.write_row(1, 2, [HEADERS["project"], " 指标\n代码 ", *(HEADERS[name] for name in REQUIRED[2:])])
    page.write_row(2, 2, ["p", 1404.0, 140421100201, 202503, 70897.71])
    page.write_row(4, 2, [" p ", "i", "r", "", 1e-7])
    page.write_datetime(5, 5, datetime.datetime(2025, 3, 1), book.add_format({"num_format": 'yyyy"年"m"月"'}))  # noqa: DTZ001 - a cell
    page.write_boolean(5, 6, True)  # noqa: FBT003 - a cell
    page.write_row(6, 2, ["多\r\n行", "=1+1"[1:], "", "", 123456789012345])
    book.close()
    content = with_number(file.getvalue(), "70897.71", "0.30000000000000004")

    assert read(content) == [
        (3, ["p", "1404", "140421100201", "202503", "0.3"]),
        (5, ["p", "i", "r", "", "0.0000001"]),
        (6, ["", "", "", "2025-03-01", "TRUE"]),
        (7, ["多\n行", "1+1", "", "", "123456789012345"]),
    ]


def with_number(content: bytes, written: str, other: str) -> bytes:
    """The workbook with one number written otherwise, as a calculation leaves it behind."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name: archive.read(name).replace(written.encode(), other.encode()) for name in archive.namelist()}
    return packages.package(found)


def test_hyperlinks_and_pictures_do_no_harm() -> None:
    picture = with_part("xl/media/image1.png", b"\x89PNG")

    assert read(picture) == read(with_links("https://example.org/", "hyperlink")) == read(workbook())


@pytest.mark.parametrize(("place", "name"), [(0, "A"), (25, "Z"), (26, "AA"), (99, "CV"), (701, "ZZ"), (702, "AAA")])
def test_columns_are_named_as_excel_names_them(place: int, name: str) -> None:
    assert intake.letter(place) == name


@pytest.mark.parametrize(
    "cell",
    ['<c r="A3" t = "s"><v>0</v></c>', '<c\tr="CV200000"><v>1</v></c>', '<c r="A3"  t="e"><v>#N/A</v></c>'],
)
def test_cell_in_a_spelling_that_hides_it_from_the_checks_is_refused(cell: str) -> None:
    with pytest.raises(UnfitTable):
        hazards.check("台账.xlsx", packages.workbook(f'{packages.GOOD_ROWS}<row r="3">{cell}</row>'))
