"""Stages over REST: asked for by one, approved by another, and refused in the words of the page."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role
from accounts.refusals import Refused
from progress.models import LedgerLine
from subsidence.models import Parcel, ParcelStage, RequestStatus, Settlement, Stage, StageRequest
from subsidence.services import stages
from tests import factories as make
from tests.factories import Team
from tests.rest import client_of, send, told
from tests.subsidence import farm
from tests.subsidence.farm import AT

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]


@pytest.fixture
def team() -> Team:
    return make.team()


def body(**fields: Any) -> dict[str, Any]:
    return {"stage": "approved", "on": "2025-03-01", "area": "180.00", "document": "立项〔2025〕1号", **fields}


def test_stage_is_asked_for_and_approved_by_another(team: Team) -> None:
    parcel = farm.parcel("602", by=team)

    asked = send(client_of(team.clerk), f"parcels/{parcel.code}/stages/", body())
    own = send(client_of(team.clerk), f"stage-requests/{asked.json()['id']}/approve/")
    approved = send(client_of(team.reviewer), f"stage-requests/{asked.json()['id']}/approve/", key="a")
    again = send(client_of(team.reviewer), f"stage-requests/{asked.json()['id']}/approve/", key="a")
    late = send(client_of(team.reviewer), f"stage-requests/{asked.json()['id']}/approve/")

    assert (asked.status_code, asked.json()["status"], asked.json()["area_mu"]) == (201, "pending", "180")
    assert told(own)[:2] == (403, "not_allowed")
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    assert again.json() == approved.json()
    assert told(late)[:2] == (409, "already_decided")
    assert Parcel.objects.get(pk=parcel.pk).approved_area == 180
    assert LedgerLine.objects.count() == 2


def test_whoever_asked_cannot_approve_over_rest_either(team: Team) -> None:
    make.duty(team.clerk, Role.REVIEWER, make.COUNTY)
    request = farm.ask(farm.parcel(by=team), Stage.APPROVED, 1, by=team.clerk)

    assert told(send(client_of(team.clerk), f"stage-requests/{request.pk}/approve/"))[:2] == (409, "same_person")


def test_area_above_what_is_left_is_refused_in_the_words_of_the_page(team: Team) -> None:
    parcel = farm.walk(farm.parcel("602", by=team), Stage.SELF_CHECKED, 422, by=team)
    farm.photograph(parcel, team.clerk)
    day = datetime.date(2025, 10, 15)
    asked = {"stage": "accepted", "on": f"{day}", "area": "422.01", "document": "验收一号"}

    by_rest = send(client_of(team.clerk), f"parcels/{parcel.code}/stages/", asked)
    with pytest.raises(Refused) as by_form:
        stages.ask(
            parcel=parcel,
            stage=Stage.ACCEPTED,
            on=day,
            area=Decimal("422.01"),
            document="验收一号",
            by=team.clerk,
            at=AT,
        )
    fits = send(client_of(team.clerk), f"parcels/{parcel.code}/stages/", {**asked, "area": "422.00"})

    assert told(by_rest) == (409, "area_too_large", [("#/area", "area_too_large")])
    assert by_rest.json()["detail"] == str(by_form.value)
    assert "422.00" in str(by_form.value)
    assert fits.status_code == 201


@pytest.mark.parametrize(
    ("fields", "answer"),
    [
        ({"stage": "closed"}, (409, "stage_skipped", [("#/stage", "stage_skipped")])),
        ({"on": "2025-01-01"}, (409, "too_early", [("#/on", "too_early")])),
        ({"on": "2026-03-03"}, (422, "invalid", [("#/on", "invalid")])),
        ({"area": "602.01"}, (409, "area_too_large", [("#/area", "area_too_large")])),
        ({"area": "-1"}, (422, "invalid", [("#/area", "invalid")])),
        ({"area": "0"}, (422, "invalid", [("#/area", "invalid")])),
        ({"area": 1.5}, (400, "invalid", [("#/area", "invalid")])),
        ({"document": ""}, (400, "invalid", [("#/document", "blank")])),
        ({"stage": "moon"}, (400, "invalid", [("#/stage", "invalid_choice")])),
        ({"reverses": 999999999}, (400, "invalid", [("#/reverses", "unknown")])),
        ({"status": "approved"}, (400, "invalid", [("#/status", "unknown")])),
    ],
)
def test_what_no_chain_takes_is_refused_at_its_place(
    team: Team, fields: dict[str, Any], answer: tuple[int, str, list[tuple[str, str]]]
) -> None:
    parcel = farm.parcel("602", by=team)

    assert told(send(client_of(team.clerk), f"parcels/{parcel.code}/stages/", body(**fields))) == answer
    assert StageRequest.objects.filter(status=RequestStatus.PENDING).count() == 0


def test_moving_land_is_not_accepted(team: Team) -> None:
    parcel = farm.walk(farm.parcel(by=team, settlement=Settlement.ACTIVE), Stage.SELF_CHECKED, by=team)
    asked = body(stage="accepted", on="2025-10-15", area="1")

    assert told(send(client_of(team.clerk), f"parcels/{parcel.code}/stages/", asked))[:2] == (409, "not_settled")


def test_step_is_taken_back_in_red(team: Team) -> None:
    parcel = farm.walk(farm.parcel(by=team), Stage.APPROVED, 180, by=team)
    step = ParcelStage.objects.get(stage=Stage.APPROVED)

    asked = send(
        client_of(team.clerk), f"parcels/{parcel.code}/stages/", body(area="-180", reverses=step.pk, note="面积有误")
    )
    send(client_of(team.verifier), f"stage-requests/{asked.json()['id']}/approve/")

    chain = client_of(team.clerk).get(f"/api/v1/parcels/{parcel.code}/stages/").json()
    assert [(link["stage"], link["area_mu"]) for link in chain["steps"]] == [
        ("surveyed", "602"),
        ("approved", "180"),
        ("approved", "-180"),
    ]
    assert chain["steps"][2]["reverses"] == step.pk
    assert [asked["status"] for asked in chain["requests"]] == ["approved"] * 3


def test_request_goes_back_with_a_reason_or_is_withdrawn(team: Team) -> None:
    parcel = farm.parcel(by=team)
    one, other = (farm.ask(parcel, Stage.APPROVED, 1, by=team.clerk) for _ in range(2))

    silent = send(client_of(team.reviewer), f"stage-requests/{one.pk}/return/", {})
    returned = send(client_of(team.reviewer), f"stage-requests/{one.pk}/return/", {"reason": "缺批复"})
    foreign = send(client_of(team.reviewer), f"stage-requests/{other.pk}/withdraw/")
    withdrawn = send(client_of(team.clerk), f"stage-requests/{other.pk}/withdraw/")

    assert told(silent) == (400, "invalid", [("#/reason", "required")])
    assert (returned.json()["status"], returned.json()["reason"]) == ("returned", "缺批复")
    assert told(foreign)[:2] == (403, "not_allowed")
    assert withdrawn.json()["status"] == "withdrawn"


def test_city_stage_is_the_citys_to_approve(team: Team) -> None:
    parcel = farm.walk(farm.parcel(by=team), Stage.SELF_CHECKED, by=team)
    request = farm.ask(parcel, Stage.ACCEPTED, 1, by=team.clerk)

    assert told(send(client_of(team.reviewer), f"stage-requests/{request.pk}/approve/"))[:2] == (403, "not_allowed")


def test_requests_are_found_by_status_stage_and_parcel(team: Team) -> None:
    parcel = farm.parcel(by=team)
    waiting = farm.ask(parcel, Stage.APPROVED, 1, by=team.clerk)
    client = client_of(team.reviewer)

    for query in ("status=pending", "stage=approved", f"parcel={parcel.code}&status=pending", "region=140404&limit=1"):
        [row] = client.get(f"/api/v1/stage-requests/?{query}").json()["results"]
        assert row["id"] == waiting.pk
    assert client.get(f"/api/v1/stage-requests/{waiting.pk}/").json() == row


def test_out_of_scope_is_not_there(team: Team) -> None:
    parcel = farm.parcel(by=team)
    request = farm.ask(parcel, Stage.APPROVED, 1, by=team.clerk)
    stranger = client_of(make.user(Role.VERIFIER, make.OTHER_COUNTY))

    assert stranger.get("/api/v1/stage-requests/").json()["results"] == []
    assert stranger.get(f"/api/v1/parcels/{parcel.code}/stages/").status_code == 404
    assert send(stranger, f"parcels/{parcel.code}/stages/", body()).status_code == 404
    for step in ("approve", "return", "withdraw"):
        assert send(stranger, f"stage-requests/{request.pk}/{step}/").status_code == 404
    assert told(send(client_of(team.reviewer), f"parcels/{parcel.code}/stages/", body()))[:2] == (403, "not_allowed")
