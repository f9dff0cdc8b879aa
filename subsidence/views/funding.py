"""Money: what all projects of the line amount to, and the page of one project or parcel with each amount."""

from __future__ import annotations

import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.pages import Page, SignedInRequest, answer_once, page_of
from accounts.policy import Action, can
from accounts.receipts import Answer
from accounts.refusals import Refused
from progress import display, rollups
from projects.models import Project
from subsidence.figures.money import budgets, summed
from subsidence.forms.funding import FundingForm
from subsidence.models import Funding, Parcel
from subsidence.models.scopes import LINE
from subsidence.panels import money
from subsidence.services import funding as services
from subsidence.views.parcels import status_of


@require_safe
def funding_list(request: SignedInRequest) -> HttpResponse:
    """The projects of the line that the person sees, each with its money."""
    visible = Project.objects.visible_to(request.user).filter(work_line=LINE).select_related("region")
    with rollups.snapshot():
        found = budgets(visible.order_by("region_id", "code"), Parcel.objects.visible_to(request.user))
        context = {"budgets": found, "total": summed(found) if found else None}
        return render(request, "subsidence/funding_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def project_funding(request: SignedInRequest, code: str) -> HttpResponse:
    visible = Project.objects.visible_to(request.user).filter(work_line=LINE).select_related("region")
    project = get_object_or_404(visible, code=code)
    return _answer(request, project, None)


@require_http_methods(["GET", "HEAD", "POST"])
def parcel_funding(request: SignedInRequest, code: str) -> HttpResponse:
    parcel = get_object_or_404(Parcel.objects.visible_to(request.user).with_labels(), code=code)
    return _answer(request, parcel.project, parcel)


def _answer(request: SignedInRequest, project: Project, parcel: Parcel | None) -> HttpResponse:
    """The money of a parcel, or of a project with all its parcels; a form for whoever may put an amount on record."""
    may_fund = can(request.user, Action.ENTER, parcel or project)
    if request.method != "POST":
        return _page(request, project, parcel, FundingForm(initial={"on": timezone.localdate()}))
    if not may_fund:
        raise Http404
    form = FundingForm(request.POST)
    if not form.is_valid():
        return _page(request, project, parcel, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, partial(_record, project, parcel, form, request.user, timezone.now()))
    except Refused as refusal:
        form.refuse(refusal)
        return _page(request, project, parcel, form, status_of(refusal))


def _record(project: Project, parcel: Parcel | None, form: FundingForm, by: User, at: datetime.datetime) -> Answer:
    made = services.record(project=project, parcel=parcel, payment=form.payment, by=by, at=at)
    url = reverse("parcel_funding", args=[parcel.code]) if parcel else reverse("funding", args=[project.code])
    said = {
        "source": made.get_source_display(),
        "kind": made.get_kind_display(),
        "amount": display.quantity(made.amount, 2),
    }
    return {"url": url, "message": _("已登记%(source)s（%(kind)s）%(amount)s 万元。") % said}


def _page(
    request: SignedInRequest,
    project: Project,
    parcel: Parcel | None,
    form: FundingForm,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    rows = Funding.objects.filter(parcel=parcel) if parcel else Funding.objects.filter(project=project)
    page: Page[Funding] = page_of(rows.select_related("parcel", "recorded_by"), request.GET)
    found: dict[str, Any] = money.panel(parcel, request.user) if parcel else money.project_panel(project, request.user)
    context = {"project": project, "parcel": parcel, "form": form, **found, "page": page, "funding": page.rows}
    return render(request, "subsidence/funding.html", context, status=status)
