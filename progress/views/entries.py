"""Entries: the list, the page of one, its steps and its evidence."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.policy import Action, can, holds
from accounts.receipts import Answer
from accounts.refusals import NotAllowed, Refused
from progress.filters import EntryFilter
from progress.forms import EvidenceForm, StepForm
from progress.history import history
from progress.models import ProgressEntry
from progress.models.entries import EDITABLE
from progress.services import corrections, entries
from progress.services.entries import StaleVersion
from progress.views.offers import offers

#: Steps that need no more than the entry, and what is said when they are done.
PLAIN_STEPS = {
    "submit": (entries.submit, gettext_lazy("已报送，等待县级审核。")),
    "withdraw": (entries.withdraw, gettext_lazy("已撤回，可以修改后重新报送。")),
    "review": (entries.review, gettext_lazy("审核通过，等待市级核定。")),
    "verify": (entries.verify, gettext_lazy("已核定，数值计入汇总。")),
}
STEPS = (*PLAIN_STEPS, "return", "delete", "correct")


@require_safe
def entry_list(request: SignedInRequest) -> HttpResponse:
    visible = ProgressEntry.objects.visible_to(request.user).with_labels().select_related("entered_by")
    found = EntryFilter(request.GET, visible)
    page = page_of(found.qs if found.is_valid() else visible.none(), request.GET)
    context = {"filter": found, "page": page, "may_enter": holds(request.user, Action.ENTER)}
    return render(request, "progress/entry_list.html", context)


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


def show_entry(request: SignedInRequest, pk: int, refusal: Refused | None = None) -> HttpResponse:
    """The page of one entry; after a refused step, with the reason on top."""
    people = [f"{step}_by" for step in ("entered", "submitted", "reviewed", "verified", "returned")]
    visible = ProgressEntry.objects.visible_to(request.user).with_labels()
    entry = get_object_or_404(visible.select_related(*people), pk=pk)
    revisions = ProgressEntry.objects.filter(series=entry.series, period=entry.period, fact=entry.fact)
    context = {
        "entry": entry,
        "refusal": refusal,
        "history": history(entry),
        "lines": entry.lines.order_by("pk"),
        "revisions": revisions.order_by("revision"),
        "evidence": entry.evidence.select_related("attachment").order_by("pk"),
        "evidence_form": EvidenceForm(auto_id="evidence_%s"),
        "may_prove": can(request.user, Action.ENTER, entry) and entry.status in EDITABLE,
        "offers": offers(entry, by=request.user, at=timezone.now()),
    }
    status = status_of(refusal) if refusal else HTTPStatus.OK
    return render(request, "progress/entry.html", context, status=status)


@require_POST
def entry_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    if step not in STEPS:
        raise Http404
    form = StepForm(request.POST)
    if not form.is_valid():
        said = form.errors["reason"].as_text() if "reason" in form.errors else _("页面不完整，请刷新后重试。")
        return show_entry(request, pk, Refused(said.removeprefix("* ")))
    try:
        return answer_once(request, form, partial(_take, step, pk, form, request.user))
    except Refused as refusal:
        return show_entry(request, pk, refusal)


def _take(step: str, pk: int, form: StepForm, by: User) -> Answer:
    entry = get_object_or_404(ProgressEntry.objects.visible_to(by).with_labels(), pk=pk)
    version, reason, at = form.cleaned_data["version"], form.cleaned_data["reason"], timezone.now()
    match step:
        case "delete":
            entries.delete_draft(entry=entry, version=version, by=by)
            return {"url": reverse("entries"), "message": _("草稿已删除。")}
        case "correct":
            is_void = form.cleaned_data["is_void"]
            opened = corrections.open_correction(entry=entry, by=by, at=at, reason=reason, is_void=is_void)
            return {"url": reverse("entry_edit", args=[opened.pk]), "message": _("已发起更正，请填写更正后的内容。")}
        case "return":
            entries.return_entry(entry=entry, version=version, by=by, at=at, reason=reason)
            return {"url": reverse("review"), "message": _("已退回填报员。")}
    take, said = PLAIN_STEPS[step]
    take(entry=entry, version=version, by=by, at=at)
    # Whoever reviews or verifies goes on with the next one.
    url = reverse("review") if step in ("review", "verify") else entry.get_absolute_url()
    return {"url": url, "message": str(said)}
