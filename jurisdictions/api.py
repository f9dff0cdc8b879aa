"""REST of regions and organisations: reference data that every signed-in person may read."""

from __future__ import annotations

from django.http import Http404
from rest_framework import serializers, viewsets

from jurisdictions import codes
from jurisdictions.filters import OrganisationFilter, RegionFilter
from jurisdictions.models import Organisation, OrganisationKind, Region, RegionLevel


class OfficialCode(serializers.CharField):
    """A division code as official lists print it: 140400 for the city."""

    def to_representation(self, value: str) -> str:
        return codes.official(value)


class RegionRef(serializers.Serializer[Region]):
    """Where something lies."""

    code = OfficialCode()
    full_name = serializers.CharField()


class RegionSerializer(RegionRef):
    name = serializers.CharField()
    short_name = serializers.CharField()
    level = serializers.ChoiceField(RegionLevel.choices)
    parent = OfficialCode(source="parent_id", allow_null=True)  # type: ignore[assignment]
    pinyin = serializers.CharField()
    initials = serializers.CharField()
    is_special = serializers.BooleanField()


class RegionViewSet(viewsets.ReadOnlyModelViewSet[Region]):
    """Administrative divisions; a code is taken short (1404) or official (140400), and given official."""

    queryset = Region.objects.all()
    serializer_class = RegionSerializer
    filterset_class = RegionFilter
    keyset = "code"
    lookup_value_regex = "[0-9]+"

    def get_object(self) -> Region:
        try:
            self.kwargs["pk"] = codes.canonical(self.kwargs["pk"])
        except codes.InvalidCode as error:
            raise Http404 from error
        return super().get_object()


class OrganisationSerializer(serializers.Serializer[Organisation]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(OrganisationKind.choices)
    region = RegionRef()
    parent = serializers.IntegerField(source="parent_id", allow_null=True)  # type: ignore[assignment]
    basis = serializers.CharField()


class OrganisationViewSet(viewsets.ReadOnlyModelViewSet[Organisation]):
    """Bureaus, enterprises and task forces that answer for work."""

    queryset = Organisation.objects.select_related("region")
    serializer_class = OrganisationSerializer
    filterset_class = OrganisationFilter
    keyset = "id"
    lookup_value_regex = "[0-9]+"
