"""What the page of a parcel offers a person to do about its stages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.forms import OnceForm
from accounts.models import User
from accounts.policy import Action, can
from progress.services.entries import took_part
from subsidence.forms.stages import ApproveForm, AskForm, ResurveyForm, ReverseForm, SendBackForm, WithdrawForm
from subsidence.models import Parcel, ParcelStage, RequestStatus, Settlement, Stage, StageRequest
from subsidence.panels.life import Bar, Life
from subsidence.refusals import NotSettled, SamePerson
from subsidence.services.stages import may_approve

Words = str | Promise

#: Areas are handed to forms as exactly as they are kept.
EXACT = Decimal("0.0001")


@dataclass(frozen=True)
class Tried:
    """A form that was refused, by the name of what it asks for, with what was typed."""

    name: str
    form: OnceForm


@dataclass(frozen=True)
class Ask:
    """One stage that may be asked for; `refusal` says why it cannot be now, though there is land for it."""

    bar: Bar
    form: AskForm | None
    refusal: Words = ""


@dataclass(frozen=True)
class Decision:
    """One step on a pending request; `refusal` says why the person, whose duty it is, cannot take it."""

    step: str
    label: Words
    form: OnceForm
    refusal: Words = ""
    is_grave: bool = False


@dataclass(frozen=True)
class Waiting:
    """A pending request with the steps that the person may take on it."""

    request: StageRequest
    decisions: list[Decision]


@dataclass(frozen=True)
class Reversal:
    """A step that can be taken back in red."""

    step: ParcelStage
    form: ReverseForm


#: The steps on a pending request: the button, the form, and whether it shows red.
STEPS: dict[str, tuple[Words, type[OnceForm], bool]] = {
    "approve": (_("通过"), ApproveForm, False),
    "return": (_("退回"), SendBackForm, True),
    "withdraw": (_("撤回"), WithdrawForm, True),
}


def offers(parcel: Parcel, life: Life, by: User, tried: Tried | None = None) -> dict[str, Any]:
    """What the page offers: stages to ask for, requests to decide on, steps to take back, the survey done anew."""
    is_clerk = can(by, Action.ENTER, parcel)
    return {
        "is_clerk": is_clerk,
        "has_requests": is_clerk or bool(life.pending or life.dropped),
        "waiting": [_waiting(request, parcel, by, tried) for request in life.pending],
        "asks": list(_asks(parcel, life, tried)) if is_clerk else [],
        "reversals": [_reversal(step, tried) for step in life.reversible] if is_clerk else [],
        "is_reversing": bool(tried and tried.name.startswith("reverse-")),
        "resurvey": _resurvey(parcel, life, tried) if is_clerk else None,
    }


def _form(name: str, kind: type[OnceForm], tried: Tried | None, initial: Mapping[str, Any]) -> Any:
    """The form of that name, as it was refused or as it is first shown."""
    if tried and tried.name == name:
        return tried.form
    return kind(auto_id=f"{name}_%s", initial=dict(initial))


def _asks(parcel: Parcel, life: Life, tried: Tried | None) -> Iterator[Ask]:
    for bar in life.bars:
        name = f"ask-{bar.stage.value}"
        is_tried = bool(tried and tried.name == name)
        if bar.left <= 0 and not is_tried:
            continue
        if bar.stage == Stage.ACCEPTED and parcel.settlement != Settlement.SETTLED:
            yield Ask(bar, None, NotSettled.message)
            continue
        yield Ask(bar, _form(name, AskForm, tried, {"stage": bar.stage.value}))


def _waiting(request: StageRequest, parcel: Parcel, by: User, tried: Tried | None) -> Waiting:
    request.parcel = parcel
    decisions = []
    for step, refusal in _steps(request, by):
        label, kind, is_grave = STEPS[step]
        form = _form(f"{step}-{request.pk}", kind, tried, {})
        decisions.append(Decision(step, label, form, refusal, is_grave))
    return Waiting(request, decisions)


def _steps(request: StageRequest, by: User) -> Iterator[tuple[str, Words]]:
    if request.recorded_by_id == by.pk:
        yield "withdraw", ""
    if may_approve(by, request):
        refusal = SamePerson.message if took_part(by, request.recorded_by_id) else ""
        yield "approve", refusal
        if not refusal:
            yield "return", ""


def _reversal(step: ParcelStage, tried: Tried | None) -> Reversal:
    return Reversal(step, _form(f"reverse-{step.pk}", ReverseForm, tried, {"reverses": step.pk}))


def _resurvey(parcel: Parcel, life: Life, tried: Tried | None) -> ResurveyForm | None:
    """The form for a new survey; none while an earlier one is not decided."""
    is_surveying = any(
        request.stage == Stage.SURVEYED and request.status == RequestStatus.PENDING for request in life.pending
    )
    if is_surveying or not parcel.surveyed_area:
        return None
    seen = f"{parcel.surveyed_area.quantize(EXACT):f}"
    form: ResurveyForm = _form("resurvey", ResurveyForm, tried, {"seen": seen})
    return form
