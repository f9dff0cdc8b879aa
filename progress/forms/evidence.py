"""The files that prove an entry."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from progress.models import EvidenceStage
from progress.services.evidence import Unfit
from projects.services.attachments import MAX_BYTES, sha256_of

Uploads = list["UploadedFile[bytes]"]

#: Most files of one request: each photo takes the server a quarter of a second and more.
FILES_AT_ONCE = 10


class FilesInput(forms.FileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or more; whether each is fit is found out later, one by one."""

    widget = FilesInput(attrs={"accept": ".pdf,.jpg,.jpeg,.png,.webp", "data-limit": MAX_BYTES})

    def clean(self, data: Any, initial: Any = None) -> Uploads:
        found = [each for each in data or [] if each]
        if self.required and not found:
            raise ValidationError(_("请选择要上传的文件。"))
        if len(found) > FILES_AT_ONCE:
            raise ValidationError(_("一次最多上传%(most)d个文件。") % {"most": FILES_AT_ONCE})
        return found


class StageForm(OnceForm):
    """What a photo shows of the work."""

    stage = forms.ChoiceField(label=_("照片阶段"), choices=[("", _("不分")), *EvidenceStage.choices], required=False)


class EvidenceForm(StageForm):
    """Files that prove an entry; the stage is that of the photos among them."""

    file = FilesField(
        label=_("添加照片或文件"), help_text=_("可一次选择多个：JPEG、PNG、WebP 照片或 PDF，每个不超过 10 MB。")
    )

    field_order = ("receipt", "file", "stage")

    @property
    def body(self) -> bytes:
        files = [sha256_of(upload) for upload in self.cleaned_data["file"]]
        return json.dumps([self.cleaned_data["stage"], files]).encode()

    def tell(self, unfit: Iterable[Unfit]) -> None:
        """Say at the input which files were not added, and why."""
        for each in unfit:
            self.add_error("file", _("%(name)s：%(reason)s") % {"name": each.name, "reason": each.reason})


class EvidenceStageForm(StageForm):
    """The photo whose stage is said anew."""

    evidence = forms.IntegerField(widget=forms.HiddenInput)


class EvidenceOffForm(OnceForm):
    """The file to take off an entry."""

    evidence = forms.IntegerField(widget=forms.HiddenInput)


class PairForm(forms.Form):
    """The two photos in the address of a comparison."""

    before = forms.IntegerField(required=False)
    after = forms.IntegerField(required=False)
