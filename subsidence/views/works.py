"""Typing what was done to a parcel and what was measured of it: its works in one table, the items of quality in one."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, can
from accounts.receipts import Answer
from accounts.refusals import Refused
from subsidence import sequences
from subsidence.forms.works import QualityForm, WorksForm, measured_as, works_as
from subsidence.models import Parcel, StageRequest
from subsidence.panels.works import check_of, works_panel
from subsidence.services import quality, works
from subsidence.services.seen import Overtaken
from subsidence.views.parcels import status_of


@require_http_methods(["GET", "HEAD", "POST"])
def parcel_works(request: SignedInRequest, code: str) -> HttpResponse:
    """The works of a parcel as one table to fill in; who may only look finds them on the parcel's page."""
    parcel = get_object_or_404(Parcel.objects.in_scope(request.user, Action.ENTER).with_labels(), code=code)
    kinds = sequences.works_of(parcel.suited_use)
    if request.method != "POST":
        known = works.works_of(parcel)
        shown = {**works_as(known.values()), "seen": works.seen_of(known)}
        return _works_page(request, parcel, WorksForm(kinds=kinds, initial=shown))
    form = WorksForm(request.POST, kinds=kinds)
    if not form.is_valid():
        return _works_page(request, parcel, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, partial(_record_works, parcel, form, request.user))
    except Refused as refusal:
        form.refuse(refusal)
        if isinstance(refusal, Overtaken):
            form.put(seen=works.seen_of(works.works_of(parcel)))
        return _works_page(request, parcel, form, refusal, status_of(refusal))


def _record_works(parcel: Parcel, form: WorksForm, by: User) -> Answer:
    seen = form.cleaned_data["seen"]
    changed = works.record(parcel=parcel, works=form.contents, seen=seen, by=by, at=timezone.now())
    said = _("已保存%(count)d道工序。") % {"count": len(changed)} if changed else _("没有改动。")
    return {"url": f"{parcel.get_absolute_url()}#works", "message": said}


def _works_page(
    request: SignedInRequest,
    parcel: Parcel,
    form: WorksForm,
    refusal: Refused | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """The table; when somebody else was faster, below what is on record now."""
    context = {"parcel": parcel, "form": form, "overtaken": isinstance(refusal, Overtaken)}
    return render(request, "subsidence/works.html", {**context, **works_panel(parcel, request.user)}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def request_quality(request: SignedInRequest, pk: int) -> HttpResponse:
    """What was measured for one request for acceptance; its clerk fills it in while it is pending."""
    labels = ("parcel__mine", "parcel__region", "recorded_by")
    visible = StageRequest.objects.visible_to(request.user).filter(stage__in=sequences.MEASURED)
    asked = get_object_or_404(visible.select_related(*labels), pk=pk)
    limits = quality.limits_of(asked)
    if request.method != "POST":
        known = list(asked.results.all())
        shown = {**measured_as(known), "seen": quality.seen_of(known)}
        return _quality_page(request, asked, QualityForm(limits=limits, initial=shown))
    form = QualityForm(request.POST, limits=limits)
    if not form.is_valid():
        return _quality_page(request, asked, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, partial(_record_quality, asked, form, request.user))
    except Refused as refusal:
        form.refuse(refusal)
        if isinstance(refusal, Overtaken):
            form.put(seen=quality.seen_of(asked.results.all()))
        return _quality_page(request, asked, form, refusal, status_of(refusal))


def _record_quality(asked: StageRequest, form: QualityForm, by: User) -> Answer:
    seen = form.cleaned_data["seen"]
    found = quality.record(request=asked, values=form.values, seen=seen, by=by, at=timezone.now())
    failed = sum(not result.is_passed for result in found)
    said = _("已保存%(count)d项检测结果，其中不合格%(failed)d项。") % {"count": len(found), "failed": failed}
    return {"url": reverse("request_quality", args=[asked.pk]), "message": said}


def _quality_page(
    request: SignedInRequest,
    asked: StageRequest,
    form: QualityForm,
    refusal: Refused | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    may_enter = can(request.user, Action.ENTER, asked.parcel)
    check = check_of(asked.parcel, asked)
    context = {
        "asked": asked,
        "parcel": asked.parcel,
        "form": form,
        "check": check,
        "overtaken": isinstance(refusal, Overtaken),
        "may_measure": may_enter and check.is_open and bool(check.items),
        "form_rows": form.rows_with(check.request.results.all()),
    }
    return render(request, "subsidence/quality.html", context, status=status)
