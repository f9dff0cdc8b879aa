"""kill -9 of the worker while it checks and saves an import: saved once and whole, whenever the kill comes."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest
from django.utils import timezone

from accounts import audit
from accounts.models import AuditEvent, Role
from progress.models import ImportRun, ImportStatus, Indicator, ProgressEntry, Series
from progress.services import imports
from progress.services.imports import work
from tests import factories as make
from tests import live
from tests.progress import filled

KILLS = min(int(os.environ.get("BATTERY_ROUNDS", "2")), 30)
#: Enough for a step to take some tenths of a second, and for the worker to have to do it.
ROWS = 12_000

pytestmark = [pytest.mark.battery, pytest.mark.django_db(transaction=True)]


def test_worker_killed_at_any_moment_leaves_all_or_nothing(tmp_path: Path) -> None:
    assert ROWS > work.AT_ONCE_ROWS
    today = timezone.localdate()
    month, clerk = make.period(today.year, today.month), make.user(Role.CLERK)
    project = make.project()
    measured = Indicator.objects.bulk_create(
        Indicator(code=f"many-{number}", name="指标", unit="亩", kind="flow", work_line="subsidence")
        for number in range(ROWS)
    )
    series = Series.objects.bulk_create(
        Series(project=project, indicator=indicator, region=project.region) for indicator in measured
    )
    content = filled.as_csv([filled.row(each, month, 1.5) for each in series])
    moment, worker = random.Random(5), live.worker(tmp_path)  # noqa: S311 - moments of a test, no secret
    worker.start()
    try:
        run = imports.receive(upload=filled.upload(content, "台账.csv"), by=clerk, at=timezone.now())
        for number in range(KILLS):
            live.await_start(worker, number=number + 1)
            time.sleep(moment.uniform(0, 1))
            live.kill(worker)
            assert ProgressEntry.objects.count() in (0, ROWS)
            run = next_step(run)
            worker.start()
        while run.status != ImportStatus.SAVED:
            run = next_step(run)
            time.sleep(0.1)
    finally:
        worker.stop()

    assert ProgressEntry.objects.count() == ROWS
    assert AuditEvent.objects.filter(action="entry.import").count() == ROWS
    audit.seal()
    assert audit.verify().first_broken is None


def next_step(run: ImportRun) -> ImportRun:
    """The import as it is now, confirmed once it is checked; an attempt more or less is none of the test's."""
    run = ImportRun.objects.get(pk=run.pk)
    ImportRun.objects.filter(pk=run.pk).update(attempts=0)
    if run.status == ImportStatus.CHECKED:
        return imports.confirm(run=run, by=run.imported_by, at=timezone.now())
    return run
