"""Spot checks (抽查): drawing verified entries at random, and recording what looking at one again found."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import Region
from progress.models import Draw, EntryOrigin, Period, ProgressEntry, SpotCheck, SpotCheckResult
from progress.models.entries import ProgressEntryQuerySet
from progress.sampling import sample, share
from progress.services import notices
from progress.services.corrections import next_revision
from progress.services.entries import Incomplete, SamePerson, text_of, took_part


class NothingToDraw(Refused):
    """Nothing that may be checked is left there."""

    code = "nothing_to_draw"
    message = _("该范围内没有可抽取的填报：只抽取人工填报、已核定、现行有效且未被抽查过的。")


class AlreadyChecked(Refused):
    """A result is final."""

    code = "already_checked"
    message = _("这条抽查已有结果，不能更改。")


class TookPart(SamePerson):
    """Who entered, submitted, reviewed or verified an entry, or stands in for one who did, does not check it."""

    message = _("您（或您代理的人）参与过这条填报，不能核查，请由他人办理。")


def drawable(by: User) -> ProgressEntryQuerySet:
    """What a person may draw from: typed entries that stand verified and were never drawn.

    Of demonstration data a demonstration account draws, and no other, so that it can be taken out without a trace.
    """
    standing = ProgressEntry.objects.in_scope(by, Action.CHECK).standing()
    return standing.filter(origin=EntryOrigin.TYPED, is_demo=by.is_demo, spot_check=None)


def drawable_periods(by: User) -> QuerySet[Period]:
    """The periods with something to draw, the latest first."""
    here = drawable(by).filter(period=OuterRef("pk"))
    return Period.objects.filter(Exists(here)).order_by("-end_on", "kind")


@transaction.atomic
def draw(
    *,
    period: Period,
    region: Region,
    work_line: str,
    number: int,
    is_percent: bool = False,
    seed: str,
    by: User,
    at: datetime.datetime,
) -> Draw:
    """Draw a number, or a percentage rounded up, of a period's entries in the region on the line.

    What was drawn once is not drawn again, so drawing until the sample pleases leads nowhere. Raises NothingToDraw.
    """
    drawn = Draw(period=period, region=region, work_line=work_line, seed=seed, drawn_by=by, drawn_at=at)
    if not can(by, Action.CHECK, drawn):
        raise NotAllowed(_("您没有该地区此工作线的督查职责。"))
    # Two draws at once would take the same entries.
    Period.objects.select_for_update(no_key=True).get(pk=period.pk)
    there = drawable(by).filter(period=period, series__region__code__startswith=region.pk)
    there = there.filter(series__project__work_line=work_line)
    drawn.candidates = list(there.order_by("pk").values_list("pk", flat=True))
    chosen = sample(seed, drawn.candidates, share(number, len(drawn.candidates)) if is_percent else number)
    if not chosen:
        raise NothingToDraw
    drawn.size = len(chosen)
    drawn.save(force_insert=True)
    SpotCheck.objects.bulk_create(SpotCheck(draw=drawn, entry_id=entry) for entry in chosen)
    facts = {"scope": str(drawn), "candidates": len(drawn.candidates), "seed": seed, "entries": chosen}
    audit.record(by=by, action="check.draw", obj=drawn, after=facts)
    return drawn


@transaction.atomic
def record_result(
    *, spot_check: SpotCheck, result: str, finding: str = "", by: User, at: datetime.datetime
) -> SpotCheck:
    """Confirm the entry, or call it faulty and open its correction with the finding as the reason.

    Raises AlreadyChecked, TookPart, Incomplete.
    """
    checks = SpotCheck.objects.select_related("entry__series__project", "entry__series__indicator")
    found = checks.select_for_update(of=("self",)).get(pk=spot_check.pk)
    entry = found.entry
    if not can(by, Action.CHECK, entry):
        raise NotAllowed
    if found.result:
        raise AlreadyChecked
    if took_part(by, entry.entered_by_id, entry.submitted_by_id, entry.reviewed_by_id, entry.verified_by_id):
        raise TookPart
    found.finding = text_of(finding, field="finding")
    found.result, found.checked_by, found.checked_at = result, by, at
    if result == SpotCheckResult.FAULTY:
        if not found.finding:
            raise Incomplete(_("不实的，必须写明核查情况。"), field="finding")
        found.correction = _correction(entry, by=by, at=at, reason=found.finding)
        notices.tell_faulty(check=found, correction=found.correction, at=at)
    found.save()
    audit.record(by=by, action=f"entry.{result}", obj=entry, reason=found.finding)
    return found


def _correction(entry: ProgressEntry, *, by: User, at: datetime.datetime, reason: str) -> ProgressEntry:
    """The next revision: the one that somebody opened since the draw, or a new one."""
    revisions = ProgressEntry.objects.filter(series=entry.series_id, period=entry.period_id, fact=entry.fact)
    # Locked, for its clerk may be deleting it: then there is none, and a new one is opened.
    following = revisions.filter(revision=entry.revision + 1).select_for_update().first()
    return following or next_revision(entry=entry, by=by, at=at, reason=reason)
