"""Files that must not be taken, and words of the reason each is refused with; built here, none lies in the tree."""

from __future__ import annotations

import struct
import zipfile
import zlib
from io import BytesIO

from PIL import Image

from projects.services.attachments import MAX_BYTES
from projects.services.photos import END_OF_IMAGE, START_OF_SCAN
from tests import factories as make
from tests import uploads

STRANGE, BROKEN, LARGE = "只接收 PDF、JPEG、PNG、WebP", "图片打不开或不完整", "图片尺寸过大"
MOVING, CUT, MIXED = "动态图片", "不完整或末尾有多余内容", "夹带了其他格式"
ACTIVE, LOCKED = "含脚本、附件或可执行动作", "已加密"

SCRIPT = b"<script>alert(1)</script>"


def corpus() -> dict[str, tuple[bytes, str]]:
    return {**strangers(), **pictures(), **papers()}


def strangers() -> dict[str, tuple[bytes, str]]:
    """Kinds of file that are not evidence, whatever name they bear."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
    small = uploads.picture()
    return {
        "nothing": (b"", "文件是空的"),
        "one byte too many": (uploads.photo() + bytes(MAX_BYTES), "不超过 10 MB"),
        "program": (b"MZ\x90\0", STRANGE),
        "program of Linux": (b"\x7fELF\x02\x01\x01", STRANGE),
        "page": (b"<!DOCTYPE html>" + SCRIPT, STRANGE),
        "svg": (svg, STRANGE),
        "svg with a head": (b'<?xml version="1.0"?>' + svg, STRANGE),
        "svg behind a byte order mark": (b"\xef\xbb\xbf" + svg, STRANGE),
        "gif": (uploads.encoded(small.convert("P"), "GIF"), STRANGE),
        "gif that is a script": (b"GIF89a=1;alert(1);//", STRANGE),
        "bmp": (uploads.encoded(small, "BMP"), STRANGE),
        "tiff": (uploads.encoded(small, "TIFF"), STRANGE),
        "zip": (zipped(), STRANGE),
        "pdf that begins later": (b"\n" + make.pdf(), STRANGE),
        "text": ("验收合格".encode(), STRANGE),
        "shortcut": (b"[InternetShortcut]\nURL=file:///", STRANGE),
    }


def pictures() -> dict[str, tuple[bytes, str]]:
    """Pictures that are none, or that would do harm when decoded."""
    jpeg, png, webp = (uploads.photo(size=(400, 300), format=name) for name in ("JPEG", "PNG", "WEBP"))
    frames = [uploads.picture(seed) for seed in range(3)]
    return {
        "jpeg of three bytes": (jpeg[:3], BROKEN),
        "jpeg cut in its head": (jpeg[:300], BROKEN),
        "jpeg cut in half": (jpeg[: len(jpeg) // 2], BROKEN),
        "jpeg without its last tenth": (jpeg[: len(jpeg) * 9 // 10], BROKEN),
        "jpeg that is a page": (jpeg[:3] + b"<html>" + SCRIPT, BROKEN),
        "jpeg of 65,000 by 65,000": (resized_jpeg(jpeg, 65_000), LARGE),
        "jpeg of 8,000 by 8,000": (resized_jpeg(jpeg, 8_000), LARGE),
        "jpeg of sixty scans": (rescanned(60), LARGE),
        "jpeg of sixty scans behind marks without a length": (rescanned(60, before=b"\xff\x01"), LARGE),
        "png cut in half": (png[: len(png) // 2], BROKEN),
        "png with a wrong checksum": (png.replace(b"IDAT", b"IDAT\0", 1), BROKEN),
        "png that says it is larger": (png[:16] + struct.pack(">II", 30_000, 30_000) + png[24:], BROKEN),
        "png of 400 million pixels": (uploads.encoded(Image.new("1", (20_000, 20_000)), "PNG"), LARGE),
        "png of 25 million pixels": (uploads.encoded(Image.new("1", (5_000, 5_000)), "PNG"), LARGE),
        "png with a text of 80 MB": (with_chunk(png, b"zTXt", b"note\0\0" + zlib.compress(bytes(80_000_000))), BROKEN),
        "png that moves": (uploads.encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]), MOVING),
        "webp that moves": (uploads.encoded(frames[0], "WEBP", save_all=True, append_images=frames[1:]), MOVING),
        "webp cut in half": (webp[: len(webp) // 2], BROKEN),
        "webp of 16 million pixels": (uploads.encoded(Image.new("RGB", (4_000, 4_000)), "WEBP", method=0), LARGE),
        "sound": (b"RIFF\x24\0\0\0WAVEfmt ", BROKEN),
        "film": (b"RIFF\x24\0\0\0AVI LIST", BROKEN),
    }


def papers() -> dict[str, tuple[bytes, str]]:
    """Papers that act, hide something, or are cut short."""
    script = b"<< /S /JavaScript /JS (app.alert(1)) >>"
    return {
        "pdf of five bytes": (b"%PDF-", CUT),
        "pdf without an end": (make.pdf()[:-6], CUT),
        "pdf with a page behind": (make.pdf() + b"<html>" + SCRIPT, CUT),
        "pdf with a zip behind": (make.pdf() + zipped(), CUT),
        "pdf around a page": (make.pdf("<html><body onload=alert(1)>"), MIXED),
        "pdf around a script": (make.pdf(SCRIPT.decode()), MIXED),
        "pdf around a zip": (holding(zipped()), MIXED),
        "pdf with a script": (holding(b"<< /OpenAction " + script + b" >>"), ACTIVE),
        "pdf with a spelt-out script": (holding(script.replace(b"JavaScript", b"J#61va#53cript")), ACTIVE),
        "pdf with a packed script": (holding(packed(script)), ACTIVE),
        "pdf with a script packed under a spelt-out name": (holding(packed(script).replace(b"Obj", b"#4Fbj")), ACTIVE),
        "pdf with a script packed with settings": (holding(packed(script).replace(b" >>", b" /X << >> >>", 1)), ACTIVE),
        "pdf of a thousand packs": (holding(packed(b"1 0 obj") * 1_100), "PDF 内容过大"),
        "pdf of a million broken packs": (holding(b"/ObjStm stream\n" * 600_000), "PDF 内容过大"),
        "pdf that starts a program": (holding(b"<< /S /Launch /F (cmd.exe) >>"), ACTIVE),
        "pdf with a file inside": (holding(b"<< /Type /EmbeddedFile >>"), ACTIVE),
        "pdf with a film": (holding(b"<< /Subtype /RichMedia >>"), ACTIVE),
        "pdf that sends a form": (holding(b"<< /S /SubmitForm /F (http://example) >>"), ACTIVE),
        "pdf that is locked": (holding(b"<< /Encrypt 5 0 R >>"), LOCKED),
        "pdf that swells": (holding(packed(bytes(2**22)) * 20), "PDF 内容过大"),
    }


def zipped() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("run.sh", "echo")
    return file.getvalue()


def holding(part: bytes) -> bytes:
    """A PDF with something in the middle."""
    return b"%PDF-1.7\n" + part + b"\nstartxref\n9\n%%EOF\n"


def packed(part: bytes) -> bytes:
    body = zlib.compress(part)
    return b"4 0 obj\n<< /Type /ObjStm /Filter /FlateDecode >>\nstream\r\n" + body + b"\nendstream\n"


def resized_jpeg(jpeg: bytes, side: int) -> bytes:
    """A JPEG whose head claims another size."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", side, side) + jpeg[at + 4 :]


def rescanned(times: int, *, before: bytes = b"") -> bytes:
    """A progressive JPEG whose last scan comes again and again: small to send, long to decode."""
    jpeg = uploads.photo(size=(4_000, 3_000), progressive=True)
    at = jpeg.rindex(START_OF_SCAN)
    return jpeg[:at] + (before + jpeg[at:-2]) * times + END_OF_IMAGE


def with_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk behind its head."""
    chunk = struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return png[:33] + chunk + png[33:]
