"""Boundaries read from what people send, refused with the place of the fault, measured on the ellipsoid."""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as some
from pyproj import Transformer

from progress.units import mu_of_m2
from subsidence.geometry import (
    Plot,
    Unsound,
    named_system,
    overlap,
    part_beyond,
    plot_of,
    read_geojson,
    read_text,
    sha256_of,
    shape_of,
    simple_rings,
    written,
    written_system,
)
from subsidence.geometry.plots import DECIMALS, SLIVER
from tests.subsidence.layers import SQUARE, prj, square

CODE = "TB-1"


def plot(text: str) -> Plot:
    return plot_of(read_text(text, code=CODE))


def lines(*corners: tuple[float, float]) -> str:
    return "\n".join(f"{x},{y}" for x, y in corners)


def polygon(*rings: Any, **more: Any) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [*rings], **more})


def several(*polygons: Any) -> str:
    return json.dumps({"type": "MultiPolygon", "coordinates": [*polygons]})


def collection(*features: tuple[dict[str, Any], Any], **more: Any) -> str:
    made = [
        {"type": "Feature", "properties": said, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for said, ring in features
    ]
    return json.dumps({"type": "FeatureCollection", "features": made, **more})


def refusal(text: str) -> Unsound:
    with pytest.raises(Unsound) as refused:
        plot(text)
    return refused.value


class TestArea:
    def test_square_of_a_hundredth_degree_on_the_ellipsoid(self) -> None:
        # By another way: the area between parallels on the ellipsoid, in closed form.
        a, f = 6_378_137.0, 1 / 298.257222101
        e = math.sqrt(f * (2 - f))

        def q(latitude: float) -> float:
            s = math.sin(math.radians(latitude))
            return s / (1 - (e * s) ** 2) + math.atanh(e * s) / e

        b = a * (1 - f)
        strip = b * b / 2 * math.radians(0.01) * (q(36.03) - q(36.02))

        assert abs(plot(lines(*SQUARE)).area - mu_of_m2(Decimal(repr(strip)))) < Decimal("0.02")

    def test_hole_is_not_land(self) -> None:
        whole, hole = plot(lines(*SQUARE)).area, plot(lines(*square(113.053, 36.023, 0.002))).area

        assert plot(polygon(SQUARE, square(113.053, 36.023, 0.002))).area == whole - hole

    def test_direction_and_first_corner_do_not_matter(self) -> None:
        corners = list(SQUARE[:-1])
        areas = {plot(lines(*corners[n:], *corners[:n])).area for n in range(4)}

        assert areas | {plot(lines(*reversed(corners))).area} == {Decimal("1500.2034")}

    def test_surveys_in_metres_and_degrees_come_to_the_same_land(self) -> None:
        degrees = plot(lines(*SQUARE))
        for system in (4547, 4526):
            to_metres = Transformer.from_crs(4490, system, always_xy=True)
            ring = [to_metres.transform(*corner) for corner in SQUARE]
            crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{system}"}}

            assert plot(polygon(ring, crs=crs)).geometry == degrees.geometry

    @given(side=some.integers(50, 20_000), west=some.integers(0, 90_000), south=some.integers(0, 90_000))
    def test_area_grows_with_the_land(self, side: int, west: int, south: int) -> None:
        at, step = (113.0 + west / 1e6, 36.0 + south / 1e6), side / 1e6
        small, large = plot(lines(*square(*at, step))), plot(lines(*square(*at, step * 1.5)))

        assert Decimal(0) < small.area < large.area
        assert small.box.west <= Decimal(repr(small.shape.bounds[0])) < small.box.east


class TestReading:
    def test_lines_with_names_in_sixtieths_and_wide_signs(self) -> None:
        typed = "J1 113°03′00″ 36°01′12″\nJ2，113.05，36.03\n３ 113.06 36.03\nJ4\t113.06\t36.02\n"

        assert plot(typed).geometry == plot(lines(*SQUARE)).geometry

    def test_metres_with_their_zone_in_either_order(self) -> None:
        to_metres = Transformer.from_crs(4490, 4526, always_xy=True)
        ring = [to_metres.transform(*corner) for corner in SQUARE]

        assert plot(lines(*ring)).geometry == plot(lines(*SQUARE)).geometry
        assert plot(lines(*((north, east) for east, north in ring))).geometry == plot(lines(*SQUARE)).geometry

    def test_metres_without_a_zone_are_refused(self) -> None:
        assert "带号" in str(refusal("414000,3987000\n415000,3987000\n415000,3988000"))

    def test_blank_line_parts_polygons_that_do_not_touch(self) -> None:
        found = plot(lines(*SQUARE) + "\n\n" + lines(*square(113.07)))

        assert found.geometry["type"] == "MultiPolygon"
        assert plot(written(found.geometry)).sha256 == found.sha256

    @pytest.mark.parametrize("text", [lines(*SQUARE), polygon(SQUARE, square(113.053, 36.023, 0.002))])
    def test_what_is_written_reads_back_alike(self, text: str) -> None:
        found = plot(text)

        assert plot(written(found.geometry)).sha256 == found.sha256 == sha256_of(found.geometry)

    def test_feature_that_bears_the_code_is_chosen(self) -> None:
        mine, other = ({"图斑编号": CODE}, square()), ({"图斑编号": "TB-2"}, square(113.07))
        found = plot(collection(other, mine))

        assert found.geometry == plot(lines(*SQUARE)).geometry
        assert "2 个图形" in found.note and "1 个" in found.note

    def test_all_are_taken_together_where_none_bears_it(self) -> None:
        found = plot(collection(({}, square()), ({}, square(113.06))))

        assert (found.geometry["type"], found.area) == ("Polygon", Decimal("3000.4068"))
        assert "全部" in found.note

    @pytest.mark.parametrize(
        ("name", "system"),
        [
            ("urn:ogc:def:crs:OGC:1.3:CRS84", 4490),
            ("EPSG:4326", 4490),
            ("urn:ogc:def:crs:EPSG::4490", 4490),
            ("EPSG:4547", 4547),
            ("urn:ogc:def:crs:EPSG:9.9.1:4526", 4526),
        ],
    )
    def test_named_system_is_known(self, name: str, system: int) -> None:
        assert named_system(name) == system

    @pytest.mark.parametrize("name", ["EPSG:2381", "EPSG:3857", "", "EPSG:45470"])
    def test_other_system_is_refused_with_what_to_do(self, name: str) -> None:
        with pytest.raises(Unsound, match="转换"):
            named_system(name)

    @pytest.mark.parametrize("system", [4490, 4547, 4526, 4546, 4525])
    @pytest.mark.parametrize("version", ["WKT1_ESRI", "WKT1_GDAL", "WKT2_2019"])
    def test_written_system_is_known_by_what_it_is(self, system: int, version: str) -> None:
        assert written_system(prj(system, version).replace("3_Degree_GK", "Custom")) == system

    @pytest.mark.parametrize("system", [4326, 4610, 2382, 4548, 32649, 3857])
    def test_written_system_of_another_kind_is_refused(self, system: int) -> None:
        with pytest.raises(Unsound, match="转换"):
            written_system(prj(system, "WKT1_GDAL"))

    @pytest.mark.parametrize("wkt", ["", "EPSG:4490", "GEOGCS[", "GEOGCS[" * 1000, "x" * 20_000])
    def test_no_system_at_all_is_refused(self, wkt: str) -> None:
        with pytest.raises(Unsound, match="prj"):
            written_system(wkt)


BOW_TIE = lines((113.05, 36.02), (113.06, 36.03), (113.06, 36.02), (113.05, 36.03))


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "said", "place"),
        [
            (BOW_TIE, "自相交，交叉点在经度 113.055000、纬度 36.025000", (113.055, 36.025)),
            (lines((113.05, 36.02), (113.06, 36.03)), "只有 2 个点", (113.05, 36.02)),
            (polygon([[113.05, 36.02], [113.06, 36.03], [113.05, 36.02]]), "只有 2 个点", (113.05, 36.02)),
            (lines((113.05, 36.02), (113.06, 36.03), (113.07, 36.04)), "面积为零", (113.05, 36.02)),
            (lines(*((y, x) for x, y in SQUARE)), "写反了", (113.05, 36.02)),
            (lines((113.05, 36.02), (13.06, 36.02), (113.06, 36.03)), "第 2 个点不在长治市", (13.06, 36.02)),
            (lines(*square(116.4, 39.9)), "第 1 个点不在长治市", (116.4, 39.9)),
            (lines(*square(112.0, 35.85)), "不在长治市范围内", (112.005, 35.855)),
            (polygon(SQUARE, square(113.07)), "空洞）在外环之外", (113.07, 36.02)),
            (polygon(SQUARE, SQUARE), "", None),
            (several([square()], [square(113.055)]), "互相重叠", (113.0575, 36.025)),
        ],
    )
    def test_with_the_place(self, text: str, said: str, place: tuple[float, float] | None) -> None:
        fault = refusal(text)

        assert said in str(fault)
        assert fault.place is not None
        assert place is None or fault.place == pytest.approx(place, abs=0.002)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("", "请填写坐标"),
            ("113.05 北 36.02", "第 1 行"),
            ("113.05,36.02\nnan,36.03\n113.06,36.03", "第 2 行"),
            ("113.05,36.02\n113.06\n113.06,36.03", "第 2 行"),
            ('{"type":"Polygon","coordinates":[[[113.05,36.02],[113.06,NaN],[113.06,36.03]]]}', "NaN"),
            ('{"type":"Polygon","coordinates":[[[113.05,36.02],[113.06,-Infinity],[113,36.03]]]}', "-Infinity"),
            ('{"type":"Polygon","coordinates":[[[113.05,36.02],[113.06,1e999],[113.06,36.03]]]}', "第 2 个点"),
            ('{"type":"Polygon","coordinates":[[[113.05,36.02],[113.06,1' + "0" * 400 + "],[113,36]]]}", "第 2 个点"),
            ('{"type":"Polygon","coordinates":[[[113.05,36.02],["113.06","36"],[113.06,36.03]]]}', "不是 [经度, 纬度]"),
            ('{"type":"Polygon","coordinates":[[[113.05,36.02],[true,false],[113.06,36.03]]]}', "不是 [经度, 纬度]"),
            ('{"type":"Polygon","coordinates":[[113.05,36.02],[113.06,36.02]]}', "层次"),
            ('{"type":"Polygon","coordinates":{}}', "层次"),
            ('{"type":"Polygon","coordinates":[]}', "没有点"),
            ('{"type":"Polygon"}', "层次"),
            ('{"type":"Point","coordinates":[113.05,36.02]}', "收到的是 Point"),
            ('{"type":"GeometryCollection","geometries":[]}', "GeometryCollection"),
            ('{"type":"FeatureCollection","features":[]}', "没有图形"),
            ('{"type":"FeatureCollection","features":[1]}', "GeoJSON"),
            ('{"type":"Feature","properties":null,"geometry":null}', "没有图形"),
            ('{"type":"Polygon","crs":7,"coordinates":[[[1,2]]]}', "转换"),
            ('{"type":', "GeoJSON"),
            ("[[113.05,36.02]]", "GeoJSON"),
            ('{"a":' + "[" * 200_000, "GeoJSON"),
            ("[" * 300_000, "300,000 个顶点"),
            (polygon([(x / 1e6 + 113, 36.02) for x in range(20_001)]), "20,001 个顶点"),
            (several(*([square()] for _ in range(201))), "201 个"),
            (collection(*(({}, square()) for _ in range(1_001))), "1001 个图形"),
        ],
        ids=lambda each: each[:30],
    )
    def test_with_a_reason(self, text: str, said: str) -> None:
        assert said in str(refusal(text))

    def test_a_million_corners_before_anything_parses_them(self) -> None:
        text = polygon([[113.05, 36.02]]).replace("[113.05, 36.02]", ",".join(["[113.05,36.02]"] * 1_000_000))

        assert "1,000,002 个顶点" in str(refusal(text))

    @given(some.recursive(some.none() | some.booleans() | some.floats() | some.text(max_size=3), some.lists))
    def test_any_coordinates_are_a_polygon_or_refused(self, coordinates: object) -> None:
        try:
            plot_of(read_geojson(json.dumps({"type": "Polygon", "coordinates": coordinates}), code=CODE))
        except Unsound as fault:
            assert str(fault)


