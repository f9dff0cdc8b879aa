"""Outlines of the counties: in which of them a point lies. They are schematic (示意图) and settle no boundary."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from jurisdictions import codes

OUTLINES = Path(__file__).parent / "data" / "changzhi_counties.geojson"
#: Degrees, about a kilometre, by which a point may miss an outline and still count as inside: lines are simplified,
#: and a telephone among mountains errs by some hundred metres.
TOLERANCE = 0.01
COUNTY_DIGITS = codes.LENGTHS[1]
Point = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Outline:
    """One county or the city: its division code, its name, and its area with the tolerance around it."""

    code: str
    name: str
    area: BaseGeometry

    @property
    def is_county(self) -> bool:
        return len(self.code) == COUNTY_DIGITS


@dataclass(frozen=True)
class Shape:
    """How one county is drawn: its rings of longitude and latitude, and the point at which its name stands."""

    code: str
    name: str
    rings: tuple[tuple[Point, ...], ...]
    middle: Point


def outline_of(code: str) -> Outline | None:
    """The outline of the county that a region lies in, of the city for the city itself; None where none is known."""
    return _outlines().get(code[:COUNTY_DIGITS])


def counties() -> list[Outline]:
    """The outlines of the counties, in the order of their codes."""
    return sorted((each for each in _outlines().values() if each.is_county), key=lambda each: each.code)


def city() -> Outline:
    return next(each for each in _outlines().values() if not each.is_county)


def contains(outline: Outline, *, latitude: Decimal, longitude: Decimal) -> bool:
    """Whether a point lies inside, or so near that the outline cannot tell."""
    # Geometry is the one place for floats: these are degrees, not amounts.
    return bool(shapely.contains_xy(outline.area, float(longitude), float(latitude)))


def place_of(*, latitude: Decimal, longitude: Decimal) -> str:
    """The name of a county in which a point lies; '' outside the city."""
    found = (each.name for each in counties() if contains(each, latitude=latitude, longitude=longitude))
    return next(found, "")


@cache
def shapes() -> tuple[Shape, ...]:
    """The counties as they are drawn, without the tolerance that `contains` grants."""
    features = json.loads(OUTLINES.read_text(encoding="utf-8"), parse_float=Decimal)["features"]
    return tuple(_shape(each["id"], each["properties"], each["geometry"]) for each in features)


@cache
def _outlines() -> dict[str, Outline]:
    """Every outline by its code, prepared for many questions; the city is the sum of its counties."""
    counties: dict[str, BaseGeometry] = {}
    found: dict[str, Outline] = {}
    for feature in json.loads(OUTLINES.read_text(encoding="utf-8"))["features"]:
        code, name = feature["id"], feature["properties"]["name"]
        counties[code] = shape(feature["geometry"])
        found[code] = _outline(code, name, counties[code])
    city = codes.lineage(code)[0]
    return {**found, city: _outline(city, "长治市", shapely.union_all(list(counties.values())))}


def _outline(code: str, name: str, area: BaseGeometry) -> Outline:
    area = area.buffer(TOLERANCE)
    shapely.prepare(area)
    return Outline(code, name, area)


def _shape(code: str, said: dict[str, Any], geometry: dict[str, Any]) -> Shape:
    parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = tuple(tuple((point[0], point[1]) for point in ring) for part in parts for ring in part)
    return Shape(code, said["name"], rings, (said["cp"][0], said["cp"][1]))
