"""The coordinate systems of surveys: CGCS2000 in degrees, and on the 3° Gauss-Krüger zones that Changzhi lies in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache

from django.utils.translation import gettext_lazy as _
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from subsidence.geometry.drawings import Position, Unsound

CGCS2000 = 4490
#: EPSG codes by central meridian and false easting in metres; the eastings of the last two begin with the zone.
#: The west of the city lies beyond 112.5°, in zone 37.
ZONES: dict[tuple[float, float], int] = {
    (114, 500_000): 4547,
    (111, 500_000): 4546,
    (114, 38_500_000): 4526,
    (111, 37_500_000): 4525,
}
MAX_WKT = 10_000
_FLATTENING = 298.257222101

#: RFC 7946 knows no other system; WGS 84 and CGCS2000 differ by less than a survey can show.
_PLAIN_NAMES = re.compile(r"(?:OGC:(?:1\.3)?:?CRS84|EPSG:{1,2}4326)\Z", re.IGNORECASE)
_EPSG = re.compile(r"EPSG:{1,2}(?:[\d.]*:)?(\d{4,5})\Z", re.IGNORECASE)
_UNKNOWN = _(
    "坐标系不是 CGCS2000（EPSG:4490、4547、4526）：%(name)s。请在 ArcGIS 或 QGIS 中转换（投影）到其中之一后再导入。"
)


def named_system(name: str) -> int:
    """The EPSG code that the `crs` member of an older GeoJSON names. Raises Unsound."""
    found = _EPSG.search(name)
    if _PLAIN_NAMES.search(name) or (found and int(found[1]) == CGCS2000):
        return CGCS2000
    if found and int(found[1]) in ZONES.values():
        return int(found[1])
    raise Unsound(_UNKNOWN % {"name": name[:60]})


def written_system(wkt: str) -> int:
    """The EPSG code of the system that a .prj file writes out, known by what it is, not by its name. Raises Unsound."""
    if len(wkt) > MAX_WKT:
        raise Unsound(_("坐标系说明（.prj）过长，不是正常的坐标系文件。"))
    try:
        system = CRS.from_wkt(wkt)
        found = _known(system)
    except CRSError as error:
        raise Unsound(_("坐标系说明（.prj）无法识别，请重新导出后再上传。")) from error
    if found is None:
        raise Unsound(_UNKNOWN % {"name": system.name[:60]})
    return found


def _known(system: CRS) -> int | None:
    ellipsoid, meridian = system.ellipsoid, system.prime_meridian
    if ellipsoid is None or round(ellipsoid.inverse_flattening, 9) != _FLATTENING or "2000" not in _datum(system):
        return None
    if meridian is None or meridian.longitude:
        return None
    if system.is_geographic:
        return CGCS2000 if all(_is_degree(axis.unit_name) for axis in system.axis_info) else None
    return _zone(system) if system.is_projected else None


def _datum(system: CRS) -> str:
    return system.datum.name if system.datum else ""


def _is_degree(unit: str) -> bool:
    return unit.lower() == "degree"


def _zone(system: CRS) -> int | None:
    operation = system.coordinate_operation
    in_metres = all(axis.unit_conversion_factor == 1 for axis in system.axis_info)
    if operation is None or operation.method_name != "Transverse Mercator" or not in_metres:
        return None
    said = {param.name: float(param.value or 0) for param in operation.params}
    is_plain = (
        said.get("Latitude of natural origin") == 0
        and said.get("Scale factor at natural origin") == 1
        and said.get("False northing") == 0
    )
    # A float finds the integer that it equals.
    return ZONES.get((said["Longitude of natural origin"], said["False easting"])) if is_plain else None


def in_degrees(positions: Sequence[Position], system: int) -> Sequence[Position]:
    """The positions as longitude and latitude in CGCS2000; what lies beyond every map becomes infinite."""
    if system == CGCS2000:
        return positions
    xs, ys = _transformer(system).transform(*_columns(positions))
    return list(zip(xs, ys, strict=True))


def _columns(positions: Iterable[Position]) -> tuple[list[float], list[float]]:
    columns = list(zip(*positions, strict=True))
    return (list(columns[0]), list(columns[1])) if columns else ([], [])


@cache
def _transformer(system: int) -> Transformer:
    return Transformer.from_crs(system, CGCS2000, always_xy=True)
