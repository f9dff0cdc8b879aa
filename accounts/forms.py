"""The hidden half of every form that changes something."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django import forms
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.translation import gettext_lazy as _

from accounts.receipts import KeyReused
from accounts.refusals import Refused


class OnceForm(forms.Form):
    """A form that takes effect once: sent again, by a double click or a reload, it is answered as the first time."""

    receipt = forms.UUIDField(
        widget=forms.HiddenInput, initial=uuid.uuid4, error_messages={"required": _("页面不完整，请刷新后重试。")}
    )

    @property
    def key(self) -> str:
        return str(self.cleaned_data["receipt"])

    @property
    def body(self) -> bytes:
        """What the person asked for, in one spelling."""
        return json.dumps(self.cleaned_data, cls=DjangoJSONEncoder, sort_keys=True).encode()

    def refuse(self, refusal: Refused) -> None:
        """Show the refusal at the input it is about, else above the form."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
        if isinstance(refusal, KeyReused):
            self.put(receipt=uuid.uuid4())

    def put(self, **values: Any) -> None:
        """Change what the form shows in some of its inputs; what was typed into the others stays."""
        self.data = {**dict(self.data.items()), **values}


class ReadAllForm(OnceForm):
    """All messages up to the newest one that the person saw."""

    through = forms.IntegerField(widget=forms.HiddenInput)


class KeepFilterForm(OnceForm):
    """The name under which the filter of a list is kept."""

    name = forms.CharField(label=_("名称"), max_length=40, error_messages={"required": _("请给筛选起个名称。")})


class DropFilterForm(OnceForm):
    """The kept filter to drop."""

    drop = forms.IntegerField(widget=forms.HiddenInput)
