"""Sending a filled sheet, and the steps of its import."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from projects.services.attachments import sha256_of


class ImportForm(OnceForm):
    """One filled sheet, and whether its rows are kept as drafts or submitted at once."""

    file = forms.FileField(
        label=_("填好的台账"), help_text=_("XLSX 或 CSV，不超过 10 MB；文件中不能有公式、宏和外部链接。")
    )
    do = forms.ChoiceField(
        label=_("导入后"),
        choices=[("save", _("保存为草稿")), ("submit", _("直接报送"))],
        initial="save",
        widget=forms.RadioSelect,
    )

    @property
    def body(self) -> bytes:
        return f"{self.cleaned_data['do']}:{sha256_of(self.cleaned_data['file'])}".encode()


class ImportStepForm(OnceForm):
    """A step of an import needs nothing but that it is asked for once."""
