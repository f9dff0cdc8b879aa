"""The filters of the duties to treat newly subsided land, shared by page and API."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from jurisdictions.filters import SubtreeFilter, named, within_named
from subsidence.models import TreatmentDuty

STATES = [
    ("open", _("未办结")),
    ("overdue", _("已逾期")),
    ("closed", _("已办结")),
    ("late", _("逾期办结")),
]


class DutyFilter(django_filters.FilterSet):
    """Over rows of `with_days_left`, which says how many days each has as of the day that the page is about."""

    search = django_filters.CharFilter(
        method="about",
        label=_("图斑、矿井或村"),
        widget=forms.TextInput(attrs={"placeholder": _("编号、名称、拼音或首字母")}),
    )
    region = SubtreeFilter("parcel__region__code")
    mine = django_filters.CharFilter(field_name="mine__code", label=_("矿井代码"), widget=forms.HiddenInput)
    state = django_filters.ChoiceFilter(choices=STATES, method="in_state", label=_("状态"), empty_label=_("全部"))

    class Meta:
        model = TreatmentDuty
        fields: list[str] = []

    def about(self, rows: QuerySet[TreatmentDuty], _name: str, text: str) -> QuerySet[TreatmentDuty]:
        is_of_mine = named(text, "mine__") | Q(mine__code__icontains=text)
        return rows.filter(Q(parcel__code__icontains=text) | is_of_mine | within_named(text, "parcel__region_id"))

    def in_state(self, rows: QuerySet[TreatmentDuty], _name: str, state: str) -> QuerySet[TreatmentDuty]:
        match state:
            case "open":
                return rows.filter(closed_on=None)
            case "overdue":
                return rows.filter(closed_on=None).filter(**{"days_left__lt": 0})
            case "late":
                return rows.filter(closed_on__gt=F("due_on"))
        return rows.filter(closed_on__isnull=False)
