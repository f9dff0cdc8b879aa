"""The filters of the stock–flow ledger's movements, shared by page and API."""

from __future__ import annotations

import django_filters
from django import forms
from django.utils.translation import gettext_lazy as _

from jurisdictions.filters import SubtreeFilter
from progress.filters import MonthField
from subsidence.figures.stock import LEGACY
from subsidence.models import Movement, StockMovement
from subsidence.models.stock import StockMovementQuerySet


class FromMonth(django_filters.Filter):
    """Rows of that month and of later ones, or with `until` of earlier ones."""

    field_class = MonthField


class MovementFilter(django_filters.FilterSet):
    """`county` asks for one place alone, the city where no county is known; `region` for one with all below it."""

    since = FromMonth(field_name="month", lookup_expr="gte", label=_("起始月份"))
    until = FromMonth(field_name="month", lookup_expr="lte", label=_("截止月份"))
    region = SubtreeFilter("parcel__region__code")
    county = django_filters.CharFilter(field_name="county_id", label=_("县区代码"), widget=forms.HiddenInput)
    mine = django_filters.CharFilter(method="of_holder", label=_("矿井代码"), widget=forms.HiddenInput)
    kind = django_filters.ChoiceFilter(choices=Movement, label=_("类别"), empty_label=_("全部"))

    class Meta:
        model = StockMovement
        fields: list[str] = []

    def of_holder(self, rows: StockMovementQuerySet, _name: str, code: str) -> StockMovementQuerySet:
        return rows.filter(mine=None) if code == LEGACY else rows.filter(mine__code=code)
