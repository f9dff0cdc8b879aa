"""Reading one parcel out of a zipped shapefile, in memory, with nothing in it believed before it is checked."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

import shapefile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subsidence.geometry.drawings import (
    MAX_FIGURES,
    MAX_FILE_VERTICES,
    MAX_POLYGONS,
    MAX_VERTICES,
    Drawing,
    Figure,
    Polygon,
    Unsound,
    chosen,
    too_many,
)
from subsidence.geometry.systems import written_system

ZIP = b"PK\x03\x04"
MAX_ENTRIES = 50
MAX_UNPACKED = 50 * 1024 * 1024
#: Bytes unpacked of one byte packed; a table full of blanks shrinks a hundredfold.
MAX_RATIO = 200
MAX_FIELDS = 255
#: Rings of one figure: which hole lies in which outer ring is tried out one by one.
MAX_RINGS = 2 * MAX_POLYGONS

NULL, POLYGONS = 0, (5, 15, 25)
_KINDS = {1: gettext_lazy("点"), 3: gettext_lazy("线"), 8: gettext_lazy("多点"), 31: gettext_lazy("多面体")}
_DAMAGED = gettext_lazy("压缩包已损坏或内容不完整，请重新导出后再上传。")
_BROKEN = (
    shapefile.ShapefileException,
    shapefile.RingSamplingError,
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    LookupError,
    ArithmeticError,
    TypeError,
    AssertionError,
    NotImplementedError,
    EOFError,
    OSError,
)


class Record(NamedTuple):
    """Where a figure stands in the .shp file: its offset with the head of 8 bytes, and the bytes behind that head."""

    offset: int
    length: int


def read_shapefile(content: bytes, *, code: str) -> Drawing:
    """The figures that are the parcel's, with the system that the .prj file writes out. Raises Unsound."""
    try:
        files = _unpacked(content)
        return chosen(_figures(files, code), system=written_system(_prj(files)), code=code)
    except Unsound:
        raise
    except _BROKEN as error:
        raise Unsound(_DAMAGED) from error


