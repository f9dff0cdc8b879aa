"""The page of one project: the register's facts joined with what is measured."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.pages import SignedInRequest
from progress import figures, rollups
from progress.models import ProgressEntry, Series, Target
from progress.rollups import Ask
from projects.models import Project

#: Entries that the page shows; the list has them all.
LATEST = 20


@require_safe
def project(request: SignedInRequest, code: str) -> HttpResponse:
    user = request.user
    visible = Project.objects.visible_to(user)
    found = get_object_or_404(visible.select_related("region", "owner", "programme"), code=code)
    entries = ProgressEntry.objects.visible_to(user).filter(series__project=found)
    with rollups.snapshot():
        series = list(Series.objects.filter(project=found).select_related("indicator", "region").order_by("pk"))
        totals = rollups.totals([Ask(indicator=each.indicator_id, project=found.pk) for each in series])
        targets = Target.objects.visible_to(user).promised().filter(project=found).order_by("pk")
        context = {
            "project": found,
            "parts": visible.filter(parent=found).order_by("pk"),
            "siblings": visible.filter(programme=found.programme).exclude(pk=found.pk).order_by("pk")
            if found.programme
            else (),
            "series": list(zip(series, totals, strict=True)),
            "figures": figures.target_figures(targets, on=timezone.localdate()),
            "entries": entries.with_labels().select_related("entered_by").order_by("-pk")[:LATEST],
        }
        return render(request, "progress/project.html", context)
