"""What is recorded of money."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from subsidence.forms.fields import AmountField, DayField
from subsidence.models import FundingKind, FundingSource
from subsidence.services.funding import DECIMALS, Payment


class FundingForm(OnceForm):
    """One amount; a negative one takes back."""

    kind = forms.ChoiceField(label=_("类别"), choices=FundingKind)
    source = forms.ChoiceField(label=_("资金来源"), choices=FundingSource)
    amount = AmountField(
        label=_("金额（万元）"), decimals=DECIMALS, may_be_negative=True, help_text=_("冲减已登记的金额填负数。")
    )
    on = DayField(label=_("日期"))
    document = forms.CharField(label=_("文号"), max_length=120)

    @property
    def payment(self) -> Payment:
        asked = self.cleaned_data
        return Payment(
            source=FundingSource(asked["source"]),
            kind=FundingKind(asked["kind"]),
            amount=asked["amount"],
            on=asked["on"],
            document=asked["document"],
        )
