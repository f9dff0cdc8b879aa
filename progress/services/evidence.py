"""Adding evidence (佐证) to an entry and taking it off again while the entry is not yet final."""

from __future__ import annotations

import datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from progress.models import Evidence, ProgressEntry
from progress.models.entries import EDITABLE
from progress.services.entries import WrongStatus
from projects.services import attachments


@transaction.atomic
def add_evidence(*, entry: ProgressEntry, upload: UploadedFile[bytes], by: User, at: datetime.datetime) -> Evidence:
    """Attach a file to a draft or returned entry, once. Raises UnfitFile, WrongStatus."""
    _check(entry, by)
    if entry.evidence.filter(attachment__sha256=attachments.sha256_of(upload)).exists():
        raise attachments.UnfitFile(_("此文件已在佐证中，未重复添加。"), field="file")
    attachment = attachments.store(upload=upload, by=by, at=at)
    evidence = Evidence.objects.create(entry=entry, attachment=attachment)
    facts = {"name": attachment.name, "sha256": attachment.sha256}
    audit.record(by=by, action="entry.evidence", obj=entry, after=facts)
    return evidence


@transaction.atomic
def remove_evidence(*, evidence: Evidence, by: User) -> None:
    """Take a file off an entry; the stored file stays, because the audit trail names it."""
    _check(evidence.entry, by)
    facts = {"name": evidence.attachment.name, "sha256": evidence.attachment.sha256}
    audit.record(by=by, action="entry.evidence_removed", obj=evidence.entry, before=facts)
    evidence.delete()


def _check(entry: ProgressEntry, by: User) -> None:
    """The entry is locked, so that it cannot be submitted between the check and the change."""
    current = ProgressEntry.objects.with_labels().select_for_update(of=("self",)).get(pk=entry.pk)
    if not can(by, Action.ENTER, current):
        raise NotAllowed
    if current.status not in EDITABLE:
        raise WrongStatus(_("报送后不能再改佐证，请先撤回。"))
