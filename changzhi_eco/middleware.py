"""What every request passes: its number and its language."""

import logging
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.cache import patch_vary_headers

GetResponse = Callable[[HttpRequest], HttpResponse]

request_id: ContextVar[str] = ContextVar("request_id", default="-")


class RequestIdMiddleware:
    """Numbers the request, so that what a user quotes from an error page finds its log lines."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id.set(uuid.uuid4().hex[:12])
        response = self.get_response(request)
        response["X-Request-ID"] = request_id.get()
        return response


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class NeverStoredMiddleware:
    """What the portal answers depends on who asks, so neither browser nor proxy may keep it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class WhoAskedMiddleware:
    """Names the person a page was made for, so that the browser's worker never shows it to the next one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        # When the server broke, who asks may be what it could not find out.
        if is_page and response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            response.headers["X-Portal-User"] = str(request.user.pk or "")
        return response


class ChineseFirstLocaleMiddleware:
    """Pages are Chinese until the user switches; office browsers often ask for English without their user's wish.

    The API has no switch, so there the Accept-Language header decides.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_api = request.path_info.startswith("/api/")
        language = translation.get_language_from_request(request) if is_api else chosen_language(request)
        with translation.override(language):
            response = self.get_response(request)
        response.headers.setdefault("Content-Language", language)
        patch_vary_headers(response, ["Accept-Language"] if is_api else ["Cookie"])
        return response


def chosen_language(request: HttpRequest) -> str:
    """The language of the switch's cookie, else the default."""
    cookie = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return cookie if cookie in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
