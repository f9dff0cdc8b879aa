"""Posting a verified entry to the ledger: the one place ledger lines come from."""

from __future__ import annotations

import datetime
import logging
import time
from dataclasses import dataclass
from decimal import Decimal

from celery import current_app
from django.db import transaction
from django.db.models import Max, Q, Sum
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError

from accounts.refusals import Refused
from progress import display
from progress.models import EntryStatus, Indicator, IndicatorKind, LedgerLine, Period, ProgressEntry, Series
from progress.models.entries import ProgressEntryQuerySet
from progress.rules import SENTENCES

log = logging.getLogger(__name__)

ZERO = Decimal(0)


class MixedPeriods(Refused):
    """Levels are ordered by the end of their period, so those of one series come from periods of one kind."""

    code = "mixed_periods"
    message = _("期末水平只能按填报项自己的频次记载。")


class LevelOutOfOrder(Refused):
    """A level that may not fall would stand below the one before it or above the one after it."""

    code = "level_out_of_order"


def post(*, entry: ProgressEntry, at: datetime.datetime) -> list[LedgerLine]:
    """Post what verifying the entry changes; the caller has saved it as verified in the same transaction.

    The series is locked first and read after, in statements of their own: READ COMMITTED takes a statement's snapshot
    before it waits. Raises LevelOutOfOrder, MixedPeriods.
    """
    series = lock_series(series_id=entry.series_id)
    is_stock = series.indicator.kind == IndicatorKind.STOCK
    if is_stock and entry.period.kind != series.frequency:
        raise MixedPeriods(field="period")
    postings = _stock_postings(entry, series.indicator) if is_stock else _flow_postings(entry)
    return LedgerLine.objects.bulk_create(
        LedgerLine(
            series=series,
            entry=entry,
            project_id=series.project_id,
            indicator_id=series.indicator_id,
            region_code=series.region_id,
            month=posting.period.month,
            ends=posting.period.end_on,
            amount=posting.amount,
            reports=posting.reports,
            posted_at=at,
        )
        for posting in postings
    )


@dataclass(frozen=True)
class Posting:
    """One line to be: 1 report for what is stated, −1 for what is taken back, 0 for what keeps a later level."""

    period: Period
    amount: Decimal
    reports: int


def lock_series(*, series_id: int) -> Series:
    """The series, locked against others who post to it; FOR NO KEY UPDATE lets drafts refer to it meanwhile."""
    locked = Series.objects.select_for_update(no_key=True, of=("self",))
    return locked.select_related("indicator").get(pk=series_id)


def _flow_postings(entry: ProgressEntry) -> list[Posting]:
    """The increment; of a correction, what stood reversed and, unless void, the new increment."""
    stood = stood_before(entry)
    postings = [Posting(entry.period, -(stood.value or ZERO), -_reports(stood))] if stood else []
    if not entry.is_void:
        postings.append(Posting(entry.period, entry.value or ZERO, 1))
    return postings


def _stock_postings(entry: ProgressEntry, indicator: Indicator) -> list[Posting]:
    """The steps that make Σ up to the period the new level and leave every later level as it stands.

    “No progress” and void give the level before the period; neither is a level that later reports are held against.
    """
    below = level_before(series_id=entry.series_id, period=entry.period)
    level = below if entry.value is None else entry.value
    stands = _level(Q(series_id=entry.series_id, ends__lte=entry.period.end_on))
    following = next_level(entry=entry)
    check_level(value=entry.value, indicator=indicator, below=below, above=following.value if following else None)
    stood = stood_before(entry)
    postings = [Posting(entry.period, below - stands, -_reports(stood))] if stood else []
    if not entry.is_void:
        postings.append(Posting(entry.period, level - (below if stood else stands), 1))
    if following and level != stands:
        postings.append(Posting(following.period, stands - level, 0))
    return postings


def stood_before(entry: ProgressEntry) -> ProgressEntry | None:
    """What a correction replaces: the highest verified revision below it."""
    lower = _verified(entry).filter(period=entry.period, fact=entry.fact, revision__lt=entry.revision)
    return lower.order_by("-revision").first()


def _reports(stood: ProgressEntry) -> int:
    return 0 if stood.is_void else 1


def level_before(*, series_id: int, period: Period) -> Decimal:
    """Σ lines of the series over the periods that ended before this one."""
    return _level(Q(series_id=series_id, ends__lt=period.end_on))


def _level(lines: Q) -> Decimal:
    return LedgerLine.objects.filter(lines).aggregate(level=Sum("amount"))["level"] or ZERO


def relevel(*, series_id: int, at: datetime.datetime) -> list[LedgerLine]:
    """Post what the lines of a stock series lack of the levels that stand: wanted − posted, at each period with lines.

    Only taking demonstration entries out from among others makes such a gap.
    """
    series = lock_series(series_id=series_id)
    entries = ProgressEntry.objects.filter(series=series).standing().filter(value__isnull=False)
    levels = entries.order_by("period__end_on").values_list("period__end_on", "value")
    posted = LedgerLine.objects.filter(series=series).order_by("ends").values("ends")
    total, missing = ZERO, []
    for found in posted.annotate(amount=Sum("amount"), last=Max("id")):
        total += found["amount"]
        wanted = next((value for ends, value in reversed(levels) if ends <= found["ends"]), ZERO) or ZERO
        if wanted != total:
            line = LedgerLine.objects.get(pk=found["last"])
            line.pk, line.amount, line.reports, line.posted_at = None, wanted - total, 0, at
            missing.append(line)
            total = wanted
    return LedgerLine.objects.bulk_create(missing)


def next_level(*, entry: ProgressEntry) -> ProgressEntry | None:
    """The first later period at which a level of the series stands verified."""
    later = _verified(entry).standing().filter(value__isnull=False, period__end_on__gt=entry.period.end_on)
    return later.order_by("period__end_on", "period__start_on").first()


def _verified(entry: ProgressEntry) -> ProgressEntryQuerySet:
    return ProgressEntry.objects.filter(series=entry.series_id, status=EntryStatus.VERIFIED).select_related("period")


def check_level(*, value: Decimal | None, indicator: Indicator, below: Decimal, above: Decimal | None) -> None:
    """Refuse a level outside its neighbours where the indicator may not fall. Raises LevelOutOfOrder."""
    if value is None or indicator.may_fall or indicator.kind != IndicatorKind.STOCK:
        return
    if value < below:
        raise LevelOutOfOrder(SENTENCES["below"] % _said(indicator, below), field="value")
    if above is not None and value > above:
        raise LevelOutOfOrder(SENTENCES["above"] % _said(indicator, above), field="value")


def _said(indicator: Indicator, level: Decimal) -> dict[str, str]:
    return {
        "name": indicator.name,
        "unit": indicator.unit,
        "level": display.quantity(level, indicator.decimals),
    }


#: Seconds a process waits after a broker failure before it tries to nudge again.
NUDGE_PAUSE = 30.0
_silent_until = 0.0


def nudge_after_commit(task: str = "progress.drain_rollups") -> None:
    """Wake a worker once what it is to do is committed; only a hint, because beat asks every 15 s anyway."""
    transaction.on_commit(lambda: _nudge(task), robust=True)


def _nudge(task: str) -> None:
    global _silent_until
    if time.monotonic() < _silent_until:
        return
    try:
        current_app.send_task(task, retry=False)
    except (OperationalError, OSError) as error:
        _silent_until = time.monotonic() + NUDGE_PAUSE
        log.warning("broker unreachable, nothing is lost and beat will see to it: %s", error)
