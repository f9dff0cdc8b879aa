"""The register as a list; a project's own page stands in progress, which knows its figures."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.lists import METHODS, Listing, answer
from accounts.pages import SignedInRequest
from projects.columns import PROJECTS
from projects.filters import ProjectFilter
from projects.models import Project


@require_http_methods(METHODS)
def project_list(request: SignedInRequest) -> HttpResponseBase:
    visible = Project.objects.visible_to(request.user).select_related("region", "owner", "programme")
    found = ProjectFilter(request.GET, visible)
    listing = Listing(PROJECTS, found, visible, params=request.GET, by=request.user, at=timezone.now())
    return answer(request, listing, "projects/project_list.html")
