"""The start page, the overview of all targets, and what stands behind one target's figures."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, page_of
from accounts.policy import Action, holds
from jurisdictions.models import WorkLine
from progress import agenda, figures, rollups
from progress.models import Target, TargetVersion
from progress.views.looks import look_form

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
    """What a clerk owes: how many reports in each state, and those that are due first."""
    at = timezone.now()
    found = agenda.owed(agenda.my_series(user), at=at)
    waiting = [each for each in found if each.is_waiting]
    states = Counter(each.state for each in waiting)
    first = waiting[:FIRST]
    return {
        "waiting": len(waiting),
        "counts": [(state, states[state]) for state in agenda.ON_DESK],
        "reports": agenda.reports(first, agenda.periods_of(first), by=user, at=at),
    }


@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    form = look_form(request)
    look = form.look
    promised = Target.objects.visible_to(request.user).on_top(request.user).promised(as_of=look.as_of)
    targets = promised.select_related("region", "project").order_by("pk")
    with rollups.snapshot():
        found = figures.target_figures(targets, on=look.on, as_of=look.as_of)
        lines = [(line, [figure for figure in found if figure.target.work_line == line]) for line in WorkLine]
        return render(request, "progress/overview.html", {"lines": lines, "look": look, "look_form": form})


@require_safe
def target(request: SignedInRequest, code: str) -> HttpResponse:
    """The 依据 page: the promise, and the entries and arithmetic behind each of its figures."""
    visible = Target.objects.visible_to(request.user).promised().select_related("region", "project", "parent")
    found = get_object_or_404(visible, code=code)
    form = look_form(request)
    with rollups.snapshot():
        if form.look.as_of and not visible.promised(as_of=form.look.as_of).filter(pk=found.pk).exists():
            form.refuse(_("这个目标当日还没有登记。以下为今天的数字。"))
        look = form.look
        [figure] = figures.target_figures([found], on=look.on, as_of=look.as_of)
        sums = figures.sums_behind(figure)
        context = {
            "figure": figure,
            "look": look,
            "look_form": form,
            "sums": sums,
            "page": page_of(figures.lines_behind(sums), request.GET, size=LINES_A_PAGE),
            "movements": [] if look.as_of else figures.movements([each.ask for each in sums]),
            "versions": _versions(found, look),
            "divisions": figures.divisions_of(figure, on=look.on),
            "sees_whole": found.parent is not None and visible.filter(pk=found.parent.pk).exists(),
        }
        return render(request, "progress/target.html", context)


def _versions(found: Target, look: figures.Look) -> QuerySet[TargetVersion]:
    """The target's versions, of those recorded by then, the newest first."""
    versions = found.versions.select_related("recorded_by", "counted").order_by("-n")
    return versions.filter(recorded_at__lte=look.as_of) if look.as_of else versions
