"""The filters of requests for stages."""

from __future__ import annotations

import django_filters
from django.utils.translation import gettext_lazy as _

from jurisdictions.filters import SubtreeFilter
from subsidence.models import RequestStatus, Stage, StageRequest


class StageRequestFilter(django_filters.FilterSet):
    region = SubtreeFilter("parcel__region__code")
    parcel = django_filters.CharFilter(field_name="parcel__code", label=_("图斑编号"))
    stage = django_filters.ChoiceFilter(choices=Stage, label=_("环节"), empty_label=_("全部"))
    status = django_filters.ChoiceFilter(choices=RequestStatus, label=_("状态"), empty_label=_("全部"))

    class Meta:
        model = StageRequest
        fields: list[str] = []
