"""Drawing the boundaries of parcels: judged, refused with the place, one at a time, and told to those who may know."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError
from decimal import Decimal
from threading import Barrier

import pytest
import shapely
from django.db import connections, transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed
from jurisdictions import outlines
from subsidence.geometry import plot_of, read_text, sha256_of
from subsidence.models import Boundary, Parcel, Rule, RuleKind, Stage
from subsidence.panels.boundary import comparison, panel
from subsidence.refusals import StaleBoundary, UnfitBoundary
from subsidence.services import boundaries
from tests import factories as make
from tests.factories import COUNTY, OTHER_TOWN, VILLAGE
from tests.subsidence import farm
from tests.subsidence.layers import Ring, clerk_of, draw, plot, square

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

#: 壶关县龙泉镇, whose county lies beside 上党区.
NEXT_TOWN = "140427100"
SQUARE_AREA = Decimal("1500.2034")


def on_the_border(side: float = 0.004) -> list[tuple[float, float]]:
    """A square that either of two neighbouring counties might claim."""
    mine, theirs = (outlines.outline_of(code) for code in (COUNTY, NEXT_TOWN))
    assert mine and theirs
    middle = shapely.intersection(mine.area, theirs.area).representative_point()
    return square(middle.x - side / 2, middle.y - side / 2, side)


class TestDrawing:
    def test_boundary_is_kept_with_its_area_and_box(self) -> None:
        parcel = farm.registered()
        draw(parcel)
        kept = Boundary.objects.get(parcel=parcel)

        assert (kept.area, kept.flags) == (SQUARE_AREA, [])
        assert (kept.west, kept.south) == (Decimal("113.05"), Decimal("36.02"))
        assert kept.geometry["type"] == "Polygon" and len(kept.geometry["coordinates"][0]) == 5

    def test_drawing_anew_changes_nothing_but_the_boundary_and_tells_no_coordinates(self) -> None:
        parcel, by = farm.parcel(), clerk_of()
        farm.walk(parcel, Stage.STARTED)
        before = Parcel.objects.values().get(pk=parcel.pk)
        first = draw(parcel, by=by)
        draw(parcel, square(side=0.005), by=by, was=sha256_of(first.geometry))
        event = AuditEvent.objects.filter(action="parcel.boundary").latest("pk")

        assert Parcel.objects.values().get(pk=parcel.pk) == before
        assert Boundary.objects.get().area < SQUARE_AREA
        assert event.before == {"sha256": sha256_of(first.geometry), "area": "1500.2034"}
        assert "113." not in json.dumps([event.before, event.after])

    def test_whoever_saw_another_boundary_is_told(self) -> None:
        parcel = farm.registered()
        draw(parcel)

        with pytest.raises(StaleBoundary):
            draw(parcel, square(side=0.005))
        with pytest.raises(StaleBoundary):
            boundaries.erase(parcel=parcel, was="", by=clerk_of())

    @pytest.mark.parametrize("role", [Role.REVIEWER, Role.VERIFIER, Role.LEADER])
    def test_only_a_clerk_draws_and_erases(self, role: Role) -> None:
        parcel, by = farm.registered(), make.user(role, COUNTY)
        was = sha256_of(draw(parcel).geometry)

        for act in (lambda: draw(parcel, by=by, was=was), lambda: boundaries.erase(parcel=parcel, was=was, by=by)):
            with pytest.raises(NotAllowed):
                act()

    def test_erased_boundary_leaves_its_land_to_another(self) -> None:
        wrong, right = farm.registered(), farm.registered()
        was = sha256_of(draw(wrong).geometry)
        boundaries.erase(parcel=wrong, was=was, by=clerk_of())

        assert draw(right).area == SQUARE_AREA
        assert AuditEvent.objects.get(action="parcel.boundary_erased").before == {"sha256": was, "area": "1500.2034"}


class TestJudged:
    def test_land_of_another_county_is_refused_with_where_it_is(self) -> None:
        with pytest.raises(UnfitBoundary, match=r"不在上党区范围内，约在襄垣县：经度 112\.98") as refused:
            draw(farm.registered(), square(112.98, 36.57))

        assert refused.value.place == pytest.approx((112.985, 36.575))

    def test_land_partly_beyond_the_schematic_outline_is_flagged_with_the_place(self) -> None:
        west, south, east, _north = outlines.outline_of(COUNTY).area.bounds  # type: ignore[union-attr]
        assert west < east
        line = outlines.outline_of(COUNTY).area.exterior.interpolate(0)  # type: ignore[union-attr]
        [flag] = draw(farm.registered(), square(line.x - 0.002, line.y - 0.002, 0.004)).flags

        assert south <= line.y
        assert "超出上党区界线示意图：经度" in flag and "请核对" in flag

    def test_parcel_of_an_unknown_county_lies_anywhere_in_the_city(self) -> None:
        parcel = farm.registered(region_code=make.CITY)

        assert draw(parcel, square(112.98, 36.57)).flags == []

    def test_overlap_is_refused_with_the_other_parcel_its_area_and_the_place(self) -> None:
        draw(farm.registered(code="TB-A"))

        with pytest.raises(UnfitBoundary, match=r"与图斑 TB-A 重叠 75\d\.\d+ 亩：经度 113\.0575"):
            draw(farm.registered(), square(113.055))

    def test_parcel_that_the_clerk_may_not_know_is_not_named(self) -> None:
        there = farm.registered(code="SECRET", region_code=NEXT_TOWN)
        draw(there, on_the_border(), by=clerk_of(NEXT_TOWN))

        with pytest.raises(UnfitBoundary, match="壶关县龙泉镇的图斑重叠") as refused:
            draw(farm.registered(), on_the_border(0.002))
        assert "SECRET" not in str(refused.value)

    def test_neighbours_touch_and_a_sliver_is_no_overlap(self) -> None:
        draw(farm.registered())

        assert draw(farm.registered(), square(113.06)).area > 0
        assert draw(farm.registered(), square(113.05, 36.03 - 1e-7)).area > 0

    def test_land_in_a_hole_of_another_is_free(self) -> None:
        hole = square(113.053, 36.023, 0.002)
        around = json.dumps({"type": "Polygon", "coordinates": [square(), hole]})
        by = clerk_of()
        parcel = farm.registered()
        boundaries.draw(parcel=parcel, plot=plot_of(read_text(around, code="")), was="", by=by, at=farm.AT)

        assert draw(farm.registered(), hole).area > 0

    def test_only_boxes_that_meet_are_looked_at(self, django_assert_num_queries: DjangoAssertNumQueries) -> None:
        for number in range(3):
            draw(farm.registered(), square(113.07 + number / 50))
        parcel, land, by = farm.registered(), plot(square()), clerk_of()
        by.duties_on(farm.SURVEYED)

        with django_assert_num_queries(1):
            boundaries.examine(parcel=parcel, plot=land, by=by)


class TestTwoAtOnce:
    def drawing(self, of: Parcel, ring: Ring, by: User) -> str:
        try:
            draw(of, ring, by=by)
        except UnfitBoundary:
            return "refused"
        finally:
            connections.close_all()
        return "drawn"

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("place", [VILLAGE, NEXT_TOWN])
    def test_the_second_waits_for_the_first_and_is_refused(self, place: str) -> None:
        """In one county, and in two neighbouring ones."""
        first, second = farm.registered(), farm.registered(region_code=place)
        mine, theirs = clerk_of(), clerk_of(place)

        with ThreadPoolExecutor(1) as pool:
            with transaction.atomic():
                draw(first, on_the_border(), by=mine)
                waiting = pool.submit(self.drawing, second, on_the_border(0.002), theirs)
                with pytest.raises(TimeoutError):
                    waiting.result(timeout=0.5)
            assert waiting.result(timeout=10) == "refused"

        assert [each.parcel for each in Boundary.objects.all()] == [first]

    @pytest.mark.django_db(transaction=True)
    def test_land_elsewhere_in_the_city_does_not_wait(self) -> None:
        first, second = farm.registered(), farm.registered(region_code=OTHER_TOWN)
        mine, theirs = clerk_of(), clerk_of(OTHER_TOWN)

        with ThreadPoolExecutor(1) as pool, transaction.atomic():
            draw(first, by=mine)
            assert pool.submit(self.drawing, second, square(112.98, 36.57), theirs).result(timeout=10) == "drawn"

    @pytest.mark.django_db(transaction=True)
    def test_of_two_started_together_one_is_drawn(self) -> None:
        rounds = [(farm.registered(), farm.registered(region_code=NEXT_TOWN)) for _ in range(5)]
        people = clerk_of(), clerk_of(NEXT_TOWN)
        barrier = Barrier(2)

        def race(of: Parcel, by: User) -> str:
            barrier.wait(timeout=10)
            return self.drawing(of, on_the_border(), by)

        for pair in rounds:
            with ThreadPoolExecutor(2) as pool:
                runs: list[Future[str]] = [pool.submit(race, *each) for each in zip(pair, people, strict=True)]
                assert sorted(run.result(timeout=20) for run in runs) == ["drawn", "refused"]
            Boundary.objects.all().delete()


class TestCompared:
    def tolerate(self, percent: str) -> None:
        Rule.objects.create(
            kind=RuleKind.AREA_TOLERANCE, value=Decimal(percent), since=make.LONG_AGO, source="某规范 5.2"
        )

    def test_with_the_surveyed_area_judged_by_the_rule_in_force(self) -> None:
        parcel = farm.parcel(1500)
        Rule.objects.all().delete()
        unknown = comparison(parcel, SQUARE_AREA, on=farm.SURVEYED)
        self.tolerate("0.01")
        strict = comparison(parcel, SQUARE_AREA, on=farm.SURVEYED)
        Rule.objects.update(value=1)
        loose = comparison(parcel, SQUARE_AREA, on=farm.SURVEYED)
        assert unknown and strict and loose

        assert (unknown.difference, unknown.rate, unknown.is_pending) == (Decimal("0.2034"), Decimal("0.01"), False)
        assert [unknown.is_within, strict.is_within, loose.is_within] == [None, False, True]

    def test_with_a_survey_that_waits_for_approval(self) -> None:
        waiting = comparison(farm.registered(1000), SQUARE_AREA, on=farm.SURVEYED)

        assert waiting and waiting.is_pending and waiting.surveyed == 1000

    def test_panel_of_the_parcel_page(self) -> None:
        parcel, clerk = farm.parcel(1500), clerk_of()

        assert panel(parcel, clerk) == {"boundary": None, "comparison": None, "picture": None, "may_draw": True}
        drawn = draw(parcel)
        told = panel(parcel, make.user(Role.LEADER))
        assert (told["boundary"], told["may_draw"]) == (drawn, False)
        assert told["picture"].path.startswith("M") and told["picture"].path.endswith("Z")
        assert panel(parcel, clerk_of(OTHER_TOWN))["boundary"] is None
