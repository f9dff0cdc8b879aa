"""I1 to I6: a sheet from its bytes to committed entries, against the bare tables and against a form for every row."""

from __future__ import annotations

import csv
import datetime
import io
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice, product, repeat
from pathlib import Path
from typing import Any

import django
import xlsxwriter
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone

if __name__ == "__main__":
    django.setup()

from accounts.bulk import copy_rows
from accounts.models import Duty, Role, User
from benchmarks.ledger import Row
from jurisdictions.models import Region, WorkLine
from jurisdictions.services import load_regions
from progress.forms import EntryForm
from progress.models import ImportRun, Indicator, IndicatorKind, Period, Series
from progress.rules import HEADERS
from progress.services import entries, imports
from progress.services.periods import ensure_ahead
from projects.services.register import register_project

ROWS, LARGE, PEER_ROWS = 100_000, 200_000, 400
PROJECTS, INDICATORS, MONTHS = 400, 16, 36
COLUMNS = ("project", "indicator", "region", "period", "value", "no_progress_reason", "note")

Texts = tuple[str, ...]


@dataclass(frozen=True)
class World:
    """A clerk of the city, and all series for all months, open for him."""

    clerk: User
    series: list[Series]
    months: list[Period]

    def rows(self, count: int) -> Iterator[Texts]:
        """So many rows, each of another series and month."""
        slots = islice(product(self.series, self.months), count)
        for number, (series, month) in enumerate(slots):
            keys = series.project.code, series.indicator.code, series.region_id, f"{month.start_on:%Y-%m}"
            yield (*keys, f"{number % 10_000 / 4:.2f}", "", "")

    def csv(self, count: int) -> bytes:
        text = io.StringIO(newline="")
        lines = csv.writer(text)
        lines.writerow([HEADERS[name] for name in COLUMNS])
        lines.writerows(self.rows(count))
        return text.getvalue().encode("utf-8-sig")

    def xlsx(self, count: int) -> bytes:
        return _workbook(COLUMNS, ((*keys, float(value)) for *keys, value, _reason, _note in self.rows(count)))


#: Cells that no row may have; all that the others need is wrong as well.
WRONG = ("project", "indicator", "region", "period", "value", "no_progress_reason", "version")


def _workbook(columns: Sequence[str], rows: Iterable[Iterable[str | float]]) -> bytes:
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, [HEADERS[name] for name in columns])
    for number, cells in enumerate(rows, start=1):
        sheet.write_row(number, 0, cells)
    book.close()
    return file.getvalue()


def rows() -> Iterator[Row]:
    world = _build()
    bare = ROWS / _bare(world)
    peer = PEER_ROWS / _form_by_form(world)
    for name, work, goal in (
        ("I1", "CSV to drafts", "≥ 50,000 rows/s"),
        ("I2", "CSV to submitted entries", "≥ 50,000 rows/s"),
        ("I3", "XLSX to drafts", "≥ 30,000 rows/s"),
    ):
        content = world.xlsx(ROWS) if name == "I3" else world.csv(ROWS)
        file = SimpleUploadedFile(f"台账.{'xlsx' if name == 'I3' else 'csv'}", content)
        figure = ROWS / min(_imported(world, file, is_submitting=name == "I2") for _ in range(2))
        floor = f"{bare:,.0f}"
        yield Row(
            name, f"{work}, against their rows written bare", "rows/s", floor, f"{figure:,.0f}", figure / bare, goal
        )
        if name == "I1":
            floor = f"{peer:,.0f}"
            work = "CSV to drafts, against form and service row by row"
            yield Row("I4", work, "rows/s", floor, f"{figure:,.0f}", figure / peer, "≥ 100 ×")
    wrong = _workbook(WRONG, repeat("x" * len(WRONG), LARGE))
    for name, work, file in (
        ("I5", "memory of the worker, 200,000 rows", SimpleUploadedFile("台账.csv", world.csv(LARGE))),
        ("I6", "the same, all of them wrong in 7 columns", SimpleUploadedFile("台账.xlsx", wrong)),
    ):
        peak = _peak(world, file)
        yield Row(name, work, "MiB", "512", f"{peak:,.0f}", peak / 512, "≤ 512 MiB")


@transaction.atomic
def _build() -> World:
    """The rows everything refers to."""
    load_regions()
    clerk = User.objects.create(username="bench-clerk")
    Duty.objects.create(user=clerk, role=Role.CLERK, region_id="1404", valid_from=datetime.date(2000, 1, 1))
    counties = list(Region.objects.filter(level="county").order_by("code"))
    line = WorkLine.SUBSIDENCE
    measured = [
        Indicator.objects.create(code=f"bench-{n}", name="bench", unit="亩", kind=IndicatorKind.FLOW, work_line=line)
        for n in range(INDICATORS)
    ]
    projects = [
        register_project(code=f"bench-import-{n}", by=None, work_line=line, region=counties[n % len(counties)])
        for n in range(PROJECTS)
    ]
    made = [Series(project=on, indicator=what, region=on.region) for on, what in product(projects, measured)]
    ensure_ahead(on=timezone.localdate())
    Period.objects.update(
        opens_on=datetime.date(2000, 1, 1), due_on=datetime.date(2099, 1, 1), closes_on=datetime.date(2099, 1, 1)
    )
    months = list(Period.objects.filter(kind="month").order_by("start_on")[:MONTHS])
    return World(clerk, Series.objects.bulk_create(made), months)


