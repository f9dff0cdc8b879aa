"""The answer when a request breaks: 503 while the database is away or busy, 500 for a fault of ours."""

from __future__ import annotations

import sys
from http import HTTPStatus

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from changzhi_eco.api_errors import problem

#: Seconds after which asking again is worth while.
RETRY_AFTER = "5"


def server_error(request: HttpRequest) -> HttpResponse:
    """Neither the database nor the session is read: they may be what is out of order."""
    is_busy = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = HTTPStatus.SERVICE_UNAVAILABLE if is_busy else HTTPStatus.INTERNAL_SERVER_ERROR
    response = _answer(request, status)
    if is_busy:
        response["Retry-After"] = RETRY_AFTER
    return response


def _answer(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    if request.path_info.startswith("/api/"):
        return problem(status, _("系统繁忙或暂时出错，本次操作没有完成，请稍后重试。"))
    return HttpResponse(render_to_string(f"{status.value}.html"), status=status)
