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
    assert html.count('<span class="tag todo">待补</span>') == 4


def test_region_may_be_picked_by_its_name(client: Client) -> None:
    project = make.project()
    client.force_login(make.user(Role.LEADER))

    html = client.get(reverse("projects"), {"region": "上党区"}).content.decode()

    assert '<option value="上党区">sdq 140404</option>' in html
    assert '<option value="长治市">czs 140400</option>' in html
    assert 'value="上党区"' in html
    assert listed(client, region="上党区") == listed(client, region="sdq") == [project]


def test_investments_of_parts_are_not_counted_again(client: Client) -> None:
    whole = make.project(investment=100)
    make.project(parent=whole, investment=40)
    make.project(make.OTHER_TOWN, parent=whole, investment="60.5")
    make.project()
    client.force_login(make.user(Role.LEADER))

    def shown(**query: str) -> tuple[int, list[str]]:
        totals = client.get(reverse("projects"), query).context["list"].totals
        return totals.count, [f"{each.shown} {each.unit}" for each in totals.sums]

    assert shown() == (4, ["100.00 万元"])
    assert shown(region=make.OTHER_COUNTY) == (1, ["60.50 万元"])
    assert shown(status="planned") == (0, [])
