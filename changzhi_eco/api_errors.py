"""Every error of the API as application/problem+json (RFC 9457): the one place that knows HTTP statuses."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import JsonResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from drf_standardized_errors.formatter import ExceptionFormatter
from drf_standardized_errors.handler import ExceptionHandler
from drf_standardized_errors.types import Error, ErrorResponse, ExceptionHandlerContext
from rest_framework.exceptions import APIException, ErrorDetail, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.settings import api_settings

from accounts.receipts import KeyReused
from accounts.refusals import NotAllowed, Refused
from accounts.rest.once import etag
from changzhi_eco.middleware import request_id
from progress.api.entries import EntrySerializer
from progress.models import ProgressEntry
from progress.services.entries import AlreadyEntered, Incomplete, StaleVersion
from progress.services.posting import LevelOutOfOrder
from subsidence import refusals as land

MEDIA_TYPE = "application/problem+json"

#: The status of a refusal; where its class is not named, that of the class it extends.
STATUS: dict[type[Exception], HTTPStatus] = {
    Refused: HTTPStatus.CONFLICT,
    NotAllowed: HTTPStatus.FORBIDDEN,
    StaleVersion: HTTPStatus.PRECONDITION_FAILED,
    KeyReused: HTTPStatus.UNPROCESSABLE_ENTITY,
    Incomplete: HTTPStatus.UNPROCESSABLE_ENTITY,
    LevelOutOfOrder: HTTPStatus.UNPROCESSABLE_ENTITY,
    land.StaleParcel: HTTPStatus.PRECONDITION_FAILED,
    land.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    land.SumDiffers: HTTPStatus.UNPROCESSABLE_ENTITY,
    land.Incomplete: HTTPStatus.UNPROCESSABLE_ENTITY,
    RequestDataTooBig: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    InterfaceError: HTTPStatus.SERVICE_UNAVAILABLE,
    OperationalError: HTTPStatus.SERVICE_UNAVAILABLE,
}
TITLES = {
    HTTPStatus.BAD_REQUEST: _("请求有误"),
    HTTPStatus.UNAUTHORIZED: _("请先登录"),
    HTTPStatus.FORBIDDEN: _("没有权限"),
    HTTPStatus.NOT_FOUND: _("未找到"),
    HTTPStatus.METHOD_NOT_ALLOWED: _("不支持此方法"),
    HTTPStatus.NOT_ACCEPTABLE: _("不支持所要的格式"),
    HTTPStatus.CONFLICT: _("与现状不符"),
    HTTPStatus.PRECONDITION_FAILED: _("内容已被修改"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: _("请求过大"),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: _("不支持此内容类型"),
    HTTPStatus.UNPROCESSABLE_ENTITY: _("内容不符合要求"),
    HTTPStatus.PRECONDITION_REQUIRED: _("缺少版本"),
    HTTPStatus.INTERNAL_SERVER_ERROR: _("服务器出错"),
    HTTPStatus.SERVICE_UNAVAILABLE: _("服务暂不可用"),
}


class Problem(APIException):
    """An error that is none of DRF's own, with the status that STATUS gives it."""

    def __init__(self, exc: Exception) -> None:
        self.status_code = next(STATUS[kind] for kind in type(exc).__mro__ if kind in STATUS)
        match exc:
            case Refused():
                message = ErrorDetail(str(exc), exc.code)
                self.detail = {exc.field: [message]} if exc.field else message
            case RequestDataTooBig():
                self.detail = ErrorDetail(gettext("请求内容过大。"), "too_large")
            case _:
                self.detail = ErrorDetail(gettext("数据库暂时繁忙或不可用，请稍后重试。"), "unavailable")
                self.wait = 5


class ProblemFormatter(ExceptionFormatter):
    def format_error_response(self, error_response: ErrorResponse) -> dict[str, Any]:
        status, errors = HTTPStatus(self.exc.status_code), error_response.errors
        is_invalid = isinstance(self.exc, ValidationError)
        code = "invalid" if is_invalid or not errors else errors[0].code
        detail = errors[0].detail if len(errors) == 1 else gettext("有几处内容需要修改，见 errors。")
        pointed = [self._pointed(error) for error in errors if is_invalid or error.attr]
        return {**facts(status, code, detail), "errors": pointed, **self._more()}

    def _pointed(self, error: Error) -> dict[str, str]:
        """An error with the place of its input: a JSON pointer into the body, or the name of a query parameter."""
        request, name = self.context["request"], printable(error.attr or "")
        in_query = request is not None and request.method in SAFE_METHODS
        whole = name in ("", api_settings.NON_FIELD_ERRORS_KEY)
        pointer = "#" if whole else "#/" + name.replace("~", "~0").replace("/", "~1")
        place = {"parameter": name} if in_query else {"pointer": pointer}
        return {**place, "code": error.code, "detail": printable(error.detail)}

    def _more(self) -> dict[str, Any]:
        """What is there instead of what the sender thought: the entry as it is now, or the one already made."""
        match self.original_exc:
            case StaleVersion(current=entry):
                return {"current": EntrySerializer(entry).data}
            case AlreadyEntered(existing=ProgressEntry(pk=pk)):
                return {"existing": pk}
        return {}


def facts(status: HTTPStatus, code: str, detail: str) -> dict[str, Any]:
    """What every problem says."""
    return {
        "type": f"urn:problem-type:changzhi-eco:{code}",
        "title": str(TITLES.get(status, status.phrase)),
        "status": status.value,
        "code": code,
        "detail": printable(detail),
        "instance": f"urn:request:{request_id.get()}",
        "request_id": request_id.get(),
        "errors": [],
    }


def problem(status: HTTPStatus, detail: str) -> JsonResponse:
    """An error met outside DRF's views."""
    return JsonResponse(facts(status, "error", detail), status=status, content_type=MEDIA_TYPE)


def printable(text: object) -> str:
    """The text without lone surrogates, which no answer in UTF-8 can hold; messages quote what was typed."""
    return str(text).encode(errors="backslashreplace").decode()


class ProblemHandler(ExceptionHandler):
    def convert_known_exceptions(self, exc: Exception) -> Exception:
        return Problem(exc) if isinstance(exc, tuple(STATUS)) else super().convert_known_exceptions(exc)

    def convert_unhandled_exceptions(self, exc: Exception) -> APIException:
        return exc if isinstance(exc, APIException) else APIException()

    def format_exception(self, exc: APIException) -> dict[str, Any]:
        body: dict[str, Any] = ProblemFormatter(exc, self.context, self.exc).run()
        return body

    def get_headers(self, exc: APIException) -> dict[str, str]:
        headers: dict[str, str] = super().get_headers(exc)
        if isinstance(self.exc, StaleVersion):
            headers["ETag"] = etag(self.exc.current.version)
        return headers

    def get_response(self, exc: APIException, data: dict[str, Any]) -> Response:
        return Response(data, exc.status_code, headers=self.get_headers(exc), content_type=MEDIA_TYPE)


def handler(exc: Exception, context: ExceptionHandlerContext) -> Response | None:
    """DRF's EXCEPTION_HANDLER."""
    return ProblemHandler(exc, context).run()
