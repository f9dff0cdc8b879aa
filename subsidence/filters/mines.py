"""The filters of the register of mines, shared by page and API."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from jurisdictions.filters import SubtreeFilter, named, within_named, written
from subsidence.models import Mine, MineStatus
from subsidence.models.mines import MineQuerySet

#: Asks for what is still 待补; an empty parameter asks for all.
UNKNOWN = "unknown"


class MineFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="about",
        label=_("矿井、主体或县区"),
        widget=forms.TextInput(attrs={"placeholder": _("可用拼音或首字母")}),
    )
    region = SubtreeFilter()
    status = django_filters.ChoiceFilter(
        choices=[(value or UNKNOWN, label) for value, label in MineStatus.choices],
        method="in_status",
        label=_("状态"),
        empty_label=_("全部"),
    )
    name = django_filters.ChoiceFilter(
        choices=[("named", _("已登记")), (UNKNOWN, _("待补"))],
        method="with_name",
        label=_("矿井名称"),
        empty_label=_("全部"),
    )
    duty = django_filters.ChoiceFilter(
        choices=[("overdue", _("有逾期")), ("open", _("有未办结"))],
        method="with_duty",
        label=_("治理任务"),
        empty_label=_("全部"),
    )

    class Meta:
        model = Mine
        fields: list[str] = []

    def about(self, rows: MineQuerySet, _name: str, text: str) -> MineQuerySet:
        is_its_own = named(text) | Q(code__icontains=text) | written(text, "operator__name")
        return rows.filter(is_its_own | within_named(text, "region_id"))

    def in_status(self, rows: MineQuerySet, _name: str, status: str) -> MineQuerySet:
        return rows.filter(status="" if status == UNKNOWN else status)

    def with_name(self, rows: MineQuerySet, _name: str, answer: str) -> MineQuerySet:
        return rows.filter(name="") if answer == UNKNOWN else rows.exclude(name="")

    def with_duty(self, rows: MineQuerySet, _name: str, state: str) -> MineQuerySet:
        """Rows of `with_holdings`, which counted the duties as of the day that the page is about."""
        return rows.filter(**{f"{state}__gt": 0})
