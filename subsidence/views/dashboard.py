"""The line's own page (沉陷区治理): targets, map, funnel, ranking and trend of all that the person sees."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.pages import SignedInRequest
from accounts.policy import Action, areas
from jurisdictions import outlines
from progress import rollups
from subsidence.figures import courses, funnel, treatment
from subsidence.models import Origin, Parcel, Stage
from subsidence.models.scopes import LINE


@require_safe
def dashboard(request: SignedInRequest) -> HttpResponse:
    """All that the person sees, or with `region` one county of it."""
    now, seen = timezone.now(), areas(request.user, Action.VIEW, line=LINE)
    on, county = timezone.localdate(now), _county(request, seen)
    parcels = Parcel.objects.visible_to(request.user)
    with rollups.snapshot():
        figures = treatment.line_figures(request.user, on=on)
        held = funnel.areas(parcels, on=on)
        here = [area for area in held if area.county == county.code] if county else held
        heads = treatment.heads(figures, [county.code] if county else seen, year=on.year)
        counties = treatment.counties(figures, held, seen=seen)
        asked, plan = {"region": county.code} if county else {}, treatment.county_map()
        context = {
            "now": now,
            "county": county,
            "heads": heads,
            "trend": courses.trend(heads[0], until=on.replace(day=1)) if heads else None,
            "drawn": list(zip(counties, plan.patches, strict=True)),
            "ranking": treatment.ranking(counties),
            "map": plan,
            "legend": treatment.legend(),
            "funnel": funnel.funnel(here, asked=asked),
            "holding": funnel.holding(here),
            "urls": _urls(asked),
        }
        return render(request, "subsidence/dashboard.html", context)


def _urls(asked: dict[str, str]) -> dict[str, str]:
    """What stands behind each number of the page's overview."""
    duties = {**asked, "state": "overdue"}
    return {
        "parcels": funnel.parcels_url(**asked),
        "closed": funnel.parcels_url(reached=Stage.CLOSED, **asked),
        "existing": funnel.parcels_url(origin=Origin.EXISTING, **asked),
        "new": funnel.parcels_url(origin=Origin.NEW, **asked),
        "pending": funnel.parcels_url(pending="yes", **asked),
        "overdue": f"{reverse('duties')}?{urlencode(duties)}",
    }


def _county(request: SignedInRequest, seen: list[str]) -> outlines.Shape | None:
    """The county asked for. Raises Http404 for one that is none, or of which the person sees nothing."""
    code = request.GET.get("region", "")
    if not code:
        return None
    county = next((shape for shape in outlines.shapes() if shape.code == code), None)
    if county is None or not any(code.startswith(area) or area.startswith(code) for area in seen):
        raise Http404
    return county