def _unpacked(content: bytes) -> dict[str, bytes]:
    """The parts of the one layer in the package, by their ending in small letters."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        entries = [entry for entry in package.infolist() if not _is_litter(entry)]
        _check_directory(package.infolist(), len(content))
        layer = _layer([entry.filename for entry in entries])
        parts = {}
        for entry in entries:
            name = PurePosixPath(entry.filename)
            if name.with_suffix("") == layer and name.suffix.lower() in (".shp", ".dbf", ".prj"):
                # Asked for so many bytes, it unpacks no more, whatever is packed behind them.
                parts[name.suffix.lower()] = package.open(entry).read(entry.file_size)
        return parts


def _is_litter(entry: zipfile.ZipInfo) -> bool:
    """Folders, and what a Mac adds to every archive."""
    name = PurePosixPath(entry.filename)
    return entry.is_dir() or "__MACOSX" in name.parts or name.name.startswith("._")


def _check_directory(entries: Sequence[zipfile.ZipInfo], packed: int) -> None:
    unpacked = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        message = _("压缩包里有 %(count)d 个文件，最多 %(limit)d 个；请只压缩一个图层。")
        raise Unsound(message % {"count": len(entries), "limit": MAX_ENTRIES})
    if unpacked > MAX_UNPACKED or unpacked > packed * MAX_RATIO:
        raise Unsound(_("压缩包解压后过大，不是正常的 Shapefile；请只导出本图斑后再上传。"))
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    name = entry.filename
    is_astray = name.startswith("/") or "\\" in name or ":" in name or ".." in name.split("/")
    if is_astray or stat.S_ISLNK(entry.external_attr >> 16):
        raise Unsound(_("压缩包里的文件名带有路径（%(name)s），请重新压缩后再上传。") % {"name": name[:40]})
    if entry.flag_bits & 1:
        raise Unsound(_("压缩包有密码，请取消密码后再上传。"))
    # Others unpack a handful of bytes to any number of them at once.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unsound(_("压缩方式不支持，请用普通 ZIP 格式重新压缩。"))


def _layer(names: Sequence[str]) -> PurePosixPath:
    """The name of the layer without its ending."""
    found = [PurePosixPath(name) for name in names if name.lower().endswith(".shp")]
    if not found:
        raise Unsound(_("压缩包里没有 .shp 文件，请把 .shp、.shx、.dbf、.prj 一起压缩。"))
    if len(found) > 1:
        names = [path.name[:30] for path in found[:5]]
        raise Unsound(_("压缩包里有几个图层（%(names)s），请只压缩一个。") % {"names": "、".join(names)})
    return found[0].with_suffix("")


def _prj(files: dict[str, bytes]) -> str:
    if ".prj" not in files:
        message = _("缺少 .prj 文件，无法知道坐标系；请与 .shp 一起导出 .prj（CGCS2000，EPSG:4490、4547 或 4526）。")
        raise Unsound(message)
    return files[".prj"].decode("utf-8-sig", "replace")


def _figures(files: dict[str, bytes], code: str) -> list[Figure]:
    """The figures, of which only those are read that may be asked for."""
    content = files[".shp"]
    records = list(_records(content))
    words = _words(files.get(".dbf"), len(records))
    is_named = any(code in each for each in words)
    reader = shapefile.ShpReader(io.BytesIO(content))
    return [
        Figure([] if is_named and code not in said else _polygons(reader, record), said)
        for record, said in zip(records, words, strict=True)
        if _is_drawn(content, record)
    ]


def _records(content: bytes) -> Iterator[Record]:
    """Every figure of a .shp file, its index not asked for; each is checked to be there and not to be too much."""
    offset, count, vertices = 100, 0, 0
    while offset < len(content):
        [words] = struct.unpack_from(">i", content, offset + 4)
        record = Record(offset, 2 * words)
        if record.length < 4 or offset + 8 + record.length > len(content):
            raise Unsound(_DAMAGED)
        count, vertices = count + 1, vertices + _vertices(content, record)
        if vertices > MAX_FILE_VERTICES:
            raise too_many(vertices, MAX_FILE_VERTICES)
        if count > MAX_FIGURES:
            message = _("文件有 %(count)d 个图形，最多 %(limit)d 个；请只导出本图斑。")
            raise Unsound(message % {"count": count, "limit": MAX_FIGURES})
        yield record
        offset += 8 + record.length


def _vertices(content: bytes, record: Record) -> int:
    """How many corners a figure has, if it is one that can be a boundary."""
    [kind] = struct.unpack_from("<i", content, record.offset + 8)
    if kind == NULL:
        return 0
    if kind not in POLYGONS:
        word = _KINDS.get(kind % 10 if kind < 30 else kind, str(kind))
        raise Unsound(_("图形类型是“%(kind)s”，边界必须是面。") % {"kind": word})
    rings, vertices = struct.unpack_from("<2i", content, record.offset + 44)
    if rings < 0 or vertices < 0 or 44 + 4 * rings + 16 * vertices > record.length:
        raise Unsound(_DAMAGED)
    return int(vertices)


def _is_drawn(content: bytes, record: Record) -> bool:
    [kind] = struct.unpack_from("<i", content, record.offset + 8)
    return int(kind) != NULL


def _polygons(reader: shapefile.ShpReader, record: Record) -> list[Polygon]:
    """The rings of a figure, each hole with the outer ring it lies in."""
    figure = reader.shape(0, record.offset, record.length)
    if figure is None or not figure.points:
        return []
    if len(figure.points) > MAX_VERTICES:
        raise too_many(len(figure.points))
    if len(figure.parts) > MAX_RINGS:
        message = _("图形有 %(count)d 个环，最多 %(limit)d 个；请只导出本图斑。")
        raise Unsound(message % {"count": len(figure.parts), "limit": MAX_RINGS})
    told = figure.__geo_interface__
    parts = [told["coordinates"]] if told["type"] == "Polygon" else told["coordinates"]
    return [[[(x, y) for x, y, *_height in ring] for ring in part] for part in parts]


def _words(table: bytes | None, count: int) -> list[frozenset[str]]:
    """What the attributes of each figure say; nothing without a table.

    Of them only the parcel's code is looked for, and its characters are the same bytes in every encoding that surveyors
    use: so no encoding has to be guessed, and no name of a column can be broken.
    """
    if table is None:
        return [frozenset()] * count
    reader = shapefile.DbfReader(io.BytesIO(table), encoding="latin-1")
    if len(reader.fields) > MAX_FIELDS:
        raise Unsound(
            _("属性表有 %(count)d 列，最多 %(limit)d 列。") % {"count": len(reader.fields), "limit": MAX_FIELDS}
        )
    rows = [frozenset(map(str, row or ())) for row in reader.iterRecords(stop=count, deleted_as_None=True)]
    if len(rows) != count:
        raise Unsound(_("属性表（.dbf）与图形（.shp）的个数不一致，请重新导出。"))
    return rows
