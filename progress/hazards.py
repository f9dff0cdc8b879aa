"""What an uploaded table may not be: found out from its name and bytes, before anything parses it.

A workbook is unpacked once, in small pieces and without keeping any, and its own directory is believed in nothing.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEGABYTE = 1024 * 1024
MAX_BYTES = 10 * MEGABYTE
MAX_UNPACKED = 100 * MEGABYTE
#: Bytes unpacked of one byte packed.
MAX_RATIO = 100
MAX_PARTS = 200
MAX_ROWS = 200_000
MAX_COLUMNS = 100
MAX_NAME = 200
#: Bytes of text that the cells of a workbook may amount to: one long text can be shared by a million cells.
MAX_TEXT = 200 * MEGABYTE

ENCODINGS = ("utf-8-sig", "gb18030")
#: Bytes that are looked at together.
_PIECE = MEGABYTE


class UnfitTable(ValueError):
    """The file is no table that may be read; `message` says why and what to do."""

    def __init__(self, message: str | Promise) -> None:
        self.message = message
        super().__init__(message)


def check(name: str, content: bytes) -> None:
    """Refuse what must not be parsed. Raises UnfitTable."""
    check_name(name)
    if not content:
        raise UnfitTable(_("文件是空的，请重新选择。"))
    if len(content) > MAX_BYTES:
        raise UnfitTable(_("文件过大：不超过 10 MB，请分几次导入。"))
    if kind_of(name) == ".csv":
        decoded(content)
    else:
        _check_workbook(content)


_OTHER_KINDS = {
    ".xls": _("这是旧格式 XLS，请在 Excel 或 WPS 中另存为 XLSX 后再上传。"),
    ".et": _("这是 WPS 格式，请另存为 XLSX 后再上传。"),
    ".xlsm": _("文件类型可含宏，请另存为 XLSX 后再上传。"),
    ".xlsb": _("文件类型可含宏，请另存为 XLSX 后再上传。"),
}


def kind_of(name: str) -> str:
    """The ending of the name, in small letters with its dot."""
    return "." + name.lower().rpartition(".")[2]


def check_name(name: str) -> None:
    """Refuse a name that is too long, hides what it is, or promises another kind of file. Raises UnfitTable."""
    if len(name) > MAX_NAME:
        raise UnfitTable(_("文件名过长：不超过 %(limit)d 个字，请改短后再上传。") % {"limit": MAX_NAME})
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in name):
        raise UnfitTable(_("文件名含有不可见的控制字符，请改名后再上传。"))
    if kind_of(name) not in (".xlsx", ".csv"):
        raise UnfitTable(_OTHER_KINDS.get(kind_of(name), _("只接收 XLSX 和 CSV 文件。")))


#: First bytes of files that are called CSV and are none.
_NOT_TEXT = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"GIF8", b"\x89PNG", b"\xff\xd8\xff", b"{\\rtf")


def decoded(content: bytes) -> str:
    """The text of a CSV file in UTF-8 or GB18030. Raises UnfitTable."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnfitTable(_("文件是 UTF-16 编码，请另存为“CSV UTF-8”后再上传。"))
    if b"\0" in content or content.startswith(_NOT_TEXT):
        raise UnfitTable(_("文件内容不是 CSV 文本，请重新导出后再上传。"))
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.lstrip().startswith("<"):
            raise UnfitTable(_("文件内容是网页或图形，不是 CSV 文本。"))
        return text
    raise UnfitTable(_("无法识别文字编码，请另存为“CSV UTF-8”后再上传。"))


_BROKEN = (
    zipfile.BadZipFile,
    LookupError,
    zlib.error,
    struct.error,
    ValueError,
    NotImplementedError,
    EOFError,
    OSError,
)
_DAMAGED = _("文件已损坏，无法打开；请在 Excel 或 WPS 中打开后另存为 XLSX 再上传。")
_TOO_MUCH = _("文件解压后过大，可能不是正常的表格；请只保留需要导入的表，另存后再上传。")


