"""REST of the stock–flow ledger (存量增量台账), as its page gives it."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from accounts.rest.once import SignedInRequest
from accounts.rest.strict import Exact, refuse_parameters
from jurisdictions.api import OfficialCode
from progress import rollups
from progress.api.fields import Month
from subsidence.api.fields import MineRef
from subsidence.figures import stock
from subsidence.figures.stock import HolderFlow
from subsidence.forms.stock import StockForm
from subsidence.models import Mine, StockMovement


class FlowSerializer(serializers.Serializer[Any]):
    """Areas in 亩: opening + found + subsided + resurveyed + closed = closing; what is closed lies below zero."""

    opening = Exact()
    found = Exact()
    subsided = Exact()
    resurveyed = Exact()
    closed = Exact()
    closing = Exact()


class CountyRef(serializers.Serializer[Any]):
    code = OfficialCode()
    name = serializers.CharField()


class HolderFlowSerializer(FlowSerializer):
    """What moved the stock of one holder in one county; a null mine is 历史遗留, which the county holds."""

    mine = MineRef(allow_null=True)
    county = CountyRef()


@extend_schema_serializer(many=False)
class StockFlowSerializer(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField()
    since = Month()
    until = Month()
    total = FlowSerializer()
    results = HolderFlowSerializer(many=True)


QUERY = [
    OpenApiParameter("since", description="First month, such as 2025-01; January of `until` by default."),
    OpenApiParameter("until", description="Last month; the present one by default."),
    OpenApiParameter("region", description="A division's code or name, with all below it."),
    OpenApiParameter("mine", description="A mine's code, or `legacy` for 历史遗留."),
]


class StockFlowViewSet(viewsets.ViewSet):
    """What each holder's stock of untreated land began with, what moved it, and what it came to."""

    @extend_schema(parameters=QUERY, responses=StockFlowSerializer)
    def list(self, request: SignedInRequest) -> Response:
        refuse_parameters(request, *StockForm.base_fields)
        form = StockForm(request.query_params, user=request.user, today=timezone.localdate())
        if not form.is_valid():
            raise ValidationError({name: [str(error) for error in errors] for name, errors in form.errors.items()})
        rows = form.narrow(StockMovement.objects.visible_to(request.user))
        with rollups.snapshot():
            lines = stock.by_holder(rows, form.span, form.asked)
            results = told(lines)
        answer = {
            "as_of": timezone.localtime(),
            "since": form.span.since,
            "until": form.span.until,
            "total": stock.total_of(lines),
            "results": results,
        }
        return Response(StockFlowSerializer(answer).data)


def told(lines: list[HolderFlow]) -> list[dict[str, Any]]:
    """The lines with their mines, in one question."""
    codes = [line.holder.asked["mine"] for line in lines]
    mines = {mine.code: mine for mine in Mine.objects.filter(code__in=codes)}
    return [
        {
            "mine": mines.get(line.holder.asked["mine"]),
            "county": {"code": line.holder.asked["county"], "name": line.holder.county},
            **dict(line.flow.amounts()),
        }
        for line in lines
    ]
