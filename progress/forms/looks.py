"""Which day a page of figures is asked about."""

from __future__ import annotations

import datetime
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from progress.figures import Look


class DayInput(forms.DateInput):
    input_type = "date"


class LookForm(forms.Form):
    """A past day to look back on (回看); without one, or with one that cannot be, the figures are today's."""

    as_of = forms.DateField(
        label=_("回看日期"),
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=DayInput(format="%Y-%m-%d"),
        error_messages={"invalid": _("请填写日期，例如 2025-03-31。以下为今天的数字。")},
    )

    def __init__(self, *args: Any, today: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["as_of"].widget.attrs["max"] = (today - datetime.timedelta(days=1)).isoformat()

    def clean_as_of(self) -> datetime.date | None:
        day: datetime.date | None = self.cleaned_data["as_of"]
        if day and day >= self.today:
            raise ValidationError(_("只能回看今天以前的日期。以下为今天的数字。"))
        return day

    @property
    def look(self) -> Look:
        """The look that is asked for, today's where none is or where the day is refused."""
        self.is_valid()
        day = self.cleaned_data.get("as_of")
        return Look.back(day) if day else Look(self.today)

    @property
    def address(self) -> str:
        """The query string that asks the same again."""
        return self._address(*self.fields)

    @property
    def today_query(self) -> str:
        """The query string that asks the same of today."""
        return self._address(*(name for name in self.fields if name != "as_of"))

    def _address(self, *names: str) -> str:
        return "?" + urlencode({name: self.data[name] for name in names if self.data.get(name)})

    def refuse(self, sentence: str) -> None:
        """Show today's figures after all, with the reason at the day."""
        self.add_error("as_of", sentence)
