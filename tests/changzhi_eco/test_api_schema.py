"""The OpenAPI schema is valid, says nothing more than is sent, and leaves out nothing that is."""

from __future__ import annotations

import datetime
import io
import re
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.models import Role, Scope
from accounts.services.tokens import issue_token
from progress.models import EntryStatus
from subsidence.models import Parcel, Stage, StageRequest
from subsidence.services import boundaries
from tests import factories as make
from tests.rest import client_of, send
from tests.subsidence import farm, layers

DECISIONS = ("approve", "return", "withdraw")

pytestmark = pytest.mark.django_db


@pytest.fixture
def leader() -> APIClient:
    return client_of(make.user(Role.LEADER))


@pytest.fixture
def schema(leader: APIClient) -> dict[str, Any]:
    """The schema as served, with every object closed."""
    served: dict[str, Any] = leader.get("/api/schema/").json()
    for component in served["components"]["schemas"].values():
        if component.get("type") == "object":
            component["additionalProperties"] = False
    return served


def surveyed_land() -> Parcel:
    """A parcel with a boundary, newly subsided, on its way."""
    team = make.team()
    mine = farm.mine(code="heron")
    new = {"subsided_on": farm.CUT_OFF, "due_on": datetime.date(2027, 1, 1)}
    parcel = farm.walk(farm.parcel(7, mine, by=team, code="TB-1", **new), Stage.APPROVED, by=team)
    boundaries.draw(parcel=parcel, plot=layers.land_in(make.VILLAGE), was="", by=team.clerk, at=farm.AT)
    return parcel


def check(schema: dict[str, Any], path: str, method: str, answer: Any) -> None:
    """Compare an answer with what the schema says of it."""
    documented = schema["paths"][path][method]["responses"]
    content = documented.get(str(answer.status_code), documented["default"])["content"]
    stated = content[answer.headers["Content-Type"]]["schema"]
    jsonschema.Draft202012Validator({**stated, "components": schema["components"]}).validate(answer.json())


def test_schema_is_valid_and_without_a_warning() -> None:
    call_command("spectacular", "--fail-on-warn", "--validate", stdout=io.StringIO())


def test_lists_are_sent_as_the_schema_says(leader: APIClient, schema: dict[str, Any]) -> None:
    make.project(name="", owner=make.organisation(parent=make.organisation()), programme=make.programme())
    series = make.series(make.target().indicator, make.project(parent=make.project(status="underway")))
    make.ratio(series.indicator, make.indicator())
    entry = make.verified_entry(series, no_progress_reason="", note="整治")
    make.correction(entry)
    make.verified_entry(series, when=make.period(2025, 4))
    make.entry(value=None, no_progress_reason="冬歇", status=EntryStatus.RETURNED)
    make.target(project=series.project)
    surveyed_land()

    for path, operations in schema["paths"].items():
        if "get" in operations and "{" not in path and path != "/api/schema/":
            query = "?region=1404" if path.endswith("rollups/") else ""
            answer = leader.get(f"{path}{query}")

            assert [rows for rows in answer.json().values() if isinstance(rows, list) and rows], path
            check(schema, path, "get", answer)


def test_details_are_sent_as_the_schema_says(leader: APIClient, schema: dict[str, Any]) -> None:
    entry = make.entry(make.series(make.target().indicator))
    keys = {
        "regions/{code}": "140400",
        "organisations/{id}": make.organisation().pk,
        "projects/{code}": entry.series.project.code,
        "indicators/{code}": entry.series.indicator.code,
        "series/{id}": entry.series_id,
        "targets/{code}": entry.series.indicator.targets.get().code,
        "entries/{id}": entry.pk,
        "mines/{code}": "heron",
        "parcels/{code}": surveyed_land().code,
        "parcels/{code}/stages": "TB-1",
        "stage-requests/{id}": StageRequest.objects.earliest("pk").pk,
    }

    for path, key in keys.items():
        answer = leader.get(f"/api/v1/{re.sub('{.*}', str(key), path)}/")

        assert answer.status_code == 200, path
        check(schema, f"/api/v1/{path}/", "get", answer)


