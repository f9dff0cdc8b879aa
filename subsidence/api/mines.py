"""REST of the register of mines."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import serializers, viewsets

from accounts.rest.strict import Exact
from jurisdictions.api import RegionRef
from projects.api import KnownChoice, OwnerRef, ProjectRef
from subsidence.api.fields import CODE, MineRef
from subsidence.filters.mines import MineFilter
from subsidence.models import Mine, MineStatus
from subsidence.models.mines import MineQuerySet


class MineSerializer(MineRef):
    """One mine; null is what the source does not say. Its county is the city's code while only the city is known."""

    region = RegionRef()
    operator = OwnerRef(allow_null=True)
    status = KnownChoice([choice for choice in MineStatus.choices if choice[0]])
    project = ProjectRef(allow_null=True)
    parcels = serializers.IntegerField(source="held", help_text="how many parcels it holds")
    surveyed_area_mu = Exact(source="surveyed")
    stock_mu = Exact(source="stock", help_text="surveyed and not yet closed, in 亩")
    open_duties = serializers.IntegerField(source="open")
    overdue_duties = serializers.IntegerField(source="overdue")
    basis = serializers.CharField()
    is_demo = serializers.BooleanField()


class MineViewSet(viewsets.ReadOnlyModelViewSet[Mine]):
    """The mines in your scope with what their parcels come to."""

    queryset = Mine.objects.none()
    serializer_class = MineSerializer
    filterset_class = MineFilter
    keyset = "code"
    lookup_field = "code"
    lookup_value_regex = CODE

    def get_queryset(self) -> MineQuerySet:
        visible = Mine.objects.visible_to(self.request.user).with_holdings(timezone.localdate())
        return visible.select_related("region", "operator", "project")
