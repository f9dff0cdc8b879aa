"""Whether a point lies inside a county."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from jurisdictions import outlines
from jurisdictions.services import REGIONS_CSV, read_regions
from tests import factories as make
from tests.uploads import BEIJING, SHANGDANG, XIANGYUAN

Place = tuple[str, str]


def is_inside(code: str, place: Place) -> bool | None:
    outline = outlines.outline_of(code)
    latitude, longitude = map(Decimal, place)
    return outlines.contains(outline, latitude=latitude, longitude=longitude) if outline else None


@pytest.mark.parametrize(
    ("code", "place", "is_in"),
    [
        (make.COUNTY, SHANGDANG, True),
        (make.TOWN, SHANGDANG, True),  # Of its county: towns have no outlines.
        (make.VILLAGE, SHANGDANG, True),
        (make.OTHER_COUNTY, SHANGDANG, False),
        (make.COUNTY, XIANGYUAN, False),
        (make.CITY, SHANGDANG, True),
        (make.CITY, XIANGYUAN, True),
        (make.CITY, BEIJING, False),
        ("140499", SHANGDANG, None),
        ("1101", BEIJING, None),
    ],
)
def test_place_is_inside_a_county_or_not(code: str, place: Place, *, is_in: bool | None) -> None:
    assert is_inside(code, place) is is_in


def test_point_just_beyond_the_line_still_counts_as_inside() -> None:
    """Less than half a kilometre north of the northernmost corner, and two kilometres."""
    features = json.loads(outlines.OUTLINES.read_text(encoding="utf-8"))["features"]
    [ring] = next(feature["geometry"]["coordinates"] for feature in features if feature["id"] == make.COUNTY)
    longitude, latitude = max(ring, key=lambda corner: corner[1])

    assert is_inside(make.COUNTY, (f"{latitude + 0.004:.6f}", str(longitude))) is True
    assert is_inside(make.COUNTY, (f"{latitude + 0.02:.6f}", str(longitude))) is False


@pytest.mark.parametrize(("place", "name"), [(SHANGDANG, "上党区"), (XIANGYUAN, "襄垣县"), (BEIJING, "")])
def test_place_is_named_after_its_county(place: Place, name: str) -> None:
    latitude, longitude = map(Decimal, place)

    assert outlines.place_of(latitude=latitude, longitude=longitude) == name


def test_every_county_has_its_outline_under_its_name() -> None:
    counties = {region.code: region.name for region in read_regions(REGIONS_CSV) if region.level == "county"}

    found = {code: outline.name for code in counties if (outline := outlines.outline_of(code))}

    assert found == counties