def test_boundary_is_sent_as_the_schema_says(schema: dict[str, Any]) -> None:
    surveyed_land()
    token = issue_token(user=make.user(Role.LEADER), by=None, scopes=[Scope.COORDINATES])

    answer = APIClient(headers={"Authorization": f"Token {token}"}).get("/api/v1/parcels/geojson/")

    assert answer.json()["features"][0]["geometry"]["type"] == "Polygon"
    check(schema, "/api/v1/parcels/geojson/", "get", answer)


def test_writes_on_land_are_answered_as_the_schema_says(schema: dict[str, Any]) -> None:
    parcel, team = surveyed_land(), make.team()
    clerk, verifier = client_of(team.clerk), client_of(team.verifier)
    survey = {"surveyed_area": "7", "surveyed_on": "2025-02-01", "document": "摸底"}
    site = {"code": "TB-2", "mine": None, "region": make.VILLAGE, **survey}
    stage = {"stage": "approved", "on": "2025-03-01", "area": "-7", "document": "立项"}

    check(schema, "/api/v1/parcels/", "post", send(clerk, "parcels/", site))
    check(schema, "/api/v1/parcels/", "post", send(clerk, "parcels/", site))
    changed = send(clerk, "parcels/TB-2/", {"place": "村东"}, method="PATCH", version=1)
    check(schema, "/api/v1/parcels/{code}/", "patch", changed)
    stale = send(clerk, "parcels/TB-2/", {"place": "村西"}, method="PATCH", version=1)
    check(schema, "/api/v1/parcels/{code}/", "patch", stale)
    step = {"reverses": parcel.stages.get(stage=Stage.APPROVED).pk}
    asked = send(clerk, f"parcels/{parcel.code}/stages/", {**stage, **step})
    check(schema, "/api/v1/parcels/{code}/stages/", "post", asked)
    approved = send(verifier, f"stage-requests/{asked.json()['id']}/approve/")
    assert approved.json()["status"] == "approved"
    check(schema, "/api/v1/stage-requests/{id}/approve/", "post", approved)


def test_problems_are_sent_as_the_schema_says(schema: dict[str, Any]) -> None:
    team = make.team()
    entry = make.verified_entry(by=team)
    clerk, verifier = client_of(team.clerk), client_of(team.verifier)
    address = f"entries/{entry.pk}/"
    send(clerk, f"{address}correct/", {"reason": "复核"}, version=4)
    template = "/api/v1/entries/{id}/"

    check(schema, "/api/v1/entries/", "get", clerk.get("/api/v1/entries/?limit=0"))
    check(schema, "/api/v1/entries/", "post", send(clerk, "entries/", {"value": 1.5}))
    check(schema, template, "get", clerk.get("/api/v1/entries/0/"))
    check(schema, template, "patch", send(clerk, address, {"value": "1"}, method="PATCH", version=1))
    check(schema, f"{template}correct/", "post", send(clerk, f"{address}correct/", {"reason": "复核"}, version=4))
    check(schema, f"{template}verify/", "post", send(verifier, f"{address}verify/", version=4))


def test_every_write_names_its_headers(schema: dict[str, Any]) -> None:
    writes = {
        (method, path): {parameter["name"] for parameter in operation.get("parameters", [])}
        for path, operations in schema["paths"].items()
        for method, operation in operations.items()
        if method != "get"
    }

    # What makes a row, and a decision, which is taken once.
    once = ["entries", "parcels", "parcels/{code}/stages", *(f"stage-requests/{{id}}/{step}" for step in DECISIONS)]
    headers = {"Idempotency-Key", "If-Match"}
    assert [writes.pop(("post", f"/api/v1/{path}/")) & headers for path in once] == [{"Idempotency-Key"}] * len(once)
    assert all("If-Match" in names for names in writes.values())
    assert len(writes) == 10
