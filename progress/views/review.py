"""What waits for a reviewer and a verifier."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.pages import SignedInRequest, page_of
from progress import agenda
from progress.filters import EntryFilter


@require_safe
def review(request: SignedInRequest) -> HttpResponse:
    waiting = (agenda.to_review(request.user) | agenda.to_verify(request.user)).with_labels()
    found = EntryFilter(request.GET, waiting.select_related("submitted_by"))
    # The oldest first: it has waited longest.
    page = page_of(found.qs if found.is_valid() else waiting.none(), request.GET, newest_first=False)
    return render(request, "progress/review.html", {"filter": found, "page": page})
