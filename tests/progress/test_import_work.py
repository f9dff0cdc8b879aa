"""Long imports: done by a worker, seen while they run, taken up again when a worker died, never by two at once."""

from __future__ import annotations

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction

from accounts.models import Role
from progress import tasks
from progress.models import EntryStatus, ImportRun, ImportStatus, Period, ProgressEntry, Series
from progress.services import imports
from progress.services.imports import report, work
from tests import factories as make
from tests.progress import filled, steps
from tests.progress.filled import row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]


@pytest.fixture
def march() -> Period:
    return make.period()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch, march: Period) -> ImportRun:
    """An import of three rows that is too large to be dealt with at once."""
    monkeypatch.setattr(work, "AT_ONCE_BYTES", 100)
    monkeypatch.setattr(work, "AT_ONCE_ROWS", 2)
    return filled.receive([row(make.series(), march, value) for value in (1, 2, 3)], make.user(Role.CLERK), march)


def go_on(when: Period) -> int:
    return imports.continue_waiting(at=make.inside(when))


def test_large_import_waits_for_the_worker_at_both_steps(waiting: ImportRun, march: Period) -> None:
    assert (waiting.status, waiting.rows) == (ImportStatus.WAITING, 0)
    assert go_on(march) == 1
    waiting.refresh_from_db()
    assert (waiting.status, waiting.rows, waiting.rows_done, waiting.counts["new"]) == ("checked", 3, 3, 3)

    confirmed = filled.confirm(waiting, march)
    assert (confirmed.status, ProgressEntry.objects.count()) == ("confirmed", 0)
    assert go_on(march) == 1
    waiting.refresh_from_db()
    assert (waiting.status, ProgressEntry.objects.count(), go_on(march)) == ("saved", 3, 0)


def test_what_changed_while_it_waited_is_told_and_nothing_is_saved(waiting: ImportRun, march: Period) -> None:
    go_on(march)
    waiting.refresh_from_db()
    filled.confirm(waiting, march)
    line = waiting.lines.order_by("row")[0]
    series = Series.objects.get(pk=line.series_id or 0)
    make.entry(series, 9, march)

    go_on(march)

    waiting.refresh_from_db()
    assert (waiting.status, ProgressEntry.objects.count()) == ("checked", 1)
    assert "请重新检查" in waiting.refusal


def test_two_workers_never_take_the_same_import(waiting: ImportRun, march: Period) -> None:
    other = connections.create_connection(DEFAULT_DB_ALIAS)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [work.LOCK, waiting.pk])
        assert go_on(march) == 0
    # A worker that is killed lets go of the import with its connection.
    other.close()

    assert go_on(march) == 1


@pytest.mark.parametrize("status", [ImportStatus.CHECKING, ImportStatus.CONFIRMED])
def test_what_a_dead_worker_left_is_taken_up_again(waiting: ImportRun, march: Period, status: ImportStatus) -> None:
    if status == ImportStatus.CONFIRMED:
        go_on(march)
    ImportRun.objects.filter(pk=waiting.pk).update(status=status, attempts=1, rows_done=2)

    assert go_on(march) == 1

    waiting.refresh_from_db()
    assert waiting.status == (ImportStatus.SAVED if status == ImportStatus.CONFIRMED else ImportStatus.CHECKED)


def test_file_that_breaks_its_worker_is_given_up(waiting: ImportRun, march: Period) -> None:
    ImportRun.objects.filter(pk=waiting.pk).update(status=ImportStatus.CHECKING, attempts=work.ATTEMPTS)

    go_on(march)

    waiting.refresh_from_db()
    assert (waiting.status, go_on(march)) == (ImportStatus.REFUSED, 0)
    assert "多次处理都被中断" in waiting.refusal


def test_progress_is_seen_before_the_work_commits(waiting: ImportRun) -> None:
    with transaction.atomic(), report.reporting(waiting) as told:
        lines = list(told.counted(((number, []) for number in range(report.STEP + 1)), 12_000))
        assert connection.in_atomic_block
        seen = ImportRun.objects.get(pk=waiting.pk)
        transaction.set_rollback(True)

    assert (len(lines), seen.rows_done, seen.rows) == (report.STEP + 1, report.STEP, 12_000)
    assert ImportRun.objects.get(pk=waiting.pk).rows_done == report.STEP


def test_lost_and_repeated_tasks_do_no_harm(waiting: ImportRun) -> None:
    for _ in range(3):
        tasks.continue_imports()

    waiting.refresh_from_db()
    assert waiting.status == ImportStatus.CHECKED


def test_review_that_came_first_stops_the_import_and_the_other_way_round(march: Period) -> None:
    team = make.Team(make.user(Role.CLERK), make.user(Role.REVIEWER), make.user(Role.VERIFIER))
    entry = make.entry(None, 1, march, status=EntryStatus.RETURNED, by=team)
    run = filled.receive([row(entry.series, march, 2, version=entry.version)], team.clerk, march)
    steps.submit(entry, team.clerk)

    with pytest.raises(imports.DataChanged):
        filled.confirm(run, march)

    run.refresh_from_db()
    assert run.status == ImportStatus.CHECKED
