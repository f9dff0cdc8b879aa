"""Reading what a client sends: whatever is not understood is refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

if TYPE_CHECKING:  # It reads the settings that name this module.
    from rest_framework.views import APIView

#: The parameters of Keyset, which every list takes.
EVERYWHERE = ("cursor", "limit")


class JsonBody(JSONParser):
    """A JSON body, of bounded size and depth; anything else is told so in the user's language."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        try:
            return super().parse(stream, media_type, parser_context)
        except (ParseError, RecursionError) as error:
            raise ParseError(
                _('请求内容不是有效的 JSON；数值请写成字符串，例如 "120.50"，不接受 NaN 与 Infinity。')
            ) from error


class Input(serializers.Serializer[Any]):
    """What a request may say; a field it does not know is refused, for whoever sends one expects an effect."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            refuse_unknown(data.keys() - self.fields.keys(), _("没有这个字段。"))
        return super().to_internal_value(data)


@extend_schema_field({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$", "examples": ["70897.71"]})
class Exact(serializers.Field[Decimal, Any, str, Any]):
    """A decimal as a string, every digit of it and none more; null where it is unknown."""

    def to_representation(self, value: Decimal) -> str:
        return f"{value.normalize():f}"


def refuse_unknown(names: set[str], message: Any) -> None:
    if names:
        raise ValidationError({name: [message] for name in sorted(names)}, code="unknown")


def refuse_parameters(request: Request, *known: str) -> None:
    """Refuse every query parameter but the known ones."""
    refuse_unknown(request.query_params.keys() - known, _("没有这个查询参数。"))


class StrictFilters(DjangoFilterBackend):  # type: ignore[misc]  # django-filter carries no types
    """The view's FilterSet; a parameter it does not know is refused, else a typing error would list everything."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        filters = self.get_filterset_class(view, queryset)
        refuse_parameters(request, *EVERYWHERE, *(filters.base_filters if filters else ()))
        rows: QuerySet[Any] = super().filter_queryset(request, queryset, view)
        return rows
