"""The pages of a boundary: judged and saved by form, taken from a survey, and taken along as files."""

from __future__ import annotations

import json
import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role
from subsidence.geometry import plot_of, read_text, sha256_of
from subsidence.models import Boundary, Parcel
from tests import factories as make
from tests.factories import COUNTY, OTHER_TOWN
from tests.pages import Page, signed_in
from tests.subsidence import farm, layers
from tests.subsidence.layers import Ring, clerk_of, draw, square

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

SQUARE_AREA = Decimal("1500.2034")


def corners(ring: Ring) -> str:
    return "\n".join(f"{x},{y}" for x, y in ring)


class TestPage:
    @pytest.fixture
    def parcel(self) -> Parcel:
        return farm.parcel(1500, code="TB-1")

    @pytest.fixture
    def clerk(self, client: Client) -> Client:
        return signed_in(client, clerk_of())

    def send(self, client: Client, do: str = "save", **typed: Any) -> Page:
        typed = {"receipt": uuid.uuid4(), "was": "", "do": do, **typed}
        return client.post(reverse("parcel_boundary", args=["TB-1"]), typed)

    def verdict(self, page: Page) -> str:
        found = BeautifulSoup(page.content, "html.parser").find(id="verdict")
        assert found
        return " ".join(found.get_text(" ").split())

    def test_typed_corners_are_judged_first_and_then_saved(self, clerk: Client, parcel: Parcel) -> None:
        judged = self.send(clerk, "check", coordinates=corners(square()))

        assert "1,500.2034 亩" in self.verdict(judged) and "尚未保存" in self.verdict(judged)
        assert not Boundary.objects.exists()
        saved = self.send(clerk, coordinates=corners(square()))
        assert saved.status_code == HTTPStatus.FOUND
        assert "+0.20 亩" in self.verdict(clerk.get(saved.headers["Location"]))

    def test_double_click_draws_once(self, clerk: Client, parcel: Parcel) -> None:
        twice: dict[str, Any] = {"receipt": uuid.uuid4(), "coordinates": corners(square())}
        answers = [self.send(clerk, **twice) for _ in range(2)]

        assert {answer.status_code for answer in answers} == {HTTPStatus.FOUND}
        assert AuditEvent.objects.filter(action="parcel.boundary").count() == 1

    def test_fault_is_told_with_its_place_and_nothing_typed_is_lost(self, clerk: Client, parcel: Parcel) -> None:
        typed = "113.05,36.02\n113.06,36.03\n113.06,36.02\n113.05,36.03"
        page = self.send(clerk, coordinates=typed)

        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert "交叉点在经度 113.055000、纬度 36.025000" in self.verdict(page)
        assert b'data-place="113.0550000,36.0250000"' in page.content
        assert typed in page.content.decode()

    def test_overlap_is_told_by_check_and_save_alike(self, clerk: Client, parcel: Parcel) -> None:
        draw(farm.registered(code="TB-A"))
        pages = [self.send(clerk, do, coordinates=corners(square(113.055))) for do in ("check", "save")]

        for page in pages:
            assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
            assert "与图斑 TB-A 重叠" in self.verdict(page) and b"data-place" in page.content

    def test_shapefile_becomes_corners_that_can_be_mended(self, clerk: Client, parcel: Parcel) -> None:
        ring = layers.in_metres(square(), 4526)
        content = layers.zipped(
            layers.files([[ring], [layers.in_metres(square(113.07), 4526)]], system=4526, codes=["TB-1"])
        )
        page = self.send(clerk, "check", file=SimpleUploadedFile("图斑.zip", content))

        assert "取用属性为 TB-1 的 1 个" in self.verdict(page)
        assert page.context["form"]["coordinates"].value().startswith("113.0500000,36.0")
        assert self.send(clerk, file=SimpleUploadedFile("图斑.zip", content)).status_code == HTTPStatus.FOUND
        assert Boundary.objects.get().area == SQUARE_AREA

    @pytest.mark.parametrize(
        ("name", "content", "said"),
        [
            ("a.zip", layers.zipped({**layers.files(), ".prj": b""}), "prj"),
            ("a.geojson", b"\xff\xfe\x00", "既不是 GeoJSON"),
            ("a.geojson", b"", "空"),
            ("a.geojson", b"[" * (10 * 1024 * 1024 + 1), "不超过 10 MB"),
            ("a.shp", layers.files()[".shp"], "GeoJSON"),
        ],
    )
    def test_unfit_file_is_refused_at_its_input(
        self, clerk: Client, parcel: Parcel, name: str, content: bytes, said: str
    ) -> None:
        page = self.send(clerk, file=SimpleUploadedFile(name, content))

        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert said in str(page.context["form"].errors["file"])

    def test_nothing_at_all(self, clerk: Client, parcel: Parcel) -> None:
        assert "请在地图上绘制" in self.verdict(self.send(clerk))

    def test_stale_page_is_told_who_was_faster_and_may_go_on(self, clerk: Client, parcel: Parcel) -> None:
        other = make.user(Role.CLERK, COUNTY, display_name="另一位")
        draw(parcel, by=other)
        page = self.send(clerk, coordinates=corners(square(side=0.005)))

        assert page.status_code == HTTPStatus.CONFLICT
        assert "另一位" in page.content.decode() and "虚线" in page.content.decode()
        was = page.context["form"]["was"].value()
        assert self.send(clerk, coordinates=corners(square(side=0.005)), was=was).status_code == HTTPStatus.FOUND

    def test_boundary_is_erased_once_confirmed(self, clerk: Client, parcel: Parcel) -> None:
        was = sha256_of(draw(parcel).geometry)
        address = reverse("boundary_erase", args=["TB-1"])

        assert clerk.post(address, {"receipt": uuid.uuid4(), "was": "x"}).status_code == HTTPStatus.CONFLICT
        assert clerk.post(address, {"receipt": "", "was": was}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert clerk.post(address, {"receipt": uuid.uuid4(), "was": was}).status_code == HTTPStatus.FOUND
        assert not Boundary.objects.exists()

    def test_who_may_not_draw_sees_the_map_without_a_form(self, client: Client, parcel: Parcel) -> None:
        draw(parcel)
        leader = signed_in(client, make.user(Role.LEADER))
        page = leader.get(reverse("parcel_boundary", args=["TB-1"]))

        assert b"data-geometry" in page.content and b"boundary-form" not in page.content
        refused = self.send(leader, coordinates=corners(square()))
        assert refused.status_code == HTTPStatus.FORBIDDEN
        assert "没有办理此事项的职责" in refused.content.decode()

    @pytest.mark.parametrize("name", ["parcel_boundary", "boundary_file", "neighbours"])
    def test_outside_ones_county_there_is_none(self, client: Client, parcel: Parcel, name: str) -> None:
        draw(parcel)
        there = signed_in(client, clerk_of(OTHER_TOWN))

        assert there.get(reverse(name, args=["TB-1"])).status_code == HTTPStatus.NOT_FOUND


class TestFiles:
    def told(self, client: Client, address: str) -> Any:
        answer = client.get(address)
        assert answer.headers["Content-Type"] == "application/geo+json"
        return json.loads(b"".join(answer))

    def codes(self, told: Any) -> list[str]:
        return [feature["properties"]["code"] for feature in told["features"]]

    def test_boundary_of_one_parcel_is_taken_along_on_record(self, client: Client) -> None:
        parcel = farm.parcel(1500, code="TB-1")
        drawn, by = draw(parcel), make.user(Role.LEADER)
        told = self.told(signed_in(client, by), reverse("boundary_file", args=["TB-1"]))

        [feature] = told["features"]
        assert (feature["geometry"], feature["properties"]["area"]) == (drawn.geometry, 1500.2034)
        assert feature["properties"]["surveyed_area"] == 1500
        assert plot_of(read_text(json.dumps(told), code="TB-1")).sha256 == sha256_of(drawn.geometry)
        event = AuditEvent.objects.get(action="export")
        assert event.after
        assert (event.actor_id, event.after["rows"]) == (by.pk, 1)

    def test_parcel_without_a_boundary_has_no_file(self, client: Client) -> None:
        farm.registered(code="TB-1")

        answer = signed_in(client, clerk_of()).get(reverse("boundary_file", args=["TB-1"]))
        assert answer.status_code == HTTPStatus.NOT_FOUND

    def test_boundaries_of_a_county_within_what_one_may_see(self, client: Client) -> None:
        draw(farm.registered(code="HERE"))
        draw(farm.registered(code="THERE", region_code=OTHER_TOWN), square(112.98, 36.57))
        address = reverse("boundaries_file")
        signed_in(client, make.user(Role.LEADER))

        assert self.codes(self.told(client, address)) == ["HERE", "THERE"]
        assert self.codes(self.told(client, f"{address}?county=140404")) == ["HERE"]
        assert self.codes(self.told(client, f"{address}?region=襄垣县&origin=existing")) == ["THERE"]
        assert client.get(f"{address}?county=x").status_code == HTTPStatus.NOT_FOUND
        signed_in(client, clerk_of())
        assert self.codes(self.told(client, f"{address}?county=140423")) == []

    def test_map_has_the_neighbours_without_the_parcel_itself(self, client: Client) -> None:
        draw(farm.registered(code="TB-1"))
        draw(farm.registered(code="TB-2"), square(113.07))
        draw(farm.registered(code="FAR", region_code=OTHER_TOWN), square(112.98, 36.57))
        signed_in(client, make.user(Role.LEADER))

        assert self.codes(self.told(client, reverse("neighbours", args=["TB-1"]))) == ["TB-2"]
        assert not AuditEvent.objects.filter(action="export").exists()

    def test_outlines_are_the_ground_of_the_map(self, client: Client) -> None:
        signed_in(client, clerk_of())

        assert len(self.told(client, reverse("county_outlines"))["features"]) == 12
