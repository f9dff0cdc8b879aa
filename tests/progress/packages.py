"""Workbooks that must be refused, and good ones to spoil, put together byte by byte."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEADERS = ("项目代码", "指标代码", "地区代码", "调度期", "本期数值")

Parts = dict[str, bytes]


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def row(number: int, *texts: str) -> str:
    cells = "".join(cell(f"{'ABCDEFGH'[at]}{number}", text) for at, text in enumerate(texts))
    return f'<row r="{number}">{cells}</row>'


def sheet(rows: str, *, head: str = "") -> bytes:
    head = f'<?xml version="1.0" encoding="UTF-8"?>{head}<worksheet xmlns="{MAIN}">'
    return f"{head}<sheetData>{rows}</sheetData></worksheet>".encode()


GOOD_ROWS = row(1, *HEADERS) + row(2, "p", "i", "1404", "2025年3月", "12.5")


def parts(rows: str = GOOD_ROWS) -> Parts:
    """The parts of a small workbook with one sheet."""
    kinds = "http://schemas.openxmlformats.org/package/2006/content-types"
    links = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    return {
        "[Content_Types].xml": (
            f'<Types xmlns="{kinds}"><Default Extension="rels"'
            ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/xl/workbook.xml" ContentType="{office}.sheet.main+xml"/>'
            f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{office}.worksheet+xml"/></Types>'
        ).encode(),
        "_rels/.rels": (
            f'<Relationships xmlns="{links}"><Relationship Id="rId1" Type="{LINKS}/officeDocument"'
            ' Target="xl/workbook.xml"/></Relationships>'
        ).encode(),
        "xl/workbook.xml": (
            f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="台账" sheetId="1" r:id="rId1"/></sheets>'
            "</workbook>"
        ).encode(),
        "xl/_rels/workbook.xml.rels": (
            f'<Relationships xmlns="{links}"><Relationship Id="rId1" Type="{LINKS}/worksheet"'
            ' Target="worksheets/sheet1.xml"/></Relationships>'
        ).encode(),
        "xl/worksheets/sheet1.xml": sheet(rows),
    }


def package(found: Mapping[str, bytes], *, comment: bytes = b"") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, content in found.items():
            archive.writestr(name, content)
    return file.getvalue()


def workbook(rows: str = GOOD_ROWS) -> bytes:
    return package(parts(rows))


def with_part(name: str, content: bytes = b"x", rows: str = GOOD_ROWS) -> bytes:
    return package({**parts(rows), name: content})


def lying(name: str, content: bytes, declared: int) -> bytes:
    """A workbook whose directory declares another size of one part than it unpacks to."""
    good = package({**parts(), name: content})
    wrong, right = struct.pack("<L", declared), struct.pack("<L", len(content))
    crc = struct.pack("<L", zlib.crc32(content))
    place = good.index(crc + good[good.index(crc) + 4 : good.index(crc) + 8] + right)
    spoilt = bytearray(good)
    spoilt[place + 8 : place + 12] = wrong
    directory = good.index(crc, place + 12)
    spoilt[directory + 8 : directory + 12] = wrong
    return bytes(spoilt)
