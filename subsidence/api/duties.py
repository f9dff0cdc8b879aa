"""REST of the duties to treat newly subsided land."""

from __future__ import annotations

from django.utils import timezone
from rest_framework import mixins, serializers, viewsets

from jurisdictions.api import RegionRef
from subsidence.api.fields import MineRef
from subsidence.figures.duties import Duties, with_days_left
from subsidence.filters.duties import DutyFilter
from subsidence.models import TreatmentDuty


class DutySerializer(serializers.Serializer[TreatmentDuty]):
    """The duty of one mine to treat one parcel; open while `closed_on` is null."""

    id = serializers.IntegerField()
    parcel = serializers.CharField(source="parcel.code")
    mine = MineRef()
    region = RegionRef(source="parcel.region")
    opened_on = serializers.DateField()
    due_on = serializers.DateField()
    closed_on = serializers.DateField(allow_null=True)
    days_left = serializers.IntegerField(help_text="to the deadline, below zero past it")


class DutyViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[TreatmentDuty]):
    """The duties in your scope, the newest first."""

    queryset = TreatmentDuty.objects.none()
    serializer_class = DutySerializer
    filterset_class = DutyFilter

    def get_queryset(self) -> Duties:
        return with_days_left(TreatmentDuty.objects.visible_to(self.request.user), on=timezone.localdate())
