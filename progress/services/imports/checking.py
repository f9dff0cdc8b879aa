"""Checking an import: all faults of all rows at once, and what the sound rows would change."""

# ruff: noqa: S608 - statements are composed of this app's own literals, never of input

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db import connection, transaction
from django.db.models import Count

from accounts.bulk import copy_rows
from progress import intake
from progress.hazards import UnfitTable
from progress.models import ImportOutcome, ImportRow, ImportRun, ImportStatus
from progress.rules import HEADERS, READ, REQUIRED, RULES
from progress.services.imports import staging
from progress.services.imports.report import Report

_WRITE = f"""
INSERT INTO progress_importrow (
    run_id, row, outcome, series_id, period_id, entry_id, version, value, no_progress_reason, note, before, errors,
    typed
)
SELECT %(run)s, a.n,
    coalesce(w.outcome, CASE
        WHEN NOT a.asks THEN '{ImportOutcome.SAME}'
        WHEN a.entry_id IS NULL THEN '{ImportOutcome.NEW}'
        ELSE '{ImportOutcome.CHANGED}'
    END),
    a.series_id, a.period_id,
    -- A new entry's number is kept from now on, so that nothing need be written back when it is saved.
    CASE WHEN a.entry_id IS NOT NULL OR w.n IS NOT NULL OR NOT a.asks THEN a.entry_id
        ELSE nextval((SELECT pg_get_serial_sequence('progress_progressentry', 'id')::regclass)) END,
    a.entry_version, a.amount, left(a.no_progress_reason, 200), coalesce(a.note, a.entry_note),
    CASE WHEN a.asks AND a.entry_id IS NOT NULL THEN (
        -- The value as a text: JSON's numbers are binary fractions to most who read them.
        SELECT to_jsonb(e) || jsonb_build_object('value', e.value::text)
        FROM progress_progressentry e WHERE e.id = a.entry_id
    ) END,
    w.errors,
    CASE WHEN w.n IS NOT NULL THEN jsonb_build_object({", ".join(f"'{name}', a.{name}" for name in READ)}) END
FROM import_asked a LEFT JOIN import_worded w ON w.n = a.n
"""


@transaction.atomic
def check(*, run: ImportRun, at: datetime.datetime, report: Report | None = None) -> ImportRun:
    """Judge every row of the file and keep what it would do; a file that is no sheet makes the import refused.

    Checked again it is judged anew, for entries and gates move on.
    """
    ImportRow.objects.filter(run=run).delete()
    run.refusal, run.counts, run.rows, run.rows_done, run.attempts = "", {}, 0, 0, 0
    try:
        _judge(run, at=at, report=report)
        run.status = ImportStatus.CHECKED
    except UnfitTable as error:
        run.status, run.refusal = ImportStatus.REFUSED, str(error)
    staging.close_tables()
    run.save()
    return run


def _judge(run: ImportRun, *, at: datetime.datetime, report: Report | None) -> None:
    table = table_of(run)
    names = list(table.columns)
    staging.open_tables(run.imported_by)
    lines = table.lines(list(table.columns.values()))
    run.columns = table.letters()
    run.rows = staging.take(names, report.counted(lines, table.height) if report else lines)
    asked = staging.parameters(run, run.imported_by)
    staging.resolve(staging.OF_FILE, asked, by=run.imported_by, at=at)
    for faults in staging.faults(asked):
        copy_rows("import_worded", ("n", "outcome", "errors"), _worded(faults))
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, asked)
    found = run.lines.values_list("outcome").annotate(rows=Count("row"))
    run.counts = dict.fromkeys(ImportOutcome.values, 0) | dict(found)
    run.rows_done = run.rows


def table_of(run: ImportRun) -> intake.Table:
    """The sheet in the stored file. Raises UnfitTable."""
    headers = {name: HEADERS[name] for name in READ}
    with run.file.open("rb") as file:
        return intake.read(run.name, file.read(), headers=headers, required=REQUIRED)


def _worded(faults: Iterable[tuple[int, int, Any]]) -> Iterator[tuple[str, str, str]]:
    """The faults of each row, as the person reads them."""
    for row, found in groupby(faults, key=itemgetter(0)):
        said = [(RULES[number], fields) for _row, number, fields in found]
        is_conflict = all(rule.is_conflict for rule, _fields in said)
        errors = [{"column": rule.column, "message": rule.word(fields)} for rule, fields in said]
        outcome = ImportOutcome.CONFLICT if is_conflict else ImportOutcome.ERROR
        yield str(row), outcome, json.dumps(errors, ensure_ascii=False)
