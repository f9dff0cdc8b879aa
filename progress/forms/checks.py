"""Drawing entries for spot checks (抽查), and the result of checking one."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.forms import OnceForm
from accounts.models import User
from accounts.policy import ROLES, Action, today
from jurisdictions.filters import RegionCodeField
from jurisdictions.models import Region, WorkLine
from progress.forms.steps import StepForm
from progress.models import Period, SpotCheckResult
from progress.services import checks
from progress.services.entries import REASON_LIMIT


class DrawForm(OnceForm):
    """From what to draw, and how many: a number of entries or a percentage of them."""

    period = forms.ModelChoiceField(
        Period.objects.none(),
        label=_("调度期"),
        empty_label=None,
        help_text=_("只列出有已核定、未抽查过的填报的调度期。"),
    )
    work_line = forms.ChoiceField(label=_("工作线"), choices=WorkLine)
    region = RegionCodeField(label=_("地区"), help_text=_("名称、拼音、首字母或代码；含其所有下级地区。"))
    number = forms.IntegerField(label=_("抽取数量"), min_value=1, max_value=10_000, initial=5)
    measure = forms.ChoiceField(
        label=_("数量单位"), choices=[("entries", pgettext_lazy("column", "条")), ("percent", _("候选的百分之几"))]
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["period"].queryset = checks.drawable_periods(user)  # type: ignore[attr-defined]
        mine = [duty.region_id for duty in user.duties_on(today()) if duty.role in ROLES[Action.CHECK]]
        self.fields["region"].initial = next(iter(mine), "")

    def clean_region(self) -> Region:
        code = self.cleaned_data["region"]
        try:
            return Region.objects.get(pk=code)
        except Region.DoesNotExist as error:
            raise ValidationError(_("没有代码为%(code)s的地区。") % {"code": code}) from error

    def clean(self) -> dict[str, Any]:
        asked = self.cleaned_data
        if asked.get("measure") == "percent" and asked.get("number", 0) > 100:
            self.add_error("number", _("百分比不能大于 100。"))
        return asked

    @property
    def asked(self) -> dict[str, Any]:
        """From what to draw, and how many."""
        asked = {name: self.cleaned_data[name] for name in ("period", "work_line", "region", "number")}
        return {**asked, "is_percent": self.cleaned_data["measure"] == "percent"}

    @property
    def body(self) -> bytes:
        return json.dumps([self.data.get(name, "") for name in self.fields]).encode()


class CheckForm(StepForm):
    """What looking at a drawn entry again found."""

    result = forms.ChoiceField(
        label=_("核查结果"),
        choices=SpotCheckResult,
        widget=forms.RadioSelect,
        error_messages={"required": _("请选择“属实”或“不实”。")},
    )
    finding = forms.CharField(
        label=_("核查情况"),
        required=False,
        max_length=REASON_LIMIT,
        help_text=_("不实的必须写明，将作为更正理由。"),
    )
