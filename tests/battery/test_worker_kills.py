"""kill -9 of the worker in the middle of a burst: nothing lost, nothing doubled, every read exact meanwhile."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import Sum

from progress import rollups
from progress.models import EntryStatus, Indicator, IndicatorKind, LedgerLine, PendingDelta, ProgressEntry
from progress.services import entries
from tests import factories as make
from tests import live

KILLS = min(int(os.environ.get("BATTERY_ROUNDS", "2")), 30)
ENTRIES = 100 * KILLS
MONTHS = 25
PLACES = ("1404", "140404", "140423", "140404202", "140423100")

pytestmark = [pytest.mark.battery, pytest.mark.django_db(transaction=True)]


def test_worker_killed_in_a_burst_loses_and_doubles_nothing(tmp_path: Path) -> None:
    flow, stock = make.indicator(), make.indicator(IndicatorKind.STOCK)
    team = make.team(make.CITY)
    reviewed = reviewed_entries([flow, stock], team)
    expected = {flow: sum_of_values(reviewed, flow), stock: sum_of_last_values(reviewed, stock)}

    with reader([flow, stock]) as reads:
        verify_under_fire(reviewed, team, tmp_path)

    assert reads.wrong == []
    assert reads.count > KILLS
    assert LedgerLine.objects.values("entry").distinct().count() == ENTRIES
    for indicator, total in expected.items():
        assert rollups.totals([rollups.Ask(indicator.pk, region=make.CITY)])[0].amount == total
    assert rollups.audit_rollups().mismatches == ()


def reviewed_entries(indicators: list[Indicator], team: make.Team) -> list[ProgressEntry]:
    """One reviewed entry for each of MONTHS periods of as many series as it takes, in random order."""
    series = [
        make.series(indicators[number % 2], region_code=PLACES[3 + number // 2 % 2])
        for number in range(ENTRIES // MONTHS)
    ]
    periods = [make.period(2023 + number // 12, number % 12 + 1) for number in range(MONTHS)]
    found = [
        make.entry(one, 10 * number + 7, period, status=EntryStatus.REVIEWED, by=team)
        for one in series
        for number, period in enumerate(periods)
    ]
    random.Random(7).shuffle(found)  # noqa: S311 - the order of a test, no secret
    return found


def sum_of_values(found: list[ProgressEntry], indicator: Indicator) -> Decimal:
    return sum((entry.value or Decimal(0) for entry in found if entry.series.indicator == indicator), Decimal(0))


def sum_of_last_values(found: list[ProgressEntry], indicator: Indicator) -> Decimal:
    last = {entry.series_id: entry for entry in sorted(found, key=lambda entry: entry.period.end_on)}
    return sum_of_values(list(last.values()), indicator)


def verify_all(found: list[ProgressEntry], team: make.Team) -> None:
    """Two verifiers at once, each with half of the entries."""
    verifiers = [threading.Thread(target=verify_each, args=(found[half::2], team)) for half in range(2)]
    for verifier in verifiers:
        verifier.start()
    for verifier in verifiers:
        verifier.join()


def verify_each(found: list[ProgressEntry], team: make.Team) -> None:
    try:
        for entry in found:
            entries.verify(entry=entry, version=entry.version, by=team.verifier, at=make.inside(entry.period))
    finally:
        connection.close()


def verify_under_fire(reviewed: list[ProgressEntry], team: make.Team, folder: Path) -> None:
    """Verify everything while the worker is killed once in the middle of every hundred, then let one live."""
    worker = live.worker(folder)
    worker.start()
    moment = random.Random(11)  # noqa: S311 - moments of a test, no secret
    try:
        for kill_number in range(KILLS):
            live.await_start(worker, number=kill_number + 1)
            killer = threading.Timer(moment.uniform(0, 0.5), live.kill, [worker])
            killer.start()
            verify_all(reviewed[kill_number::KILLS], team)
            killer.join()
            worker.start()
        live.wait_until(lambda: not PendingDelta.objects.exists())
    finally:
        worker.stop()


class Reads:
    """How often the figures were read, and the reads at which cells + marks were not the ledger."""

    def __init__(self) -> None:
        self.count = 0
        self.wrong: list[tuple[Decimal, Decimal]] = []


@contextmanager
def reader(indicators: list[Indicator]) -> Iterator[Reads]:
    """Compare, over and over in one snapshot, every region's total with the ledger's own sum."""
    reads, stop = Reads(), threading.Event()

    def keep_reading() -> None:
        asks = [rollups.Ask(indicator.pk, region=code) for indicator in indicators for code in PLACES]
        while not stop.wait(0.02):
            with rollups.snapshot():
                shown = [total.amount for total in rollups.totals(asks)]
                posted = [in_ledger(ask) for ask in asks]
            reads.count += 1
            reads.wrong += [pair for pair in zip(shown, posted, strict=True) if pair[0] != pair[1]]
        connection.close()

    thread = threading.Thread(target=keep_reading)
    thread.start()
    try:
        yield reads
    finally:
        stop.set()
        thread.join()


def in_ledger(ask: rollups.Ask) -> Decimal:
    lines = LedgerLine.objects.filter(indicator_id=ask.indicator, region_code__startswith=ask.region or "")
    return lines.aggregate(total=Sum("amount"))["total"] or Decimal(0)
