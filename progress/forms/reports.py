"""What a report is asked about."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action, areas
from jurisdictions import codes
from jurisdictions.filters import RegionCodeField
from jurisdictions.models import Region, WorkLine
from progress import schedule
from progress.filters import MonthField
from progress.forms.looks import LookForm
from progress.models import Indicator
from progress.models.targets import TargetQuerySet
from progress.reports.dispatch import Measure
from projects.models import Project

#: Years that can be asked for; there is no data before them, and calendars end somewhere.
YEARS = range(2000, 2101)


class ReportForm(LookForm):
    """What every report asks; what is not asked for is filled in, so that the page opens with something to read."""

    region = RegionCodeField(label=_("地区"))

    def __init__(self, data: QueryDict, *, user: User, today: datetime.date) -> None:
        self.user, self.today = user, today
        given = {name: text for name, text in data.items() if text}
        super().__init__({**self.defaults(), **given}, today=today)

    def defaults(self) -> dict[str, Any]:
        """The region that holds all the person may see."""
        return {"region": codes.official(_common(code for found in self.areas.values() for code in found))}

    @cached_property
    def areas(self) -> dict[WorkLine, list[str]]:
        """The regions that the person may see, by the work lines on which there are any."""
        found = {line: areas(self.user, Action.VIEW, line=line) for line in WorkLine}
        return {line: regions for line, regions in found.items() if regions}

    def clean_region(self) -> Region | None:
        """The region named, None where none need be. Raises ValidationError."""
        if not self.cleaned_data["region"]:
            return None
        region = Region.objects.filter(pk=self.cleaned_data["region"]).first()
        if region is None:
            raise ValidationError(_("没有这个地区。"))
        return region

    @property
    def is_clear(self) -> bool:
        """Whether all is understood but perhaps the day to look back on, which today stands in for."""
        return self.is_valid() or set(self.errors) == {"as_of"}


def _common(found: Iterable[str]) -> str:
    """The smallest division that holds all of those; the empty code where there are none."""
    lineages = [set(codes.lineage(code)) for code in found]
    return max(set.intersection(*lineages), key=len) if lineages else ""


def _last_month(today: datetime.date) -> datetime.date:
    return schedule.add_months(today, -1)


class MonthOfReport(MonthField):
    def clean(self, value: Any) -> datetime.date | None:
        month: datetime.date | None = super().clean(value)
        if month and month.year not in YEARS:
            raise ValidationError(_("请填写 2000 年至 2100 年之间的年月。"))
        return month


class DispatchForm(ReportForm):
    """调度表: what is measured, and in which month."""

    measure = forms.ChoiceField(label=_("统计口径"))
    month = MonthOfReport(label=_("月份"))

    field_order = ["measure", "month", "region", "as_of"]

    def __init__(self, data: QueryDict, *, targets: TargetQuerySet, **kwargs: Any) -> None:
        self.targets = targets
        super().__init__(data, **kwargs)
        self.fields["measure"].choices = self.choices  # type: ignore[attr-defined]

    def defaults(self) -> dict[str, Any]:
        first = next((value for _group, options in self.choices for value, _label in options), "")
        return {**super().defaults(), "measure": first, "month": f"{_last_month(self.today):%Y-%m}"}

    @cached_property
    def measures(self) -> dict[str, Measure]:
        """By the value of each choice; targets first, for they say what the figures are held against."""
        targets = self.targets.on_top(self.user).filter(project=None).promised().order_by("code")
        related = ("indicator__numerator", "indicator__denominator", "region")
        found = {f"target:{each.code}": Measure(each.indicator, each) for each in targets.select_related(*related)}
        indicators = Indicator.objects.filter(work_line__in=list(self.areas)).select_related("numerator", "denominator")
        return found | {f"indicator:{each.code}": Measure(each) for each in indicators.order_by("code")}

    @cached_property
    def choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        groups: dict[tuple[bool, str], list[tuple[str, str]]] = {}
        for value, measure in self.measures.items():
            key = measure.target is None, measure.indicator.work_line
            label = f"{measure.target}（{measure.target.region.name}）" if measure.target else str(measure.indicator)
            groups.setdefault(key, []).append((value, label))
        kinds = {False: _("按目标，自起始累计"), True: _("按年度，自1月累计")}
        return [(f"{WorkLine(line).label} · {kinds[by_year]}", options) for (by_year, line), options in groups.items()]

    def clean_measure(self) -> Measure:
        return self.measures[self.cleaned_data["measure"]]


class PeriodicForm(ReportForm):
    """What 月报 and 年报 share: a region seen from one work line or all."""

    work_line = forms.ChoiceField(label=_("工作线"), required=False, choices=[("", _("全部")), *WorkLine.choices])

    @property
    def lines(self) -> list[WorkLine]:
        """The work lines asked for on which the person may see the whole region."""
        region, line = self.cleaned_data["region"], self.cleaned_data["work_line"]
        return [
            each
            for each, found in self.areas.items()
            if line in ("", each) and any(region.pk.startswith(area) for area in found)
        ]


class MonthForm(PeriodicForm):
    month = MonthOfReport(label=_("月份"))

    field_order = ["month", "region", "work_line", "as_of"]

    def defaults(self) -> dict[str, Any]:
        return {**super().defaults(), "month": f"{_last_month(self.today):%Y-%m}"}


class YearForm(PeriodicForm):
    year = forms.IntegerField(label=_("年份"), min_value=YEARS[0], max_value=YEARS[-1])

    field_order = ["year", "region", "work_line", "as_of"]

    def defaults(self) -> dict[str, Any]:
        return {**super().defaults(), "year": self.today.year}


class LedgerForm(ReportForm):
    """The lines behind one figure: an indicator from month to month, over a region or of one project.

    `own` asks for what lies on the region itself and in no unit below it.
    """

    indicator = forms.ModelChoiceField(Indicator.objects.none(), to_field_name="code", widget=forms.HiddenInput)
    project = forms.ModelChoiceField(
        Project.objects.none(), to_field_name="code", required=False, widget=forms.HiddenInput
    )
    own = forms.BooleanField(required=False, widget=forms.HiddenInput)
    since = MonthOfReport(required=False, widget=forms.HiddenInput)
    until = MonthOfReport(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["region"].widget, self.fields["region"].required = forms.HiddenInput(), False
        seen = Indicator.objects.filter(work_line__in=list(self.areas)).select_related("numerator", "denominator")
        self.fields["indicator"].queryset = seen  # type: ignore[attr-defined]
        self.fields["project"].queryset = Project.objects.visible_to(self.user)  # type: ignore[attr-defined]

    def defaults(self) -> dict[str, Any]:
        return {}

    def clean(self) -> dict[str, Any]:
        """Refuse what is about neither or both, and a region of which the person may not see all."""
        asked: dict[str, Any] = super().clean() or self.cleaned_data
        region, project, indicator = asked.get("region"), asked.get("project"), asked.get("indicator")
        if bool(region) == bool(project):
            raise ValidationError(_("请给出地区与项目之一。"))
        seen = self.areas.get(WorkLine(indicator.work_line), []) if indicator else []
        if region and not any(region.pk.startswith(area) for area in seen):
            raise ValidationError(_("该地区不在您的职责范围内。"))
        return asked
