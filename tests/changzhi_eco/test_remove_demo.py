"""Taking the demonstration out: its files go too, and the worker may go on meanwhile."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import Error, connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from accounts.models import Message, Role
from changzhi_eco.demo.removal import remove_demo
from progress import rollups
from progress.gate import CITY_TIME
from progress.models import (
    Draw,
    EntryStatus,
    Evidence,
    IndicatorKind,
    LedgerLine,
    PendingDelta,
    ProgressEntry,
    RegionRollup,
    Series,
    SpotCheck,
    SpotCheckResult,
)
from progress.services import checks, entries
from projects.models import Attachment
from tests import factories as make

AT = datetime.datetime(2025, 4, 20, 9, tzinfo=CITY_TIME)


def demonstrators() -> make.Team:
    team = make.team(make.CITY)
    team.clerk.is_demo = True
    team.clerk.save()
    return team


def proven(series: Series, team: make.Team) -> ProgressEntry:
    """A verified entry with a file."""
    entry = make.entry(series, by=team)
    make.evidence(entry, team.clerk)
    return make.walk(entry, EntryStatus.VERIFIED, by=team)


@pytest.mark.django_db
def test_remove_demo_takes_the_attachments_and_their_files(
    settings: Settings, tmp_path: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.MEDIA_ROOT = tmp_path
    real = proven(make.series(), make.team())
    proven(make.series(), demonstrators())
    kept = real.evidence.get().attachment

    with django_capture_on_commit_callbacks(execute=True):
        remove_demo(at=AT)

    assert list(Evidence.objects.values_list("entry", flat=True)) == [real.pk]
    assert list(Attachment.objects.all()) == [kept]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [Path(kept.file.path)]


@pytest.mark.django_db
def test_file_stays_while_the_removal_may_still_be_undone(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    entry = proven(make.series(), demonstrators())
    file = Path(entry.evidence.get().attachment.file.path)

    with transaction.atomic():
        remove_demo(at=AT)
        transaction.set_rollback(True)

    assert file.exists()
    assert Attachment.objects.exists()


@pytest.mark.django_db
def test_remove_demo_takes_what_its_accounts_were_told_and_no_more() -> None:
    real = make.team()
    for team in (real, demonstrators()):
        make.entry(by=team, status=EntryStatus.RETURNED)

    remove_demo(at=AT)

    assert [message.user for message in Message.objects.all()] == [real.clerk]


@pytest.mark.django_db
def test_remove_demo_gives_the_reports_back_with_the_amounts() -> None:
    """A void by a demonstration account took the real report back; without it, the report stands again."""
    series, team = make.series(), make.team()
    entry = make.verified_entry(series, 50, by=team)
    make.correction(entry, by=demonstrators())
    ask = [rollups.Ask(series.indicator_id, make.CITY)]
    [voided] = rollups.totals(ask)

    remove_demo(at=AT)

    [total] = rollups.totals(ask)
    assert (voided.amount, voided.reports) == (Decimal(0), 0)
    assert (total.amount, total.reports, total.last_month) == (Decimal(50), 1, entry.period.month)


@pytest.mark.django_db
def test_remove_demo_mends_levels_without_a_report_of_its_own() -> None:
    series, real = make.series(make.indicator(IndicatorKind.STOCK, may_fall=True)), make.team()
    make.verified_entry(series, 85, make.period(2025, 2), by=demonstrators())
    make.verified_entry(series, 100, make.period(2025, 3), by=real)

    remove_demo(at=AT)

    assert [(line.amount, line.reports) for line in LedgerLine.objects.order_by("pk")] == [
        (Decimal(15), 1),
        (Decimal(85), 0),
    ]
    assert rollups.loose_ends() == []


@pytest.mark.django_db(transaction=True)
def test_removal_waits_for_a_drain_under_way_and_neither_blocks_the_other() -> None:
    """A worker that has begun to fold goes on folding into the very cells that the removal is to empty."""
    area, team, demo = make.indicator(), make.team(), demonstrators()
    series = make.series(area)
    make.verified_entry(make.series(area), 20, by=demo)
    real = make.entry(series, 7, status=EntryStatus.REVIEWED, by=team)
    rollups.drain()
    failures: list[Error] = []

    def remove_elsewhere() -> None:
        try:
            remove_demo(at=AT)
        except Error as failure:
            failures.append(failure)
        finally:
            connection.close()

    removal = threading.Thread(target=remove_elsewhere)
    with transaction.atomic():
        rollups.drain()
        removal.start()
        removal.join(0.5)
        assert removal.is_alive()
        entries.verify(entry=real, version=real.version, by=team.verifier, at=AT)
        rollups.drain()
    removal.join()

    assert failures == []
    assert_only_real_remains(7)


@pytest.mark.django_db(transaction=True)
def test_removal_beside_a_worker_that_never_rests() -> None:
    area, demo = make.indicator(), demonstrators()
    stop, failures = threading.Event(), list[Error]()

    def drain_all_the_time() -> None:
        try:
            while not stop.is_set():
                rollups.drain()
        except Error as failure:
            failures.append(failure)
        finally:
            connection.close()

    make.verified_entry(make.series(area), 7, by=make.team())
    worker = threading.Thread(target=drain_all_the_time)
    worker.start()
    for _round in range(5):
        for month in (1, 2, 3):
            make.verified_entry(make.series(area), 20, make.period(2025, month), by=demo)
        remove_demo(at=AT)
    stop.set()
    worker.join()

    assert failures == []
    assert_only_real_remains(7)


def assert_only_real_remains(amount: int) -> None:
    rollups.drain()
    assert rollups.audit_rollups().mismatches == ()
    assert rollups.loose_ends() == []
    assert not PendingDelta.objects.exists()
    assert RegionRollup.objects.get(region=make.CITY, reports__gt=0).amount == amount
    assert not ProgressEntry.objects.filter(is_demo=True).exists()


@pytest.mark.django_db
def test_remove_demo_takes_the_draws_of_demonstration_accounts_with_their_checks() -> None:
    make.verified_entry(by=demonstrators())
    make.verified_entry()
    shown = make.draw(make.user(Role.SUPERVISOR, is_demo=True))
    real = make.draw()
    checks.record_result(
        spot_check=shown.checks.get(),
        result=SpotCheckResult.FAULTY,
        finding="现场只有 6 亩",
        by=make.user(Role.SUPERVISOR),
        at=AT,
    )

    remove_demo(at=AT)

    assert list(Draw.objects.all()) == [real]
    assert SpotCheck.objects.get().draw == real
