"""The filter of the points at which the ground is watched."""

from __future__ import annotations

import django_filters
from django import forms
from django.db.models import CharField, Exists, OuterRef, Q
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from accounts.policy import today
from jurisdictions.filters import SubtreeFilter, named, within_named
from projects.models import Condition
from subsidence.models import Settlement, SubsidencePoint
from subsidence.models.monitoring import SubsidencePointQuerySet
from subsidence.panels.monitoring import limits_on, watched
from subsidence.services.watch import FAST

#: Asks for what nothing can be said about; an empty parameter asks for all.
UNKNOWN = "unknown"


class PointFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="about",
        label=_("观测点、图斑、矿井或村"),
        widget=forms.TextInput(attrs={"placeholder": _("编号、名称、拼音或首字母")}),
    )
    region = SubtreeFilter("region_id")
    state = django_filters.ChoiceFilter(
        choices=[(value or UNKNOWN, label) for value, label in Settlement.choices],
        method="in_state",
        label=_("稳沉"),
        empty_label=_("全部"),
    )
    fast = django_filters.ChoiceFilter(
        choices=[("yes", _("有告警")), ("no", _("没有"))], method="is_fast", label=_("速率告警"), empty_label=_("全部")
    )
    mine = django_filters.CharFilter(field_name="mine__code", label=_("矿井代码"), widget=forms.HiddenInput)
    parcel = django_filters.CharFilter(field_name="parcel__code", label=_("图斑编号"), widget=forms.HiddenInput)

    class Meta:
        model = SubsidencePoint
        fields: list[str] = []

    def about(self, rows: SubsidencePointQuerySet, _name: str, text: str) -> SubsidencePointQuerySet:
        is_its_own = Q(code__icontains=text) | Q(parcel__code__icontains=text)
        is_of_mine = named(text, "mine__") | Q(mine__code__icontains=text)
        return rows.filter(is_its_own | is_of_mine | within_named(text, "region_id"))

    def in_state(self, rows: SubsidencePointQuerySet, _name: str, state: str) -> SubsidencePointQuerySet:
        """Judged one by one, for the rule is told in one place only."""
        day = today()
        found = watched(rows, day, limits_on(day))
        asked = "" if state == UNKNOWN else state
        return rows.filter(pk__in=[each.point.pk for each in found if each.judgement.state == asked])

    def is_fast(self, rows: SubsidencePointQuerySet, _name: str, answer: str) -> SubsidencePointQuerySet:
        key = Cast(OuterRef("pk"), CharField())
        told = Exists(Condition.objects.filter(kind=FAST, until=None, key=key))
        return rows.filter(told if answer == "yes" else ~told)
