"""The page of one project: the register's facts joined with what is measured."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from accounts.pages import SignedInRequest
from progress import figures, rollups
from progress.figures import Look
from progress.models import EntryStatus, ProgressEntry, Series, Target
from progress.models.entries import ProgressEntryQuerySet
from progress.rollups import Ask
from progress.views.looks import look_form
from projects.models import Project

#: Entries and corrections that the page shows; the list has them all.
LATEST = 20


@require_safe
def project(request: SignedInRequest, code: str) -> HttpResponse:
    user = request.user
    visible = Project.objects.visible_to(user)
    found = get_object_or_404(visible.select_related("region", "owner", "programme"), code=code)
    form = look_form(request)
    look = form.look
    with rollups.snapshot():
        series = list(Series.objects.filter(project=found).select_related("indicator", "region").order_by("pk"))
        asks = [Ask(indicator=each.indicator_id, project=found.pk) for each in series]
        promised = Target.objects.visible_to(user).on_top(user).promised(as_of=look.as_of)
        targets = promised.filter(project=found).order_by("pk")
        entries = _known(ProgressEntry.objects.visible_to(user).filter(series__project=found), look)
        latest = entries.select_related("entered_by").order_by("-pk")
        context = {
            "project": found,
            "look": look,
            "look_form": form,
            "parts": visible.filter(parent=found).order_by("pk"),
            "siblings": visible.filter(programme=found.programme).exclude(pk=found.pk).order_by("pk")
            if found.programme
            else (),
            "series": list(zip(series, rollups.totals(asks, as_of=look.as_of), strict=True)),
            "figures": figures.target_figures(targets, on=look.on, as_of=look.as_of),
            "entries": figures.pair_up(latest[:LATEST], as_of=look.as_of),
            "corrections": _corrections(entries),
        }
        return render(request, "progress/project.html", context)


def _known(entries: ProgressEntryQuerySet, look: Look) -> ProgressEntryQuerySet:
    """All the entries; in a look back those verified by then, for nobody kept how far the others had come."""
    found = entries.with_labels()
    return found.filter(status=EntryStatus.VERIFIED, verified_at__lte=look.as_of) if look.as_of else found


def _corrections(entries: ProgressEntryQuerySet) -> list[ProgressEntry]:
    """The verified corrections, the newest first, each with what it replaced."""
    posted = entries.filter(revision__gt=1, status=EntryStatus.VERIFIED).select_related("verified_by")
    return figures.pair_up(posted.order_by("-verified_at", "-pk")[:LATEST])
