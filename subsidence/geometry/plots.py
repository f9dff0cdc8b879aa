"""A piece of land: a drawing that was found sound, measured, and held against its neighbours."""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cached_property
from itertools import combinations
from typing import Any

import shapely
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from jurisdictions import outlines
from progress import display
from progress.units import mu_of_m2
from subsidence.geometry.drawings import MAX_POLYGONS, MAX_VERTICES, Drawing, Position, Ring, Unsound, too_many
from subsidence.geometry.systems import in_degrees

#: Digits after the point of a kept degree: the last one is a centimetre on the ground.
DECIMALS = 7
#: The box around a boundary is kept with fewer digits, rounded away from the land.
BOX_STEP = Decimal("0.000001")
#: An overlap is a sliver, and none, up to so many 亩, which two decimals do not show, or if on average no wider than so
#: many metres: along a common edge of two parcels, corners that were rounded apart leave a strip of a centimetre.
SLIVER, SLIVER_WIDTH = Decimal("0.01"), 0.02
#: The ellipsoid of CGCS2000 has the measures of GRS 80.
_EARTH = Geod(ellps="GRS80")


@dataclass(frozen=True)
class Box:
    """The smallest rectangle of degrees around some land."""

    west: Decimal
    south: Decimal
    east: Decimal
    north: Decimal


@dataclass(frozen=True)
class Plot:
    """Land with a sound boundary in CGCS2000 degrees; `area` is on the ellipsoid, in 亩."""

    shape: BaseGeometry
    area: Decimal
    note: str = ""

    @cached_property
    def geometry(self) -> dict[str, Any]:
        """A GeoJSON Polygon or MultiPolygon."""
        told: dict[str, Any] = json.loads(shapely.to_geojson(self.shape))
        return {"type": told["type"], "coordinates": _rounded(told["coordinates"])}

    @cached_property
    def sha256(self) -> str:
        return sha256_of(self.geometry)

    @cached_property
    def box(self) -> Box:
        west, south, east, north = (Decimal(repr(float(each))) for each in self.shape.bounds)
        return Box(_down(west), _down(south), _up(east), _up(north))


@dataclass(frozen=True)
class Overlap:
    """Land in two plots: how many 亩, and a point inside."""

    area: Decimal
    place: Position


def sha256_of(geometry: dict[str, Any]) -> str:
    """What a geometry is known by where it must not be told."""
    return hashlib.sha256(json.dumps(geometry, sort_keys=True).encode()).hexdigest()


def said_place(place: Position) -> str:
    return _("经度 %(longitude).6f、纬度 %(latitude).6f") % {"longitude": place[0], "latitude": place[1]}


def shape_of(geojson: str) -> BaseGeometry:
    """The geometry as it was kept, from its text."""
    return shapely.from_geojson(geojson)


def plot_of(drawing: Drawing) -> Plot:
    """The land inside the drawing. Raises Unsound for what is no sound boundary of land in Changzhi."""
    if (count := sum(len(ring) for polygon in drawing.polygons for ring in polygon)) > MAX_VERTICES:
        raise too_many(count)
    if len(drawing.polygons) > MAX_POLYGONS:
        message = _("边界由 %(count)d 个互不相连的部分组成，最多 %(limit)d 个；请只导出本图斑。")
        raise Unsound(message % {"count": len(drawing.polygons), "limit": MAX_POLYGONS})
    polygons = [[in_degrees(ring, drawing.system) for ring in polygon] for polygon in drawing.polygons]
    _check_positions([position for polygon in polygons for ring in polygon for position in ring])
    shape = _together([_sound(polygon) for polygon in polygons])
    if (area := area_of(shape)) <= 0:
        raise Unsound(_("边界面积为零。"), shape.representative_point().coords[0])
    if not shapely.intersects(outlines.city().area, shape):
        raise Unsound(_("边界不在长治市范围内：%(place)s。") % {"place": said_place(_inside(shape))}, _inside(shape))
    return Plot(shapely.orient_polygons(shape), area, drawing.note)


