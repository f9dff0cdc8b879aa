"""The page of one entry, and its steps."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once
from accounts.policy import Action, can
from accounts.receipts import Answer
from accounts.refusals import NotAllowed, Refused
from progress.figures import pairs_of
from progress.forms import EvidenceForm, StepForm
from progress.history import history
from progress.models import EvidenceStage, ProgressEntry, SpotCheck
from progress.models.entries import EDITABLE
from progress.photos import proofs_of
from progress.services.entries import StaleVersion
from progress.views.offers import Tried, offers
from progress.views.steps import STEPS


def status_of(refusal: Refused) -> HTTPStatus:
    match refusal:
        case StaleVersion():
            return HTTPStatus.CONFLICT
        case NotAllowed():
            return HTTPStatus.FORBIDDEN
    return HTTPStatus.UNPROCESSABLE_ENTITY


@require_safe
def entry_page(request: SignedInRequest, pk: int) -> HttpResponse:
    return show_entry(request, pk)


def show_entry(
    request: SignedInRequest,
    pk: int,
    refusal: Refused | None = None,
    *,
    tried: Tried | None = None,
    evidence_form: EvidenceForm | None = None,
) -> HttpResponse:
    """The page of one entry; after a refused step, with the reason on top and what was typed kept."""
    people = [f"{step}_by" for step in ("entered", "submitted", "reviewed", "verified", "returned")]
    visible = ProgressEntry.objects.visible_to(request.user).with_labels()
    entry = get_object_or_404(visible.select_related(*people), pk=pk)
    context = {
        "entry": entry,
        "refusal": refusal,
        "history": history(entry),
        "checks": SpotCheck.objects.about(entry),
        "lines": entry.lines.order_by("pk"),
        "pairs": pairs_of(entry),
        "proofs": proofs_of(entry, visible=ProgressEntry.objects.visible_to(request.user)),
        "stages": EvidenceStage.choices,
        "evidence_form": evidence_form or EvidenceForm(auto_id="evidence_%s"),
        "may_prove": can(request.user, Action.ENTER, entry) and entry.status in EDITABLE,
        "offers": offers(entry, by=request.user, at=timezone.now(), tried=tried),
    }
    status = status_of(refusal) if refusal else HTTPStatus.OK
    return render(request, "progress/entry.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def entry_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    """Take a step; whoever opens its address, from a bookmark or by reloading, is led to the entry."""
    if step not in STEPS:
        raise Http404
    if request.method != "POST":
        return redirect("entry", pk)
    form = STEPS[step].form(request.POST, auto_id=f"{step}_%s")
    tried = Tried(step, form)
    if not form.is_valid():
        [said, *_more] = form.errors.values()
        return show_entry(request, pk, Refused(str(said[0])), tried=tried)
    try:
        return answer_once(request, form, partial(_take, step, pk, form, request.user))
    except Refused as refusal:
        form.refuse(refusal)
        return show_entry(request, pk, refusal, tried=tried)


def _take(step: str, pk: int, form: StepForm, by: User) -> Answer:
    entry = get_object_or_404(ProgressEntry.objects.visible_to(by).with_labels(), pk=pk)
    return STEPS[step].take(entry, form, by, timezone.now())
