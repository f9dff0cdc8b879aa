"""One parcel out of a zipped shapefile, and every package that is refused, in time and with its reason."""

from __future__ import annotations

import io
import random
import struct
import time
import zipfile
from decimal import Decimal

import pytest
import shapefile

from subsidence.geometry import Plot, Unsound, plot_of
from subsidence.shapefiles import read_shapefile
from tests.subsidence import layers
from tests.subsidence.layers import SQUARE, files, packed, square, zipped

CODE = "TB-1"
#: Seconds in which any package is refused.
PATIENCE = 2
WHOLE = Decimal("1500.2034")


def plot(content: bytes) -> Plot:
    return plot_of(read_shapefile(content, code=CODE))


def reason(content: bytes) -> str:
    started = time.monotonic()
    with pytest.raises(Unsound) as refused:
        plot(content)
    assert time.monotonic() - started < PATIENCE
    return str(refused.value)


def without(*endings: str) -> bytes:
    return zipped({ending: content for ending, content in files().items() if ending not in endings})


class TestTaken:
    @pytest.mark.parametrize("missing", [(), (".shx",), (".dbf",), (".shx", ".dbf")])
    def test_layer_with_or_without_index_and_table(self, missing: tuple[str, ...]) -> None:
        assert plot(without(*missing)).area == WHOLE

    @pytest.mark.parametrize("system", [4547, 4526])
    def test_layer_in_metres(self, system: int) -> None:
        from_degrees = layers.in_metres(SQUARE, system)

        assert plot(zipped(files([[from_degrees]], system=system))).area == WHOLE

    def test_names_in_folders_capitals_and_what_a_mac_adds(self) -> None:
        parts = {f"导出/图斑{ending.upper()}": content for ending, content in files().items()}

        assert plot(packed({**parts, "__MACOSX/导出/._图斑.SHP": b"\0", "读我.txt": b"x"})).area == WHOLE

    def test_hole_stays_a_hole(self) -> None:
        hole = square(113.053, 36.023, 0.002)[::-1]

        assert plot(zipped(files([[SQUARE, hole]]))).area < WHOLE

    def test_columns_and_words_in_gbk(self) -> None:
        assert plot(zipped(files(codes=["北张村"], encoding="gbk", column="图斑编号"))).area == WHOLE

    def test_figure_that_bears_the_code_is_chosen(self) -> None:
        content = zipped(files([[square(113.07)], [square()]], codes=["TB-2", CODE], encoding="gbk", column="图斑编号"))

        assert (plot(content).area, plot(content).geometry["type"]) == (WHOLE, "Polygon")

    def test_all_are_taken_together_where_none_bears_it(self) -> None:
        found = plot(zipped(files([[square()], [square(113.07)]])))

        assert found.geometry["type"] == "MultiPolygon"
        assert "全部" in found.note


