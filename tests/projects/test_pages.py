"""The register as a list."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from jurisdictions.models import WorkLine
from projects.models import Project, ProjectStatus
from tests import factories as make

pytestmark = pytest.mark.django_db


def listed(client: Client, **query: str) -> list[Project]:
    rows: list[Project] = client.get(reverse("projects"), query).context["page"].rows
    return rows


def test_list_shows_the_projects_of_ones_county(client: Client) -> None:
    mine, _other = make.project(), make.project(make.OTHER_TOWN)
    client.force_login(make.user(Role.CLERK, make.COUNTY))

    assert listed(client) == [mine]


def test_list_is_filtered(client: Client) -> None:
    wanted = make.project(name="湿地", work_line=WorkLine.WATER, status=ProjectStatus.UNDERWAY)
    unknown = make.project(name="")
    client.force_login(make.user(Role.LEADER))

    assert listed(client, search="湿地") == [wanted]
    assert listed(client, work_line="water", region=make.COUNTY, status="underway") == [wanted]
    assert listed(client, status="unknown") == [unknown]
    assert listed(client, region="nowhere") == []


def test_unnamed_project_and_unknown_owner_are_shown_as_missing(client: Client) -> None:
    project = make.project(name="")
    client.force_login(make.user(Role.LEADER))

    html = client.get(reverse("projects")).content.decode()

    assert f"待补（{project.code}）" in html
    assert html.count('<span class="tag todo">待补</span>') == 2


def test_region_may_be_picked_by_its_name(client: Client) -> None:
    make.project()
    client.force_login(make.user(Role.LEADER))

    html = client.get(reverse("projects"), {"region": make.COUNTY}).content.decode()

    assert '<option value="140404">上党区</option>' in html
    assert '<option value="140400">长治市</option>' in html
    assert 'value="140404"' in html
