"""One step of an entry; what a step asks beyond the version is passed to its service by name."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from progress.services.entries import REASON_LIMIT


class StepForm(OnceForm):
    """A step that needs no words, on the version of the entry that the person saw."""

    version = forms.IntegerField(widget=forms.HiddenInput, error_messages={"required": _("页面不完整，请刷新后重试。")})

    @property
    def asked(self) -> dict[str, Any]:
        """All that was given but the receipt."""
        return {name: value for name, value in self.cleaned_data.items() if name != "receipt"}


class OpinionForm(StepForm):
    """Passing an entry on, with an opinion if there is one."""

    opinion = forms.CharField(label=_("意见"), required=False, max_length=REASON_LIMIT)


class ReturnForm(StepForm):
    """Sending an entry back."""

    reason = forms.CharField(
        label=_("退回理由"), max_length=REASON_LIMIT, error_messages={"required": _("退回必须写明理由。")}
    )


class CorrectionForm(StepForm):
    """Starting the correction of a verified entry."""

    reason = forms.CharField(
        label=_("更正理由"), max_length=REASON_LIMIT, error_messages={"required": _("更正必须写明理由。")}
    )
    is_void = forms.BooleanField(label=_("作废，不再填报数值"), required=False)
