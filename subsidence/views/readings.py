"""The points at which the ground is watched: their list, the page of one with its readings, and their forms."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.forms import OnceForm
from accounts.lists import METHODS, Listing, answer
from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, areas, can
from accounts.receipts import Answer
from accounts.refusals import Refused
from subsidence.columns.points import points_on
from subsidence.filters.points import PointFilter
from subsidence.forms.readings import DeadlineForm, PointForm, ReadingForm, ReadingsForm, ReasonForm
from subsidence.models import Parcel, Reading, SubsidencePoint
from subsidence.models.scopes import LINE
from subsidence.panels import duty as duty_panel
from subsidence.panels.curve import curve_of
from subsidence.panels.monitoring import limits_on, lines_of, watched_one
from subsidence.services import duties, points, readings
from subsidence.views.parcels import status_of

FORM = ["GET", "HEAD", "POST"]
#: Shows a form with what was typed, and the status to answer with.
Show = Callable[[Any, HTTPStatus], HttpResponse]


def _try(request: SignedInRequest, form: OnceForm, act: Callable[[], Answer], show: Show) -> HttpResponse:
    """Do what a form asks; else the form as it was typed, the reason at its input."""
    if not form.is_valid():
        return show(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, act)
    except Refused as refusal:
        form.refuse(refusal)
        return show(form, status_of(refusal))


@require_http_methods(METHODS)
def point_list(request: SignedInRequest) -> HttpResponseBase:
    at = timezone.now()
    day = timezone.localdate(at)
    visible = SubsidencePoint.objects.visible_to(request.user)
    visible = visible.select_related("mine", "parcel", "region").prefetch_related("readings")
    found = PointFilter(request.GET, visible)
    listing = Listing(points_on(day, limits_on(day)), found, visible, params=request.GET, by=request.user, at=at)
    return answer(request, listing, "subsidence/point_list.html", may_enter=_enters(request.user))


def _enters(user: User) -> bool:
    """Whether the person registers points anywhere."""
    return bool(areas(user, Action.ENTER, line=LINE))


@require_http_methods(FORM)
def point_page(request: SignedInRequest, code: str) -> HttpResponse:
    """One point with its readings; a clerk adds more there."""
    if request.method != "POST":
        return _point_page(request, code, ReadingsForm(), HTTPStatus.OK)
    form = ReadingsForm(request.POST)
    show = partial(_point_page, request, code)
    return _try(request, form, partial(_record, code, form, request.user), show)


def _record(code: str, form: ReadingsForm, by: User) -> Answer:
    point = get_object_or_404(SubsidencePoint.objects.visible_to(by), code=code)
    made = readings.record(point=point, shown=form.shown, by=by, at=timezone.now())
    said = ngettext("已登记%(count)d次观测。", "已登记%(count)d次观测。", len(made)) % {"count": len(made)}
    return {"url": point.get_absolute_url(), "message": said}


def _point_page(request: SignedInRequest, code: str, form: ReadingsForm, status: HTTPStatus) -> HttpResponse:
    visible = SubsidencePoint.objects.visible_to(request.user).prefetch_related("readings__recorded_by")
    point = get_object_or_404(visible.select_related("mine", "parcel", "region"), code=code)
    day = timezone.localdate()
    limits = limits_on(day)
    found = watched_one(point, day, limits)
    context = {
        "point": point,
        "found": found,
        "limits": limits,
        "lines": lines_of(found, limits),
        "curve": curve_of(found),
        "form": form,
        "may_enter": can(request.user, Action.ENTER, point),
    }
    return render(request, "subsidence/point.html", context, status=status)


@require_http_methods(FORM)
def point_new(request: SignedInRequest) -> HttpResponse:
    """Register a point; the address may name the mine and the parcel that it is for. Whoever may not is told so."""
    show = partial(_point_form, request, None)
    if request.method != "POST":
        asked = {name: request.GET[name] for name in ("mine", "region", "parcel") if name in request.GET}
        return show(PointForm(user=request.user, initial=asked), HTTPStatus.OK)
    form = PointForm(request.POST, user=request.user)
    return _try(request, form, partial(_register, form, request.user), show)


def _register(form: PointForm, by: User) -> Answer:
    made = points.register(code=form.cleaned_data["code"], place=form.place, by=by, at=timezone.now())
    return {"url": made.get_absolute_url(), "message": _("已登记观测点%(point)s。") % {"point": made}}


@require_http_methods(FORM)
def point_edit(request: SignedInRequest, code: str) -> HttpResponse:
    point = _own_point(request.user, code)
    show = partial(_point_form, request, point)
    if request.method != "POST":
        return show(PointForm(user=request.user, point=point, initial=PointForm.facts(point)), HTTPStatus.OK)
    form = PointForm(request.POST, user=request.user, point=point)
    return _try(request, form, partial(_describe, point, form, request.user), show)


def _describe(point: SubsidencePoint, form: PointForm, by: User) -> Answer:
    version = form.cleaned_data["version"] or 0
    changed = points.describe(point=point, version=version, place=form.place, by=by, at=timezone.now())
    return {"url": changed.get_absolute_url(), "message": _("已保存观测点资料。")}


def _point_form(
    request: SignedInRequest, point: SubsidencePoint | None, form: PointForm, status: HTTPStatus
) -> HttpResponse:
    """The form; after somebody else's change beside what stands now."""
    is_stale = status == HTTPStatus.CONFLICT
    if point and is_stale:
        point = _own_point(request.user, point.code)
        form.put(version=point.version)
    context = {"form": form, "point": point, "is_stale": is_stale, "may_enter": _enters(request.user)}
    return render(request, "subsidence/point_form.html", context, status=status)


