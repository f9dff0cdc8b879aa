"""The language, the number and the caching that every request gets."""

from __future__ import annotations

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import translation

from accounts.models import User
from changzhi_eco.middleware import (
    ChineseFirstLocaleMiddleware,
    NeverStoredMiddleware,
    RequestIdMiddleware,
    WhoAskedMiddleware,
    request_id,
)


def language_of(path: str, **headers: str) -> HttpResponse:
    """The answer of a view that says the language it was called in."""
    middleware = ChineseFirstLocaleMiddleware(lambda request: HttpResponse(translation.get_language()))
    request = RequestFactory().get(path, headers=headers)
    return middleware(request)


@pytest.mark.parametrize(
    ("path", "headers", "language"),
    [
        ("/", {}, "zh-hans"),
        ("/", {"accept-language": "en"}, "zh-hans"),
        ("/", {"cookie": "django_language=en"}, "en"),
        ("/", {"cookie": "django_language=xx"}, "zh-hans"),
        ("/api/v1/targets/", {}, "zh-hans"),
        ("/api/v1/targets/", {"accept-language": "en-GB,en;q=0.9"}, "en"),
        ("/api/v1/targets/", {"accept-language": "fr"}, "zh-hans"),
    ],
)
def test_pages_are_chinese_first_and_the_api_follows_its_client(
    path: str, headers: dict[str, str], language: str
) -> None:
    response = language_of(path, **headers)

    assert response.content.decode() == language
    assert response.headers["Content-Language"] == language


@pytest.mark.parametrize(("path", "header"), [("/", "Cookie"), ("/api/v1/targets/", "Accept-Language")])
def test_caches_are_told_what_the_language_depends_on(path: str, header: str) -> None:
    assert language_of(path).headers["Vary"] == header


def test_request_id_is_the_same_in_log_and_answer() -> None:
    seen = []

    def view(_request: HttpRequest) -> HttpResponse:
        seen.append(request_id.get())
        return HttpResponse()

    response = RequestIdMiddleware(view)(RequestFactory().get("/"))

    assert [response.headers["X-Request-ID"]] == seen


@pytest.mark.parametrize(("said", "sent"), [({}, "private, no-store"), ({"Cache-Control": "max-age=60"}, "max-age=60")])
def test_answers_are_not_stored_unless_their_view_says_so(said: dict[str, str], sent: str) -> None:
    middleware = NeverStoredMiddleware(lambda request: HttpResponse(headers=said))

    response = middleware(RequestFactory().get("/overview/"))

    assert response.headers["Cache-Control"] == sent


@pytest.mark.parametrize(
    ("status", "kind", "named"),
    [(200, "text/html", "7"), (404, "text/html", "7"), (503, "text/html", None), (200, "application/json", None)],
)
def test_pages_name_their_reader_unless_the_server_broke(status: int, kind: str, named: str | None) -> None:
    request = RequestFactory().get("/overview/")
    request.user = User(pk=7)
    middleware = WhoAskedMiddleware(lambda request: HttpResponse(status=status, content_type=kind))

    assert middleware(request).headers.get("X-Portal-User") == named
