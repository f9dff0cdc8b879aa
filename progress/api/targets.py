"""REST of targets with all their figures, read in one frozen view of the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.rest.strict import Exact
from jurisdictions.api import RegionRef
from jurisdictions.models import WorkLine
from progress import rollups
from progress.api.fields import IndicatorRef, LookQuery, Month, look_of
from progress.figures import Look, TargetFigure, target_figures
from progress.filters import TargetFilter
from progress.lights import Colour, Light
from progress.models import Frequency, Split, Target
from progress.models.targets import TargetQuerySet
from projects.api import Known, ProjectRef


class LightSerializer(serializers.Serializer[Light]):
    """The light with its word and symbol, never colour alone, and why."""

    colour = serializers.ChoiceField([(colour.value, colour.name) for colour in Colour])
    word = serializers.CharField()
    symbol = serializers.CharField()
    sentence = serializers.CharField()
    rule = serializers.IntegerField(source="rule.n")


class TargetSerializer(serializers.Serializer[TargetFigure]):
    """A target's standing version and its figures in the indicator's unit; null is unknown or not reported, never 0."""

    code = serializers.CharField(source="target.code")
    name = serializers.CharField(source="target.name")
    work_line = serializers.ChoiceField(WorkLine.choices, source="target.work_line")
    indicator = IndicatorRef(source="target.indicator")
    region = RegionRef(source="target.region")
    project = ProjectRef(source="target.project", allow_null=True)
    counts = Known(source="target.counts")
    counted = IndicatorRef(
        source="version.counted",
        allow_null=True,
        help_text="the indicator that the figures are summed from; null while nobody has decided: then it is indicator",
    )
    part_of = serializers.CharField(
        source="target.parent.code",
        default=None,
        allow_null=True,
        help_text="the target that this is a part of: never add the two",
    )
    split_by = serializers.ChoiceField(
        Split.choices,
        source="target.split_by",
        allow_blank=True,
        help_text="how the parent is split; empty: no part",
    )
    year = serializers.IntegerField(source="target.year", allow_null=True)
    frequency = serializers.ChoiceField(Frequency.choices, source="target.frequency")
    version = serializers.IntegerField(source="version.n")
    value = Exact(source="version.value")
    baseline = Exact(source="version.baseline")
    start_on = serializers.DateField(source="version.start_on", allow_null=True)
    due_on = serializers.DateField(source="version.due_on", allow_null=True)
    document = serializers.CharField(source="version.document")
    basis = serializers.CharField(source="version.basis")
    is_demo = serializers.BooleanField(source="version.is_demo")
    verified = Exact(allow_null=True)
    in_flight = Exact(allow_null=True, help_text="null in a look back: it is not kept")
    planned = Exact(allow_null=True)
    compared_on = serializers.DateField(allow_null=True)
    rate = Exact(allow_null=True, help_text="verified ÷ value in percent; null for a part with nothing to do")
    days_left = serializers.IntegerField(allow_null=True)
    data_month = Month(allow_null=True, help_text="the last month with verified data")
    light = LightSerializer()


def visible_targets(user: Any, look: Look) -> TargetQuerySet:
    """The targets in scope with all that is printed; one without a version by then promises nothing yet."""
    promised = Target.objects.visible_to(user).promised(as_of=look.as_of)
    return promised.select_related("indicator", "region", "project", "parent")


def look_asked(request: Request) -> Look:
    """The look that the query string asks for. Raises ValidationError."""
    query = LookQuery(data={name: text for name, text in request.query_params.items() if name == "as_of"})
    query.is_valid(raise_exception=True)
    return look_of(query.validated_data)


class TargetViewSet(viewsets.ReadOnlyModelViewSet[Any]):
    """The targets in your scope, each with its figures of today, or as they were known at the end of a past day."""

    queryset = Target.objects.none()
    serializer_class = TargetSerializer
    filterset_class = TargetFilter
    keyset = "code"
    lookup_field = "code"
    lookup_value_regex = "[-a-zA-Z0-9_]+"

    def get_queryset(self) -> TargetQuerySet:
        return visible_targets(self.request.user, look_asked(self.request))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        look = look_asked(request)
        with rollups.snapshot():
            page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
            answer = self.get_paginated_response(told(page, look))
        if look.as_of:
            answer.data["as_of"] = timezone.localtime(look.as_of)
        return answer

    @extend_schema(parameters=[LookQuery])
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with rollups.snapshot():
            return Response(told([self.get_object()], look_asked(request))[0])


def told(targets: Iterable[Target], look: Look) -> list[dict[str, Any]]:
    """The targets with their figures; to be called inside `rollups.snapshot()`."""
    figures: Any = target_figures(targets, on=look.on, as_of=look.as_of)
    return list(TargetSerializer(figures, many=True).data)
