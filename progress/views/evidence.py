"""The files that prove an entry: adding, taking off, and fetching one."""

from __future__ import annotations

from functools import partial

from django.http import FileResponse, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.receipts import Answer
from accounts.refusals import Refused
from progress.forms import EvidenceForm, EvidenceOffForm
from progress.models import Evidence, ProgressEntry
from progress.services.evidence import add_evidence, remove_evidence
from progress.views.entries import show_entry
from projects.models import Attachment


@require_POST
def evidence_add(request: SignedInRequest, pk: int) -> HttpResponse:
    form = EvidenceForm(request.POST, request.FILES)
    if not form.is_valid():
        return show_entry(request, pk, Refused(_("请选择要上传的文件。")))
    try:
        return answer_once(request, form, partial(_add, pk, form, request.user))
    except Refused as refusal:
        return show_entry(request, pk, refusal)


def _add(pk: int, form: EvidenceForm, by: User) -> Answer:
    entry = get_object_or_404(ProgressEntry.objects.visible_to(by), pk=pk)
    add_evidence(entry=entry, upload=form.cleaned_data["file"], by=by, at=timezone.now())
    return {"url": entry.get_absolute_url(), "message": _("已添加佐证材料。")}


@require_POST
def evidence_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    form = EvidenceOffForm(request.POST)
    if not form.is_valid():
        return show_entry(request, pk, Refused(_("页面不完整，请刷新后重试。")))
    try:
        return answer_once(request, form, partial(_remove, pk, form, request.user))
    except Refused as refusal:
        return show_entry(request, pk, refusal)


def _remove(pk: int, form: EvidenceOffForm, by: User) -> Answer:
    visible = Evidence.objects.filter(entry__in=ProgressEntry.objects.visible_to(by), entry=pk)
    found = get_object_or_404(visible.select_related("entry", "attachment"), pk=form.cleaned_data["evidence"])
    url = found.entry.get_absolute_url()
    remove_evidence(evidence=found, by=by)
    return {"url": url, "message": _("已移除佐证材料。")}


@require_safe
def attachment(request: SignedInRequest, pk: int) -> FileResponse:
    visible = ProgressEntry.objects.visible_to(request.user)
    found = get_object_or_404(Attachment.objects.filter(evidence__entry__in=visible).distinct(), pk=pk)
    return FileResponse(found.file.open(), as_attachment=True, filename=found.name, content_type=found.content_type)