def area_of(shape: BaseGeometry) -> Decimal:
    """亩 on the ellipsoid; by way of its shortest decimal form the float loses nothing that four decimals show."""
    return mu_of_m2(Decimal(repr(_measured(shape)[0])))


def _measured(shape: BaseGeometry) -> tuple[float, float]:
    """Square metres inside and metres around."""
    area, perimeter = _EARTH.geometry_area_perimeter(shapely.orient_polygons(shape))
    return float(area), float(perimeter)


def overlap(one: BaseGeometry, other: BaseGeometry) -> Overlap | None:
    """What both have in common, None where it is nothing or a sliver."""
    if not shapely.intersects(one, other):
        return None
    common = _land(shapely.intersection(one, other))
    area, around = _measured(common)
    found = mu_of_m2(Decimal(repr(area)))
    return Overlap(found, _inside(common)) if found > SLIVER and 2 * area > around * SLIVER_WIDTH else None


def part_beyond(shape: BaseGeometry, area: BaseGeometry) -> Overlap | None:
    """The part of a plot that lies outside of an area."""
    if shapely.covers(area, shape):
        return None
    rest = _land(shapely.difference(shape, area))
    return Overlap(area_of(rest), _inside(rest)) if not rest.is_empty else None


def simple_rings(geometry: dict[str, Any], *, parts: int) -> list[list[tuple[Decimal, Decimal]]]:
    """The rings of a kept geometry without corners that no picture of so many dots shows."""
    shape = shapely.from_geojson(json.dumps(geometry))
    west, south, east, north = shape.bounds
    shape = shapely.simplify(shape, max(east - west, north - south) / parts / 2)
    rings = shapely.get_rings(shapely.get_parts(shape))
    return [[(Decimal(repr(float(x))), Decimal(repr(float(y)))) for x, y in ring.coords] for ring in rings]


