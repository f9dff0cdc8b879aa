"""Typing an entry: choosing what to report, the form, and the page shown when somebody else was faster."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.policy import Action
from accounts.receipts import Answer
from accounts.refusals import Refused
from progress import agenda
from progress.filters import SeriesFilter
from progress.forms import EntryForm, SlotForm, initial_of
from progress.models import Period, ProgressEntry, Series
from progress.models.entries import EDITABLE
from progress.services import entries, posting
from progress.services.entries import AlreadyEntered, StaleVersion
from progress.views.entries import status_of
from progress.views.offers import offers

Save = Callable[[EntryForm], ProgressEntry]


def entry_new(request: SignedInRequest) -> HttpResponse:
    return _entry_start(request) if "series" in request.GET else _entry_choose(request)


@require_safe
def _entry_choose(request: SignedInRequest) -> HttpResponse:
    """The series the person answers for, each with its recent periods."""
    at = timezone.now()
    mine = agenda.my_series(request.user)
    found = SeriesFilter(request.GET, mine)
    page = page_of(found.qs if found.is_valid() else mine.none(), request.GET, newest_first=False)
    assignments = agenda.assignments(page.rows, agenda.recent_periods(timezone.localdate(at)), by=request.user, at=at)
    context = {"filter": found, "page": page, "assignments": assignments}
    return render(request, "progress/entry_choose.html", context)


@dataclass(frozen=True)
class Desk:
    """What is typed when: a series and a period, and the entry if there is one already."""

    series: Series
    period: Period
    at: datetime.datetime
    entry: ProgressEntry | None = None


@require_http_methods(["GET", "HEAD", "POST"])
def _entry_start(request: SignedInRequest) -> HttpResponse:
    slot = SlotForm(request.GET, user=request.user)
    if not slot.is_valid():
        raise Http404
    desk = Desk(slot.cleaned_data["series"], slot.cleaned_data["period"], timezone.now())
    if request.method == "POST":
        create = partial(entries.create_draft, series=desk.series, period=desk.period, by=request.user, at=desk.at)
        form = EntryForm(request.POST, indicator=desk.series.indicator)
        return _try(request, form, lambda form: create(content=form.content), desk)
    entered = ProgressEntry.objects.filter(series=desk.series, period=desk.period).order_by("-revision").first()
    if entered:
        return redirect(entered)
    return _form_page(request, EntryForm(indicator=desk.series.indicator), desk)


@require_http_methods(["GET", "HEAD", "POST"])
def entry_edit(request: SignedInRequest, pk: int) -> HttpResponse:
    entry = get_object_or_404(ProgressEntry.objects.in_scope(request.user, Action.ENTER).with_labels(), pk=pk)
    desk = Desk(entry.series, entry.period, timezone.now(), entry)
    make_form = partial(EntryForm, indicator=entry.series.indicator, is_void=entry.is_void)
    if request.method == "POST":
        change = partial(entries.change_draft, entry=entry, by=request.user, at=desk.at)

        def save(form: EntryForm) -> ProgressEntry:
            return change(version=form.cleaned_data["version"] or 0, content=form.content)

        return _try(request, make_form(request.POST), save, desk)
    if entry.status not in EDITABLE:
        return redirect(entry)
    return _form_page(request, make_form(initial=initial_of(entry)), desk)


def _try(request: SignedInRequest, form: EntryForm, save: Save, desk: Desk) -> HttpResponse:
    """Save what was typed and, if asked, submit it in the same step; else the form again with nothing lost."""

    def act() -> Answer:
        entry, said = save(form), _("已保存草稿。")
        if form.is_submitting:
            entry = entries.submit(entry=entry, version=entry.version, by=request.user, at=desk.at)
            said = _("已报送，等待县级审核。")
        return {"url": entry.get_absolute_url(), "message": said}

    if not form.is_valid():
        return _form_page(request, form, desk, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, act)
    except StaleVersion as stale:
        return _conflict_page(request, form, stale.current)
    except Refused as refusal:
        form.refuse(refusal)
        existing = refusal.existing if isinstance(refusal, AlreadyEntered) else None
        return _form_page(request, form, desk, existing=existing, status=status_of(refusal))


def _form_page(
    request: SignedInRequest,
    form: EntryForm,
    desk: Desk,
    *,
    existing: ProgressEntry | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    """The form beside what helps to fill it in: the time left, and what stands of this period and the one before."""
    standing = ProgressEntry.objects.filter(series=desk.series).standing().select_related("period")
    context = {
        "form": form,
        "desk": desk,
        "existing": existing,
        "gate": agenda.gate_of(desk.series, desk.period, by=request.user, at=desk.at, entry=desk.entry),
        "corrected": standing.filter(period=desk.period).first() if desk.entry and desk.entry.is_correction else None,
        "previous": standing.filter(period__end_on__lt=desk.period.end_on).order_by("-period__end_on").first(),
        "cumulative": posting.level_before(series_id=desk.series.pk, period=desk.period),
    }
    return render(request, "progress/entry_form.html", context, status=status)


def _conflict_page(request: SignedInRequest, form: EntryForm, current: ProgressEntry) -> HttpResponse:
    """What stands now beside what was typed, which may be saved on top of it."""
    typed = {name: form.data.get(name, "") for name in form.fields}
    form.put(version=current.version)
    context = {
        "form": form,
        "entry": current,
        "typed": typed,
        "may_go_on": current.status in EDITABLE,
        "offers": [offer for offer in offers(current, by=request.user, at=timezone.now()) if offer.step == "correct"],
    }
    return render(request, "progress/entry_conflict.html", context, status=HTTPStatus.CONFLICT)
