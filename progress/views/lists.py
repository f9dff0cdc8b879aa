"""The list of entries."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.lists import METHODS, Listing, answer
from accounts.pages import SignedInRequest
from accounts.policy import Action, holds
from progress.columns import ENTRIES
from progress.figures import pair_up
from progress.filters import EntryFilter
from progress.models import ProgressEntry


@require_http_methods(METHODS)
def entry_list(request: SignedInRequest) -> HttpResponseBase:
    visible = ProgressEntry.objects.visible_to(request.user).with_labels().select_related("entered_by")
    found = EntryFilter(request.GET, visible)
    listing = Listing(ENTRIES, found, visible, params=request.GET, by=request.user, at=timezone.now())
    if "export" not in request.GET:
        pair_up(listing.page.rows)
    return answer(request, listing, "progress/entry_list.html", may_enter=holds(request.user, Action.ENTER))
