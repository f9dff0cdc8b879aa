"""No URL answers a visitor who has not signed in, but for a literal list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import NamedTuple

import pytest
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, path, resolve, reverse
from django.utils.regex_helper import normalize

#: Signing in, choosing the language to do so in, and what the browser keeps for whoever comes. Static files do not pass
#: the URL patterns.
PUBLIC = {"login", "set_language", "admin:login", "service_worker", "offline_page"}
#: Asked by scripts, which cannot follow the way to the login page.
TOLD = ("/grid/cell/",)
#: Tried in turn until one fits the converters of a pattern.
SAMPLES = ("1", "1404", "2025-01", "2025-01-21", "x", "jurisdictions", "5f0c0c1e-8e0d-4c5e-9d0f-0a0b0c0d0e0f")


class Route(NamedTuple):
    """One URL pattern under its full name, with a path that leads to it."""

    name: str
    path: str


def routes(resolver: URLResolver, namespace: str = "", prefix: str = "/") -> Iterator[Route]:
    """Every URL pattern below a resolver, "progress:entry-list" style."""
    for entry in resolver.url_patterns:
        template = prefix + normalize(entry.pattern.regex.pattern)[0][0]
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace, template)
        else:
            yield Route(namespace + (entry.name or template), sample_path(entry, template))


def sample_path(pattern: URLPattern, template: str) -> str:
    for sample in SAMPLES:
        address = re.sub(r"%\(\w+\)s", sample, template)
        try:
            if resolve(address).func is pattern.callback:
                return address
        except Resolver404:
            continue
    raise LookupError(f"add a sample that fits {template}")


def is_shut(client: Client, method: str, address: str) -> bool:
    """Whether an anonymous request is sent to the login page; a script is told 401, a client of the API a problem."""
    answer = client.generic(method, address)
    if address in TOLD:
        return answer.status_code == HTTPStatus.UNAUTHORIZED and answer.json()["state"] == "signed_out"
    if address.startswith("/api/"):
        is_problem = answer.headers["Content-Type"].startswith("application/problem+json")
        return answer.status_code == HTTPStatus.UNAUTHORIZED and is_problem
    logins = (reverse("login"), reverse("admin:login"))
    return answer.status_code == HTTPStatus.FOUND and answer.headers["Location"].partition("?")[0] in logins


def open_routes(client: Client) -> set[str]:
    """The names of all URLs that answer an anonymous request, reading or writing."""
    return {
        route.name
        for route in routes(get_resolver())
        for method in ("GET", "POST")
        if not is_shut(client, method, route.path)
    }


@login_not_required
def forgotten(request: HttpRequest, **_: object) -> HttpResponse:
    return HttpResponse()


#: They stand first, before the API's answer to every address it does not know.
urlpatterns = [
    path("forgotten/<uuid:key>/", forgotten, name="page"),
    path("api/v1/forgotten/<int:pk>/", forgotten, name="endpoint"),
    *get_resolver().url_patterns,
]


def test_every_url_asks_for_a_login(client: Client) -> None:
    assert open_routes(client) == PUBLIC


@pytest.mark.urls(__name__)
def test_forgotten_url_is_caught(client: Client) -> None:
    assert open_routes(client) == {*PUBLIC, "page", "endpoint"}


def test_login_is_the_default_for_pages_and_api() -> None:
    assert "django.contrib.auth.middleware.LoginRequiredMiddleware" in settings.MIDDLEWARE
    assert settings.REST_FRAMEWORK["DEFAULT_PERMISSION_CLASSES"] == ["rest_framework.permissions.IsAuthenticated"]
