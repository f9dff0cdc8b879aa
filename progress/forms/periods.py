"""Opening a closed period again, and finding one's own reports."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from jurisdictions.filters import RegionCodeField
from jurisdictions.models import Region, WorkLine
from progress.agenda import ReportState
from progress.models import Frequency
from progress.services.entries import REASON_LIMIT


class ReopenForm(OnceForm):
    """For whom a closed period is opened again, until when and why."""

    region = RegionCodeField(label=_("单位"), help_text=_("名称、拼音、首字母或代码；含其所有下级地区。"))
    work_line = forms.ChoiceField(label=_("工作线"), choices=WorkLine)
    until = forms.DateField(
        label=_("开放至"),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("含当日，最长 31 天。"),
    )
    reason = forms.CharField(label=_("理由"), max_length=REASON_LIMIT, help_text=_("填报员能看到。"))

    def clean_region(self) -> str:
        code: str = self.cleaned_data["region"]
        if not Region.objects.filter(pk=code).exists():
            raise ValidationError(_("没有代码为%(code)s的地区。") % {"code": code})
        return code


class YearForm(forms.Form):
    """The year of the list of periods, and the kind if only one is asked for."""

    year = forms.IntegerField(label=_("年份"), min_value=2000, max_value=2999, required=False)
    kind = forms.ChoiceField(label=_("频次"), choices=[("", _("全部")), *Frequency.choices], required=False)


#: What the list of one's own reports can be narrowed to beyond a single state.
OPEN, ALL = "open", "all"


class TaskForm(forms.Form):
    """Which of the reports one owes to list: by default those that wait for oneself."""

    state = forms.ChoiceField(
        choices=[(OPEN, ""), (ALL, ""), *ReportState.choices], required=False, widget=forms.HiddenInput
    )
    period = forms.IntegerField(required=False, widget=forms.HiddenInput)
    after = forms.RegexField(r"^\d{1,18}-\d{1,18}$", required=False, widget=forms.HiddenInput)
    search = forms.CharField(label=_("项目或指标"), required=False, max_length=60)

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked for; a mangled part counts as absent."""
        self.is_valid()
        return {name: self.cleaned_data.get(name) for name in self.fields}
