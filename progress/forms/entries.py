"""Choosing what to report, and the content of one entry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from accounts.models import User
from progress.agenda import my_series
from progress.amounts import InvalidAmount, parse_amount
from progress.models import Indicator, Period, ProgressEntry, Series
from progress.services.entries import Content


class SlotForm(forms.Form):
    """The series and period in the address of a new entry: those the clerk may type into."""

    series = forms.ModelChoiceField(Series.objects.none())
    period = forms.ModelChoiceField(Period.objects.all())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["series"].queryset = my_series(user)  # type: ignore[attr-defined]

    def clean_period(self) -> Period:
        period: Period = self.cleaned_data["period"]
        series = self.cleaned_data.get("series")
        if series and series.frequency != period.kind:
            raise ValidationError(_("此填报项不按这种调度期报送。"))
        return period


class EntryForm(OnceForm):
    """The content of one entry; `version` is that of the entry the person saw, empty for a new one."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    value = forms.CharField(label=_("本期数值"), required=False)
    no_progress_reason = forms.CharField(
        label=_("本期无进展的原因"),
        required=False,
        max_length=200,
        help_text=_("确无进展时填写原因，数值留空；没有填写的不会当作零。"),
    )
    note = forms.CharField(
        label=_("进展说明"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 4})
    )
    do = forms.ChoiceField(choices=[("save", ""), ("submit", "")], required=False)

    def __init__(self, *args: Any, indicator: Indicator, is_void: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.indicator = indicator
        if is_void:
            del self.fields["value"], self.fields["no_progress_reason"]
            return
        self.fields["value"].label = str(indicator)
        self.fields["value"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    def clean_value(self) -> Decimal | None:
        text: str = self.cleaned_data["value"]
        if not text:
            return None
        indicator = self.indicator
        try:
            return parse_amount(text, decimals=indicator.decimals, may_be_negative=indicator.may_be_negative)
        except InvalidAmount as error:
            raise ValidationError(str(error.message)) from error

    @property
    def content(self) -> Content:
        data = self.cleaned_data
        return Content(data.get("value"), data.get("no_progress_reason", ""), data["note"])

    @property
    def is_submitting(self) -> bool:
        return bool(self.cleaned_data["do"] == "submit")


def initial_of(entry: ProgressEntry) -> dict[str, Any]:
    """What the form shows of an entry; the value as it would be typed."""
    return {
        "version": entry.version,
        "value": "" if entry.value is None else f"{entry.value.normalize():f}",
        "no_progress_reason": entry.no_progress_reason,
        "note": entry.note,
    }
