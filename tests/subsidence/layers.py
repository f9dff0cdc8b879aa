"""Squares of land, drawn or in zipped shapefiles, for tests; every argument has a default."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence

import shapefile
from pyproj import CRS, Transformer

from accounts.models import Role, User
from jurisdictions import outlines
from subsidence.geometry import Plot, plot_of, read_text
from subsidence.models import Boundary, Parcel
from subsidence.services import boundaries
from tests import factories as make
from tests.subsidence import farm

Ring = Sequence[tuple[float, float]]

#: A square of about 1,500 亩 in 上党区.
SQUARE: Ring = ((113.05, 36.02), (113.05, 36.03), (113.06, 36.03), (113.06, 36.02), (113.05, 36.02))


def square(west: float = 113.05, south: float = 36.02, side: float = 0.01) -> list[tuple[float, float]]:
    """A closed ring, clockwise as shapefiles want an outer one."""
    east, north = west + side, south + side
    return [(west, south), (west, north), (east, north), (east, south), (west, south)]


def prj(system: int = 4490, version: str = "WKT1_ESRI") -> str:
    return CRS.from_epsg(system).to_wkt(version)


def files(
    figures: Iterable[Sequence[Ring]] = ([SQUARE],),
    *,
    system: int = 4490,
    codes: Sequence[str] = (),
    encoding: str = "utf-8",
    column: str = "code",
) -> dict[str, bytes]:
    """The parts of a layer of polygons by their ending; a figure without a code is called by its number."""
    shp, shx, dbf = io.BytesIO(), io.BytesIO(), io.BytesIO()
    with shapefile.Writer(shp=shp, shx=shx, dbf=dbf, encoding=encoding, shapeType=shapefile.POLYGON) as writer:
        writer.field(column, "C", size=40)
        for number, rings in enumerate(figures):
            writer.poly([list(ring) for ring in rings])
            writer.record(codes[number] if number < len(codes) else f"甲{number}")
    parts = {".shp": shp.getvalue(), ".shx": shx.getvalue(), ".dbf": dbf.getvalue()}
    return {**parts, ".prj": prj(system).encode()}


def zipped(parts: Mapping[str, bytes], *, name: str = "图斑") -> bytes:
    """The parts of one layer in a package."""
    return packed({f"{name}{ending}": content for ending, content in parts.items()})


def packed(entries: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return file.getvalue()


def in_metres(ring: Ring, system: int) -> list[tuple[float, float]]:
    to_metres = Transformer.from_crs(4490, system, always_xy=True)
    return [to_metres.transform(*corner) for corner in ring]


def plot(ring: Ring) -> Plot:
    return plot_of(read_text("\n".join(f"{x},{y}" for x, y in ring), code=""))


def land_in(region_code: str, side: float = 0.01) -> Plot:
    """A square in the middle of the county that a region lies in."""
    outline = outlines.outline_of(region_code) or outlines.city()
    middle = outline.area.representative_point()
    return plot(square(middle.x, middle.y, side))


def clerk_of(region_code: str = make.COUNTY) -> User:
    return make.user(Role.CLERK, region_code[:6])


def draw(of: Parcel, ring: Ring | None = None, *, by: User | None = None, was: str = "") -> Boundary:
    by = by or clerk_of(of.region_id)
    return boundaries.draw(parcel=of, plot=plot(ring or square()), was=was, by=by, at=farm.AT)