class TestTogether:
    def test_neighbours_along_an_edge_have_no_land_in_common(self) -> None:
        assert overlap(plot(lines(*SQUARE)).shape, plot(lines(*square(113.06))).shape) is None

    def test_sliver_is_none_and_a_strip_is(self) -> None:
        mine = plot(lines(*SQUARE)).shape
        # A strip of one and of three centimetres along a common edge of a kilometre, and a corner of two metres.
        assert overlap(mine, shapely.box(113.06 - 1e-7, 36.02, 113.07, 36.03)) is None
        assert overlap(mine, shapely.box(113.06 - 2e-5, 36.03 - 2e-5, 113.07, 36.04)) is None
        found = overlap(mine, shapely.box(113.06 - 3e-7, 36.02, 113.07, 36.03))

        assert found and SLIVER < found.area < SLIVER * 5
        assert found.place == pytest.approx((113.06, 36.025), abs=0.0001)

    def test_part_beyond_an_area(self) -> None:
        shape = plot(lines(*SQUARE)).shape
        found = part_beyond(shape, shapely.box(113, 36, 113.055, 37))

        assert found and found.area == pytest.approx(Decimal("750.1017"), abs=Decimal("0.001"))
        assert part_beyond(shape, shapely.box(113, 36, 114, 37)) is None

    def test_kept_degrees_have_seven_decimals_and_the_box_holds_them(self) -> None:
        found = plot(lines((113.05000004999, 36.02), (113.06, 36.0299999999), (113.06, 36.02)))
        numbers = [number for ring in found.geometry["coordinates"] for corner in ring for number in corner]

        assert all(round(number, DECIMALS) == number for number in numbers)
        assert (found.box.west, found.box.north) == (Decimal("113.050000"), Decimal("36.030000"))
        assert shape_of(json.dumps(found.geometry)).equals(found.shape)

    def test_picture_leaves_corners_out_that_nobody_sees(self) -> None:
        turn = [2 * math.pi * n / 5_000 for n in range(5_000)]
        round_land = plot(lines(*((113.05 + math.cos(a) / 50, 36.02 + math.sin(a) / 50) for a in turn)))

        assert len(simple_rings(round_land.geometry, parts=300)[0]) < 100
