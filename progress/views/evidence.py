"""The files that prove an entry: adding, taking off, fetching, and comparing before with after."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.forms import OnceForm
from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, can
from accounts.receipts import Answer, once
from accounts.refusals import NotAllowed, Refused
from progress.forms import EvidenceForm, EvidenceOffForm, EvidenceStageForm, PairForm
from progress.models import Evidence, ProgressEntry
from progress.photos import pair_of, photos_of_series
from progress.services import evidence
from progress.services.evidence import Unfit
from progress.views.entries import show_entry, status_of
from projects.models import Attachment
from projects.services import attachments
from projects.services.attachments import Kept

#: Does something about one file as its form asks, and returns what is said of it.
Act = Callable[[Evidence, Any, User], str]


@require_POST
def evidence_add(request: SignedInRequest, pk: int) -> HttpResponse:
    """Each file has a result of its own; a script, which sends them one by one, is answered in JSON."""
    entry = get_object_or_404(ProgressEntry.objects.visible_to(request.user).with_labels(), pk=pk)
    form = EvidenceForm(request.POST, request.FILES, auto_id="evidence_%s")
    said, refusal = "", None
    try:
        if not can(request.user, Action.ENTER, entry):
            raise NotAllowed
        if form.is_valid():
            said = _add_once(request, entry, form)
    except Refused as refused:
        refusal = refused
        form.refuse(refused)
    if not request.accepts("text/html"):
        return told(form, said, refusal)
    if said:
        messages.success(request, said)
    if not form.errors:
        return redirect(entry)
    form.put(receipt=uuid.uuid4())
    refusal = refusal or Refused(_("有文件未能添加，原因见“佐证材料”。"))
    return show_entry(request, pk, refusal, evidence_form=form)


def _add_once(request: SignedInRequest, entry: ProgressEntry, form: EvidenceForm) -> str:
    """Add the files that are fit, and tell the form of the others; returns what is to be said of those added."""
    # Cleaning photos takes its time, so it comes before the receipt and the entry are locked.
    taken, unfit = evidence.take_all(form.cleaned_data["file"])
    said = ""
    if taken:
        body = request.get_full_path().encode() + form.body
        add = partial(_add, entry, taken, form.cleaned_data["stage"], request.user)
        with attachments.following():
            answer = once(by=request.user, key=form.key, body=body, act=add)
        unfit += [Unfit(**each) for each in answer["unfit"]]
        said = str(answer["message"])
    form.tell(unfit)
    return said


def _add(entry: ProgressEntry, files: list[Kept], stage: str, by: User) -> Answer:
    unfit = evidence.add_all(entry=entry, files=files, stage=stage, by=by, at=timezone.now())
    added = len(files) - len(unfit)
    said = _("已添加%(count)d个佐证文件。") % {"count": added} if added else ""
    return {"message": said, "unfit": [asdict(each) for each in unfit]}


def told(form: EvidenceForm, said: str, refusal: Refused | None) -> JsonResponse:
    """The answer to a script that sends files one by one."""
    errors = [str(error) for errors in form.errors.values() for error in errors]
    if not errors:
        return JsonResponse({"state": "added", "message": said})
    status = status_of(refusal) if refusal else HTTPStatus.UNPROCESSABLE_ENTITY
    return JsonResponse({"state": "refused", "message": " ".join(errors)}, status=status)


@require_POST
def evidence_stage(request: SignedInRequest, pk: int) -> HttpResponse:
    return _change(request, pk, EvidenceStageForm(request.POST), _say_stage)


@require_POST
def evidence_remove(request: SignedInRequest, pk: int) -> HttpResponse:
    return _change(request, pk, EvidenceOffForm(request.POST), _remove)


def _change(request: SignedInRequest, pk: int, form: OnceForm, act: Act) -> HttpResponse:
    """Do something about one file of an entry, once."""
    if not form.is_valid():
        return show_entry(request, pk, Refused(_("页面不完整，请刷新后重试。")))
    try:
        return answer_once(request, form, partial(_take, pk, form, act, request.user))
    except Refused as refusal:
        return show_entry(request, pk, refusal)


def _take(pk: int, form: OnceForm, act: Act, by: User) -> Answer:
    visible = Evidence.objects.filter(entry__in=ProgressEntry.objects.visible_to(by), entry=pk)
    found = get_object_or_404(visible.select_related("entry", "attachment"), pk=form.cleaned_data["evidence"])
    return {"url": found.entry.get_absolute_url(), "message": act(found, form, by)}


def _say_stage(found: Evidence, form: EvidenceStageForm, by: User) -> str:
    evidence.change_stage(evidence=found, stage=form.cleaned_data["stage"], by=by)
    return _("已改照片阶段。")


def _remove(found: Evidence, form: EvidenceOffForm, by: User) -> str:
    evidence.remove_evidence(evidence=found, by=by)
    return _("已移除佐证材料。")


@require_safe
def photos(request: SignedInRequest, pk: int) -> HttpResponse:
    """A place before the work beside the same place after it, chosen from all the entries of the series."""
    visible = ProgressEntry.objects.visible_to(request.user)
    entry = get_object_or_404(visible.with_labels(), pk=pk)
    asked = PairForm(request.GET)
    asked.is_valid()  # Whatever is no number asks for nothing.
    chosen = {side: asked.cleaned_data.get(side) for side in asked.fields}
    pair = pair_of(entry, photos_of_series(entry, visible=visible), **chosen)
    return render(request, "progress/photos.html", {"entry": entry, "pair": pair})


@require_safe
def attachment(request: SignedInRequest, pk: int) -> FileResponse:
    found = _visible(request, pk)
    return FileResponse(found.file.open(), as_attachment=True, filename=found.name, content_type=found.content_type)


@require_safe
def thumbnail(request: SignedInRequest, pk: int) -> FileResponse:
    """The small picture, to be shown in a page: always a JPEG that we encoded."""
    found = _visible(request, pk)
    if not found.thumbnail:
        raise Http404
    return FileResponse(found.thumbnail.open(), filename=found.name, content_type="image/jpeg")


def _visible(request: SignedInRequest, pk: int) -> Attachment:
    entries = ProgressEntry.objects.visible_to(request.user)
    return get_object_or_404(Attachment.objects.filter(evidence__entry__in=entries).distinct(), pk=pk)
