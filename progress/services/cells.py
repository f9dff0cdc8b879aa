"""Cells of the grid: one saved by itself, the drafts of a page submitted together."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.policy import Action
from accounts.refusals import Refused
from progress.models import Period, ProgressEntry, Series
from progress.services import entries
from progress.services.entries import AlreadyEntered, Content, WrongStatus


class DraftGone(Refused):
    """The draft that the person saw in the cell was deleted by somebody else."""

    code = "draft_gone"
    message = _("这条草稿已被他人删除，请核对后再填。")


@transaction.atomic
def save_cell(
    *,
    series: Series,
    period: Period,
    version: int | None,
    value: Decimal | None,
    no_progress_reason: str,
    note: str | None,
    by: User,
    at: datetime.datetime,
) -> ProgressEntry:
    """Start or change the draft in a cell; `version` None means that the person saw none, `note` None leaves it as is.

    Raises DraftGone, AlreadyEntered, StaleVersion and what create_draft and change_draft raise.
    """
    newest = ProgressEntry.objects.filter(series=series, period=period, fact="").order_by("-revision").first()
    if newest is None:
        if version is not None:
            raise DraftGone
        content = Content(value, no_progress_reason, note or "")
        return entries.create_draft(series=series, period=period, content=content, by=by, at=at)
    if version is None:
        raise AlreadyEntered(newest)
    if newest.is_correction:
        raise WrongStatus(_("红字更正请在填报页办理。"))
    content = Content(value, no_progress_reason, newest.note if note is None else note)
    return entries.change_draft(entry=newest, version=version, content=content, by=by, at=at)


class Outcome(NamedTuple):
    """One draft of many: submitted, or refused with the sentence that says why."""

    entry: ProgressEntry
    refusal: str


@transaction.atomic
def submit_drafts(*, versions: Mapping[int, int], by: User, at: datetime.datetime) -> list[Outcome]:
    """Submit each of the drafts, given by key with the version the person saw; one refused does not stop the others.

    Drafts that are gone, or never were the person's, are left out of the answer.
    """
    found = ProgressEntry.objects.in_scope(by, Action.ENTER).with_labels().filter(pk__in=versions)
    return [_submitted(entry, versions[entry.pk], by=by, at=at) for entry in found.order_by("pk")]


def _submitted(entry: ProgressEntry, version: int, *, by: User, at: datetime.datetime) -> Outcome:
    try:
        return Outcome(entries.submit(entry=entry, version=version, by=by, at=at), "")
    except Refused as refusal:
        return Outcome(entry, str(refusal))
