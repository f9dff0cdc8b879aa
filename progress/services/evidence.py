"""Adding evidence (佐证) to an entry and taking it off again while the entry is not yet final.

Evidence comes through the pages only. A program that reports through REST has no camera: where an indicator requires
evidence, its draft is finished on the page.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from progress.models import Evidence, EvidenceStage, ProgressEntry
from progress.models.entries import EDITABLE
from progress.services.entries import WrongStatus
from projects.refusals import UnfitFile
from projects.services import attachments
from projects.services.attachments import Kept

#: Most files of one entry: a reviewer has to look at each.
MOST_FILES = 50


@dataclass(frozen=True)
class Unfit:
    """One file that was not added, by the name it was given, and why."""

    name: str
    reason: str


def take_all(uploads: Iterable[UploadedFile[bytes]]) -> tuple[list[Kept], list[Unfit]]:
    """Check and clean each file by itself; this takes its time, so it comes before any transaction."""
    taken: list[Kept] = []
    unfit: list[Unfit] = []
    for upload in uploads:
        try:
            taken.append(attachments.take(upload))
        except UnfitFile as refusal:
            unfit.append(Unfit(upload.name or "", str(refusal)))
    return taken, unfit


@transaction.atomic
def add_all(
    *, entry: ProgressEntry, files: Sequence[Kept], by: User, at: datetime.datetime, stage: str = ""
) -> list[Unfit]:
    """Attach several files, and tell which were not. Raises WrongStatus, NotAllowed."""
    unfit = []
    for kept in files:
        try:
            add_evidence(entry=entry, kept=kept, by=by, at=at, stage=stage)
        except UnfitFile as refusal:
            unfit.append(Unfit(kept.name, str(refusal)))
    return unfit


@attachments.following()
@transaction.atomic
def add_evidence(*, entry: ProgressEntry, kept: Kept, by: User, at: datetime.datetime, stage: str = "") -> Evidence:
    """Attach a file to a draft or returned entry, once; only a photo shows a stage. Raises UnfitFile, WrongStatus."""
    _check(entry, by)
    known = list(entry.evidence.values_list("attachment__original_sha256", flat=True))
    if kept.original_sha256 in known:
        raise UnfitFile(_("此文件已在佐证中，未重复添加。"), field="file")
    if len(known) >= MOST_FILES:
        raise UnfitFile(_("每条填报最多附%(most)d个文件。") % {"most": MOST_FILES}, field="file")
    attachment = attachments.store(kept=kept, by=by, at=at)
    shown = EvidenceStage(stage) if stage and attachment.is_photo else ""
    evidence = Evidence.objects.create(entry=entry, attachment=attachment, stage=shown)
    facts = {"name": attachment.name, "sha256": attachment.sha256, "stage": evidence.stage}
    audit.record(by=by, action="entry.evidence", obj=entry, after=facts)
    return evidence


@transaction.atomic
def change_stage(*, evidence: Evidence, stage: str, by: User) -> Evidence:
    """Say anew what stage a photo shows: the row is replaced, for the database lets none be changed."""
    _check(evidence.entry, by)
    if stage == evidence.stage or not evidence.attachment.is_photo:
        return evidence
    name, before = evidence.attachment.name, evidence.stage
    evidence.delete()
    changed = Evidence.objects.create(entry=evidence.entry, attachment=evidence.attachment, stage=stage)
    facts = {"before": {"stage": before}, "after": {"stage": stage}}
    audit.record(by=by, action="entry.evidence_stage", obj=changed.entry, reason=name, **facts)
    return changed


@transaction.atomic
def remove_evidence(*, evidence: Evidence, by: User) -> None:
    """Take a file off an entry; the stored file stays, because the audit trail names it."""
    _check(evidence.entry, by)
    facts = {"name": evidence.attachment.name, "sha256": evidence.attachment.sha256}
    audit.record(by=by, action="entry.evidence_removed", obj=evidence.entry, before=facts)
    evidence.delete()


def _check(entry: ProgressEntry, by: User) -> None:
    """The entry is locked, so that it is not submitted, nor the same file added, between the check and the change."""
    current = ProgressEntry.objects.with_labels().select_for_update(of=("self",)).get(pk=entry.pk)
    if not can(by, Action.ENTER, current):
        raise NotAllowed
    if current.status not in EDITABLE:
        raise WrongStatus(_("报送后不能再改佐证，请先撤回。"))
