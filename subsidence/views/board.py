"""The task board (任务分解): the parts of a target by county and by year, what counts for it, and the cut-off date."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import Any

from django.forms import BoundField
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.forms import OnceForm
from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.policy import Action, can
from accounts.receipts import Answer
from accounts.refusals import Refused
from progress import rollups
from progress.models import Split, Target
from progress.services import targets
from progress.services.targets import StaleSplit
from subsidence.figures.board import Board, Row, board_of, history_of, targets_of
from subsidence.forms.board import CountingForm, CutOffForm, RegionSplitForm, SplitForm, YearsForm, YearSplitForm
from subsidence.models import CutOff
from subsidence.services import board as services
from subsidence.services import cut_offs
from subsidence.views.parcels import status_of

FORMS: dict[str, type[SplitForm]] = {Split.REGION: RegionSplitForm, Split.YEAR: YearSplitForm}
HISTORY = 30


@dataclass(frozen=True)
class Shown:
    """What a page shows in place of fresh forms: one that was refused, or in which a trial (`tried`) was made."""

    forms: dict[str, Any] = field(default_factory=dict)
    status: HTTPStatus = HTTPStatus.OK
    tried: str = ""


FRESH = Shown()


@dataclass(frozen=True)
class Way:
    """One of the two splits as the page shows it; without a form for whoever may only read."""

    board: Board
    split_by: str
    form: SplitForm | None

    @property
    def label(self) -> str:
        return str(Split(self.split_by).label)

    @property
    def total(self) -> Decimal:
        return sum((row.value for row in self.board.rows(self.split_by)), Decimal(0))

    @property
    def left(self) -> Decimal:
        """What nobody has taken yet (尚未分解)."""
        return self.board.version.value - self.total

    @property
    def rows(self) -> list[tuple[Row, BoundField | None, BoundField | None]]:
        """Each row with its tick and its amount to type."""
        form = self.form
        return [
            (
                row,
                form.tick(row.key) if isinstance(form, RegionSplitForm) else None,
                form.amount(row.key) if form else None,
            )
            for row in self.board.rows(self.split_by)
        ]


@require_safe
def board(request: SignedInRequest) -> HttpResponse:
    return _page(request, _chosen(request))


@require_POST
def board_split(request: SignedInRequest, code: str, split_by: str) -> HttpResponse:
    """Lay the parts down, or with `trial` fill the form with a proposal and save nothing."""
    target = _editable(request, code)
    if split_by not in FORMS:
        raise Http404
    with rollups.snapshot():
        found = _board(request, target)
    form = _split_form(request, found, split_by, data=request.POST)
    if "trial" in request.POST:
        return _try_out(request, found, form, split_by)
    return _act(request, target, form, split_by, partial(_split, request, target, form))


def _split(request: SignedInRequest, target: Target, form: SplitForm) -> Answer:
    made = services.split(
        target=target,
        split_by=form.split_by,
        parts=form.parts,
        document=form.cleaned_data["document"],
        seen=form.cleaned_data["seen"],
        by=request.user,
        at=timezone.now(),
    )
    said = _("已保存分解，%(count)d 项有变更。") % {"count": len(made)} if made else _("分解没有变化。")
    return {"url": f"{_url(target)}#{form.split_by}", "message": said}


def _try_out(request: SignedInRequest, found: Board, form: SplitForm, split_by: str) -> HttpResponse:
    """The form with a trial in its cells, and everything else as it was typed."""
    share = services.shares_by_stock if request.POST["trial"] == "stock" else services.equal_shares
    try:
        proposed = form.tried(share(found.version, form.chosen()))
    except Refused as refusal:
        form.refuse(refusal)
        return _page(request, found.figure.target, Shown({split_by: form}, HTTPStatus.UNPROCESSABLE_ENTITY))
    fresh = _split_form(request, found, split_by, initial=proposed)
    return _page(request, found.figure.target, Shown({split_by: fresh}, tried=split_by))


@require_POST
def board_count(request: SignedInRequest, code: str) -> HttpResponse:
    target = _editable(request, code)
    form = CountingForm(request.POST)
    return _act(request, target, form, "counting", partial(_count, request, target, form))


def _count(request: SignedInRequest, target: Target, form: CountingForm) -> Answer:
    asked = form.cleaned_data
    made = services.count(
        target=target, stage=asked["stage"], document=asked["document"], by=request.user, at=timezone.now()
    )
    said = _("已确定计入口径：%(name)s。目标及其分解自此按该口径计算。") % {"name": made.counting}
    return {"url": f"{_url(target)}#counting", "message": said}


@require_POST
def board_cut_off(request: SignedInRequest) -> HttpResponse:
    if not cut_offs.may_record(request.user):
        raise Http404
    form = CutOffForm(request.POST)
    return _act(request, _chosen(request), form, "cut_off", partial(_cut_off, request, form))


def _cut_off(request: SignedInRequest, form: CutOffForm) -> Answer:
    asked = form.cleaned_data
    made = cut_offs.record(on=asked["on"], document=asked["document"], by=request.user, at=timezone.now())
    url = f"{reverse('board')}#cut-off"
    return {"url": url, "message": _("已登记存量增量分界日期：%(day)s。") % {"day": made.on.isoformat()}}


def _act(
    request: SignedInRequest, target: Target | None, form: OnceForm, name: str, act: Callable[[], Answer]
) -> HttpResponse:
    """Do what the form asks, or show the board with the form and what is wrong with it."""
    if not form.is_valid():
        return _page(request, target, Shown({name: form}, HTTPStatus.UNPROCESSABLE_ENTITY))
    try:
        return answer_once(request, form, act)
    except StaleSplit as refusal:
        form.refuse(refusal)
        if target:
            form.put(seen=targets.newest(target))
        return _page(request, target, Shown({name: form}, HTTPStatus.CONFLICT))
    except Refused as refusal:
        form.refuse(refusal)
        return _page(request, target, Shown({name: form}, status_of(refusal)))


def _chosen(request: SignedInRequest) -> Target | None:
    """The target asked for, else the widest; None where the person sees none. Raises Http404."""
    found = targets_of(request.user)
    code = request.GET.get("target", "")
    return get_object_or_404(found, code=code) if code else found.first()


def _editable(request: SignedInRequest, code: str) -> Target:
    """A target that the person may decide on; to everybody else there is none. Raises Http404."""
    target = get_object_or_404(targets_of(request.user), code=code)
    if not can(request.user, Action.VERIFY, target):
        raise Http404
    return target


def _url(target: Target) -> str:
    return f"{reverse('board')}?{urlencode({'target': target.code})}"


def _asked_years(request: SignedInRequest) -> YearsForm:
    """The years that the address, or the form that was sent, asks to be listed."""
    params = request.POST if request.method == "POST" else request.GET
    return YearsForm(params if params.get("first") else None, initial={"count": 4})


def _board(request: SignedInRequest, target: Target) -> Board:
    return board_of(target, on=timezone.localdate(), years=_asked_years(request).years)


def _split_form(request: SignedInRequest, found: Board, split_by: str, **told: Any) -> SplitForm:
    """The parts as they stand, or as they are sent (`data`) or proposed (`initial`)."""
    asked = _asked_years(request).data
    years = {name: asked.get(name, "") for name in ("first", "count")}
    stands = {"seen": targets.newest(found.figure.target), **years, **_typed(found, split_by)}
    told["initial"] = {**stands, **told.get("initial", {})}
    units = {row.key: row.unit for row in found.rows(split_by)}
    return FORMS[split_by](**told, parts=units, digits=services.digits_of(found.version))


def _typed(found: Board, split_by: str) -> dict[str, Any]:
    """The amounts that stand, as one would type them."""
    digits = services.digits_of(found.version)
    shown: dict[str, Any] = {}
    for row in found.rows(split_by):
        shown[f"amount_{row.key}"] = f"{row.value:.{digits}f}" if row.has_task else ""
        shown[f"take_{row.key}"] = row.has_task
    return shown


def _page(request: SignedInRequest, target: Target | None, shown: Shown = FRESH) -> HttpResponse:
    may_record = cut_offs.may_record(request.user)
    context = {
        "targets": targets_of(request.user),
        "target": target,
        "board": None,
        "cut_off": cut_offs.in_force(),
        "cut_offs": CutOff.objects.select_related("recorded_by").order_by("-recorded_at", "-pk"),
        "cut_off_form": (shown.forms.get("cut_off") or CutOffForm()) if may_record else None,
        "refused": next((form for form in shown.forms.values() if form.is_bound), None),
        "tried": shown.tried,
        **(_of_target(request, target, shown) if target else {}),
    }
    return render(request, "subsidence/board.html", context, status=shown.status)


def _of_target(request: SignedInRequest, target: Target, shown: Shown) -> dict[str, Any]:
    """The target's two splits, each with its form for whoever may decide, and how all came to be."""
    may_edit = can(request.user, Action.VERIFY, target)
    with rollups.snapshot():
        found = _board(request, target)
        history = page_of(history_of(target), request.GET, size=HISTORY)
        told = {"board": found, "page": history, "years_form": _asked_years(request), "counting_form": None}
        forms = {way: shown.forms.get(way) or _split_form(request, found, way) for way in FORMS} if may_edit else {}
    if may_edit:
        stage = services.counted_stage(found.version.counted)
        told["counting_form"] = shown.forms.get("counting") or CountingForm(initial={"stage": stage})
    return {**told, "ways": [Way(found, way, forms.get(way)) for way in FORMS]}
