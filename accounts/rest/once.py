"""Changes that neither overwrite what their sender never saw nor take effect twice."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import receipts
from accounts.models import User

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description='The ETag of the version you read, such as "3": 428 without it, 412 when somebody changed it since.',
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="A text of your own, new for every new request: sent again, the request is answered as the first time.",
)

_VERSION = re.compile(r'"([0-9]{1,9})"')
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class SignedInRequest(Request):
    """A request that passed the login wall."""

    user: User


class VersionMissing(APIException):
    """A change without If-Match would overwrite what its sender never saw."""

    status_code = status.HTTP_428_PRECONDITION_REQUIRED
    default_code = "version_missing"
    default_detail = _("请用 If-Match 带上您读到的版本（ETag）。")


def etag(version: int) -> str:
    return f'"{version}"'


def version_asked(request: Request) -> int:
    """The version that If-Match names; one that is none of ours matches no row. Raises VersionMissing."""
    header = request.headers.get("If-Match")
    if header is None:
        raise VersionMissing
    found = _VERSION.fullmatch(header.strip())
    return int(found[1]) if found else 0


def answer(body: Any, code: int = status.HTTP_200_OK, **headers: str) -> receipts.Answer:
    """An answer as a receipt keeps it."""
    return {"body": body, "status": code, "headers": headers}


def answer_once(request: SignedInRequest, act: Callable[[], receipts.Answer]) -> Response:
    """What `act` answers, the first time with this Idempotency-Key; without one, every time. Raises KeyReused."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        given = act()
    elif _KEY.fullmatch(key):
        given = receipts.once(by=request.user, key=key, body=_asked(request), act=act)
    else:
        raise ParseError(_("Idempotency-Key 须为 1 至 255 个可见的 ASCII 字符。"))
    return Response(given["body"], status=given["status"], headers=given["headers"])


def _asked(request: Request) -> bytes:
    """All that makes two requests the same one, in one spelling."""
    asked = [request.method, request.path, request.headers.get("If-Match"), request.data]
    return json.dumps(asked, sort_keys=True).encode()
