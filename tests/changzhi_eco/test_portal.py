"""What stands around every page: the menu, the banner of demo data, the error pages, the content policy."""

from __future__ import annotations

from http import HTTPStatus

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests import factories as make

pytestmark = pytest.mark.django_db

ERRORS = ("400", "403", "403_csrf", "404", "500", "503")


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (None, ["home"]),
        (
            Role.CLERK,
            [
                "home",
                "overview",
                "tasks",
                "grid",
                "entries",
                "ledger",
                "checks",
                "reports",
                "subsidence",
                "projects",
                "periods",
            ],
        ),
        (
            Role.REVIEWER,
            [
                "home",
                "overview",
                "entries",
                "ledger",
                "review",
                "checks",
                "reports",
                "subsidence",
                "projects",
                "periods",
            ],
        ),
        (
            Role.LEADER,
            ["home", "overview", "entries", "ledger", "checks", "reports", "subsidence", "projects", "periods"],
        ),
        (Role.SYSTEM_ADMIN, ["home"]),
    ],
)
def test_menu_follows_the_persons_duties(client: Client, role: Role | None, names: list[str]) -> None:
    client.force_login(make.user(role))

    items = client.get("/").context["nav_items"]

    assert [item.url for item in items] == [reverse(name) for name in names]


def test_menu_marks_where_the_person_is(client: Client) -> None:
    client.force_login(make.user(Role.CLERK))

    items = client.get(reverse("entry_new")).context["nav_items"]

    assert [item.url for item in items if item.is_current] == [reverse("entries")]


def test_menu_marks_the_ledger_while_a_file_is_imported(client: Client) -> None:
    client.force_login(make.user(Role.CLERK))

    items = client.get(reverse("imports")).context["nav_items"]

    assert [item.url for item in items if item.is_current] == [reverse("ledger")]


def test_demo_data_is_announced_on_every_page(client: Client) -> None:
    client.force_login(make.user(Role.LEADER))
    banner = "本站含演示数据"

    before = client.get("/").content.decode()
    make.target(is_demo=True)
    pages = [client.get(reverse(name)).content.decode() for name in ("home", "overview", "entries", "projects")]

    assert banner not in before
    assert all(banner in page for page in pages)


@pytest.mark.parametrize("name", ERRORS)
def test_error_page_stands_alone_and_says_what_to_do(name: str) -> None:
    html = render_to_string(f"{name}.html")

    assert name[:3] in html
    assert "返回首页" in html


def test_unknown_page_is_answered_in_chinese(client: Client) -> None:
    client.force_login(make.user())

    page = client.get("/nowhere/")

    assert page.status_code == HTTPStatus.NOT_FOUND
    assert "没有找到这个页面" in page.content.decode()


def test_form_without_its_token_is_refused_with_a_sentence() -> None:
    page = Client(enforce_csrf_checks=True).post(reverse("login"), {"username": "x"})

    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "页面已过期，本次提交未保存" in page.content.decode()


def test_content_policy_allows_nothing_inline(client: Client) -> None:
    policy = client.get(reverse("login"))["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
