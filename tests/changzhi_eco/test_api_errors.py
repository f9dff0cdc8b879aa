"""Every failure of the API is a problem that a program can read and a person understand."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client, override_settings
from rest_framework.test import APIClient

from accounts.models import Role
from accounts.refusals import Refused
from changzhi_eco.api_errors import STATUS, TITLES, handler, problem
from tests import factories as make
from tests.rest import client_of, send, told

pytestmark = pytest.mark.django_db

#: The context of an error that no request led to.
NOWHERE: Any = {"view": None, "args": (), "kwargs": {}, "request": None}


@pytest.fixture
def clerk() -> APIClient:
    return client_of(make.user(Role.CLERK, make.COUNTY))


@pytest.mark.parametrize(
    "path", ["v1/", "v1/entries/", "v1/entries/1/", "v1/rollups/", "v1/status/summary/", "schema/", "v2/anything"]
)
def test_missing_token_is_asked_for(client: Client, path: str) -> None:
    answer = client.get(f"/api/{path}")

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Token")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:problem-type:changzhi-eco:not_authenticated",
        "title": "请先登录",
        "status": 401,
        "code": "not_authenticated",
        "detail": "身份认证信息未提供。",
        "instance": f"urn:request:{answer.headers['X-Request-ID']}",
        "request_id": answer.headers["X-Request-ID"],
        "errors": [],
    }


def test_messages_follow_accept_language(client: Client) -> None:
    answer = client.get("/api/v1/entries/", headers={"Accept-Language": "en"})

    assert answer.json()["detail"] == "Authentication credentials were not provided."
    assert answer.headers["Content-Language"] == "en"


@pytest.mark.parametrize("token", ["", "x", "a b", "9" * 64, "\xff", "a\0", "'", "a" * 5000])
def test_token_of_nobody_is_refused(client: Client, token: str) -> None:
    answer = client.get("/api/v1/entries/", headers={"Authorization": f"Token {token}"})

    assert told(answer)[0] == 401


def test_token_of_a_disabled_account_is_refused() -> None:
    person = make.user(Role.CLERK)
    client = client_of(person)
    person.is_active = False
    person.save()

    assert told(client.get("/api/v1/entries/"))[:2] == (401, "authentication_failed")


def test_session_needs_the_csrf_token() -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(make.user(Role.CLERK))

    read, written = client.get("/api/v1/entries/"), send(client, "entries/", {})

    assert read.status_code == 200
    assert told(written)[:2] == (403, "permission_denied")


@pytest.mark.parametrize("path", ["v1/nothing/", "v1/entries", "v1/regions/x/", "v1/targets/a.b/", "v3/", "%00"])
def test_address_that_leads_nowhere_is_a_problem_too(clerk: APIClient, path: str) -> None:
    assert told(clerk.get(f"/api/{path}")) == (404, "not_found", [])


def test_method_and_media_types_are_told(clerk: APIClient) -> None:
    put = clerk.put("/api/v1/entries/")
    form = clerk.generic("POST", "/api/v1/entries/", "a=1", "application/x-www-form-urlencoded")
    page = clerk.get("/api/v1/entries/", headers={"Accept": "text/html"})

    assert [told(answer)[:2] for answer in (put, form, page)] == [
        (405, "method_not_allowed"),
        (415, "unsupported_media_type"),
        (406, "not_acceptable"),
    ]


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=1000)
def test_body_beyond_the_limit_is_refused(clerk: APIClient) -> None:
    assert told(send(clerk, "entries/", {"note": "a" * 1001})) == (413, "too_large", [])


def test_every_status_has_a_title() -> None:
    assert set(STATUS.values()) <= set(TITLES)


@pytest.mark.parametrize("error", [OperationalError("gone"), InterfaceError("closed")])
def test_database_away_is_503_with_the_time_to_come_back(error: Exception) -> None:
    answer = handler(error, NOWHERE)

    assert answer is not None
    assert (answer.status_code, answer.headers["Retry-After"], answer.data["code"]) == (503, "5", "unavailable")


def test_fault_of_ours_says_nothing_of_its_inside() -> None:
    answer = handler(KeyError("secret"), NOWHERE)

    assert answer is not None
    assert (answer.status_code, answer.data["code"], answer.data["errors"]) == (500, "error", [])
    assert "secret" not in str(answer.data)


def test_refusal_that_nobody_placed_is_a_conflict() -> None:
    class Untold(Refused):
        code = "untold"

    answer = handler(Untold("不行。"), NOWHERE)

    assert answer is not None
    assert (answer.status_code, answer.data["code"], answer.data["detail"]) == (409, "untold", "不行。")


def test_problem_outside_of_a_view_looks_the_same() -> None:
    answer = problem(HTTPStatus.INTERNAL_SERVER_ERROR, "出错了。")

    assert (answer.status_code, answer.headers["Content-Type"]) == (500, "application/problem+json")