class TestRefused:
    def test_without_a_system(self) -> None:
        assert "缺少 .prj" in reason(without(".prj"))

    def test_in_another_system(self) -> None:
        assert "转换" in reason(zipped(files(system=4326)))

    def test_in_no_system(self) -> None:
        assert "prj" in reason(zipped({**files(), ".prj": b"\xff\xfe\0"}))

    def test_without_figures(self) -> None:
        assert "没有 .shp" in reason(without(".shp"))

    def test_several_layers(self) -> None:
        entries = {f"{name}{ending}": content for name in ("a", "b") for ending, content in files().items()}

        assert "a.shp、b.shp" in reason(packed(entries))

    def test_overlapping_figures(self) -> None:
        assert "重叠" in reason(zipped(files([[square()], [square(113.055)]])))

    @pytest.mark.parametrize(("kind", "word"), [(shapefile.POINTZ, "点"), (shapefile.POLYLINE, "线")])
    def test_what_is_no_land(self, kind: int, word: str) -> None:
        shp = io.BytesIO()
        with shapefile.Writer(shp=shp, shx=io.BytesIO(), dbf=io.BytesIO(), shapeType=kind) as writer:
            writer.field("code", "C")
            if kind == shapefile.POINTZ:
                writer.pointz(113.05, 36.02, 900)
            else:
                writer.line([SQUARE])
            writer.record("x")

        assert f"“{word}”" in reason(zipped({**files(), ".shp": shp.getvalue()}))

    @pytest.mark.parametrize("name", ["../图斑.shp", "/图斑.shp", "a/../图斑.shp", "C:\\图斑.shp", "a\\图斑.shp"])
    def test_path_in_a_name(self, name: str) -> None:
        entries = {f"图斑{ending}": content for ending, content in files().items() if ending != ".shp"}

        assert "路径" in reason(packed({**entries, name: files()[".shp"]}))

    def test_link(self) -> None:
        file, link = io.BytesIO(), zipfile.ZipInfo("图斑.shp")
        link.external_attr = 0o120777 << 16
        with zipfile.ZipFile(file, "w") as package:
            package.writestr(link, "elsewhere")

        assert "路径" in reason(file.getvalue())

    @pytest.mark.parametrize("size", [60_000_000, 3_000_000])
    def test_bomb(self, size: int) -> None:
        assert "过大" in reason(zipped({**files(), ".dbf": b"\0" * size}))

    def test_bomb_that_lies_about_its_size(self) -> None:
        content = bytearray(zipped({".prj": layers.prj().encode(), ".shp": b"\0" * 300_000_000}))
        # The directory says a kilobyte; the stream goes on for three hundred thousand of them.
        content = content.replace(struct.pack("<I", 300_000_000), struct.pack("<I", 1_000))

        assert "损坏" in reason(bytes(content))

    def test_way_of_packing_that_knows_no_bounds(self) -> None:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as package:
            package.writestr("图斑.shp", b"\0" * 1_000)
            package.writestr("图斑.txt", random.Random(1).randbytes(100_000))  # noqa: S311 - any bytes will do

        assert "压缩方式" in reason(file.getvalue())

    def test_too_many_entries(self) -> None:
        assert "51 个文件" in reason(packed({f"{n}.txt": b"x" for n in range(51)}))

    def test_password(self) -> None:
        content = bytearray(zipped(files()))
        at = content.find(b"PK\1\2")
        content[at + 8] |= 1

        assert "密码" in reason(bytes(content))

    def test_a_million_corners(self) -> None:
        ring = [(113 + n / 1e7, 36.0 + n % 2 / 1e3) for n in range(1_000_000)]

        assert "1,000,001 个顶点" in reason(zipped(files([[ring]])))

    def test_more_corners_than_a_parcel_may_have(self) -> None:
        assert "20,002 个顶点" in reason(zipped(files([[[(113 + n / 1e7, 36.0 + n % 2) for n in range(20_001)]]])))

    def test_more_figures_than_a_file_may_have(self) -> None:
        assert "1001 个图形" in reason(zipped(files([[square(113 + n / 1e4, side=1e-5)] for n in range(1_001)])))

    def test_rings_whose_holes_would_be_tried_out_one_by_one(self) -> None:
        rings = [square(113 + n / 1e4, side=1e-5)[:: 1 if n % 2 else -1] for n in range(401)]

        assert "401 个环" in reason(zipped(files([rings])))

    @pytest.mark.parametrize("words", [-4, 0, 1, 2**31 - 1])
    def test_record_that_lies_about_its_length(self, words: int) -> None:
        shp = bytearray(files()[".shp"])
        shp[104:108] = struct.pack(">i", words)

        assert "损坏" in reason(zipped({**files(), ".shp": bytes(shp)}))

    @pytest.mark.parametrize("counts", [(-1, 5), (1, -5), (1, 2**30), (2**30, 5)])
    def test_figure_that_lies_about_its_corners(self, counts: tuple[int, int]) -> None:
        shp = bytearray(files()[".shp"])
        shp[144:152] = struct.pack("<2i", *counts)

        assert "损坏" in reason(zipped({**files(), ".shp": bytes(shp)}))

    def test_table_of_another_layer(self) -> None:
        table = files([[square()], [square(113.07)]])[".dbf"]

        assert reason(zipped({**files([[square()]] * 3), ".dbf": table}))

    @pytest.mark.parametrize("content", [b"", b"PK\3\4", b"PK\3\4" + b"\0" * 100, b"{}", b"PK\5\6" + b"\0" * 18])
    def test_what_is_no_package(self, content: bytes) -> None:
        assert reason(content)

    def test_any_broken_byte_is_refused_or_does_no_harm(self) -> None:
        dice, whole = random.Random(20), files()  # noqa: S311 - the same mutations each time
        for _ in range(100):
            ending = dice.choice([".shp", ".dbf", ".prj"])
            body = bytearray(whole[ending])
            body[dice.randrange(len(body))] = dice.randrange(256)
            try:
                plot(zipped({**whole, ending: bytes(body)}))
            except Unsound as fault:
                assert str(fault)
