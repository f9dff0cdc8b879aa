"""Spot checks (抽查): the draws, drawing anew, and the checks of one draw."""

from __future__ import annotations

import secrets
from functools import partial
from http import HTTPStatus

from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.policy import Action, can, holds
from accounts.receipts import Answer
from accounts.refusals import Refused
from progress.forms import DrawForm
from progress.models import Draw, SpotCheck, SpotCheckResult
from progress.sampling import sample
from progress.services import checks
from progress.views.entries import status_of

#: Random bytes of a seed: too many for anybody to try out which seed draws what.
SEED_BYTES = 16


@require_safe
def draw_list(request: SignedInRequest) -> HttpResponse:
    page = page_of(counted(request.user).defer("candidates"), request.GET)
    context = {"page": page, "may_draw": holds(request.user, Action.CHECK)}
    return render(request, "progress/checks.html", context)


def counted(user: User) -> QuerySet[Draw]:
    """The draws a person may know of, each with the counts of those of its checks that are in his scope."""
    seen = Q(checks__in=SpotCheck.objects.visible_to(user))
    draws = Draw.objects.visible_to(user).select_related("period", "region", "drawn_by")
    return draws.annotate(
        drawn=Count("checks", filter=seen),
        confirmed=Count("checks", filter=seen & Q(checks__result=SpotCheckResult.CONFIRMED)),
        faulty=Count("checks", filter=seen & Q(checks__result=SpotCheckResult.FAULTY)),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def draw_new(request: SignedInRequest) -> HttpResponse:
    """Draw anew; whoever may not is offered no period to draw from."""
    if request.method != "POST":
        return _form_page(request, DrawForm(user=request.user))
    form = DrawForm(request.POST, user=request.user)
    if not form.is_valid():
        return _form_page(request, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        return answer_once(request, form, partial(_draw, form, request.user))
    except Refused as refusal:
        form.refuse(refusal)
        return _form_page(request, form, status_of(refusal))


def _form_page(request: SignedInRequest, form: DrawForm, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    context = {"form": form, "may_draw": holds(request.user, Action.CHECK)}
    return render(request, "progress/check_draw.html", context, status=status)


def _draw(form: DrawForm, by: User) -> Answer:
    drawn = checks.draw(**form.asked, seed=secrets.token_hex(SEED_BYTES), by=by, at=timezone.now())
    return {"url": drawn.get_absolute_url(), "message": _("已抽取 %(size)d 条。") % {"size": drawn.size}}


@require_safe
def draw_page(request: SignedInRequest, pk: int) -> HttpResponse:
    """One draw with its checks; who sees all that could have been drawn also sees how to draw it again."""
    draw = get_object_or_404(counted(request.user), pk=pk)
    labels = [f"entry__series__{name}" for name in ("project", "indicator", "region")]
    seen = draw.checks.filter(pk__in=SpotCheck.objects.visible_to(request.user))
    seen = seen.select_related(*labels, "entry__period", "checked_by", "correction")
    context = {
        "draw": draw,
        "page": page_of(seen.annotate(evidence=Count("entry__evidence")), request.GET, newest_first=False),
        "is_whole": can(request.user, Action.VIEW, draw),
        "is_repeated": is_repeated(draw),
        "may_check": holds(request.user, Action.CHECK),
    }
    return render(request, "progress/check_list.html", context)


def is_repeated(draw: Draw) -> bool:
    """Whether drawing again by the seed gives what was drawn."""
    drawn = draw.checks.values_list("entry_id", flat=True)
    return set(sample(draw.seed, draw.candidates, draw.size)) == set(drawn)
