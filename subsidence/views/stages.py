"""The stages of parcels: asking for one, deciding on what was asked for, and the queue of what waits."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import OnceForm
from accounts.models import User
from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.policy import Action, can
from accounts.receipts import Answer, KeyReused, once
from accounts.refusals import NotAllowed, Refused
from subsidence import chain
from subsidence.forms.stages import AskForm, RequestBatchForm, ResurveyForm, ReverseForm
from subsidence.models import Parcel, ParcelStage, Stage, StageRequest
from subsidence.pages import COUNTY_DIGITS, tallies, waiting_for
from subsidence.refusals import StaleParcel
from subsidence.services import batches, stages
from subsidence.views.offers import STEPS, Tried
from subsidence.views.parcels import show_parcel

Act = Callable[[Parcel, Any, User, datetime.datetime], StageRequest]


def _ask(parcel: Parcel, form: AskForm, by: User, at: datetime.datetime) -> StageRequest:
    asked = {name: form.cleaned_data[name] for name in ("on", "area", "document", "note")}
    return stages.ask(parcel=parcel, stage=Stage(form.cleaned_data["stage"]), by=by, at=at, **asked)


def _reverse(parcel: Parcel, form: ReverseForm, by: User, at: datetime.datetime) -> StageRequest:
    step = get_object_or_404(ParcelStage, parcel=parcel, pk=form.cleaned_data["reverses"])
    paper = {name: form.cleaned_data[name] for name in ("document", "note")}
    stage, area = Stage(step.stage), -step.area
    return stages.ask(parcel=parcel, stage=stage, on=step.on, area=area, reverses=step, by=by, at=at, **paper)


def _resurvey(parcel: Parcel, form: ResurveyForm, by: User, at: datetime.datetime) -> StageRequest:
    asked = form.cleaned_data
    if asked["seen"] != parcel.surveyed_area:
        raise StaleParcel
    difference = asked["area"] - parcel.surveyed_area
    paper = {name: asked[name] for name in ("on", "document", "note")}
    return stages.ask(parcel=parcel, stage=Stage.SURVEYED, area=difference, by=by, at=at, **paper)


#: What may be asked about a parcel: the form, what it does, and which of its inputs tells it from others of its kind.
WAYS: dict[str, tuple[type[OnceForm], Act, str]] = {
    "ask": (AskForm, _ask, "stage"),
    "reverse": (ReverseForm, _reverse, "reverses"),
    "resurvey": (ResurveyForm, _resurvey, ""),
}


@require_http_methods(["GET", "HEAD", "POST"])
def stage_ask(request: SignedInRequest, code: str, way: str) -> HttpResponse:
    """Ask for a stage, for taking one back or for a new survey; whoever opens its address is led to the parcel."""
    kind, act, told_by = WAYS[way]
    parcel = get_object_or_404(Parcel.objects.visible_to(request.user), code=code)
    if request.method != "POST":
        return redirect(parcel)
    if not can(request.user, Action.ENTER, parcel):
        return show_parcel(request, code, NotAllowed())
    name = f"{way}-{request.POST.get(told_by, '')}" if told_by else way
    form = kind(request.POST, auto_id=f"{name}_%s")
    return _try(request, code, Tried(name, form), partial(_take, act, code, form, request.user))


def _take(act: Act, code: str, form: OnceForm, by: User) -> Answer:
    parcel = get_object_or_404(Parcel.objects.visible_to(by).with_labels(), code=code)
    asked = act(parcel, form, by, timezone.now())
    said = _("已申报%(stage)s %(area)s 亩，等待他人审批。")
    words = {"stage": asked.get_stage_display(), "area": f"{asked.area:,.2f}"}
    return {"url": parcel.get_absolute_url(), "message": said % words}


@require_http_methods(["GET", "HEAD", "POST"])
def request_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    """Approve, send back or withdraw a request; whoever opens its address is led to the parcel."""
    if step not in STEPS:
        raise Http404
    asked = get_object_or_404(StageRequest.objects.visible_to(request.user).select_related("parcel"), pk=pk)
    if request.method != "POST":
        return redirect(asked.parcel)
    form = STEPS[step][1](request.POST, auto_id=f"{step}-{pk}_%s")
    tried = Tried(f"{step}-{pk}", form)
    return _try(request, asked.parcel.code, tried, partial(_decide, step, asked, form, request.user))


def _decide(step: str, asked: StageRequest, form: OnceForm, by: User) -> Answer:
    at = timezone.now()
    match step:
        case "approve":
            stages.approve(request=asked, by=by, at=at)
            said = _("已通过，面积计入汇总。")
        case "return":
            stages.send_back(request=asked, reason=form.cleaned_data["reason"], by=by, at=at)
            said = _("已退回申报人。")
        case _:
            stages.withdraw(request=asked, by=by, at=at)
            said = _("已撤回申报。")
    return {"url": asked.parcel.get_absolute_url(), "message": said}


def _try(request: SignedInRequest, code: str, tried: Tried, act: Callable[[], Answer]) -> HttpResponse:
    """Do what a form asks; else the page of the parcel with the form as it was typed and the reason at its input."""
    form = tried.form
    if not form.is_valid():
        [said, *_more] = form.errors.values()
        return show_parcel(request, code, Refused(str(said[0])), tried=tried)
    try:
        return answer_once(request, form, act)
    except Refused as refusal:
        form.refuse(refusal)
        return show_parcel(request, code, refusal, tried=tried)


@dataclass(frozen=True)
class Line:
    """One row of the queue with what was typed for it, and why it was not carried out; `is_open` asks for a ruling."""

    request: StageRequest
    refusal: str = ""
    decision: str = ""
    opinion: str = ""
    is_picked: bool = False
    is_open: bool = True

    @property
    def beside(self) -> list[tuple[str, Decimal]]:
        """What the area is held against: what has taken the stage so far, and what took the one before."""
        stages = [Stage(each) for each in (chain.before(self.request.stage), self.request.stage) if each]
        return [(str(stage.label), getattr(self.request.parcel, stage.area_field)) for stage in stages]


@dataclass(frozen=True)
class Sent:
    """A batch that was sent and not wholly carried out: what is said of it, and why single rows were refused."""

    said: str
    typed: QueryDict
    refused: dict[int, str] = field(default_factory=dict)


@require_safe
def requests(request: SignedInRequest) -> HttpResponse:
    return _queue(request)


@require_http_methods(["GET", "HEAD", "POST"])
def requests_batch(request: SignedInRequest) -> HttpResponse:
    """Decide on many requests at once; refused ones come back with the reason and with what was typed."""
    queue = f"{reverse('parcel_requests')}?{request.GET.urlencode()}"
    if request.method != "POST":
        return redirect(queue)
    form = RequestBatchForm(request.POST)
    if not form.is_valid():
        [said, *_more] = form.errors.values()
        return _queue(request, Sent(str(said[0]), request.POST))
    try:
        found = once(by=request.user, key=form.key, body=form.body, act=partial(_rule, form, request.user))
    except KeyReused as refusal:
        return _queue(request, Sent(str(refusal), request.POST))
    if found["refused"]:
        refused = {int(key): said for key, said in found["refused"].items()}
        return _queue(request, Sent(found["message"], request.POST, refused))
    messages.success(request, found["message"])
    return redirect(queue)


def _rule(form: RequestBatchForm, by: User) -> Answer:
    outcome = batches.rule(rulings=form.rulings, by=by, at=timezone.now())
    counts = {"passed": outcome.passed, "returned": outcome.returned, "refused": len(outcome.refused)}
    said = _("已办理：通过 %(passed)d 条，退回 %(returned)d 条；未办理 %(refused)d 条。") % counts
    return {"message": said, "refused": {key: str(refusal) for key, refusal in outcome.refused.items()}}


def _queue(request: SignedInRequest, sent: Sent | None = None) -> HttpResponse:
    """The queue, the oldest first; on top what was sent and refused."""
    mine = waiting_for(request.user)
    county = request.GET.get("county", "")
    asked = mine.filter(parcel__region__code__startswith=county) if county.isdecimal() else mine
    refused = sent.refused if sent else {}
    labels = ("parcel__mine", "parcel__region", "recorded_by", "reverses")
    page = page_of(asked.exclude(pk__in=refused).select_related(*labels), request.GET, newest_first=False)
    counties = tallies(mine)
    groups = _groups(page.rows, {tally.code: tally.county for tally in counties}, sent)
    held_up = _refused(request.user, mine, sent, labels) if sent and refused else []
    context = {
        "page": page,
        "tallies": counties,
        "total": sum(tally.count for tally in counties),
        "groups": groups,
        "refused": held_up,
        "is_open": bool(groups) or any(line.is_open for line in held_up),
        "sent": sent,
        "form": RequestBatchForm(initial={"opinion": sent.typed.get("opinion", "") if sent else ""}),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if sent else HTTPStatus.OK
    return render(request, "subsidence/requests.html", context, status=status)


def _groups(found: list[StageRequest], counties: dict[str, str], sent: Sent | None) -> list[tuple[str, list[Line]]]:
    """The lines by county; within one, parcel by parcel and in the order they were asked."""

    def county(request: StageRequest) -> str:
        return request.parcel.region_id[:COUNTY_DIGITS]

    ordered = sorted(found, key=lambda request: (county(request), request.parcel_id, request.pk))
    return [
        (counties.get(code, code), [_line(request, sent) for request in rows])
        for code, rows in groupby(ordered, county)
    ]


def _refused(user: User, mine: Any, sent: Sent, labels: tuple[str, ...]) -> list[Line]:
    """The rows that were refused, as they are now; those that wait no more for this person only say so."""
    visible = StageRequest.objects.visible_to(user).filter(pk__in=sent.refused).select_related(*labels)
    still = set(mine.filter(pk__in=sent.refused).values_list("pk", flat=True))
    return [_line(request, sent, is_open=request.pk in still) for request in visible.order_by("pk")]


def _line(request: StageRequest, sent: Sent | None, *, is_open: bool = True) -> Line:
    if sent is None:
        return Line(request)
    key, typed = request.pk, sent.typed
    return Line(
        request,
        sent.refused.get(key, ""),
        typed.get(f"{key}-decision", ""),
        typed.get(f"{key}-opinion", ""),
        is_picked=str(key) in typed.getlist("pick"),
        is_open=is_open,
    )
