"""Parcels as GeoJSON: every feature to whoever sees the parcel, coordinates to tokens that may be told."""

from __future__ import annotations

import datetime
import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Role, Scope, User
from accounts.services.tokens import issue_token
from subsidence.models import Boundary, Parcel
from tests import factories as make
from tests.factories import Team
from tests.pages import signed_in
from tests.subsidence import farm

pytestmark = pytest.mark.django_db

#: A hectare or so in 北呈乡.
RING = [[113.02, 36.05], [113.03, 36.05], [113.03, 36.06], [113.02, 36.06], [113.02, 36.05]]
SQUARE: dict[str, Any] = {"type": "Polygon", "coordinates": [RING]}


@pytest.fixture
def team() -> Team:
    return make.team()


def drawn(parcel: Parcel, by: User) -> Parcel:
    """The parcel with a boundary whose numbers are told nowhere else."""
    degrees = {
        "west": Decimal("113.02"),
        "south": Decimal("36.05"),
        "east": Decimal("113.03"),
        "north": Decimal("36.06"),
    }
    facts = {"area": Decimal("1500.1234"), "flags": ["113.02 36.05"], "recorded_by": by, "recorded_at": farm.AT}
    Boundary.objects.create(parcel=parcel, geometry=SQUARE, **degrees, **facts)
    return parcel


def scoped(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_token(user=user, by=None, scopes=[Scope.COORDINATES])}")
    return client


def plain(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_token(user=user, by=None)}")
    return client


def test_token_that_may_is_told_the_boundary(team: Team) -> None:
    parcel, bare = drawn(farm.parcel("602", by=team, code="TB-1"), team.clerk), farm.registered(by=team, code="TB-2")

    answer = scoped(team.clerk).get("/api/v1/parcels/geojson/")

    found = answer.json()
    assert answer.headers["Content-Type"] == "application/geo+json"
    assert (found["type"], found["next"]) == ("FeatureCollection", None)
    assert [feature["geometry"] for feature in found["features"]] == [SQUARE, None]
    first, second = (feature["properties"] for feature in found["features"])
    assert (first["code"], first["surveyed_mu"], first["boundary_mu"]) == (parcel.code, "602", "1500.1234")
    assert (second["code"], second["surveyed_mu"], second["boundary_mu"]) == (bare.code, "0", None)
    event = AuditEvent.objects.get(action="export")
    assert (event.actor_id, event.after) == (
        team.clerk.pk,
        {"page": "api/parcels", "query": "", "form": "geojson", "rows": 2},
    )


def test_others_are_told_no_coordinate_anywhere(team: Team) -> None:
    parcel = drawn(farm.parcel(by=team), team.clerk)
    verifier = signed_in(Client(), team.verifier)
    plain_token, session = plain(team.verifier), verifier
    addresses = ("geojson/", "", f"{parcel.code}/", f"{parcel.code}/stages/")

    for client in (plain_token, session):
        for address in addresses:
            body = client.get(f"/api/v1/parcels/{address}").content.decode()
            assert not re.search(r"113\.0|36\.0|bbox|coordinates", body), address
        [feature] = json.loads(client.get("/api/v1/parcels/geojson/").content)["features"]
        assert feature["geometry"] is None
        assert feature["properties"]["boundary_mu"] == "1500.1234"
    assert not AuditEvent.objects.filter(action="export").exists()


def test_scope_widens_no_ones_sight(team: Team) -> None:
    drawn(farm.parcel(by=team), team.clerk)

    assert scoped(make.user(Role.LEADER, make.OTHER_COUNTY)).get("/api/v1/parcels/geojson/").json()["features"] == []
    assert scoped(make.user(Role.SYSTEM_ADMIN)).get("/api/v1/parcels/geojson/").json()["features"] == []


def test_features_are_filtered_and_read_on_by_key(team: Team) -> None:
    codes = [farm.registered(by=team, code=f"TG-{n}").code for n in range(3)]
    farm.registered(is_legacy=True, subsided_on=None, by=team)
    client = plain(team.clerk)

    pages, address = [], f"/api/v1/parcels/geojson/?limit=2&region={make.VILLAGE}&search=TG-"
    while address:
        pages.append(client.get(address).json())
        address = pages[-1]["next"]

    assert [feature["id"] for page in pages for feature in page["features"]][:3] == codes
    assert client.get("/api/v1/parcels/geojson/?limit=5001").status_code == 400
    assert client.get("/api/v1/parcels/geojson/?bbox=1").json()["errors"][0]["code"] == "unknown"


def test_refusal_is_a_problem_whatever_was_accepted(team: Team) -> None:
    answer = plain(team.clerk).get("/api/v1/parcels/geojson/?limit=x", headers={"Accept": "application/geo+json"})

    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["parameter"] == "limit"


def test_county_of_a_thousand_parcels_is_written_without_being_read(team: Team) -> None:
    """A boundary is text from the database to the answer: its digits stay as they were kept."""
    parcel = drawn(farm.parcel(by=team, subsided_on=datetime.date(2024, 6, 1)), team.clerk)
    exact = {"type": "Polygon", "coordinates": [[[113.0200001, 36.0500001], *RING[1:4], [113.0200001, 36.0500001]]]}
    Boundary.objects.filter(parcel=parcel).update(geometry=exact)

    body = scoped(team.clerk).get("/api/v1/parcels/geojson/").content.decode()

    assert "[113.0200001, 36.0500001]" in body
