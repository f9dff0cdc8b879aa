"""Inputs of this work line: exact numbers, and days."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from progress.amounts import InvalidAmount, parse_amount
from progress.forms.looks import DayInput


class AmountField(forms.CharField):
    """A number as people type it, such as 1,234.50; cleans to its exact value, None when it is blank."""

    def __init__(self, *, decimals: int = 2, may_be_negative: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.decimals, self.may_be_negative = decimals, may_be_negative
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off", "class": "num"}

    def clean(self, value: Any) -> Decimal | None:
        text: str = super().clean(value)
        if not text:
            return None
        try:
            return parse_amount(text, decimals=self.decimals, may_be_negative=self.may_be_negative)
        except InvalidAmount as error:
            raise ValidationError(str(error.message)) from error


class DayField(forms.DateField):
    """A day, typed or picked."""

    def __init__(self, **kwargs: Any) -> None:
        wrong = {"invalid": _("请填写日期，例如 2025-03-31。")}
        super().__init__(input_formats=["%Y-%m-%d"], widget=DayInput(format="%Y-%m-%d"), error_messages=wrong, **kwargs)
