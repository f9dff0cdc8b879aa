"""REST of indicators, and of the series (填报项) that report on them."""

from __future__ import annotations

from rest_framework import serializers, viewsets

from jurisdictions.api import RegionRef
from jurisdictions.models import WorkLine
from progress.api.fields import IndicatorRef, IndicatorSerializer
from progress.filters import IndicatorFilter, SeriesFilter
from progress.models import Frequency, Indicator, Series, SeriesOrigin
from progress.models.indicators import SeriesQuerySet
from projects.api import ProjectRef


class IndicatorViewSet(viewsets.ReadOnlyModelViewSet[Indicator]):
    """What is measured; reference data that every signed-in person may read."""

    queryset = Indicator.objects.select_related("numerator", "denominator")
    serializer_class = IndicatorSerializer
    filterset_class = IndicatorFilter
    keyset = "code"
    lookup_field = "code"
    lookup_value_regex = "[-a-zA-Z0-9_]+"


class SeriesSerializer(serializers.Serializer[Series]):
    """One thing to report: this project answers for this indicator here, this often."""

    id = serializers.IntegerField()
    work_line = serializers.ChoiceField(WorkLine.choices)
    project = ProjectRef()
    indicator = IndicatorRef()
    region = RegionRef()
    frequency = serializers.ChoiceField(Frequency.choices)
    origin = serializers.ChoiceField(SeriesOrigin.choices)
    is_demo = serializers.BooleanField()


class SeriesViewSet(viewsets.ReadOnlyModelViewSet[Series]):
    """The series in your scope; an entry names one by its id."""

    queryset = Series.objects.none()
    serializer_class = SeriesSerializer
    filterset_class = SeriesFilter
    keyset = "id"
    lookup_value_regex = "[0-9]+"

    def get_queryset(self) -> SeriesQuerySet:
        return Series.objects.visible_to(self.request.user).select_related("project", "indicator", "region")
