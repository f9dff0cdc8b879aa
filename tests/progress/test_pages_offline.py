"""What the server gives to a browser that may lose its network: the worker, the pages it keeps, whose they are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse

from accounts.models import Role
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

IMPORT = re.compile(r"""(?:from|import)\s*["']\./([\w-]+\.js)["']""")


def known_to_worker(page: Page) -> dict[str, Any]:
    found = re.search(r"^self\.portal = (.+);$", page.content.decode(), re.MULTILINE)
    assert found
    known: dict[str, Any] = json.loads(found[1])
    return known


def scripts_of(page: Page) -> set[str]:
    """The scripts that the page asks for, and those that they import."""
    waiting = set(re.findall(r'src="/static/([\w-]+\.js)"', page.content.decode()))
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        found.add(name)
        path = finders.find(name)
        assert isinstance(path, str), name
        waiting |= set(IMPORT.findall(Path(path).read_text(encoding="utf-8"))) - found
    return found


def test_worker_serves_the_whole_site_and_is_asked_for_each_time(client: Client) -> None:
    page = client.get("/sw.js")

    assert page.headers["Content-Type"].startswith("text/javascript")
    assert page.headers["Service-Worker-Allowed"] == "/"
    assert "no-store" in page.headers["Cache-Control"]
    assert 'importScripts("/static/sw.js")' in page.content.decode()


def test_worker_says_the_same_to_everybody(client: Client) -> None:
    anonymous = client.get("/sw.js").content
    clerk = signed_in(client, make.user(Role.CLERK)).get("/sw.js").content

    assert clerk == anonymous


@pytest.mark.parametrize("name", ["grid", "outbox"])
def test_worker_fetches_all_that_a_kept_page_needs(client: Client, name: str) -> None:
    page = signed_in(client, make.user(Role.CLERK)).get(reverse(name))
    known = known_to_worker(client.get("/sw.js"))

    needed = {f"/static/{script}" for script in scripts_of(page)}
    needed |= set(re.findall(r'href="(/static/[^"#]+)', page.content.decode()))

    assert reverse(name) in known["kept"]
    assert needed
    assert needed <= set(known["files"])


def test_every_file_of_the_worker_is_there(client: Client) -> None:
    known = known_to_worker(client.get("/sw.js"))

    assert [file for file in known["files"] if not finders.find(file.removeprefix(known["static"]))] == []


@pytest.mark.parametrize("path", ["/", "/offline/"])
def test_page_names_the_person_it_was_made_for(client: Client, path: str) -> None:
    clerk = make.user(Role.CLERK)

    page = signed_in(client, clerk).get(path)

    assert page.headers["X-Portal-User"] == str(clerk.pk)
    assert f'data-user="{clerk.pk}"' in page.content.decode()


def test_page_of_a_visitor_names_nobody(client: Client) -> None:
    page = client.get(reverse("login"))

    assert page.headers["X-Portal-User"] == ""
    assert "data-user" not in page.content.decode()


def test_answers_to_programs_name_nobody(client: Client) -> None:
    signed_in(client, make.user(Role.LEADER))

    assert "X-Portal-User" not in client.get("/api/v1/targets/").headers


def test_page_for_no_network_is_the_same_for_everybody(client: Client) -> None:
    anonymous = client.get(reverse("offline_page")).content
    clerk = make.user(Role.CLERK, display_name="张三")

    page = signed_in(client, clerk).get(reverse("offline_page"))

    assert page.content == anonymous
    assert "没有网络" in page.content.decode()


def test_session_gives_the_person_and_a_token_that_works() -> None:
    client, clerk = Client(enforce_csrf_checks=True), make.user(Role.CLERK)
    session = signed_in(client, clerk).get(reverse("outbox_session")).json()

    answer = client.post("/i18n/", headers={"X-CSRFToken": session["csrf"]})

    assert session["user"] == clerk.pk
    assert answer.status_code == HTTPStatus.FOUND


def test_session_of_nobody_leads_to_the_login(client: Client) -> None:
    answer = client.get(reverse("outbox_session"))

    assert answer.status_code == HTTPStatus.FOUND
    assert answer.headers["Location"].startswith(reverse("login"))


def test_content_policy_lets_the_worker_in(client: Client) -> None:
    assert "worker-src 'self'" in client.get("/sw.js")["Content-Security-Policy"]


@pytest.fixture
def collected(tmp_path: Path) -> Iterator[Path]:
    """All static files as production serves them."""
    storages = {**settings.STORAGES, "staticfiles": {"BACKEND": settings.STATIC_STORAGE}}
    with override_settings(STORAGES=storages, STATIC_ROOT=str(tmp_path), IS_PRODUCTION=True):
        call_command("collectstatic", interactive=False, verbosity=0)
        yield tmp_path


def test_in_production_files_and_imports_are_named_by_their_content(client: Client, collected: Path) -> None:
    """A module loaded under two addresses would be two queues."""
    known = known_to_worker(client.get("/sw.js"))
    names = [file.removeprefix(known["static"]) for file in known["files"]]
    [script] = [name for name in names if name.startswith("outbox.")]
    [wire] = [name for name in names if name.startswith("outbox-wire.")]

    assert known["hashed"]
    assert [name for name in names if not re.search(r"\.[0-9a-f]{12}\.\w+$", name)] == []
    assert [name for name in names if not (collected / name).is_file()] == []
    assert f'from "./{wire}"' in (collected / script).read_text(encoding="utf-8")
