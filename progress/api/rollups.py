"""REST of the roll-ups: the exact amount of each indicator in each month, of a region or a project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema, extend_schema_serializer
from rest_framework import serializers, viewsets
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from accounts.models import User
from accounts.policy import Action, can
from accounts.rest.once import SignedInRequest
from accounts.rest.strict import Exact
from jurisdictions import codes
from jurisdictions.api import RegionRef
from jurisdictions.models import Region, WorkLine
from progress import rollups
from progress.api.fields import IndicatorRef, LookQuery, Month, look_of
from progress.models import Indicator, IndicatorKind
from projects.api import ProjectRef
from projects.models import Project


class RegionCode(serializers.CharField):
    """A division code, short or official, kept short."""

    default_error_messages = {"invalid": _("请填写 4、6、9 或 12 位行政区划代码，例如 140404。")}

    def to_internal_value(self, data: Any) -> str:
        try:
            return codes.canonical(super().to_internal_value(data))
        except codes.InvalidCode:
            self.fail("invalid")


class RollupQuery(LookQuery):
    """Which amounts: of one region with all below it or of one project, and which indicator and months of it."""

    region = RegionCode(required=False)
    project = serializers.CharField(required=False)
    indicator = serializers.CharField(required=False)
    since = Month(required=False)
    until = Month(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("region" in attrs) == ("project" in attrs):
            raise ValidationError({"region": [_("请给出 region 与 project 之一。")]})
        return attrs


class MonthTotalSerializer(serializers.Serializer[Any]):
    """Σ ledger of an indicator in a month, in its unit; a month in which nothing stands is absent, not zero."""

    indicator = IndicatorRef()
    month = Month()
    amount = Exact()
    reports = serializers.IntegerField(help_text="how many verified reports stand in the month")


@extend_schema_serializer(many=False)
class RollupSerializer(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField()
    region = RegionRef(allow_null=True)
    project = ProjectRef(allow_null=True)
    results = MonthTotalSerializer(many=True)


@dataclass(frozen=True)
class Place:
    """A region seen from one work line, for the policy to judge."""

    work_line: str
    region_id: str


class RollupViewSet(viewsets.ViewSet):
    """Rolled-up cells and what is still pending, as one sum; exact at any moment."""

    @extend_schema(parameters=[RollupQuery], responses=RollupSerializer)
    def list(self, request: SignedInRequest) -> Response:
        query = RollupQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        with rollups.snapshot():
            return Response(RollupSerializer(summed(request.user, query.validated_data)).data)


def summed(user: User, query: dict[str, Any]) -> dict[str, Any]:
    """The amounts that the query asks for. Raises Http404 outside the person's scope."""
    region = project = None
    if "region" in query:
        region, indicators = region_seen(user, query["region"])
    else:
        project = get_object_or_404(Project.objects.visible_to(user), code=query["project"])
        indicators = Indicator.objects.filter(series__project=project).distinct()
    if "indicator" in query:
        indicators = indicators.filter(code=query["indicator"])
    by_id = {indicator.pk: indicator for indicator in indicators.order_by("code")}
    place = query.get("region"), project.pk if project else None
    asks = [rollups.Ask(pk, *place, query.get("since"), query.get("until")) for pk in by_id]
    as_of = look_of(query).as_of
    totals = rollups.months(asks, as_of=as_of)
    results = [{**vars(total), "indicator": by_id[total.ask.indicator]} for total in totals]
    return {"as_of": as_of or timezone.now(), "region": region, "project": project, "results": results}


def region_seen(user: User, code: str) -> tuple[Region, QuerySet[Indicator]]:
    """The region, and what is summed there on the work lines that the person's duties cover. Raises Http404."""
    lines = [line for line in WorkLine if can(user, Action.VIEW, Place(line, code))]
    region = Region.objects.filter(pk=code).first()
    if region is None or not lines:
        raise Http404
    return region, Indicator.objects.filter(work_line__in=lines).exclude(kind=IndicatorKind.RATIO)
