"""The queue of a reviewer or verifier, and ruling on many of its rows at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from itertools import groupby

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, page_of
from accounts.receipts import Answer, KeyReused, once
from jurisdictions.models import WorkLine
from progress import waiting
from progress.filters import EntryFilter
from progress.forms import BatchForm
from progress.models import ProgressEntry
from progress.models.entries import ProgressEntryQuerySet
from progress.services import batches


@dataclass(frozen=True)
class Line:
    """One row of the queue with what was typed for it, and why it was not carried out; `is_open` asks for a ruling."""

    row: waiting.Row
    refusal: str = ""
    decision: str = ""
    opinion: str = ""
    is_picked: bool = False
    is_open: bool = True


@dataclass(frozen=True)
class Sent:
    """A batch that was sent and not wholly carried out: what is said of it, and why single rows were refused."""

    said: str
    typed: QueryDict
    refused: Mapping[int, str] = field(default_factory=dict)


@require_safe
def review(request: SignedInRequest) -> HttpResponse:
    return _queue(request)


@require_http_methods(["GET", "HEAD", "POST"])
def review_batch(request: SignedInRequest) -> HttpResponse:
    """Rule on many entries at once; refused ones come back with the reason and with what was typed."""
    queue = f"{reverse('review')}?{request.GET.urlencode()}"
    if request.method != "POST":
        return redirect(queue)
    form = BatchForm(request.POST)
    if not form.is_valid():
        [said, *_more] = form.errors.values()
        return _queue(request, Sent(str(said[0]), request.POST))
    try:
        answer = once(by=request.user, key=form.key, body=form.body, act=partial(_rule, form, request.user))
    except KeyReused as refusal:
        return _queue(request, Sent(str(refusal), request.POST))
    if answer["refused"]:
        refused = {int(key): said for key, said in answer["refused"].items()}
        return _queue(request, Sent(answer["message"], request.POST, refused))
    messages.success(request, answer["message"])
    return redirect(queue)


def _rule(form: BatchForm, by: User) -> Answer:
    outcome = batches.rule(rulings=form.rulings, by=by, at=timezone.now())
    counts = {"passed": outcome.passed, "returned": outcome.returned, "refused": len(outcome.refused)}
    said = _("已办理：通过 %(passed)d 条，退回 %(returned)d 条；未办理 %(refused)d 条。") % counts
    return {"message": said, "refused": {key: str(refusal) for key, refusal in outcome.refused.items()}}


def _queue(request: SignedInRequest, sent: Sent | None = None) -> HttpResponse:
    """The queue, the oldest first; on top what was sent and refused."""
    mine = waiting.waiting_for(request.user)
    found = EntryFilter(request.GET, mine)
    asked = found.qs if found.is_valid() else mine.none()
    refused = sent.refused if sent else {}
    shown = waiting.beside(asked.exclude(pk__in=refused)).select_related("submitted_by")
    page = page_of(shown, request.GET, newest_first=False, sort="changed_at")
    tallies = waiting.tallies(mine)
    groups = _groups(page.rows, {tally.code: tally.county for tally in tallies}, sent)
    held_up = _refused(mine, request.user, sent) if sent and refused else []
    context = {
        "filter": found,
        "page": page,
        "tallies": tallies,
        "lines": WorkLine.choices,
        "total": sum(tally.total for tally in tallies),
        "groups": groups,
        "refused": held_up,
        "is_open": bool(groups) or any(line.is_open for line in held_up),
        "sent": sent,
        "form": BatchForm(initial={"opinion": sent.typed.get("opinion", "") if sent else ""}),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if sent else HTTPStatus.OK
    return render(request, "progress/review.html", context, status=status)


def _groups(
    entries: Iterable[ProgressEntry], counties: Mapping[str, str], sent: Sent | None
) -> list[tuple[str, str, list[Line]]]:
    """The lines by county and work line; the group of the oldest comes first."""

    def place(row: waiting.Row) -> tuple[str, str]:
        return row.county, row.entry.work_line

    rows = waiting.rows(entries)
    order = {place(row): n for n, row in reversed(list(enumerate(rows)))}
    rows.sort(key=lambda row: order[place(row)])
    return [
        (counties.get(county, county), str(WorkLine(line).label), [_line(row, sent) for row in found])
        for (county, line), found in groupby(rows, place)
    ]


def _refused(mine: ProgressEntryQuerySet, user: User, sent: Sent) -> list[Line]:
    """The rows that were refused, as they are now; those that wait no more for this person only say so."""
    visible = ProgressEntry.objects.visible_to(user).filter(pk__in=sent.refused)
    still = set(mine.filter(pk__in=sent.refused).values_list("pk", flat=True))
    rows = waiting.rows(waiting.beside(visible).select_related("submitted_by").order_by("pk"))
    return [_line(row, sent, is_open=row.entry.pk in still) for row in rows]


def _line(row: waiting.Row, sent: Sent | None, *, is_open: bool = True) -> Line:
    if sent is None:
        return Line(row)
    key, typed = row.entry.pk, sent.typed
    return Line(
        row,
        sent.refused.get(key, ""),
        typed.get(f"{key}-decision", ""),
        typed.get(f"{key}-opinion", ""),
        is_picked=str(key) in typed.getlist("pick"),
        is_open=is_open,
    )