def _land(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a result, without the lines and points at which its parts only touch."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.MultiPolygon([each for part in parts for each in shapely.get_parts(part)])


def _inside(shape: BaseGeometry) -> Position:
    point = shape.representative_point()
    return point.x, point.y


def _check_positions(positions: Sequence[Position]) -> None:
    """Every corner is a finite number of degrees within the rectangle around the city."""
    if not positions:
        raise Unsound(_("边界没有点。"))
    for number, position in enumerate(positions, start=1):
        if not all(map(math.isfinite, position)):
            raise Unsound(_("第 %(number)d 个点的坐标不是有限的数。") % {"number": number})
    astray = [number for number, position in enumerate(positions) if not _is_near(*position)]
    if len(astray) == len(positions) and all(_is_near(y, x) for x, y in positions):
        said = {"x": f"{positions[0][0]:.6f}", "y": f"{positions[0][1]:.6f}"}
        message = _("经度和纬度写反了：第 1 个点写成了 %(x)s, %(y)s，应为 %(y)s, %(x)s（经度在前）。")
        raise Unsound(message % said, positions[0][::-1])
    if astray:
        raise _said_astray(astray[0] + 1, positions[astray[0]])


def _is_near(longitude: float, latitude: float) -> bool:
    west, south, east, north = outlines.city().area.bounds
    return bool(west <= longitude <= east and south <= latitude <= north)


def _said_astray(number: int, place: Position) -> Unsound:
    if abs(place[0]) > 180 or abs(place[1]) > 90:
        message = _("第 %(number)d 个点不是经纬度：%(x)s, %(y)s。坐标若以米为单位，文件须写明坐标系。")
        return Unsound(message % {"number": number, "x": f"{place[0]:.3f}", "y": f"{place[1]:.3f}"})
    message = _("第 %(number)d 个点不在长治市范围内：%(place)s。")
    return Unsound(message % {"number": number, "place": said_place(place)}, place)


#: What GEOS calls a fault, and how it is said here.
_REASONS = {
    "Self-intersection": gettext_lazy("边界自相交，交叉点在%(place)s。"),
    "Ring Self-intersection": gettext_lazy("边界在同一点碰到自己：%(place)s。"),
    "Hole lies outside shell": gettext_lazy("内环（空洞）在外环之外：%(place)s。"),
    "Holes are nested": gettext_lazy("一个内环（空洞）在另一个之内：%(place)s。"),
    "Interior is disconnected": gettext_lazy("内环（空洞）把图形切成了不相连的几块：%(place)s。"),
    "Duplicate Rings": gettext_lazy("有两个相同的环：%(place)s。"),
}
_OTHERWISE = gettext_lazy("边界不是有效的面，位置：%(place)s。")
_REASON = re.compile(r"(?P<reason>[^\[]+)\[(?P<x>\S+) (?P<y>\S+)\]")


def _sound(polygon: Sequence[Ring]) -> BaseGeometry:
    """The polygon, rounded as it will be kept and only then judged."""
    if not polygon:
        raise Unsound(_("边界没有点。"))
    shell, *holes = [_cleaned(ring, number) for number, ring in enumerate(polygon, start=1)]
    shape, hull = shapely.Polygon(shell, holes), shapely.MultiPoint(shell).convex_hull
    # No wider than what was rounded.
    if hull.area <= hull.length * 10**-DECIMALS:
        raise Unsound(_("边界面积为零：所有的点在一条直线上，%(place)s。") % {"place": said_place(shell[0])}, shell[0])
    if not shapely.is_valid(shape):
        raise _said_unsound(shapely.is_valid_reason(shape), shell[0])
    return shape


def _cleaned(ring: Ring, number: int) -> list[Position]:
    """The ring without its last point, which is the first again, and without points that repeat the one before."""
    rounded = [(round(x, DECIMALS), round(y, DECIMALS)) for x, y in ring]
    kept = [point for point, before in zip(rounded, [None, *rounded], strict=False) if point != before]
    if len(kept) > 1 and kept[0] == kept[-1]:
        kept.pop()
    if len(set(kept)) < 3:
        message = _("第 %(number)d 个环只有 %(count)d 个点，至少需要 3 个不同的点。")
        raise Unsound(message % {"number": number, "count": len(set(kept))}, kept[0] if kept else None)
    return kept


def _said_unsound(reason: str, somewhere: Position) -> Unsound:
    found = _REASON.match(reason)
    place = (float(found["x"]), float(found["y"])) if found else somewhere
    message = _REASONS.get(found["reason"] if found else "", _OTHERWISE)
    return Unsound(message % {"place": said_place(place)}, place)


def _together(parts: list[BaseGeometry]) -> BaseGeometry:
    """One geometry of all parts; those that share an edge become one, those that overlap are refused."""
    if len(parts) == 1:
        return parts[0]
    whole = shapely.normalize(shapely.set_precision(shapely.union_all(parts), 10**-DECIMALS))
    if sum(map(area_of, parts)) - area_of(whole) > SLIVER:
        message = _("边界的两个部分互相重叠 %(area)s 亩：%(place)s。")
        for common in _overlaps(parts):
            raise Unsound(
                message % {"area": display.quantity(common.area, 2), "place": said_place(common.place)}, common.place
            )
    return whole


def _overlaps(parts: Iterable[BaseGeometry]) -> Iterator[Overlap]:
    for one, other in combinations(parts, 2):
        if common := overlap(one, other):
            yield common


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, list):
        return [_rounded(each) for each in coordinates]
    return round(coordinates, DECIMALS)


def _down(degrees: Decimal) -> Decimal:
    return degrees.quantize(BOX_STEP, ROUND_FLOOR)


def _up(degrees: Decimal) -> Decimal:
    return degrees.quantize(BOX_STEP, ROUND_CEILING)
