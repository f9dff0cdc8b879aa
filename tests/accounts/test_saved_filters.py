"""Filters that people keep under a name: on the list, by a form that takes effect once."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role, SavedFilter, User
from accounts.services.saved_filters import MOST, FilterTooLong, TooManyFilters, save_filter
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

LIST = reverse("projects")


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK)


def keep(client: Client, query: str, **inputs: Any) -> Page:
    return client.post(f"{LIST}?{query}", {"receipt": uuid.uuid4(), **inputs})


def kept(by: User) -> dict[str, str]:
    return dict(SavedFilter.objects.filter(user=by).values_list("name", "query"))


def test_filter_order_and_columns_are_kept_without_the_place_in_the_list(client: Client, clerk: User) -> None:
    query = "work_line=water&sort=-due_on&columns=project&columns=due_on"

    page = keep(signed_in(client, clerk), f"{query}&after=7&no=51", name=" 在建水利 ")

    assert page.url == f"{LIST}?{query}"  # type: ignore[attr-defined]
    assert kept(clerk) == {"在建水利": query}
    assert AuditEvent.objects.get(action="filter.save").after["query"] == query  # type: ignore[index]


def test_kept_filter_is_offered_on_its_list_and_finds_the_same(client: Client, clerk: User) -> None:
    make.project(name="水库", work_line="water")
    make.project(name="湿地")
    keep(signed_in(client, clerk), "work_line=water&columns=project", name="水利")

    page = client.get(LIST)
    found = client.get(f"{LIST}?{kept(clerk)['水利']}")

    assert f'<a href="?{kept(clerk)["水利"].replace("&", "&amp;")}">水利</a>' in page.content.decode()
    assert "水利" not in client.get(reverse("entries")).content.decode().partition("常用筛选")[2].partition("</ul>")[0]
    assert [str(project) for project in found.context["page"].rows] == ["水库"]
    assert [column.key for column in found.context["list"].columns] == ["project"]


def test_form_sent_twice_keeps_once_and_a_second_filter_of_the_name_replaces_the_first(
    client: Client, clerk: User
) -> None:
    receipt = uuid.uuid4()
    signed_in(client, clerk)

    for _ in range(2):
        keep(client, "work_line=water", name="常看", receipt=receipt)
    keep(client, "status=underway", name="常看")

    assert kept(clerk) == {"常看": "status=underway"}
    assert AuditEvent.objects.filter(action="filter.save").count() == 2


@pytest.mark.parametrize("name", ["", " ", "长" * 41])
def test_form_without_a_proper_name_comes_back_with_the_list(client: Client, clerk: User, name: str) -> None:
    project = make.project(work_line="water")

    page = keep(signed_in(client, clerk), "work_line=water", name=name)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page.context["page"].rows == [project]
    assert page.context["keep_form"].errors["name"]
    assert kept(clerk) == {}


def test_too_many_and_too_long_filters_are_refused(client: Client, clerk: User) -> None:
    for number in range(MOST):
        save_filter(by=clerk, page="projects", name=str(number), query="")

    with pytest.raises(TooManyFilters):
        save_filter(by=clerk, page="projects", name="多", query="")
    with pytest.raises(FilterTooLong):
        save_filter(by=clerk, page="projects", name="0", query="x" * 1001)
    save_filter(by=clerk, page="projects", name="0", query="status=planned")
    save_filter(by=clerk, page="entries", name="另一列表", query="")
    page = keep(signed_in(client, clerk), "", name="多")

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "已达 30 个" in page.content.decode()
    assert len(kept(clerk)) == MOST + 1


def test_only_ones_own_filter_is_dropped(client: Client, clerk: User) -> None:
    mine = save_filter(by=clerk, page="projects", name="我的", query="")
    theirs = save_filter(by=make.user(), page="projects", name="别人的", query="")
    signed_in(client, clerk)

    pages = [keep(client, "", drop=each.pk) for each in (mine, theirs)]

    assert [page.status_code for page in pages] == [HTTPStatus.FOUND, HTTPStatus.NOT_FOUND]
    assert list(SavedFilter.objects.all()) == [theirs]
    assert "别人的" not in client.get(LIST).content.decode()