def _imported(world: World, file: SimpleUploadedFile, *, is_submitting: bool) -> float:
    """Seconds from the bytes to the commit; the entries are taken away again."""
    at = timezone.now()
    start = time.perf_counter()
    run = imports.receive(upload=file, by=world.clerk, at=at, is_submitting=is_submitting)
    imports.continue_waiting(at=at)
    imports.confirm(run=run, by=world.clerk, at=at)
    imports.continue_waiting(at=at)
    seconds = time.perf_counter() - start
    _check(run, ROWS)
    imports.undo(run=run, by=world.clerk, at=at)
    run.file.delete(save=False)
    _vacuum()
    return seconds


def _check(run: ImportRun, count: int) -> None:
    run.refresh_from_db()
    if (run.status, run.counts["new"]) != ("saved", count):
        raise AssertionError(run.status, run.refusal, run.counts)


def _vacuum() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE progress_progressentry, progress_importrow, accounts_auditevent")


#: The least any import must write: what was asked, the entry, the event; with their keys, checks and triggers.
_BARE = {
    "progress_importrow": "INSERT INTO progress_importrow (run_id, row, outcome, no_progress_reason, note, value)"
    " SELECT 0, n, 'new', '', '', 1 FROM generate_series(1, %(count)s) n",
    "progress_progressentry": """
        INSERT INTO progress_progressentry (series_id, period_id, fact, revision, origin, status, version, value,
            no_progress_reason, note, basis, is_void, correction_reason, return_reason, is_demo, changed_at,
            entered_by_id, entered_at)
        SELECT s.id, p.id, '', 1, 'typed', 'draft', 1, 1, '', '', '', false, '', '', false, now(), %(by)s, now()
        FROM unnest(%(series)s) s (id) CROSS JOIN unnest(%(months)s) p (id) LIMIT %(count)s""",
}


def _bare(world: World) -> float:
    """Seconds to write the rows of an import without reading, judging or signing anything."""
    asked: dict[str, Any] = {
        "count": ROWS,
        "by": world.clerk.pk,
        "series": [series.pk for series in world.series],
        "months": [month.pk for month in world.months],
    }
    signed, facts = (
        "0" * 64,
        '{"is_void": false, "no_progress_reason": "", "note": "", "status": "draft", "value": "1"}',
    )
    events = [("2025-01-01", str(n), "bench", "progress.progressentry", "x", "", facts, signed) for n in range(ROWS)]
    columns = ("at", "object_id", "actor", "object_type", "action", "reason", "after", "hmac")
    start = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in _BARE.values():
            cursor.execute(statement, asked)
        copy_rows("accounts_auditevent", columns, events)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        transaction.set_rollback(True)
    seconds = time.perf_counter() - start
    _vacuum()
    return seconds


def _form_by_form(world: World) -> float:
    """Seconds for the same through the form and the service of the entry page, one row after the other."""
    start, at = time.perf_counter(), timezone.now()
    series = {(each.project.code, each.indicator.code, each.region_id): each.pk for each in world.series}
    months = {f"{month.start_on:%Y-%m}": month.pk for month in world.months}
    with transaction.atomic():
        for project, indicator, region, month, value, reason, note in world.rows(PEER_ROWS):
            to = Series.objects.select_related("project", "indicator").get(pk=series[project, indicator, region])
            period = Period.objects.prefetch_related("reopenings").get(pk=months[month])
            data = {"receipt": uuid.uuid4(), "value": value, "no_progress_reason": reason, "note": note}
            form = EntryForm(data, indicator=to.indicator)
            if not form.is_valid() or form.content.value != Decimal(value):
                raise AssertionError(form.errors)
            entries.create_draft(series=to, period=period, content=form.content, by=world.clerk, at=at)
        transaction.set_rollback(True)
    return time.perf_counter() - start


def _peak(world: World, file: SimpleUploadedFile) -> float:
    """MiB at most of a process that does a worker's part of a large import: checks it, and saves it if it may."""
    at = timezone.now()
    run = imports.receive(upload=file, by=world.clerk, at=at)
    peaks = [_work_elsewhere()]
    run.refresh_from_db()
    if run.faulty == LARGE:
        return max(peaks)
    imports.confirm(run=run, by=world.clerk, at=at)
    peaks.append(_work_elsewhere())
    _check(run, LARGE)
    return max(peaks)


def _work_elsewhere() -> float:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.imports"], cwd=settings.BASE_DIR, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    imports.continue_waiting(at=timezone.now())
    # Not getrusage: it begins with the peak of the process that this one was forked from.
    [peak] = re.findall(r"^VmHWM:\s*([0-9]+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    sys.stdout.write(str(int(peak) / 1024))
