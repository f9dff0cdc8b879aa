"""The OpenAPI schema is valid, says nothing more than is sent, and leaves out nothing that is."""

from __future__ import annotations

import io
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from accounts.models import Role
from progress.models import EntryStatus
from tests import factories as make
from tests.rest import client_of, send

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

    for path, operations in schema["paths"].items():
        if "get" in operations and "{" not in path and path != "/api/schema/":
            query = "?region=1404" if path.endswith("rollups/") else ""
            answer = leader.get(f"{path}{query}")

            assert answer.json().get("results", answer.json().get("work_lines")), path
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
    }

    for path, key in keys.items():
        resource = path.partition("/")[0]
        answer = leader.get(f"/api/v1/{resource}/{key}/")

        assert answer.status_code == 200, path
        check(schema, f"/api/v1/{path}/", "get", answer)


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

    create = writes.pop(("post", "/api/v1/entries/"))
    assert create == {"Idempotency-Key"}
    assert all("If-Match" in names for names in writes.values())
    assert len(writes) == 8
