"""The inbox: what a person was told, and what of it is still unread."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.forms import ReadAllForm
from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.receipts import Answer
from accounts.refusals import Refused
from accounts.services import messages

#: Unread messages shown at once; the older ones follow when these are read.
UNREAD = 100


@require_safe
def inbox(request: SignedInRequest) -> HttpResponse:
    return _inbox(request, None)


def _inbox(request: SignedInRequest, form: ReadAllForm | None) -> HttpResponse:
    """The unread ones first, then the others a page at a time."""
    mine = request.user.inbox.all()
    unread = list(mine.filter(read_at=None).order_by("-pk")[:UNREAD])
    through = unread[0].pk if unread else 0
    context = {
        "unread": unread,
        "page": page_of(mine.exclude(read_at=None), request.GET),
        "form": form or ReadAllForm(initial={"through": through}),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form else HTTPStatus.OK
    return render(request, "accounts/messages.html", context, status=status)


@require_POST
def message(request: SignedInRequest, pk: int) -> HttpResponse:
    """Open one: it counts as read, and leads to what it is about. Opened again it only leads there again."""
    found = get_object_or_404(request.user.inbox, pk=pk)
    messages.mark_read(found, at=timezone.now())
    return redirect(found.url)


@require_POST
def messages_read(request: SignedInRequest) -> HttpResponse:
    form = ReadAllForm(request.POST)

    def act() -> Answer:
        count = messages.mark_all_read(by=request.user, through=form.cleaned_data["through"], at=timezone.now())
        return {"url": reverse("messages"), "message": _("已将%(count)d封站内信标为已读。") % {"count": count}}

    if form.is_valid():
        try:
            return answer_once(request, form, act)
        except Refused as refusal:
            form.refuse(refusal)
    return _inbox(request, form)
