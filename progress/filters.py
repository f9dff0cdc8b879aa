"""The filters of indicators, series, entries and targets, shared by page and API."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jurisdictions.filters import SubtreeFilter, named, within_named
from jurisdictions.models import WorkLine
from progress import schedule
from progress.figures import end_of_day
from progress.models import (
    EntryStatus,
    Frequency,
    Indicator,
    IndicatorKind,
    ProgressEntry,
    Series,
    SeriesPeriod,
    Target,
)
from progress.models.series_periods import SeriesPeriodQuerySet
from progress.models.targets import TargetQuerySet

#: Asks for what has no entry yet.
UNREPORTED = "unreported"


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

    def said(self, month: datetime.date) -> str:
        return schedule.label("month", month)


class MonthFilter(django_filters.Filter):
    """Rows whose date in `field_name` lies in the month."""

    field_class = MonthField

    def filter(self, qs: QuerySet[Any], value: datetime.date | None) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__range": (value, schedule.month_end(value))}) if value else qs


#: What a search box looks through.
SEARCH: dict[str, Any] = {
    "label": _("项目、指标或地区"),
    "widget": forms.TextInput(attrs={"placeholder": _("可用拼音或首字母")}),
}


def about(text: str, to_series: str = "") -> Q:
    """Rows whose series, which the path leads to, is about a project, indicator or region with that name."""
    project, indicator = f"{to_series}project__", f"{to_series}indicator__"
    is_code = Q(**{f"{project}code__icontains": text})
    return named(text, project) | is_code | named(text, indicator) | within_named(text, f"{to_series}region_id")


class EntryFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="about", **SEARCH)
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

    def about(self, rows: QuerySet[ProgressEntry], _name: str, text: str) -> QuerySet[ProgressEntry]:
        return rows.filter(about(text, "series__"))


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
    search = django_filters.CharFilter(method="about", **SEARCH)
    work_line = django_filters.ChoiceFilter(
        field_name="project__work_line", choices=WorkLine, label=_("工作线"), empty_label=_("全部")
    )
    region = SubtreeFilter()
    project = django_filters.CharFilter(field_name="project__code", widget=forms.HiddenInput, label=_("项目代码"))
    indicator = django_filters.CharFilter(field_name="indicator__code", widget=forms.HiddenInput, label=_("指标代码"))

    class Meta:
        model = Series
        fields: list[str] = []

    def about(self, rows: QuerySet[Series], _name: str, text: str) -> QuerySet[Series]:
        return rows.filter(about(text))


class SeriesPeriodFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="about", **SEARCH)
    period = MonthFilter(field_name="period__end_on", label=_("调度月"))
    status = django_filters.ChoiceFilter(
        choices=[(UNREPORTED, _("未报")), *EntryStatus.choices],
        method="in_status",
        label=_("状态"),
        empty_label=_("全部"),
    )
    frequency = django_filters.ChoiceFilter(
        field_name="series__frequency", choices=Frequency, label=_("频次"), empty_label=_("全部")
    )
    work_line = django_filters.ChoiceFilter(
        field_name="series__project__work_line", choices=WorkLine, label=_("工作线"), empty_label=_("全部")
    )
    region = SubtreeFilter(field_name="series__region__code")
    project = django_filters.CharFilter(
        field_name="series__project__code", widget=forms.HiddenInput, label=_("项目代码")
    )
    indicator = django_filters.CharFilter(
        field_name="series__indicator__code", widget=forms.HiddenInput, label=_("指标代码")
    )

    class Meta:
        model = SeriesPeriod
        fields: list[str] = []

    def about(self, rows: SeriesPeriodQuerySet, _name: str, text: str) -> SeriesPeriodQuerySet:
        return rows.filter(about(text, "series__"))

    def in_status(self, rows: SeriesPeriodQuerySet, _name: str, status: str) -> SeriesPeriodQuerySet:
        return rows.filter(entry=None) if status == UNREPORTED else rows.filter(entry__status=status)


class TargetFilter(django_filters.FilterSet):
    work_line = django_filters.ChoiceFilter(
        field_name="indicator__work_line", choices=WorkLine, label=_("工作线"), empty_label=_("全部")
    )
    region = SubtreeFilter()
    indicator = django_filters.CharFilter(field_name="indicator__code", widget=forms.HiddenInput, label=_("指标代码"))
    part_of = django_filters.CharFilter(field_name="parent__code", widget=forms.HiddenInput, label=_("上级目标代码"))
    as_of = django_filters.DateFilter(method="promised_by", label=_("回看日期"))

    class Meta:
        model = Target
        fields: list[str] = []

    def promised_by(self, rows: TargetQuerySet, _name: str, day: datetime.date) -> TargetQuerySet:
        return rows.promised(as_of=end_of_day(day))
