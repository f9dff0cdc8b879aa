"""The register of mines, the page of one, and the duties to treat newly subsided land."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.lists import METHODS, Listing, answer
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, can
from accounts.receipts import Answer
from accounts.refusals import Refused
from progress import rollups
from subsidence.columns.duties import DUTIES
from subsidence.columns.mines import MINES
from subsidence.figures import duties, stock
from subsidence.filters.duties import DutyFilter
from subsidence.filters.mines import MineFilter
from subsidence.forms.mines import MineForm
from subsidence.models import Mine, Parcel, StockMovement, TreatmentDuty
from subsidence.panels import money, monitoring
from subsidence.services import mines as services

#: Parcels that the page of a mine shows; the list has them all.
PARCELS = 100


@require_http_methods(METHODS)
def mine_list(request: SignedInRequest) -> HttpResponseBase:
    on = timezone.localdate()
    visible = Mine.objects.visible_to(request.user).with_holdings(on).select_related("region", "operator")
    found = MineFilter(request.GET, visible)
    listing = Listing(MINES, found, visible, params=request.GET, by=request.user, at=timezone.now())
    return answer(request, listing, "subsidence/mine_list.html")


@require_http_methods(METHODS)
def duty_list(request: SignedInRequest) -> HttpResponseBase:
    visible = duties.with_days_left(TreatmentDuty.objects.visible_to(request.user), on=timezone.localdate())
    found = DutyFilter(request.GET, visible)
    listing = Listing(DUTIES, found, visible, params=request.GET, by=request.user, at=timezone.now())
    return answer(request, listing, "subsidence/duty_list.html")


@require_safe
def mine_page(request: SignedInRequest, code: str) -> HttpResponse:
    """What is known of a mine, what it owes, and what became of the land that it let subside."""
    on, mine = timezone.localdate(), _visible(request, code)
    with rollups.snapshot():
        parcels = Parcel.objects.visible_to(request.user).filter(mine=mine)
        rows = StockMovement.objects.visible_to(request.user).filter(mine=mine)
        owed = duties.with_days_left(TreatmentDuty.objects.visible_to(request.user).filter(mine=mine), on=on)
        course = stock.Course(rows, until=on.replace(day=1))
        context = {
            "mine": mine,
            "may_describe": can(request.user, Action.ENTER, mine),
            "duties": owed.order_by("closed_on", "due_on", "pk"),
            "stock": course.closing(on),
            "months": stock.months_of(course, {"mine": mine.code}),
            "parcels": parcels.with_labels().order_by("code")[: PARCELS + 1],
            "limit": PARCELS,
            "conditions": mine.subject.conditions.filter(until=None).order_by("-since"),
            **money.mine_panel(mine, request.user),
            **monitoring.mine_panel(mine, request.user),
        }
        return render(request, "subsidence/mine.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def mine_edit(request: SignedInRequest, code: str) -> HttpResponse:
    mine = _visible(request, code)
    if not can(request.user, Action.ENTER, mine):
        raise Http404
    form = MineForm(request.POST or None, initial=MineForm.facts(mine))
    status = HTTPStatus.OK
    if request.method == "POST":
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        if form.is_valid():
            try:
                return answer_once(request, form, partial(_describe, request, mine, form))
            except services.StaleMine as refusal:
                form.put(version=refusal.current.version)
                form.refuse(refusal)
                mine, status = refusal.current, HTTPStatus.CONFLICT
            except Refused as refusal:
                form.refuse(refusal)
    context = {"mine": mine, "form": form, "is_stale": status == HTTPStatus.CONFLICT}
    return render(request, "subsidence/mine_edit.html", context, status=status)


def _describe(request: SignedInRequest, mine: Mine, form: MineForm) -> Answer:
    described = services.describe(mine=mine, by=request.user, **form.asked)
    return {"url": described.get_absolute_url(), "message": _("已保存%(mine)s的资料。") % {"mine": described}}


def _visible(request: SignedInRequest, code: str) -> Mine:
    visible = Mine.objects.visible_to(request.user).select_related("region", "operator", "project", "subject")
    return get_object_or_404(visible, code=code)
