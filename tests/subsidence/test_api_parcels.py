"""Parcels over REST: read, registered, described and deleted by the services of the pages, in the same words."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role
from accounts.refusals import Refused
from subsidence.models import Mine, Parcel, Stage, StageRequest, SuitedUse
from subsidence.services import parcels
from subsidence.services.parcels import Survey
from tests import factories as make
from tests.factories import VILLAGE, Team
from tests.rest import client_of, send, told
from tests.subsidence import farm, ledgers
from tests.subsidence.farm import AT

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]


@pytest.fixture
def team() -> Team:
    farm.cut_off()
    make.region(VILLAGE)
    return make.team()


@pytest.fixture
def mine() -> Mine:
    return farm.mine(code="heron")


def body(**fields: Any) -> dict[str, Any]:
    """What registers one parcel of the mine heron."""
    return {
        "code": "TB-1",
        "mine": "heron",
        "region": VILLAGE,
        "surveyed_area": "602.00",
        "surveyed_on": "2025-02-01",
        "document": "摸底〔2025〕1号",
        "subsided_on": "2024-06-01",
        **fields,
    }


def test_parcel_is_told_with_exact_areas_and_its_place(team: Team, mine: Mine) -> None:
    parcel = farm.walk(farm.parcel("602", mine, by=team), Stage.APPROVED, "180.05", by=team)

    answer = client_of(team.clerk).get(f"/api/v1/parcels/{parcel.code}/")

    found = answer.json()
    assert answer.headers["ETag"] == f'"{parcel.version}"'
    assert (found["areas_mu"]["surveyed"], found["areas_mu"]["approved"]) == ("602", "180.05")
    assert found["region"] == {"code": VILLAGE, "full_name": "上党区北呈乡北张村"}
    assert (found["mine"]["code"], found["origin"], found["duty"]) == ("heron", "existing", None)
    assert (found["tilt"], found["suited_use"], found["boundary_area_mu"]) == (None, "water", None)


def test_unchanged_parcel_is_not_sent_again(team: Team) -> None:
    client, parcel = client_of(team.clerk), farm.registered(by=team)

    answer = client.get(f"/api/v1/parcels/{parcel.code}/", headers={"If-None-Match": '"1"'})

    assert (answer.status_code, answer.content) == (304, b"")


def test_filters_are_those_of_the_page(team: Team, mine: Mine) -> None:
    one = farm.walk(farm.parcel(602, mine, by=team), Stage.STARTED, 100, by=team)
    other = farm.registered(7, is_legacy=True, subsided_on=None, by=team, uses=[(SuitedUse.FARM, Decimal(7))])
    client = client_of(team.clerk)
    queries = {
        "mine=heron": one,
        "mine=legacy": other,
        "suited_use=farm": other,
        "stage=started": one,
        "stage=unknown": other,
        "pending=yes": other,
        f"search={one.code}": one,
    }

    found = {query: client.get(f"/api/v1/parcels/?{query}").json()["results"] for query in queries}

    assert {query: [row["code"] for row in rows] for query, rows in found.items()} == {
        query: [parcel.code] for query, parcel in queries.items()
    }
    assert told(client.get("/api/v1/parcels/?surveyed=602")) == (400, "invalid", [("surveyed", "unknown")])


def test_site_is_registered_with_a_parcel_for_each_use(team: Team, mine: Mine) -> None:
    uses = [{"suited_use": "water", "area": "602.00"}, {"suited_use": "farm", "area": "0.50"}]
    new = {"subsided_on": "2025-01-15", "due_on": "2027-01-01", "surveyed_area": "602.50", "uses": uses}

    answer = send(client_of(team.clerk), "parcels/", body(**new, land_before="0103", tilt="3.5"))

    assert answer.status_code == 201
    made = answer.json()["results"]
    assert [(row["code"], row["site"], row["suited_use"]) for row in made] == [
        ("TB-1-1", "TB-1", "water"),
        ("TB-1-2", "TB-1", "farm"),
    ]
    assert [row["duty"]["due_on"] for row in made] == ["2027-01-01"] * 2
    assert list(StageRequest.objects.order_by("pk").values_list("area", flat=True)) == [602, Decimal("0.5")]
    assert Parcel.objects.filter(tilt=Decimal("3.5"), land_before="0103").count() == 2


def test_same_key_registers_once(team: Team, mine: Mine) -> None:
    client = client_of(team.clerk)

    first, second = (send(client, "parcels/", body(), key="a") for _ in range(2))
    without_key = send(client, "parcels/", body())

    assert (second.status_code, second.json()) == (201, first.json())
    assert told(without_key) == (409, "taken_code", [("#/code", "taken_code")])
    assert Parcel.objects.count() == 1


#: A body that is refused, with what the page's form asks of the service instead, and where the fault lies.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "uses do not add up": (
        {"uses": [{"suited_use": "water", "area": "180"}]},
        {"survey": Survey(Decimal(602), [(SuitedUse.WATER, Decimal(180))], farm.SURVEYED, "一号")},
        "#/surveyed_area",
    ),
    "no area": ({"surveyed_area": "0"}, {"survey": Survey(Decimal(0), [], farm.SURVEYED, "一号")}, "#/surveyed_area"),
    "no deadline": ({"subsided_on": "2025-01-15"}, {"subsided_on": datetime.date(2025, 1, 15)}, "#/due_on"),
    "no mine": (
        {"mine": None, "subsided_on": "2025-01-15"},
        {"mine": None, "subsided_on": datetime.date(2025, 1, 15)},
        "#/mine",
    ),
    "survey to come": (
        {"surveyed_on": "2026-03-03"},
        {"survey": Survey(Decimal(1), [], datetime.date(2026, 3, 3), "一号")},
        "#/surveyed_on",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_is_the_sentence_of_the_form(team: Team, mine: Mine, case: str) -> None:
    fields, asked, pointer = REFUSED[case]
    survey = Survey(Decimal(602), [], farm.SURVEYED, "一号")
    given = {"mine": mine, "survey": survey, "subsided_on": farm.SUBSIDED, **asked}

    answer = send(client_of(team.clerk), "parcels/", body(**fields))
    with pytest.raises(Refused) as refusal:
        parcels.register(code="TB-1", region=make.region(VILLAGE), by=team.clerk, at=AT, **given)

    [error] = answer.json()["errors"]
    assert (answer.status_code, error["pointer"]) == (422, pointer)
    assert error["detail"] == str(refusal.value)
    assert not Parcel.objects.exists()


def test_one_number_is_refused_alike_by_form_rest_and_import(team: Team, mine: Mine) -> None:
    farm.registered(602, mine, by=team, code="TB-1")
    other = farm.mine(code="osprey")

    by_rest = send(client_of(team.clerk), "parcels/", body(mine="osprey")).json()["detail"]
    by_import = ledgers.told(ledgers.received([ledgers.row("TB-1", other)], team.clerk))
    with pytest.raises(Refused) as by_form:
        farm.registered(602, other, by=team, code="TB-1")

    assert by_import == [by_rest] == [str(by_form.value)]


@pytest.mark.parametrize(
    ("fields", "pointer", "code"),
    [
        ({"code": "图斑"}, "#/code", "invalid"),
        ({"code": "x" * 37}, "#/code", "max_length"),
        ({"mine": "nowhere"}, "#/mine", "unknown"),
        ({"region": "140404999999"}, "#/region", "unknown"),
        ({"region": "长治"}, "#/region", "invalid"),
        ({"surveyed_area": 602.01}, "#/surveyed_area", "invalid"),
        ({"surveyed_area": "602.001"}, "#/surveyed_area", "invalid_amount"),
        ({"surveyed_area": "-1"}, "#/surveyed_area", "invalid_amount"),
        ({"surveyed_area": "1" * 15}, "#/surveyed_area", "invalid_amount"),
        ({"surveyed_on": "2025-02-30"}, "#/surveyed_on", "invalid"),
        ({"land_before": "月球"}, "#/land_before", "invalid_choice"),
        ({"yield_loss": "100.01"}, "#/yield_loss", "invalid_amount"),
        ({"tilt": "9999999"}, "#/tilt", "invalid_amount"),
        ({"closed_area": "602"}, "#/closed_area", "unknown"),
        ({"version": 7}, "#/version", "unknown"),
        ({"uses": [{"suited_use": "farm", "area": "1"}] * 2}, "#/uses", "unique"),
        ({"uses": [{"suited_use": "moon", "area": "1"}]}, "#/uses.0.suited_use", "invalid_choice"),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(
    team: Team, mine: Mine, fields: dict[str, Any], pointer: str, code: str
) -> None:
    answer = send(client_of(team.clerk), "parcels/", body(**fields))

    assert told(answer)[2] == [(pointer, code)]
    assert answer.status_code == 400
    assert not Parcel.objects.exists()


def test_description_keeps_what_is_left_out(team: Team) -> None:
    parcel = farm.registered(by=team, place="村东")
    client = client_of(team.clerk)

    changed = send(client, f"parcels/{parcel.code}/", {"suited_use": "forest"}, method="PATCH", version=1)
    stale = send(client, f"parcels/{parcel.code}/", {"place": "村西"}, method="PATCH", version=1)
    blind = send(client, f"parcels/{parcel.code}/", {"place": "村西"}, method="PATCH")

    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    assert (changed.json()["suited_use"], changed.json()["place"]) == ("forest", "村东")
    assert told(stale) == (412, "stale_version", [])
    assert told(blind)[:2] == (428, "version_missing")


def test_parcel_goes_only_while_nothing_was_approved(team: Team) -> None:
    gone, kept = farm.registered(by=team), farm.parcel(by=team)
    client = client_of(team.clerk)

    answers = [send(client, f"parcels/{each.code}/", method="DELETE", version=each.version) for each in (gone, kept)]

    assert [answer.status_code for answer in answers] == [204, 409]
    assert answers[1].json()["code"] == "cannot_discard"
    assert list(Parcel.objects.all()) == [kept]


def test_out_of_scope_is_not_there(team: Team, mine: Mine) -> None:
    parcel = farm.registered(602, mine, by=team)
    stranger = client_of(make.user(Role.CLERK, make.OTHER_COUNTY))
    elsewhere, reader = f"parcels/{parcel.code}/", client_of(team.reviewer)

    assert stranger.get("/api/v1/parcels/").json()["results"] == []
    for method in ("GET", "PATCH", "DELETE"):
        assert send(stranger, elsewhere, method=method, version=1).status_code == 404
    assert told(send(stranger, "parcels/", body(code="TB-2")))[2] == [("#/mine", "unknown")]
    assert told(send(reader, "parcels/", body(code="TB-2")))[:2] == (403, "not_allowed")
    assert told(send(reader, elsewhere, {"place": "村西"}, method="PATCH", version=1))[:2] == (403, "not_allowed")
    assert told(send(reader, elsewhere, method="DELETE", version=1))[:2] == (403, "not_allowed")
