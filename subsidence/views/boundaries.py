"""The boundary of a parcel on its map, and boundaries as files."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import OnceForm
from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, can
from accounts.receipts import Answer
from accounts.refusals import NotAllowed, Refused
from accounts.services.exports import record_export
from jurisdictions import outlines
from progress import display
from subsidence import geometry
from subsidence.filters.parcels import ParcelFilter
from subsidence.forms.boundaries import BoundaryForm, EraseForm
from subsidence.geometry import Plot
from subsidence.models import Boundary, Parcel
from subsidence.panels.boundary import comparison, features
from subsidence.refusals import StaleBoundary
from subsidence.services import boundaries as services

GEOJSON = "application/geo+json"


@require_http_methods(["GET", "HEAD", "POST"])
def parcel_boundary(request: SignedInRequest, code: str) -> HttpResponse:
    """The map of a parcel; whoever may enter data draws its boundary here, has it judged (检查) or saves it."""
    parcel = _visible(request, code)
    if request.method != "POST":
        return _page(request, parcel)
    if not can(request.user, Action.ENTER, parcel):
        return _page(request, parcel, refusal=NotAllowed())
    form = BoundaryForm(request.POST, request.FILES, code=code)
    plot = form.plot if form.is_valid() else None
    if plot is None:
        return _page(request, parcel, form)
    try:
        if request.POST.get("do") == "check":
            flags = services.examine(parcel=parcel, plot=plot, by=request.user)
            return _page(request, parcel, form, flags=flags)
        return answer_once(request, form, partial(_draw, parcel, plot, form, request.user))
    except Refused as refusal:
        form.refuse(refusal)
        return _page(request, parcel, form, refusal=refusal)


def _draw(parcel: Parcel, plot: Plot, form: BoundaryForm, by: User) -> Answer:
    drawn = services.draw(parcel=parcel, plot=plot, was=form.cleaned_data["was"], by=by, at=timezone.now())
    said = _("已保存边界，图形面积 %(area)s 亩。") % {"area": display.quantity(drawn.area, 2)}
    return {"url": reverse("parcel_boundary", args=[parcel.code]), "message": said}


def _page(
    request: SignedInRequest,
    parcel: Parcel,
    form: BoundaryForm | None = None,
    *,
    flags: list[str] | None = None,
    refusal: Refused | None = None,
) -> HttpResponse:
    """The map with the boundary as it stands or, once a form was sent, with what was found out about that."""
    boundary = Boundary.objects.select_related("recorded_by").filter(parcel=parcel).first()
    was = geometry.sha256_of(boundary.geometry) if boundary else ""
    if form and isinstance(refusal, StaleBoundary):
        form.put(was=was)
    seen = form.plot if form else boundary
    context = {
        "parcel": parcel,
        "boundary": boundary,
        "form": form or BoundaryForm(code=parcel.code, initial=_initial(boundary, was)),
        "refusal": refusal,
        "seen": seen,
        "land": json.dumps(seen.geometry) if seen else "",
        "standing": json.dumps(boundary.geometry) if boundary and form else "",
        "comparison": comparison(parcel, seen.area, on=timezone.localdate()) if seen else None,
        "flags": flags if form else boundary.flags if boundary else [],
        "may_draw": can(request.user, Action.ENTER, parcel),
        "erase_form": EraseForm(initial={"was": was}, auto_id="erase_%s"),
    }
    return render(request, "subsidence/boundary.html", context, status=_status(form, refusal))


def _status(form: BoundaryForm | None, refusal: Refused | None) -> HTTPStatus:
    match refusal:
        case StaleBoundary():
            return HTTPStatus.CONFLICT
        case NotAllowed():
            return HTTPStatus.FORBIDDEN
    return HTTPStatus.UNPROCESSABLE_ENTITY if refusal or (form and form.errors) else HTTPStatus.OK


def _initial(boundary: Boundary | None, was: str) -> dict[str, str]:
    return {"was": was, "coordinates": geometry.written(boundary.geometry)} if boundary else {}


@require_POST
def boundary_erase(request: SignedInRequest, code: str) -> HttpResponse:
    """Take the boundary off; a refusal is told above the map."""
    parcel, form = _visible(request, code), EraseForm(request.POST)
    try:
        if not can(request.user, Action.ENTER, parcel):
            raise NotAllowed
        if not form.is_valid():
            raise Refused(_("页面不完整，请刷新后重试。"))
        return answer_once(request, form, partial(_erase, parcel, form, request.user))
    except Refused as refusal:
        return _page(request, parcel, refusal=refusal)


def _erase(parcel: Parcel, form: OnceForm, by: User) -> Answer:
    services.erase(parcel=parcel, was=form.cleaned_data["was"], by=by)
    return {"url": reverse("parcel_boundary", args=[parcel.code]), "message": _("已删除边界。")}


@require_safe
def boundary_file(request: SignedInRequest, code: str) -> StreamingHttpResponse:
    """The boundary of one parcel, to be taken along; who took it goes on record."""
    parcel = _visible(request, code)
    found = Boundary.objects.visible_to(request.user).filter(parcel=parcel)
    if not found.exists():
        raise Http404
    return _taken_along(request, found, f"{parcel.code}.geojson", page="parcel_boundary")


@require_safe
def boundaries_file(request: SignedInRequest) -> StreamingHttpResponse:
    """The boundaries of the parcels that the filter of their ledger finds; `county` is short for its region."""
    params = request.GET.copy()
    county = "".join(params.pop("county", [])[-1:])
    if county:
        params["region"] = county
    parcels = ParcelFilter(params, Parcel.objects.visible_to(request.user), request=request)
    if not parcels.is_valid():
        raise Http404
    found = Boundary.objects.filter(parcel__in=parcels.qs.order_by().values("pk"))
    return _taken_along(request, found, f"{county or 'boundaries'}.geojson", page="parcels")


@require_safe
def neighbours(request: SignedInRequest, code: str) -> StreamingHttpResponse:
    """The other boundaries of the parcel's county, for its map."""
    parcel = _visible(request, code)
    found = Boundary.objects.visible_to(request.user).filter(parcel__region__code__startswith=parcel.county_id)
    return StreamingHttpResponse(features(found.exclude(parcel=parcel)), content_type=GEOJSON)


@require_safe
def county_outlines(request: SignedInRequest) -> FileResponse:
    """The schematic outlines of the counties, the ground of every map."""
    return FileResponse(outlines.OUTLINES.open("rb"), content_type=GEOJSON)


def _taken_along(request: SignedInRequest, found: QuerySet[Boundary], name: str, *, page: str) -> StreamingHttpResponse:
    query = request.GET.urlencode() or name
    record_export(by=request.user, page=page, query=query, form="geojson", rows=found.count())
    answer = StreamingHttpResponse(features(found), content_type=GEOJSON)
    answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or ""
    return answer


def _visible(request: SignedInRequest, code: str) -> Parcel:
    return get_object_or_404(Parcel.objects.visible_to(request.user).with_labels(), code=code)
