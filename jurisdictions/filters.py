"""The filter every list has, a region with all below it, and those of regions and organisations."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jurisdictions import codes
from jurisdictions.models import Organisation, OrganisationKind, Region, RegionLevel


class RegionInput(forms.TextInput):
    """A code, typed or picked by the names of the counties."""

    template_name = "jurisdictions/region_input.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, {**(attrs or {}), "list": "counties", "autocomplete": "off"})
        counties = Region.objects.filter(level__in=(RegionLevel.CITY, RegionLevel.COUNTY))
        return {**context, "regions": counties.order_by("code")}


class RegionCodeField(forms.CharField):
    """A division code, short (1404) or official (140400); cleans to the short one."""

    widget = RegionInput

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            return codes.canonical(text) if text else ""
        except codes.InvalidCode as error:
            raise ValidationError(_("请填写 4、6、9 或 12 位行政区划代码，例如 140404。")) from error


class SubtreeFilter(django_filters.Filter):
    """Rows of a region and of all below it: `region=1404` and `region=140400` are the whole city."""

    field_class = RegionCodeField

    def __init__(self, field_name: str = "region__code", **kwargs: Any) -> None:
        kwargs.setdefault("label", _("地区代码"))
        super().__init__(field_name=field_name, **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__startswith": value}) if value else qs


class RegionFilter(django_filters.FilterSet):
    region = SubtreeFilter("code")
    level = django_filters.ChoiceFilter(choices=RegionLevel, label=_("级别"), empty_label=_("全部"))
    search = django_filters.CharFilter(method="named", label=_("名称、拼音或首字母"))

    class Meta:
        model = Region
        fields: list[str] = []

    def named(self, rows: QuerySet[Region], _name: str, text: str) -> QuerySet[Region]:
        return rows.filter(
            Q(full_name__contains=text) | Q(pinyin__startswith=text.lower()) | Q(initials__startswith=text.lower())
        )


class OrganisationFilter(django_filters.FilterSet):
    region = SubtreeFilter()
    kind = django_filters.ChoiceFilter(choices=OrganisationKind, label=_("类别"), empty_label=_("全部"))
    search = django_filters.CharFilter(field_name="name", lookup_expr="contains", label=_("名称"))

    class Meta:
        model = Organisation
        fields: list[str] = []
