"""Taking the demonstration out again: exactly its rows, with every figure as if it had never been."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import QuerySet

from accounts import audit
from accounts.models import Message, User
from changzhi_eco.demo.land_removal import remove_land, remove_mines
from progress import rollups
from progress.models import (
    Draw,
    Evidence,
    IndicatorKind,
    LedgerLine,
    PlanPoint,
    ProgressEntry,
    Series,
    SpotCheck,
    Target,
    TargetVersion,
)
from progress.services import posting
from projects.models import Project, Subject
from projects.services import attachments


def remove_demo(*, at: datetime.datetime) -> int:
    """Delete all demonstration data, of `load_demo` and of demonstration accounts; returns the number of entries.

    Needs the owner's role: the application's may not delete from the ledger. The audit trail keeps what was done.
    """
    with transaction.atomic():
        # Drains wait meanwhile: this one folds and drops cells in the same transaction.
        rollups.hold_folding()
        entries = ProgressEntry.objects.filter(is_demo=True)
        count = entries.count()
        if count:
            audit.record(by=None, action="demo.remove", obj=entries[0], before={"entries": count})
        remove_land(at=at)
        remove_entries(entries, at)
        PlanPoint.objects.filter(version__is_demo=True).delete()
        TargetVersion.objects.filter(is_demo=True).delete()
        # The cells of a demonstration project refer to it until they are folded to nothing and dropped.
        rollups.drain()
        rollups.drop_empty()
        remove_register()
        # What demonstration accounts were told of leads to entries that are gone.
        Message.objects.filter(user__is_demo=True).delete()
    return count


def remove_entries(entries: QuerySet[ProgressEntry], at: datetime.datetime) -> None:
    """Lines first: the trigger lets one go only while its entry says that it is demonstration."""
    kept = Series.objects.filter(is_demo=False, indicator__kind=IndicatorKind.STOCK, entries__in=entries)
    levels = sorted(set(kept.values_list("pk", flat=True)))
    LedgerLine.objects.filter(entry__is_demo=True).delete()
    SpotCheck.objects.filter(entry__is_demo=True).delete()
    Draw.objects.filter(checks=None).delete()
    remove_evidence(Evidence.objects.filter(entry__is_demo=True))
    entries.delete()
    for series in levels:
        posting.relevel(series_id=series, at=at)


def remove_evidence(evidence: QuerySet[Evidence]) -> None:
    """The evidence with its attachments, rows and files; whoever uploads makes an attachment of his own."""
    found = list(evidence.select_related("attachment"))
    evidence.delete()
    for each in found:
        attachments.discard(each.attachment)


def remove_register() -> None:
    """The demonstration's series, projects and the people who cannot sign in; accounts that can are left alone."""
    Series.objects.filter(is_demo=True).delete()
    Target.objects.filter(project__is_demo=True).delete()
    remove_mines()
    projects = Project.objects.filter(is_demo=True)
    subjects = list(projects.values_list("subject", flat=True))
    projects.delete()
    Subject.objects.filter(pk__in=subjects).delete()
    User.objects.filter(is_demo=True, is_active=False, username__startswith="demo-data-").delete()
