"""Sending a filled ledger of parcels."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from projects.services.attachments import sha256_of


class ParcelImportForm(OnceForm):
    """One filled ledger."""

    file = forms.FileField(
        label=_("填好的图斑台账"),
        help_text=_("XLSX 或 CSV，不超过 10 MB、10,000 行；文件中不能有公式、宏和外部链接。"),
    )

    @property
    def body(self) -> bytes:
        return sha256_of(self.cleaned_data["file"]).encode()


class ParcelImportStepForm(OnceForm):
    """A step of an import needs nothing but that it is asked for once."""