def _own_point(user: User, code: str) -> SubsidencePoint:
    """A point where the person enters."""
    mine = SubsidencePoint.objects.in_scope(user, Action.ENTER).select_related("mine", "parcel", "region")
    return get_object_or_404(mine, code=code)


@require_http_methods(FORM)
def reading_edit(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Put a reading right."""
    point = _own_point(request.user, code)
    show = partial(_reading_page, request, point, pk)
    if request.method != "POST":
        return show(None, HTTPStatus.OK)
    form = ReadingForm(request.POST)

    def act() -> Answer:
        asked = form.asked
        words = {"version": asked["version"], "reason": asked["reason"], "shown": form.shown}
        readings.change(reading=_reading(point, pk), by=request.user, at=timezone.now(), **words)
        return {"url": point.get_absolute_url(), "message": _("已更正观测。")}

    return _try(request, form, act, show)


@require_http_methods(FORM)
def reading_remove(request: SignedInRequest, code: str, pk: int) -> HttpResponse:
    """Take a reading out; whoever opens the address is led to the reading."""
    point = _own_point(request.user, code)
    if request.method != "POST":
        return redirect("reading_edit", code, pk)
    form = ReasonForm(request.POST, auto_id="remove_%s")

    def act() -> Answer:
        readings.remove(reading=_reading(point, pk), by=request.user, at=timezone.now(), **form.asked)
        return {"url": point.get_absolute_url(), "message": _("已移除观测。")}

    return _try(request, form, act, lambda form, status: _reading_page(request, point, pk, None, status, form))


def _reading(point: SubsidencePoint, pk: int) -> Reading:
    return get_object_or_404(point.readings.select_related("point", "recorded_by"), pk=pk)


def _reading_page(
    request: SignedInRequest,
    point: SubsidencePoint,
    pk: int,
    form: ReadingForm | None,
    status: HTTPStatus,
    remove_form: ReasonForm | None = None,
) -> HttpResponse:
    """Both forms about one reading, beside what it says now."""
    reading = _reading(point, pk)
    for typed in (form, remove_form):
        if typed and status == HTTPStatus.CONFLICT:
            typed.put(version=reading.version)
    context = {
        "point": point,
        "reading": reading,
        "form": form or ReadingForm(initial=ReadingForm.facts(reading)),
        "remove_form": remove_form or ReasonForm(auto_id="remove_%s", initial={"version": reading.version}),
    }
    return render(request, "subsidence/reading.html", context, status=status)


@require_http_methods(FORM)
def duty_extend(request: SignedInRequest, code: str) -> HttpResponse:
    """Change the deadline by which a newly subsided parcel must be treated."""
    verified = Parcel.objects.in_scope(request.user, Action.VERIFY).filter(duty__isnull=False)
    parcel = get_object_or_404(verified.select_related("mine", "region", "duty"), code=code)
    show = partial(_deadline_page, request, parcel)
    if request.method != "POST":
        return show(DeadlineForm(initial={"seen": parcel.duty.due_on}), HTTPStatus.OK)
    form = DeadlineForm(request.POST)

    def act() -> Answer:
        changed = duties.extend(duty=parcel.duty, by=request.user, at=timezone.now(), **form.asked)
        said = _("治理期限已调整为%(due)s。") % {"due": f"{changed.due_on:%F}"}
        return {"url": parcel.get_absolute_url(), "message": said}

    return _try(request, form, act, show)


def _deadline_page(request: SignedInRequest, parcel: Parcel, form: DeadlineForm, status: HTTPStatus) -> HttpResponse:
    panel = duty_panel.panel(parcel, request.user)
    if status == HTTPStatus.CONFLICT:
        form.put(seen=panel["terms"].duty.due_on)
    context = {"parcel": parcel, "form": form, **panel}
    return render(request, "subsidence/duty_extend.html", context, status=status)
