"""The filters of indicators, series, entries and targets, shared by page and API."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jurisdictions.filters import SubtreeFilter
from jurisdictions.models import WorkLine
from progress import schedule
from progress.models import EntryStatus, Indicator, IndicatorKind, ProgressEntry, Series, Target


class MonthInput(forms.TextInput):
    input_type = "month"


class MonthField(forms.Field):
    """A month such as 2025-01; cleans to its first day."""

    widget = MonthInput

    def to_python(self, value: Any) -> datetime.date | None:
        if value in self.empty_values:
            return None
        try:
            return datetime.date.fromisoformat(f"{value}-01")
        except ValueError as error:
            raise ValidationError(_("请填写年月，例如 2025-01。")) from error


class MonthFilter(django_filters.Filter):
    """Rows whose date in `field_name` lies in the month."""

    field_class = MonthField

    def filter(self, qs: QuerySet[Any], value: datetime.date | None) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__range": (value, schedule.month_end(value))}) if value else qs


class EntryFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="named", label=_("项目或指标"))
    status = django_filters.ChoiceFilter(choices=EntryStatus, label=_("状态"), empty_label=_("全部"))
    work_line = django_filters.ChoiceFilter(
        field_name="series__project__work_line", choices=WorkLine, label=_("工作线"), empty_label=_("全部")
    )
    period = MonthFilter(field_name="period__end_on", label=_("调度月"))
    region = SubtreeFilter(field_name="series__region__code")
    project = django_filters.CharFilter(
        field_name="series__project__code", widget=forms.HiddenInput, label=_("项目代码")
    )
    indicator = django_filters.CharFilter(
        field_name="series__indicator__code", widget=forms.HiddenInput, label=_("指标代码")
    )

    class Meta:
        model = ProgressEntry
        fields: list[str] = []

    def named(self, rows: QuerySet[ProgressEntry], _name: str, text: str) -> QuerySet[ProgressEntry]:
        return rows.filter(Q(series__project__name__icontains=text) | Q(series__indicator__name__icontains=text))


class EntryFeedFilter(EntryFilter):
    """For those who pull again and again: only what was changed since."""

    updated_since = django_filters.IsoDateTimeFilter(
        field_name="changed_at", lookup_expr="gte", label=_("自此时起有变动")
    )


class IndicatorFilter(django_filters.FilterSet):
    work_line = django_filters.ChoiceFilter(choices=WorkLine, label=_("工作线"), empty_label=_("全部"))
    kind = django_filters.ChoiceFilter(choices=IndicatorKind, label=_("类别"), empty_label=_("全部"))

    class Meta:
        model = Indicator
        fields: list[str] = []


class SeriesFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="named", label=_("项目或指标"))
    work_line = django_filters.ChoiceFilter(
        field_name="project__work_line", choices=WorkLine, label=_("工作线"), empty_label=_("全部")
    )
    region = SubtreeFilter()
    project = django_filters.CharFilter(field_name="project__code", widget=forms.HiddenInput, label=_("项目代码"))
    indicator = django_filters.CharFilter(field_name="indicator__code", widget=forms.HiddenInput, label=_("指标代码"))

    class Meta:
        model = Series
        fields: list[str] = []

    def named(self, rows: QuerySet[Series], _name: str, text: str) -> QuerySet[Series]:
        return rows.filter(Q(project__name__icontains=text) | Q(indicator__name__icontains=text))


class TargetFilter(django_filters.FilterSet):
    work_line = django_filters.ChoiceFilter(
        field_name="indicator__work_line", choices=WorkLine, label=_("工作线"), empty_label=_("全部")
    )
    region = SubtreeFilter()
    indicator = django_filters.CharFilter(field_name="indicator__code", widget=forms.HiddenInput, label=_("指标代码"))

    class Meta:
        model = Target
        fields: list[str] = []
