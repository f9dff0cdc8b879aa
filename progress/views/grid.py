"""The grid: one page per unit, work line and period, whose cells are saved one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest
from accounts.receipts import Answer, KeyReused, once
from accounts.refusals import NotAllowed, Refused
from progress import display, rollups
from progress.forms import EntryForm, SlotForm
from progress.forms.grid import DeskForm, DraftsForm
from progress.grid.cells import beside, is_untouched, typed
from progress.grid.desks import Asked, NoSuchDesk, chooser, why_nothing
from progress.grid.sheets import sheet
from progress.models import Period, ProgressEntry, Series
from progress.models.entries import EDITABLE
from progress.rules import COMMON_REASONS
from progress.services import cells
from progress.services.cells import DraftGone
from progress.services.entries import AlreadyEntered, PeriodClosed, StaleVersion, WrongStatus

#: What stands in a cell without an entry, in the shape in which another's value is told.
NOTHING: Answer = {"version": None, "value": "", "shown": display.BLANK, "no_progress_reason": "", "may_change": True}


@require_safe
def grid_page(request: SignedInRequest) -> HttpResponse:
    return _page(request)


def _page(
    request: SignedInRequest, submitted: Answer | None = None, *, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    """The desk that the address asks for; after submitting, with what was refused of it."""
    form, at, user = DeskForm(request.GET), timezone.now(), request.user
    if not form.is_valid():
        raise Http404
    data, today = form.cleaned_data, timezone.localdate(at)
    with rollups.snapshot():
        try:
            found = chooser(user, Asked(data["period"], data["region"], data["line"]), on=today)
        except NoSuchDesk as error:
            raise Http404 from error
        page = sheet(found.desk, by=user, at=at, number=data["page"] or 1) if found else None
    context = {
        "chooser": found,
        "sheet": page,
        "why_nothing": "" if found else why_nothing(user, on=today),
        "form": DraftsForm(initial={"drafts": _named(page.ready) if page else ""}),
        "reasons": COMMON_REASONS,
        "submitted": submitted,
    }
    return render(request, "progress/grid.html", context, status=status)


def _named(drafts: Iterable[ProgressEntry]) -> str:
    return " ".join(f"{each.pk}:{each.version}" for each in drafts)


@login_not_required
def grid_cell(request: HttpRequest) -> HttpResponse:
    """One cell as JSON, saved in one round trip; a script cannot follow the way to the login page, so it is told."""
    if not isinstance(request.user, User):
        return _told(HTTPStatus.UNAUTHORIZED, state="signed_out", message=_("登录已失效，请重新登录。"))
    return _cell(request, request.user)


@require_POST
def _cell(request: HttpRequest, user: User) -> HttpResponse:
    if request.headers.get("X-Portal-User") != str(user.pk):
        message = _("当前登录的不是填报此格的人，未保存。")
        return _told(HTTPStatus.CONFLICT, state="signed_out", code="other_user", message=message)
    body = _body(request)
    slot = SlotForm(body, user=user)
    if not slot.is_valid():
        return _told(HTTPStatus.NOT_FOUND, state="refused", code="not_found", message=_("没有找到此填报项。"))
    series, period = slot.cleaned_data["series"], slot.cleaned_data["period"]
    form = EntryForm(body, indicator=series.indicator)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        return _told(HTTPStatus.UNPROCESSABLE_ENTITY, state="refused", code="invalid", message=errors[0], field=field)
    try:
        return JsonResponse(_saved(user, form, series, period, is_note_given=body.get("note") is not None))
    except Refused as refusal:
        return _refusal(refusal, form)


def _body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the request; {} for whatever is none, or holds text that no database keeps."""
    try:
        body = json.loads(request.body)
        json.dumps(body, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _saved(user: User, form: EntryForm, series: Series, period: Period, *, is_note_given: bool) -> Answer:
    """Save the cell once and answer with all that its place on the page shows."""
    data = form.cleaned_data
    at = timezone.now()

    def act() -> Answer:
        entry = cells.save_cell(
            series=series,
            period=period,
            version=data["version"],
            value=data["value"],
            no_progress_reason=data["no_progress_reason"],
            note=data["note"] if is_note_given else None,
            by=user,
            at=at,
        )
        return _answer(entry, user)

    slot = f"{series.pk}/{period.pk}/{is_note_given}".encode()
    return once(by=user, key=form.key, body=slot + form.body, act=act)


def _answer(entry: ProgressEntry, user: User) -> Answer:
    [(facts, _entry)] = beside(Series.objects.filter(pk=entry.series_id), entry.period, by=user)
    decimals = facts.series.indicator.decimals
    return {
        "state": "saved",
        **_content(entry),
        "cumulative": display.quantity(facts.cumulative, decimals),
        "remaining": facts.remaining_said,
        "warning": facts.warning(entry.value),
    }


def _content(entry: ProgressEntry) -> Answer:
    """What the entry says, the version at which it says so, and where one may see or change it."""
    is_open = entry.status in EDITABLE
    return {
        "entry": entry.pk,
        "url": reverse("entry_edit", args=[entry.pk]) if is_open else entry.get_absolute_url(),
        "version": entry.version,
        "status": entry.status,
        "status_name": entry.get_status_display(),
        "is_untouched": is_untouched(entry),
        "value": typed(entry.value),
        "shown": display.quantity(entry.value, entry.series.indicator.decimals),
        "no_progress_reason": entry.no_progress_reason,
    }


def _refusal(refusal: Refused, form: EntryForm) -> JsonResponse:
    said = {"code": refusal.code, "message": str(refusal), "field": refusal.field}
    match refusal:
        case StaleVersion(current=theirs) | AlreadyEntered(existing=theirs):
            return _conflict(theirs, form, said)
        case DraftGone():
            return _conflict(None, form, said)
        case PeriodClosed() | WrongStatus():
            return _told(HTTPStatus.FORBIDDEN, state="locked", **said)
        case NotAllowed():
            return _told(HTTPStatus.FORBIDDEN, state="refused", **said)
    return _told(HTTPStatus.UNPROCESSABLE_ENTITY, state="refused", **said)


def _conflict(theirs: ProgressEntry | None, form: EntryForm, said: dict[str, str]) -> JsonResponse:
    """Both values, the one typed and the one that stands; whoever asks again names the version of the latter."""
    yours = {"value": form.data.get("value", ""), "no_progress_reason": form.data.get("no_progress_reason", "")}
    standing = NOTHING
    if theirs:
        standing = {
            **_content(theirs),
            "by": str(theirs.entered_by),
            "at": date_format(timezone.localtime(theirs.changed_at), "SHORT_DATETIME_FORMAT"),
            "may_change": theirs.status in EDITABLE,
        }
    return _told(HTTPStatus.CONFLICT, state="conflict", yours=yours, theirs=standing, **said)


def _told(status: HTTPStatus, **answer: Any) -> JsonResponse:
    return JsonResponse(answer, status=status)


@require_POST
def grid_submit(request: SignedInRequest) -> HttpResponse:
    """Submit the drafts that the page names; those refused are listed with their reasons, the others go through."""
    desk = f"{reverse('grid')}?{request.GET.urlencode()}"
    form = DraftsForm(request.POST)
    if not form.is_valid():
        messages.error(request, str(next(iter(form.errors.values()))[0]))
        return redirect(desk)
    try:
        answer = once(by=request.user, key=form.key, body=form.body, act=partial(_submit, form, request.user))
    except KeyReused as refusal:
        messages.error(request, str(refusal))
        return redirect(desk)
    if answer["refused"]:
        return _page(request, answer, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    messages.success(request, answer["message"])
    return redirect(desk)


def _submit(form: DraftsForm, by: User) -> Answer:
    """Raises Http404 where none of the drafts is in the person's sight."""
    versions = form.cleaned_data["drafts"]
    outcomes = cells.submit_drafts(versions=versions, by=by, at=timezone.now())
    if not outcomes:
        raise Http404
    refused = [
        {"series": each.entry.series_id, "name": str(each.entry.series), "why": each.refusal}
        for each in outcomes
        if each.refusal
    ]
    done, gone = len(outcomes) - len(refused), len(versions) - len(outcomes)
    said = _("已报送 %(done)d 条，等待县级审核。") if not refused else _("已报送 %(done)d 条，未报送 %(left)d 条。")
    said = said % {"done": done, "left": len(refused)}
    if gone:
        said += _("另有 %(gone)d 条草稿已不存在。") % {"gone": gone}
    return {"message": said, "refused": refused}
