"""The steps of an entry: of each the button, the form, the service behind it, and where it leads."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass

from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.receipts import Answer
from progress.forms import CheckForm, CorrectionForm, OpinionForm, ReturnForm, StepForm
from progress.models import ProgressEntry, SpotCheck
from progress.services import checks, corrections, entries

Words = str | Promise
Take = Callable[[ProgressEntry, StepForm, User, datetime.datetime], Answer]


@dataclass(frozen=True)
class Step:
    """One step: what its button says, what it asks, what it does; a grave one shows red and behind a fold."""

    label: Words
    form: type[StepForm]
    take: Take
    is_grave: bool = False


def _leads(service: Callable[..., object], said: Words, to: str = "") -> Take:
    """A step that gives its service what its form asks, and leads to a list or else to the entry."""

    def take(entry: ProgressEntry, form: StepForm, by: User, at: datetime.datetime) -> Answer:
        service(entry=entry, by=by, at=at, **form.asked)
        return {"url": reverse(to) if to else entry.get_absolute_url(), "message": str(said)}

    return take


def _delete(entry: ProgressEntry, form: StepForm, by: User, at: datetime.datetime) -> Answer:
    entries.delete_draft(entry=entry, by=by, **form.asked)
    return {"url": reverse("entries"), "message": str(_("草稿已删除。"))}


def _correct(entry: ProgressEntry, form: StepForm, by: User, at: datetime.datetime) -> Answer:
    reason, is_void = form.cleaned_data["reason"], form.cleaned_data["is_void"]
    opened = corrections.open_correction(entry=entry, by=by, at=at, reason=reason, is_void=is_void)
    return {"url": reverse("entry_edit", args=[opened.pk]), "message": str(_("已发起更正，请填写更正后的内容。"))}


def _check(entry: ProgressEntry, form: StepForm, by: User, at: datetime.datetime) -> Answer:
    drawn = get_object_or_404(SpotCheck, entry=entry)
    result, finding = form.cleaned_data["result"], form.cleaned_data["finding"]
    checked = checks.record_result(spot_check=drawn, result=result, finding=finding, by=by, at=at)
    said = _("已记录：不实，已转入更正。") if checked.correction_id else _("已记录：属实。")
    return {"url": reverse("draw", args=[drawn.draw_id]), "message": str(said)}


#: Whoever reviews, verifies or returns goes on with the next one.
STEPS = {
    "submit": Step(_("报送"), StepForm, _leads(entries.submit, _("已报送，等待县级审核。"))),
    "withdraw": Step(_("撤回"), StepForm, _leads(entries.withdraw, _("已撤回，可以修改后重新报送。")), is_grave=True),
    "delete": Step(_("删除草稿"), StepForm, _delete, is_grave=True),
    "review": Step(_("审核通过"), OpinionForm, _leads(entries.review, _("审核通过，等待市级核定。"), to="review")),
    "verify": Step(_("核定"), OpinionForm, _leads(entries.verify, _("已核定，数值计入汇总。"), to="review")),
    "return": Step(
        _("退回"), ReturnForm, _leads(entries.return_entry, _("已退回填报员。"), to="review"), is_grave=True
    ),
    "correct": Step(_("发起更正"), CorrectionForm, _correct, is_grave=True),
    "check": Step(_("抽查"), CheckForm, _check),
}
