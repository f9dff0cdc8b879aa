"""Periods: which there are, what is open for whom, and opening a closed one again."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.forms import OnceForm
from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, can, holds
from accounts.receipts import Answer
from accounts.refusals import Refused
from jurisdictions.models import Region
from progress.forms.periods import ReopenForm, YearForm
from progress.gate import Stage, stage
from progress.models import Period, Reopening
from progress.services import reopenings
from progress.views.entries import status_of

#: Days that the form for a reopening proposes.
USUAL = datetime.timedelta(days=3)


@dataclass(frozen=True)
class Standing:
    """One reopening that stands, with the form to end it for whoever may."""

    reopening: Reopening
    form: OnceForm | None


@dataclass(frozen=True)
class Row:
    """One period of the list, where it stands today, and for how many units it is open again."""

    period: Period
    stage: Stage
    reopened: int


@require_safe
def periods(request: SignedInRequest) -> HttpResponse:
    """What is open for whom today, and the periods of one year."""
    on = timezone.localdate()
    form = YearForm({"year": on.year, **request.GET.dict()})
    year, kind = (form.cleaned_data["year"] or on.year, form.cleaned_data["kind"]) if form.is_valid() else (on.year, "")
    listed = Period.objects.filter(end_on__year=year, **({"kind": kind} if kind else {}))
    is_open = Period.objects.filter(opens_on__lte=on, closes_on__gte=on)
    standing = _standing(request.user, on)
    context = {
        "form": form,
        "year": year,
        "previous_year": year - 1,
        "next_year": year + 1,
        "kind": kind,
        "open": _rows(is_open.order_by("due_on", "kind"), [], on),
        "standing": standing,
        "rows": _rows(listed.order_by("-end_on", "kind"), standing, on),
        "may_reopen": holds(request.user, Action.REOPEN),
        "today": on,
    }
    return render(request, "progress/periods.html", context)


def _standing(user: User, on: datetime.date) -> list[Standing]:
    visible = Reopening.objects.visible_to(user).select_related("period", "region", "reopened_by")
    return [
        Standing(each, OnceForm(auto_id=False) if can(user, Action.REOPEN, each) else None)
        for each in visible.standing(on).order_by("until", "pk")
    ]


def _rows(listed: Iterable[Period], standing: list[Standing], on: datetime.date) -> list[Row]:
    reopened = [each.reopening.period_id for each in standing]
    return [Row(period, stage(period, on), reopened.count(period.pk)) for period in listed]


@require_http_methods(["GET", "HEAD", "POST"])
def reopen(request: SignedInRequest, pk: int) -> HttpResponse:
    """One period and what was opened again of it, with the form to do so for those whose duty it is."""
    period = get_object_or_404(Period, pk=pk)
    if request.method != "POST":
        return _reopen_page(request, period, ReopenForm(initial={"until": timezone.localdate() + USUAL}))
    form = ReopenForm(request.POST)
    if form.is_valid():
        try:
            return answer_once(request, form, partial(_reopen, period, form, request.user))
        except Refused as refusal:
            form.refuse(refusal)
            return _reopen_page(request, period, form, status=status_of(refusal))
    return _reopen_page(request, period, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _reopen(period: Period, form: ReopenForm, by: User) -> Answer:
    asked = form.cleaned_data
    opened = reopenings.reopen(
        period=period,
        region=Region.objects.get(pk=asked["region"]),
        work_line=asked["work_line"],
        until=asked["until"],
        reason=asked["reason"],
        by=by,
        at=timezone.now(),
    )
    said = {"period": period, "unit": opened.region, "until": date_format(opened.until)}
    return {"url": reverse("periods"), "message": _("%(period)s已为%(unit)s重新开放至%(until)s。") % said}


def _reopen_page(
    request: SignedInRequest, period: Period, form: ReopenForm, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    earlier = Reopening.objects.visible_to(request.user).filter(period=period)
    standing = stage(period, timezone.localdate())
    context = {
        "form": form,
        "period": period,
        "stage": standing,
        "may_reopen": holds(request.user, Action.REOPEN) and standing == Stage.CLOSED,
        "earlier": earlier.select_related("region", "reopened_by").order_by("-pk"),
        "today": timezone.localdate(),
    }
    return render(request, "progress/reopen.html", context, status=status)


@require_POST
def reopening_end(request: SignedInRequest, pk: int) -> HttpResponse:
    """End a reopening at once; a refusal is told on the list, where the reopening no longer stands."""
    mine = Reopening.objects.in_scope(request.user, Action.REOPEN)
    reopening = get_object_or_404(mine.select_related("period", "region"), pk=pk)
    form = OnceForm(request.POST)

    def act() -> Answer:
        reopenings.end(reopening=reopening, by=request.user, at=timezone.now())
        said = {"period": reopening.period, "unit": reopening.region}
        return {"url": reverse("periods"), "message": _("%(unit)s的%(period)s已提前结束开放。") % said}

    if form.is_valid():
        try:
            return answer_once(request, form, act)
        except Refused as refusal:
            messages.error(request, str(refusal))
    else:
        messages.error(request, _("页面不完整，请刷新后重试。"))
    return redirect("periods")
