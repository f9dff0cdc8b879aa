"""Reading long lists by key."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

#: Rows are read by number or by code.
_CURSOR = re.compile(r"[\w-]{1,60}", re.ASCII)


class Keyset(BasePagination):
    """Rows in the order of the view's `keyset`, a unique column; `next` goes on after the last row's key.

    Reading by key costs the same on every page, and no row is skipped or given twice while others are added.
    """

    cursor, limit = "cursor", "limit"
    default_size, largest_size = 100, 500

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        self.as_of = timezone.localtime()
        self.url = request.build_absolute_uri()
        order: str = getattr(view, "keyset", "-id")
        size, after = self._size(request), self._after(request, order, queryset.model)
        self.column = order.removeprefix("-")
        if after is not None:
            queryset = queryset.filter(**{f"{self.column}__{'lt' if order.startswith('-') else 'gt'}": after})
        rows = list(queryset.order_by(order)[: size + 1])
        self.last = rows[size - 1] if len(rows) > size else None
        return rows[:size]

    def _size(self, request: Request) -> int:
        text = request.query_params.get(self.limit, str(self.default_size))
        if not re.fullmatch(r"[1-9][0-9]{0,3}", text) or int(text) > self.largest_size:
            message = _("每页条数须为 1 至 %(most)d。") % {"most": self.largest_size}
            raise ValidationError({self.limit: [message]})
        return int(text)

    def _after(self, request: Request, order: str, model: type[Model]) -> Any:
        text = request.query_params.get(self.cursor)
        if text is None:
            return None
        try:
            key = base64.urlsafe_b64decode(text.encode()).decode()
            if not _CURSOR.fullmatch(key):
                raise ValueError(key)
            return int(key) if order.endswith("id") else key
        except (binascii.Error, ValueError) as error:
            raise ValidationError({self.cursor: [_("游标无效，请使用上一页给出的 next 地址。")]}) from error

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"as_of": self.as_of, "next": self._next(), "results": data})

    def _next(self) -> str | None:
        if self.last is None:
            return None
        cursor = base64.urlsafe_b64encode(str(getattr(self.last, self.column)).encode()).decode()
        return replace_query_param(self.url, self.cursor, cursor)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = {
            "as_of": {"type": "string", "format": "date-time", "description": "When the server read the rows."},
            "next": {"type": ["string", "null"], "format": "uri", "description": "The next page, null on the last."},
            "results": schema,
        }
        return {"type": "object", "required": list(properties), "properties": properties}

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        size = {"type": "integer", "minimum": 1, "maximum": self.largest_size, "default": self.default_size}
        return [
            {"name": self.cursor, "in": "query", "schema": {"type": "string"}, "description": "As given in `next`."},
            {"name": self.limit, "in": "query", "schema": size, "description": "Rows on a page."},
        ]