def _check_workbook(content: bytes) -> None:
    _check_container(content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = package.infolist()
        _check_directory(parts, content)
        _Scan(parts, content).run()
    except UnfitTable:
        raise
    except _BROKEN as error:
        raise UnfitTable(_DAMAGED) from error


def _check_container(content: bytes) -> None:
    """The file is a package from its first byte to its last: nothing stands before it or behind."""
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise UnfitTable(_("文件有打开密码，请取消密码后再上传。"))
        raise UnfitTable(_OTHER_KINDS[".xls"])
    if not content.startswith(b"PK\x03\x04"):
        raise UnfitTable(_("文件内容不是 XLSX 表格，请在 Excel 或 WPS 中另存为 XLSX 后再上传。"))
    if content[-22:-18] != b"PK\x05\x06":
        raise UnfitTable(_DAMAGED)


#: What a package may not contain, by the beginning of a part's name.
_UNWANTED = {
    "xl/vbaproject": _("文件含有宏，请另存为不含宏的 XLSX 后再上传。"),
    "xl/macrosheets": _("文件含有宏，请另存为不含宏的 XLSX 后再上传。"),
    "xl/externallinks": _("文件链接了其他工作簿，请断开链接、粘贴为数值后再上传。"),
    "xl/connections": _("文件链接了外部数据，请删除连接后再上传。"),
    "xl/querytables": _("文件链接了外部数据，请删除连接后再上传。"),
    "xl/webextensions": _("文件含有加载项，请删除后再上传。"),
    "xl/activex": _("文件含有嵌入的控件，请删除后再上传。"),
    "xl/embeddings": _("文件含有嵌入的对象，请删除后再上传。"),
    "customui": _("文件含有自定义命令，请删除后再上传。"),
}
#: What a package may hold besides XML: pictures and what a printer wants to know.
_MARKUP = (".xml", ".rels", ".vml")
_PLAIN_KINDS = (*_MARKUP, ".png", ".jpg", ".jpeg", ".gif", ".bmp", ".emf", ".wmf", ".bin")


def _check_directory(parts: Sequence[zipfile.ZipInfo], content: bytes) -> None:
    if len(parts) > MAX_PARTS:
        raise UnfitTable(_TOO_MUCH)
    unpacked = sum(part.file_size for part in parts)
    if unpacked > MAX_UNPACKED or unpacked > len(content) * MAX_RATIO:
        raise UnfitTable(_TOO_MUCH)
    names = [part.filename.lower() for part in parts]
    if any(times > 1 for times in Counter(names).values()) or "[content_types].xml" not in names:
        raise UnfitTable(_DAMAGED)
    for part in parts:
        _check_part(part)


def _check_part(part: zipfile.ZipInfo) -> None:
    name = part.filename.lower()
    if part.flag_bits & 1:
        raise UnfitTable(_("文件有打开密码，请取消密码后再上传。"))
    if name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/"):
        raise UnfitTable(_DAMAGED)
    if stat.S_ISLNK(part.external_attr >> 16):
        raise UnfitTable(_DAMAGED)
    for beginning, reason in _UNWANTED.items():
        if name.startswith(beginning):
            raise UnfitTable(reason)
    if not name.endswith("/") and kind_of(name) not in _PLAIN_KINDS:
        raise UnfitTable(_("文件中夹带了表格以外的内容（%(name)s），请删除后再上传。") % {"name": part.filename[:40]})


_ROW = rb"(?:[1-9]\d{0,4}|1\d{5}|200\d{3})"
_COLUMN = rb"(?:[A-Z]|[AB][A-Z]|C[A-V])"
#: A formula, or a cell that does not say where within the allowed rows and columns it stands.
_CELL = rb"(?:(?P<formula>f)[\s/>]|c(?! r=\"%(at)s\"|\s[^>]*\sr=\"%(at)s\")[\s/>])" % {b"at": _COLUMN + _ROW}
_SUSPECT = re.compile(rb"<" + _CELL)
#: The same where the tags carry a prefix, which few programs write and which takes far longer to look for.
_SUSPECT_PREFIXED = re.compile(rb"<[\w.-]+:" + _CELL)
_PREFIXED = (b":c ", b":f>", b":f ", b":f/", b":c>", b":c/")
_PLACE = re.compile(rb"\sr=[\"']([A-Z]{1,4}\d{1,8})[\"']")
#: Cells beyond column Z, and beyond row 50,000: a table is laid out in full, so it may not be both wide and deep.
_WIDE = re.compile(rb" r=\"[A-Z]{2}")
_DEEP = re.compile(rb" r=\"[A-Z]+(?:[5-9]\d{4}|\d{6})\"")
#: A cell's tag in a spelling that no program writes, under which the patterns of this module would not know it.
_UNPLAIN = re.compile(rb"<(?:[\w.-]+:)?[cf](?=\s)(?!(?: [\w.:-]+=(?:\"[^\"<>]*\"|'[^'<>]*'))* ?/?>)")
_UNPLAIN_SIGNS = (b"\t", b"\n", b"\r", b" =", b"= ", b"  ")
_OTHER_ENCODING = re.compile(rb"<\?xml[^>]*encoding=[\"'](?!utf-8[\"']|us-ascii[\"'])", re.IGNORECASE)
_OUTWARD = re.compile(rb"<[^>]*TargetMode=[\"']External[\"'][^>]*>")
#: A cell that shows #N/A or the like, which those who read workbooks take for an empty one.
_ERROR = re.compile(rb"<(?:[\w.-]+:)?c\s(?=[^>]*\bt=[\"']e[\"'])[^>]*\br=[\"']([A-Z]+\d+)")
_TEXT_ENDS = re.compile(rb"</(?:[\w.-]+:)?si>")
_TEXT_USED = re.compile(rb"t=[\"']s[\"'][^>]*>\s*<(?:[\w.-]+:)?v>(\d{1,9})<")


class _Scan:
    """One pass over all parts of a package, and a second over its sheets only if their texts seem too many."""

    def __init__(self, parts: Sequence[zipfile.ZipInfo], content: bytes) -> None:
        self.parts, self.content = parts, content
        self.left = min(MAX_UNPACKED, len(content) * MAX_RATIO)
        self.is_wide = self.is_deep = False
        self.sheets: list[zipfile.ZipInfo] = []
        #: Bytes of each text that cells share, of the one that is not yet seen to its end, and how many cells do.
        self.texts, self.unended, self.uses = array("L"), 0, 0

    def run(self) -> None:
        for part in self.parts:
            if kind_of(part.filename) in _MARKUP:
                self._scan_markup(part)
            else:
                self.left -= sum(map(len, _unpacked(part, self.content, self.left)))
        if not self.sheets:
            raise UnfitTable(_DAMAGED)
        if self.is_wide and self.is_deep:
            raise UnfitTable(_("表格范围过大：超过 26 列时最多 50,000 行，请删除多余的行和列。"))
        if self.uses * max(self.texts, default=0) > MAX_TEXT and self._text_used() > MAX_TEXT:
            raise UnfitTable(_TOO_MUCH)

    def _scan_markup(self, part: zipfile.ZipInfo) -> None:
        is_sheet = is_texts = False
        tags = b""
        for tags in self._tags(part):
            _check_markup(tags)
            is_sheet = is_sheet or b"sheetData" in tags
            is_texts = is_texts or b"sst" in tags
            if is_sheet:
                self._check_cells(tags)
            elif is_texts:
                ends = [-self.unended, *(found.end() for found in _TEXT_ENDS.finditer(tags))]
                self.texts.extend(end - start for start, end in pairwise(ends))
                self.unended = len(tags) - ends[-1]
        if is_sheet:
            # Whoever reads a sheet that breaks off takes what there is of it for the whole.
            if not tags.endswith(b"worksheet>"):
                raise UnfitTable(_DAMAGED)
            self.sheets.append(part)

    def _tags(self, part: zipfile.ZipInfo) -> Iterator[bytes]:
        """The part in pieces that end where a tag ends."""
        rest = b""
        for piece in _unpacked(part, self.content, self.left):
            self.left -= len(piece)
            tags, bracket, rest = (rest + piece).rpartition(b">")
            if len(rest) > _PIECE:
                raise UnfitTable(_DAMAGED)
            yield tags + bracket

    def _check_cells(self, tags: bytes) -> None:
        if any(sign in tags for sign in _UNPLAIN_SIGNS) and _UNPLAIN.search(tags):
            raise UnfitTable(_DAMAGED)
        found = _SUSPECT.search(tags)
        if not found and any(tag in tags for tag in _PREFIXED):
            found = _SUSPECT_PREFIXED.search(tags)
        if found:
            raise UnfitTable(_said_of(found, tags))
        if b't="e"' in tags or b"t='e'" in tags:
            cells = [place.decode() for place in _ERROR.findall(tags)]
            raise UnfitTable(_("单元格 %(cells)s 是错误值，请改正后再上传。") % {"cells": "、".join(cells[:10])})
        self.is_wide = self.is_wide or bool(_WIDE.search(tags))
        self.is_deep = self.is_deep or bool(_DEEP.search(tags))
        self.uses += tags.count(b't="s"') + tags.count(b"t='s'")

    def _text_used(self) -> int:
        """Bytes of the shared texts, each as often as it is used."""
        self.left = MAX_UNPACKED
        numbers = (
            int(found[1]) for part in self.sheets for tags in self._tags(part) for found in _TEXT_USED.finditer(tags)
        )
        return sum(self.texts[number] for number in numbers if number < len(self.texts))


def _unpacked(part: zipfile.ZipInfo, content: bytes, limit: int) -> Iterator[bytes]:
    """The part's bytes as they really are, whatever the directory says of their number. Raises UnfitTable."""
    head = struct.unpack_from("<4s22x2H", content, part.header_offset)
    start = part.header_offset + 30 + head[1] + head[2]
    packed = content[start : start + part.compress_size]
    if head[0] != b"PK\x03\x04" or len(packed) != part.compress_size:
        raise zipfile.BadZipFile
    count = checksum = 0
    for piece in _inflated(packed) if part.compress_type == zipfile.ZIP_DEFLATED else _stored(packed, part):
        count, checksum = count + len(piece), zlib.crc32(piece, checksum)
        if count > limit:
            raise UnfitTable(_TOO_MUCH)
        yield piece
    if (count, checksum) != (part.file_size, part.CRC):
        raise zipfile.BadZipFile


def _inflated(packed: bytes) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(-15)
    while not unpacker.eof:
        piece = unpacker.decompress(packed, _PIECE)
        packed = unpacker.unconsumed_tail
        if not piece and not unpacker.eof:
            raise zipfile.BadZipFile
        yield piece


def _stored(packed: bytes, part: zipfile.ZipInfo) -> Iterator[bytes]:
    if part.compress_type != zipfile.ZIP_STORED:
        raise zipfile.BadZipFile
    for start in range(0, len(packed), _PIECE):
        yield packed[start : start + _PIECE]


def _check_markup(tags: bytes) -> None:
    if b"\0" in tags or _OTHER_ENCODING.search(tags, 0, 200):
        raise UnfitTable(_("文件内部的文字编码不是 UTF-8，请在 Excel 或 WPS 中另存为 XLSX 后再上传。"))
    if b"<!DOCTYPE" in tags or b"<!ENTITY" in tags:
        raise UnfitTable(_("文件内部含有不允许的声明，请在 Excel 或 WPS 中另存为 XLSX 后再上传。"))
    if b"macroEnabled" in tags:
        raise UnfitTable(_UNWANTED["xl/vbaproject"])
    if b"External" in tags and any(b"/hyperlink" not in found[0] for found in _OUTWARD.finditer(tags)):
        raise UnfitTable(_UNWANTED["xl/externallinks"])


def _said_of(found: re.Match[bytes], tags: bytes) -> str | Promise:
    """Why a suspect tag of a sheet is refused."""
    if found["formula"]:
        before = tags[tags.rfind(b"<c", 0, found.start()) : found.start()]
        place = _PLACE.search(before)
        cell = {"cell": place[1].decode() if place else ""}
        return _("单元格 %(cell)s 是公式，请复制后“选择性粘贴”为数值再上传。") % cell
    if _PLACE.search(tags, found.start(), tags.find(b">", found.start())):
        limits = {"rows": f"{MAX_ROWS:,}", "columns": MAX_COLUMNS}
        return _("表格过大：最多 %(rows)s 行、%(columns)d 列，请删除多余的行和列，或分几次导入。") % limits
    return _("表格的单元格没有写明位置，请在 Excel 或 WPS 中另存为 XLSX 后再上传。")
