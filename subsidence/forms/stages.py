"""Asking for a stage, taking one back, surveying anew; deciding on what was asked for, one by one or many at once."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from progress.forms.reviews import BatchForm
from progress.services.batches import Decision
from subsidence.forms.fields import AmountField, DayField
from subsidence.models import Stage

NOTE_LIMIT = 500


class PaperForm(OnceForm):
    """The paper that a step rests on."""

    document = forms.CharField(label=_("文号"), max_length=120)
    note = forms.CharField(label=_("说明"), max_length=NOTE_LIMIT, required=False)


class AskForm(PaperForm):
    """That an area take a stage on a day."""

    stage = forms.ChoiceField(choices=Stage, widget=forms.HiddenInput)
    on = DayField(label=_("日期"))
    area = AmountField(label=_("面积（亩）"))

    field_order = ["receipt", "stage", "area", "on", "document", "note"]


class ReverseForm(PaperForm):
    """The step to take back in red (红字冲销), and why."""

    reverses = forms.IntegerField(widget=forms.HiddenInput)
    note = forms.CharField(
        label=_("冲销理由"), max_length=NOTE_LIMIT, error_messages={"required": _("请填写冲销理由。")}
    )


class ResurveyForm(PaperForm):
    """The area found by surveying anew; `seen` is the surveyed area that the person saw."""

    seen = AmountField(decimals=4, widget=forms.HiddenInput)
    area = AmountField(label=_("复测后的勘测面积（亩）"))
    on = DayField(label=_("复测日期"))

    field_order = ["receipt", "seen", "area", "on", "document", "note"]


class ApproveForm(OnceForm):
    """Nothing is asked but whether."""


class SendBackForm(OnceForm):
    """Why a request goes back to whoever made it."""

    reason = forms.CharField(
        label=_("退回理由"), max_length=NOTE_LIMIT, error_messages={"required": _("请填写退回理由。")}
    )


class WithdrawForm(OnceForm):
    """Nothing is asked but whether."""


class RequestRulingForm(forms.Form):
    """One row of the queue as it was sent, its prefix the key of the request; what was decided stays decided."""

    decision = forms.ChoiceField(choices=[("", ""), *Decision.choices], required=False)
    opinion = forms.CharField(required=False)


class RequestBatchForm(BatchForm):
    """The requests a person ruled on."""

    row_form = RequestRulingForm
