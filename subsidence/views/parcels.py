"""The ledger of parcels, the page with the whole life of one, registering and describing them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from django.db.models import Func, IntegerField, OuterRef, Q, Subquery
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.lists import METHODS, Listing, answer
from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, areas
from accounts.receipts import Answer
from accounts.refusals import NotAllowed, Refused
from progress import rollups
from subsidence.columns.parcels import PARCELS, stage_said
from subsidence.filters.parcels import ParcelFilter
from subsidence.forms.parcels import DescribeForm, RegisterForm, described_as
from subsidence.models import Parcel, RequestStatus, StageRequest, SuitedUse
from subsidence.models.parcels import ParcelQuerySet
from subsidence.models.scopes import LINE
from subsidence.panels import boundary, duty, life, money, monitoring, works
from subsidence.refusals import StaleParcel
from subsidence.services import cut_offs, parcels
from subsidence.views.offers import Tried, offers

#: What the page of a parcel tells, one panel after another.
PANELS: tuple[Callable[[Parcel, User], dict[str, Any]], ...] = (
    life.panel,
    duty.panel,
    boundary.panel,
    works.works_panel,
    works.photos_panel,
    works.quality_panel,
    monitoring.panel,
    money.panel,
)


def status_of(refusal: Refused) -> HTTPStatus:
    match refusal:
        case StaleParcel():
            return HTTPStatus.CONFLICT
        case NotAllowed():
            return HTTPStatus.FORBIDDEN
    return HTTPStatus.UNPROCESSABLE_ENTITY


def enters(user: User) -> bool:
    """Whether the person registers parcels anywhere."""
    return bool(areas(user, Action.ENTER, line=LINE))


@require_http_methods(METHODS)
def parcel_list(request: SignedInRequest) -> HttpResponseBase:
    visible = _listed(Parcel.objects.visible_to(request.user), on=timezone.localdate())
    found = ParcelFilter(request.GET, visible, request=request)
    listing = Listing(PARCELS, found, visible, params=request.GET, by=request.user, at=timezone.now())
    return answer(request, listing, "subsidence/parcel_list.html", may_enter=enters(request.user))


def _listed(rows: ParcelQuerySet, *, on: datetime.date) -> ParcelQuerySet:
    """Each with its labels, how many requests wait for approval, and whether its duty is overdue that day."""
    own = StageRequest.objects.filter(parcel=OuterRef("pk"), status=RequestStatus.PENDING).order_by()
    # Counted row by row, for only the rows of a page are ever counted; a join would group the whole list first.
    waits = Subquery(own.values(count=Func("pk", function="count")), output_field=IntegerField())
    is_late = Q(duty__isnull=False, duty__closed_on=None, duty__due_on__lt=on)
    return rows.with_labels().select_related("duty").annotate(pending=waits, is_overdue=is_late)


@require_http_methods(["GET", "HEAD", "POST"])
def parcel_new(request: SignedInRequest) -> HttpResponse:
    """Register a parcel; whoever may not is told so and offered no form."""
    if request.method != "POST":
        return _register_page(request, RegisterForm(user=request.user))
    form = RegisterForm(request.POST, user=request.user)
    if not form.is_valid():
        return _register_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, partial(_register, form, request.user, timezone.now()))
    except Refused as refusal:
        form.refuse(refusal)
        return _register_page(request, form, status_of(refusal))


def _register(form: RegisterForm, by: User, at: datetime.datetime) -> Answer:
    asked = form.cleaned_data
    made = parcels.register(
        code=asked["code"],
        mine=asked["mine"],
        region=asked["region"],
        survey=form.survey,
        subsided_on=asked["subsided_on"],
        due_on=asked["due_on"],
        described=form.described,
        by=by,
        at=at,
    )
    if len(made) == 1:
        said = _("已登记图斑%(code)s，摸底面积等待他人审批。") % {"code": made[0]}
        return {"url": made[0].get_absolute_url(), "message": said}
    said = _("已登记%(code)s的%(count)d个图斑，摸底面积等待他人审批。") % {"code": asked["code"], "count": len(made)}
    return {"url": f"{reverse('parcels')}?{urlencode({'site': asked['code']})}", "message": said}


def _register_page(request: SignedInRequest, form: RegisterForm, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    context = {"form": form, "cut_off": cut_offs.in_force(), "may_enter": enters(request.user)}
    return render(request, "subsidence/parcel_form.html", context, status=status)


@require_safe
def parcel_page(request: SignedInRequest, code: str) -> HttpResponse:
    return show_parcel(request, code)


def show_parcel(
    request: SignedInRequest, code: str, refusal: Refused | None = None, *, tried: Tried | None = None, **beside: Any
) -> HttpResponse:
    """The page of one parcel; after a refused form, with the reason on top and what was typed kept.

    `beside` takes the place of what a panel would show, such as its refused form.
    """
    visible = Parcel.objects.visible_to(request.user).with_labels().select_related("duty", "mine__operator")
    with rollups.snapshot():
        parcel = get_object_or_404(visible, code=code)
        found = {name: value for panel in PANELS for name, value in panel(parcel, request.user).items()}
        found |= offers(parcel, found["life"], request.user, tried)
    context = {"parcel": parcel, "refusal": refusal, "stage_reached": stage_said(parcel), **found, **beside}
    return render(request, "subsidence/parcel.html", context, status=status_of(refusal) if refusal else HTTPStatus.OK)


@require_http_methods(["GET", "HEAD", "POST"])
def parcel_edit(request: SignedInRequest, code: str) -> HttpResponse:
    mine = Parcel.objects.in_scope(request.user, Action.ENTER).with_labels()
    parcel = get_object_or_404(mine, code=code)
    if request.method != "POST":
        return _describe_page(request, parcel, DescribeForm(initial=described_as(parcel)))
    form = DescribeForm(request.POST)
    if not form.is_valid():
        return _describe_page(request, parcel, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, partial(_describe, parcel, form, request.user, timezone.now()))
    except Refused as refusal:
        form.refuse(refusal)
        stands = list(_standing(parcel)) if isinstance(refusal, StaleParcel) else []
        form.put(version=parcel.version)
        return _describe_page(request, parcel, form, status_of(refusal), stands=stands)


def _describe(parcel: Parcel, form: DescribeForm, by: User, at: datetime.datetime) -> Answer:
    asked = form.cleaned_data
    changed = parcels.describe(
        parcel=parcel,
        version=asked["version"],
        described=form.described,
        suited_use=SuitedUse(asked["suited_use"]),
        by=by,
        at=at,
    )
    return {"url": changed.get_absolute_url(), "message": _("已保存图斑资料。")}


def _standing(parcel: Parcel) -> Iterator[tuple[str, str]]:
    """What stands of a parcel, by the labels of the form."""
    for name in DescribeForm.base_fields:
        if hasattr(parcel, name) and name != "version":
            read = getattr(parcel, f"get_{name}_display", None)
            value = read() if read else getattr(parcel, name)
            yield str(DescribeForm.base_fields[name].label), "" if value is None else str(value)


def _describe_page(
    request: SignedInRequest, parcel: Parcel, form: DescribeForm, status: HTTPStatus = HTTPStatus.OK, **beside: Any
) -> HttpResponse:
    """The form; after somebody else's change, beside what stands now."""
    context = {"form": form, "parcel": parcel, "stands": [], **beside}
    return render(request, "subsidence/parcel_edit.html", context, status=status)
