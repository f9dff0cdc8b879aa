"""The start page, the overview of all targets, and what stands behind one target's figures."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, page_of
from accounts.policy import Action, holds
from jurisdictions.models import WorkLine
from progress import agenda, figures, rollups
from progress.models import Target

LINES_A_PAGE = 100
#: Rows that the start page shows of a longer list.
FIRST = 10


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    user = request.user
    context = {
        "typing": _typing(user) if holds(user, Action.ENTER) else None,
        "to_review": agenda.to_review(user).count() if holds(user, Action.REVIEW) else None,
        "to_verify": agenda.to_verify(user).count() if holds(user, Action.VERIFY) else None,
        "may_view": holds(user, Action.VIEW),
        "duties": user.duties_on(timezone.localdate()),
    }
    return render(request, "progress/home.html", context)


def _typing(user: User) -> dict[str, Any]:
    """What a clerk owes: series without an entry for an open period, and entries that came back."""
    at = timezone.now()
    on = timezone.localdate(at)
    periods = [period for period in agenda.recent_periods(on) if period.closes_on >= on]
    owing = agenda.owing(agenda.my_series(user), periods, on=on)
    return {
        "owing": owing.count(),
        "assignments": agenda.assignments(list(owing.order_by("pk")[:FIRST]), periods, by=user, at=at),
        "returned": agenda.returned_to(user).with_labels().select_related("returned_by").order_by("pk")[:FIRST],
    }


@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    targets = Target.objects.visible_to(request.user).promised().select_related("region", "project").order_by("pk")
    with rollups.snapshot():
        found = figures.target_figures(targets, on=timezone.localdate())
        lines = [(line, [figure for figure in found if figure.target.work_line == line]) for line in WorkLine]
        return render(request, "progress/overview.html", {"lines": lines})


@require_safe
def target(request: SignedInRequest, code: str) -> HttpResponse:
    """The 依据 page: the promise, and the entries and arithmetic behind each of its figures."""
    visible = Target.objects.visible_to(request.user).promised().select_related("region", "project")
    found = get_object_or_404(visible, code=code)
    with rollups.snapshot():
        [figure] = figures.target_figures([found], on=timezone.localdate())
        sums = figures.sums_behind(figure)
        context = {
            "figure": figure,
            "sums": sums,
            "page": page_of(figures.lines_behind(sums), request.GET, size=LINES_A_PAGE),
            "movements": figures.movements([each.ask for each in sums]),
            "versions": found.versions.select_related("recorded_by").order_by("-n"),
        }
        return render(request, "progress/target.html", context)
