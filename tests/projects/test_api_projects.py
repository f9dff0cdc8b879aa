from __future__ import annotations

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from accounts.models import Role
from projects.models import ProjectStatus
from tests import factories as make
from tests.rest import client_of, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def leader() -> APIClient:
    return client_of(make.user(Role.LEADER, make.COUNTY))


def test_what_the_source_does_not_say_is_null(leader: APIClient) -> None:
    project = make.project(name="")

    answer = leader.get(f"/api/v1/projects/{project.code}/").json()

    unknown = ("name", "owner", "programme", "parent", "status", "start_on", "due_on", "finished_on")
    assert {answer[name] for name in (*unknown, "investment_wan_yuan")} == {None}


def test_project_is_told_with_what_is_known(leader: APIClient) -> None:
    bundle, owner = make.programme(), make.organisation()
    project = make.project(programme=bundle, owner=owner, status=ProjectStatus.UNDERWAY, investment=Decimal("1200.50"))

    answer = leader.get(f"/api/v1/projects/{project.code}/").json()

    assert answer["programme"] == {"code": bundle.code, "name": bundle.name}
    assert answer["owner"] == {"id": owner.pk, "name": owner.name}
    assert (answer["status"], answer["investment_wan_yuan"]) == ("underway", "1200.5")
    assert answer["region"] == {"code": "140404202", "full_name": "上党区北呈乡"}


def test_project_of_another_county_is_not_there(leader: APIClient) -> None:
    theirs = make.project(make.OTHER_COUNTY)

    assert told(leader.get(f"/api/v1/projects/{theirs.code}/")) == (404, "not_found", [])


def test_projects_without_a_known_status_can_be_asked_for(leader: APIClient) -> None:
    unknown = make.project()
    make.project(status=ProjectStatus.FINISHED)

    rows = leader.get("/api/v1/projects/?status=unknown").json()["results"]

    assert [row["code"] for row in rows] == [unknown.code]
