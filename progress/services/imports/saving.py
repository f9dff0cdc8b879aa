"""Saving a checked import: all its rows in one transaction, or none."""

# ruff: noqa: S608 - statements are composed of this app's own literals, never of input

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.audit import Facts, Told
from accounts.models import User
from accounts.refusals import Refused
from progress.models import EntryOrigin, EntryStatus, ImportOutcome, ImportRun, ImportStatus, ProgressEntry
from progress.services.imports import staging
from progress.services.imports.report import Report

#: Rows written by one statement and signed together: so many lie in memory, and so often progress is told.
BATCH = 20_000
#: Key of the advisory lock of the one import that is being written.
SAVE_LOCK = 140_400_04


class DataChanged(Refused):
    """What stands has moved on since the import was checked."""

    code = "data_changed"
    message = _("检查之后数据已变化，什么都没有写入，请重新检查。")


#: Held until the end, so that nobody changes what the rules are about to judge; in order, against deadlock.
_LOCK = f"""
SELECT e.id FROM progress_progressentry e JOIN progress_importrow line ON line.entry_id = e.id
WHERE line.run_id = %s AND line.outcome = '{ImportOutcome.CHANGED}' ORDER BY e.id FOR UPDATE OF e
"""
_INSERT = f"""
INSERT INTO progress_progressentry (
    id, series_id, period_id, fact, revision, origin, status, version, value, no_progress_reason, note, basis, is_void,
    correction_reason, return_reason, is_demo, changed_at, entered_by_id, entered_at, submitted_by_id, submitted_at
)
SELECT line.entry_id, line.series_id, line.period_id, '', 1, '{EntryOrigin.TYPED}', %(status)s, 1, line.value,
    line.no_progress_reason, line.note, '', false, '', '',
    %(is_demo)s OR line.series_id IN (SELECT id FROM progress_series WHERE is_demo), %(at)s, %(by)s, %(at)s,
    CASE WHEN %(is_submitting)s THEN %(by)s END, CASE WHEN %(is_submitting)s THEN %(at)s::timestamptz END
FROM progress_importrow line
WHERE line.run_id = %(run)s AND line.row BETWEEN %(first)s AND %(last)s AND line.outcome = '{ImportOutcome.NEW}'
"""
#: Whoever last set the figure is the one who may not review it; a changed note changes nothing in that.
_UPDATE = f"""
UPDATE progress_progressentry e SET
    value = line.value, no_progress_reason = line.no_progress_reason, note = line.note, version = e.version + 1,
    changed_at = %(at)s, is_demo = e.is_demo OR %(is_demo)s,
    entered_by_id = CASE WHEN figure.is_same THEN e.entered_by_id ELSE %(by)s END,
    entered_at = CASE WHEN figure.is_same THEN e.entered_at ELSE %(at)s END,
    status = CASE WHEN %(is_submitting)s THEN '{EntryStatus.SUBMITTED}' ELSE e.status END,
    submitted_by_id = CASE WHEN %(is_submitting)s THEN %(by)s ELSE e.submitted_by_id END,
    submitted_at = CASE WHEN %(is_submitting)s THEN %(at)s ELSE e.submitted_at END,
    returned_by_id = CASE WHEN NOT %(is_submitting)s THEN e.returned_by_id END,
    returned_at = CASE WHEN NOT %(is_submitting)s THEN e.returned_at END,
    return_reason = CASE WHEN %(is_submitting)s THEN '' ELSE e.return_reason END
FROM progress_importrow line
JOIN LATERAL (
    SELECT was.value IS NOT DISTINCT FROM line.value AND was.no_progress_reason = line.no_progress_reason AS is_same
    FROM progress_progressentry was WHERE was.id = line.entry_id
) figure ON true
WHERE line.run_id = %(run)s AND line.row BETWEEN %(first)s AND %(last)s AND line.outcome = '{ImportOutcome.CHANGED}'
AND e.id = line.entry_id AND e.version = line.version AND e.status IN ('draft', 'returned')
"""
_WRITTEN = """
SELECT entry_id, value::text, no_progress_reason, note, coalesce(version, 0) + 1, before FROM progress_importrow
WHERE run_id = %(run)s AND row BETWEEN %(first)s AND %(last)s AND outcome IN ('new', 'changed') ORDER BY row
"""


