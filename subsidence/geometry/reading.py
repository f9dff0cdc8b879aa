"""Reading boundaries out of GeoJSON and out of lists of coordinates that people typed."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from subsidence.geometry.drawings import (
    MAX_FIGURES,
    MAX_FILE_VERTICES,
    Drawing,
    Figure,
    Polygon,
    Position,
    Ring,
    Unsound,
    chosen,
    too_many,
)
from subsidence.geometry.systems import CGCS2000, ZONES, named_system

#: Positions with some room for the brackets around them.
MAX_BRACKETS = MAX_FILE_VERTICES + 50_000


def read_text(text: str, *, code: str) -> Drawing:
    """What a person typed or pasted: GeoJSON, or a corner on each line with a blank line between parts.

    Raises Unsound.
    """
    return read_geojson(text, code=code) if text.lstrip().startswith(("{", "[")) else _read_lines(text)


def written(geometry: Mapping[str, Any]) -> str:
    """A kept geometry as a person would type it: a corner a line, or GeoJSON if it has holes."""
    parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    if any(len(part) > 1 for part in parts):
        return json.dumps(geometry)
    return "\n\n".join("\n".join(f"{x:.7f},{y:.7f}" for x, y in ring[:-1]) for [ring] in parts)


def read_geojson(text: str, *, code: str) -> Drawing:
    """The polygons of a geometry, a feature, or the features that are the parcel's. Raises Unsound."""
    if (count := text.count("[")) > MAX_BRACKETS:
        raise too_many(count, MAX_FILE_VERTICES)
    try:
        told = json.loads(text, parse_constant=_refuse_constant)
        figures = list(_figures(told))
    except Unsound:
        raise
    except (ValueError, RecursionError) as error:
        raise Unsound(_("内容不是有效的 GeoJSON，请重新导出。")) from error
    return chosen(figures, system=_system(told), code=code)


def _refuse_constant(name: str) -> NoReturn:
    raise Unsound(_("坐标中有 %(name)s，不是有限的数。") % {"name": name})


def _system(told: Mapping[str, Any]) -> int:
    crs = told.get("crs")
    if crs is None:
        return CGCS2000
    said = crs.get("properties") if isinstance(crs, Mapping) else None
    return named_system(str(said.get("name", "")) if isinstance(said, Mapping) else "")


def _figures(told: Any) -> Iterator[Figure]:
    if isinstance(told, Mapping) and told.get("type") == "FeatureCollection":
        features = _list(told.get("features"))
        if len(features) > MAX_FIGURES:
            message = _("文件有 %(count)d 个图形，最多 %(limit)d 个；请只导出本图斑。")
            raise Unsound(message % {"count": len(features), "limit": MAX_FIGURES})
        for feature in features:
            yield _figure(feature)
    else:
        yield _figure(told)


def _figure(told: Any) -> Figure:
    if not isinstance(told, Mapping):
        raise Unsound(_("内容不是有效的 GeoJSON，请重新导出。"))
    if told.get("type") != "Feature":
        return Figure(_polygons(told), frozenset())
    properties = told.get("properties")
    words = [*properties.values()] if isinstance(properties, Mapping) else []
    geometry = told.get("geometry")
    return Figure(
        _polygons(geometry) if geometry is not None else [], frozenset(map(str, [*words, told.get("id", "")]))
    )


def _polygons(geometry: Any) -> list[Polygon]:
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind == "Polygon":
        return [_rings(geometry.get("coordinates"))]
    if kind == "MultiPolygon":
        return [_rings(part) for part in _list(geometry.get("coordinates"))]
    raise Unsound(_("边界必须是面（Polygon 或 MultiPolygon），收到的是 %(kind)s。") % {"kind": str(kind)[:30]})


def _rings(told: Any) -> Polygon:
    return [[_position(position) for position in _list(ring)] for ring in _list(told)]


def _list(told: Any) -> list[Any]:
    if not isinstance(told, list):
        raise Unsound(_("坐标的层次不对：Polygon 是环的列表，环是点的列表，点是 [经度, 纬度]。"))
    return told


def _position(told: Any) -> Position:
    """The first two numbers; a height behind them is left out."""
    point = _list(told)
    is_numbers = all(isinstance(part, int | float) and not isinstance(part, bool) for part in point)
    if not (2 <= len(point) <= 4 and is_numbers):
        raise Unsound(_("有一个点不是 [经度, 纬度]：%(point)s") % {"point": json.dumps(told, ensure_ascii=False)[:60]})
    try:
        return float(point[0]), float(point[1])
    except OverflowError:
        return float("inf"), float("inf")


_NUMBER = re.compile(r"[-+]?\d+(?:\.\d*)?\Z")
#: 113°03′05.2″, after the double prime was taken apart into two.
_SIXTIETHS = re.compile(r"(\d{1,3})°(\d{1,2})['′](\d{1,2}(?:\.\d*)?)(?:\"|['′]{2})[EN]?\Z", re.IGNORECASE)
_GAPS = re.compile(r"[\s,;、]+")


def _read_lines(text: str) -> Drawing:
    parts: list[list[Position]] = [[]]
    for number, line in enumerate(unicodedata.normalize("NFKC", text).splitlines(), start=1):
        if not line.strip():
            parts.append([])
        elif number > MAX_FILE_VERTICES:
            raise too_many(number)
        else:
            parts[-1].append(_corner(line, number))
    rings = [part for part in parts if part]
    if not rings:
        raise Unsound(_("请填写坐标。"))
    return _in_their_system(rings)


def _corner(line: str, number: int) -> Position:
    """A line of two numbers, with or without the name of the corner before them."""
    tokens = [token for token in _GAPS.split(line.strip()) if token]
    values = [value for value in map(_number, tokens[-2:]) if value is not None]
    if len(tokens) not in (2, 3) or len(values) != 2:
        message = _("第 %(number)d 行不是一个点：“%(line)s”。每行写一个点：经度,纬度。")
        raise Unsound(message % {"number": number, "line": line.strip()[:40]})
    return values[0], values[1]


def _number(token: str) -> float | None:
    if found := _SIXTIETHS.match(token):
        degrees, minutes, seconds = map(float, found.groups())
        return degrees + minutes / 60 + seconds / 3600
    return float(token) if _NUMBER.match(token) else None


def _in_their_system(rings: Sequence[Ring]) -> Drawing:
    """Degrees, or metres whose easting begins with its zone; northing and easting may stand in either order."""
    numbers = {abs(number) for ring in rings for position in ring for number in position}
    if max(numbers) < 1_000:
        return Drawing([[ring] for ring in rings], CGCS2000)
    zones = {int(number // 1_000_000) for number in numbers if number >= 10_000_000}
    zoned = {int(easting // 1_000_000): system for (_meridian, easting), system in ZONES.items()}
    if len(zones) != 1 or not zones <= set(zoned):
        message = _(
            "坐标以米为单位但没有带号，无法判断投影带：请写带号的横坐标（38 或 37 开头的 8 位数），或写经度,纬度。"
        )
        raise Unsound(message)
    turned = [[[(max(position), min(position)) for position in ring]] for ring in rings]
    return Drawing(turned, zoned[zones.pop()])
