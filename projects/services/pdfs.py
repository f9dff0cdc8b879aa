"""PDF papers: kept as they are, so what could act on its own or is a second file in disguise is refused."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO

from django.utils.translation import gettext_lazy as _

from projects.refusals import UnfitFile


def _name(*names: str) -> bytes:
    """A pattern of PDF names; in a name any character may be written as its number: /J#61vaScript."""
    spelt = ("".join(f"(?:{letter}|#(?i:{ord(letter):02x}))" for letter in name) for name in names)
    return rf"/(?:{'|'.join(spelt)})(?![A-Za-z])".encode()


#: A whole file ends with where its table of contents begins, and with nothing after that.
TAIL = re.compile(rb"startxref\s+\d+\s+%%EOF[\s\0]*\Z")
TAIL_BYTES = 2048
#: Actions, files inside the file, and media that play.
ACTIVE = re.compile(
    _name(
        *("JavaScript", "Launch", "SubmitForm", "ImportData", "GoToE"),
        *("EmbeddedFile", "EmbeddedFiles", "RichMedia", "Rendition", "Movie"),
    )
)
ENCRYPTED = re.compile(_name("Encrypt"))
#: Objects packed together in a stream.
PACK = re.compile(_name("ObjStm") + rb".{0,400}?stream\r?\n", re.DOTALL)
#: Bytes from the start in which browsers look for a page.
SNIFFED_BYTES = 1024
PAGE = re.compile(rb"<\s*(?:!doctype|html|head|body|script|svg|iframe|\?php)", re.IGNORECASE)
#: Most packs of a paper, most bytes read of each, and most unpacked of each and of all: more than a real paper has.
MOST_PACKS = 1_000
READ_BYTES = 256 * 1024
PACK_BYTES, PACKS_BYTES = 2 * 1024 * 1024, 32 * 1024 * 1024


def check(data: bytes) -> None:
    """Raise UnfitFile unless the bytes are a whole PDF without active content, as far as reading them can tell."""
    if not TAIL.search(data[-TAIL_BYTES:]):
        raise UnfitFile(_("PDF 文件不完整或末尾有多余内容，请重新导出后上传。"), field="file")
    if PAGE.search(data[:SNIFFED_BYTES]) or zipfile.is_zipfile(BytesIO(data)):
        raise UnfitFile(_("文件里夹带了其他格式的内容，请重新导出为普通 PDF 后上传。"), field="file")
    if ENCRYPTED.search(data):
        raise UnfitFile(_("PDF 已加密，无法检查，请解除加密后上传。"), field="file")
    if ACTIVE.search(data) or any(ACTIVE.search(objects) for objects in _unpacked(data)):
        raise UnfitFile(_("PDF 含脚本、附件或可执行动作，请打印或另存为普通 PDF 后上传。"), field="file")


def _unpacked(data: bytes) -> Iterator[bytes]:
    """What the packs hold. Raises UnfitFile for more than a paper has."""
    total = 0
    for number, found in enumerate(PACK.finditer(data)):
        if number >= MOST_PACKS or total > PACKS_BYTES:
            raise UnfitFile(_("PDF 内容过大，请另存为普通 PDF 后上传。"), field="file")
        start, limit = found.end(), found.end() + READ_BYTES
        end = data.find(b"endstream", start, limit)
        try:
            objects = zlib.decompressobj().decompress(data[start : limit if end < 0 else end], PACK_BYTES)
        except zlib.error:
            continue  # Packed in another way, or broken: few readers open it then.
        total += len(objects)
        yield objects