@transaction.atomic
def save(*, run: ImportRun, at: datetime.datetime, report: Report | None = None) -> ImportRun:
    """Write the rows of a confirmed import, judged once more under locks. Raises DataChanged."""
    by = run.imported_by
    with connection.cursor() as cursor:
        # One import writes at a time: two with the same new rows in another order would wait for each other.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SAVE_LOCK])
        cursor.execute(_LOCK, [run.pk])
    _judge_again(run, by=by, at=at)
    written = 0
    for first in range(1, _last_row(run) + 1, BATCH):
        written += _write(run, first, first + BATCH - 1, by=by, at=at)
        if report:
            report.tell(written, run.rows)
    run.status, run.saved_at, run.refusal, run.rows_done = ImportStatus.SAVED, at, "", run.rows
    run.save()
    facts = {"name": run.name, "sha256": run.sha256, **run.counts}
    audit.record(by=by, action="import.save", obj=run, after=facts)
    return run


def _judge_again(run: ImportRun, *, by: User, at: datetime.datetime) -> None:
    """Hold the rows that are to be written against the rules and against what was previewed. Raises DataChanged."""
    staging.open_tables(by)
    asked = staging.parameters(run, by)
    staging.resolve(staging.OF_RUN, asked, by=by, at=at)
    found = staging.counts(asked)
    staging.close_tables()
    if found != (0, run.counts[ImportOutcome.NEW], run.counts[ImportOutcome.CHANGED]):
        raise DataChanged


def _last_row(run: ImportRun) -> int:
    return int(run.lines.aggregate(last=Max("row"))["last"] or 0)


def _write(run: ImportRun, first: int, last: int, *, by: User, at: datetime.datetime) -> int:
    """Write the rows from the first number to the last, with an audit event for each; returns how many."""
    asked: dict[str, Any] = {
        "run": run.pk,
        "first": first,
        "last": last,
        "by": by.pk,
        "at": at,
        "is_demo": by.is_demo,
        "is_submitting": run.is_submitting,
        "status": EntryStatus.SUBMITTED if run.is_submitting else EntryStatus.DRAFT,
    }
    with connection.cursor() as cursor:
        try:
            cursor.execute(_INSERT, asked)
        except IntegrityError as error:
            raise DataChanged from error
        written = int(cursor.rowcount)
        cursor.execute(_UPDATE, asked)
        written += int(cursor.rowcount)
        cursor.execute(_WRITTEN, asked)
        rows = cursor.fetchall()
    if len(rows) != written:
        raise DataChanged
    told = _told(rows, is_submitting=run.is_submitting)
    audit.record_many(by=by, action="entry.import", model=ProgressEntry, told=told, reason=run.name)
    return written


def _told(rows: Iterable[tuple[Any, ...]], *, is_submitting: bool) -> Iterator[Told]:
    for number, value, reason, note, version, before in rows:
        was = facts_of(json.loads(before)) if before else None
        status = EntryStatus.SUBMITTED if is_submitting else was["status"] if was else EntryStatus.DRAFT
        yield number, was, facts(str(status), version, value, reason, note)


def facts(status: str, version: int, value: str | None, reason: str, note: str) -> Facts:
    """What ProgressEntry.audit_facts gives of such an entry, as JSON keeps it."""
    return {
        "status": status,
        "version": version,
        "value": value,
        "no_progress_reason": reason,
        "note": note,
        "is_void": False,
    }


def facts_of(before: Facts) -> Facts:
    """The same of what a row replaced."""
    return {name: before[name] for name in facts("", 0, None, "", "")}
