"""The filters of the register, shared by page and API."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jurisdictions.filters import SubtreeFilter, named, within_named
from jurisdictions.models import WorkLine
from projects.models import Project, ProjectQuerySet, ProjectStatus

#: Asks for the projects whose status the source does not give; an empty parameter asks for all.
UNKNOWN = "unknown"


class ProjectFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="about",
        label=_("名称、代码或地区"),
        widget=forms.TextInput(attrs={"placeholder": _("可用拼音或首字母")}),
    )
    work_line = django_filters.ChoiceFilter(
        field_name="work_line", choices=WorkLine, label=_("工作线"), empty_label=_("全部")
    )
    region = SubtreeFilter()
    programme = django_filters.CharFilter(field_name="programme__code", widget=forms.HiddenInput, label=_("工程包代码"))
    status = django_filters.ChoiceFilter(
        choices=[(value or UNKNOWN, label) for value, label in ProjectStatus.choices],
        method="in_status",
        label=_("状态"),
        empty_label=_("全部"),
    )

    class Meta:
        model = Project
        fields: list[str] = []

    def about(self, rows: ProjectQuerySet, _name: str, text: str) -> ProjectQuerySet:
        return rows.filter(named(text) | Q(code__icontains=text) | within_named(text, "region_id"))

    def in_status(self, rows: ProjectQuerySet, _name: str, status: str) -> ProjectQuerySet:
        return rows.filter(status="" if status == UNKNOWN else status)
