"""The photos of a parcel: before beside after, adding, taking off, fetching."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from functools import partial
from http import HTTPStatus

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, can
from accounts.receipts import Answer, once
from accounts.refusals import NotAllowed, Refused
from progress.forms import PairForm
from progress.services.evidence import Unfit, take_all
from progress.views.evidence import told
from projects.services import attachments
from projects.services.attachments import Kept
from subsidence.forms.works import PhotoForm, PhotoOffForm
from subsidence.models import Moment, Parcel, ParcelPhoto
from subsidence.panels.works import photos_panel
from subsidence.services import photos
from subsidence.views.parcels import status_of


@require_http_methods(["GET", "HEAD", "POST"])
def parcel_photos(request: SignedInRequest, code: str) -> HttpResponse:
    """Before beside after and all photos; each file sent has a result of its own, for a script in JSON."""
    parcel = _parcel(request, code)
    if request.method != "POST":
        return _page(request, parcel)
    form = PhotoForm(request.POST, request.FILES, parcel=parcel)
    said, refusal = "", None
    try:
        if not can(request.user, Action.ENTER, parcel):
            raise NotAllowed
        if form.is_valid():
            said = _add_once(request, parcel, form)
    except Refused as refused:
        refusal = refused
        form.refuse(refused)
    if not request.accepts("text/html"):
        return told(form, said, refusal)
    if said:
        messages.success(request, said)
    if not form.errors:
        return redirect("parcel_photos", code)
    form.put(receipt=uuid.uuid4())
    return _page(request, parcel, refusal or Refused(_("有照片未能添加，原因见“添加照片”。")), form)


def _parcel(request: SignedInRequest, code: str) -> Parcel:
    return get_object_or_404(Parcel.objects.visible_to(request.user).with_labels(), code=code)


def _page(
    request: SignedInRequest, parcel: Parcel, refusal: Refused | None = None, form: PhotoForm | None = None
) -> HttpResponse:
    asked = PairForm(request.GET)
    asked.is_valid()  # Whatever is no number asks for nothing.
    chosen = {side: asked.cleaned_data.get(side) for side in asked.fields}
    context = {
        "parcel": parcel,
        "refusal": refusal,
        "form": form or PhotoForm(parcel=parcel),
        **photos_panel(parcel, request.user, **chosen),
    }
    return render(request, "subsidence/photos.html", context, status=status_of(refusal) if refusal else HTTPStatus.OK)


def _add_once(request: SignedInRequest, parcel: Parcel, form: PhotoForm) -> str:
    """Add the photos that are fit, and tell the form of the others; returns what is to be said of those added."""
    # Cleaning photos takes its time, so it comes before the receipt and the parcel are locked.
    taken, unfit = take_all(form.cleaned_data["file"])
    said = ""
    if taken:
        body = request.get_full_path().encode() + form.body
        with attachments.following():
            add = partial(_add, parcel, taken, form, request.user)
            answer = once(by=request.user, key=form.key, body=body, act=add)
        unfit += [Unfit(**each) for each in answer["unfit"]]
        said = str(answer["message"])
    form.tell(unfit)
    return said


def _add(parcel: Parcel, files: list[Kept], form: PhotoForm, by: User) -> Answer:
    moment, work = Moment(form.cleaned_data["stage"]), form.cleaned_data["work"]
    unfit = photos.add_all(parcel=parcel, files=files, moment=moment, work=work, by=by, at=timezone.now())
    added = len(files) - len(unfit)
    said = _("已添加%(count)d张照片。") % {"count": added} if added else ""
    return {"message": said, "unfit": [asdict(each) for each in unfit]}


@require_POST
def parcel_photo_remove(request: SignedInRequest, code: str) -> HttpResponse:
    parcel = _parcel(request, code)
    form = PhotoOffForm(request.POST)
    if not form.is_valid():
        return _page(request, parcel, Refused(_("页面不完整，请刷新后重试。")))
    try:
        return answer_once(request, form, partial(_remove, parcel, form, request.user))
    except Refused as refusal:
        return _page(request, parcel, refusal)


def _remove(parcel: Parcel, form: PhotoOffForm, by: User) -> Answer:
    found = get_object_or_404(parcel.photos.select_related("attachment", "work"), pk=form.cleaned_data["photo"])
    photos.remove(photo=found, by=by)
    return {"url": reverse("parcel_photos", args=[parcel.code]), "message": _("已移除照片。")}


@require_safe
def parcel_photo(request: SignedInRequest, code: str, pk: int) -> FileResponse:
    """The whole picture, as a file to keep; a page may show it as well."""
    kept = _photo(request, code, pk).attachment
    return FileResponse(kept.file.open(), as_attachment=True, filename=kept.name, content_type=kept.content_type)


@require_safe
def parcel_photo_thumbnail(request: SignedInRequest, code: str, pk: int) -> FileResponse:
    """The small picture, to be shown in a page: always a JPEG that we encoded."""
    kept = _photo(request, code, pk).attachment
    if not kept.thumbnail:
        raise Http404
    return FileResponse(kept.thumbnail.open(), filename=kept.name, content_type="image/jpeg")


def _photo(request: SignedInRequest, code: str, pk: int) -> ParcelPhoto:
    visible = ParcelPhoto.objects.visible_to(request.user).select_related("attachment")
    return get_object_or_404(visible, parcel__code=code, pk=pk)
