"""The register as a list; a project's own page stands in progress, which knows its figures."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.pages import SignedInRequest, page_of
from projects.filters import ProjectFilter
from projects.models import Project


@require_safe
def project_list(request: SignedInRequest) -> HttpResponse:
    visible = Project.objects.visible_to(request.user).select_related("region", "owner", "programme")
    found = ProjectFilter(request.GET, visible)
    page = page_of(found.qs if found.is_valid() else visible.none(), request.GET, newest_first=False)
    return render(request, "projects/project_list.html", {"filter": found, "page": page})
