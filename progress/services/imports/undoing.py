"""Undoing a saved import, once, while nobody has gone on with what it wrote."""

# ruff: noqa: S608 - statements are composed of this app's own literals, never of input

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db import connection, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.audit import Told
from accounts.models import User
from accounts.refusals import NotAllowed, Refused
from progress.models import EntryStatus, ImportOutcome, ImportRun, ImportStatus, ProgressEntry
from progress.services.imports import staging
from progress.services.imports.saving import facts, facts_of


class CannotUndo(Refused):
    """Somebody has gone on with what the import wrote; the message says with how many rows, and how."""

    code = "cannot_undo"


_ENTRIES = "progress_importrow line LEFT JOIN progress_progressentry e ON e.id = line.entry_id"
_OF_RUN = f"line.run_id = %(run)s AND line.outcome IN ('{ImportOutcome.NEW}', '{ImportOutcome.CHANGED}')"
_LOCK = f"""
SELECT e.id FROM progress_progressentry e JOIN progress_importrow line ON line.entry_id = e.id
WHERE {_OF_RUN} ORDER BY e.id FOR UPDATE OF e
"""
_STATES = f"""
SELECT count(*) FILTER (WHERE e.status IN ('reviewed', 'verified')),
    count(*) FILTER (WHERE e.status NOT IN ('reviewed', 'verified') AND e.version <> coalesce(line.version, 0) + 1),
    count(*) FILTER (WHERE e.id IS NULL),
    count(*) FILTER (WHERE line.outcome = 'new' AND EXISTS (SELECT FROM progress_evidence WHERE entry_id = e.id)),
    count(*) FILTER (WHERE line.series_id NOT IN (SELECT series_id FROM import_mine))
FROM {_ENTRIES} WHERE {_OF_RUN}
"""
_GATES = f"""
SELECT DISTINCT series.region_id, project.work_line, line.period_id, e.returned_at
FROM {_ENTRIES} JOIN progress_series series ON series.id = line.series_id
JOIN projects_project project ON project.id = series.project_id
WHERE {_OF_RUN} AND (e.status = 'submitted' OR line.outcome = '{ImportOutcome.CHANGED}') AND e.revision = 1
"""
_WRITTEN = f"""
SELECT e.id, e.status, e.version, e.value::text, e.no_progress_reason, e.note, line.before
FROM {_ENTRIES} WHERE {_OF_RUN} ORDER BY line.row
"""
#: Only a draft may be deleted, so what was submitted is withdrawn first.
_WITHDRAW = f"""
UPDATE progress_progressentry e SET status = '{EntryStatus.DRAFT}', submitted_by_id = NULL, submitted_at = NULL
FROM progress_importrow line
WHERE {_OF_RUN} AND line.outcome = '{ImportOutcome.NEW}' AND e.id = line.entry_id AND e.status = 'submitted'
"""
_DELETE = f"""
DELETE FROM progress_progressentry e USING progress_importrow line
WHERE {_OF_RUN} AND line.outcome = '{ImportOutcome.NEW}' AND e.id = line.entry_id
"""
_RESTORE = f"""
UPDATE progress_progressentry e SET
    (value, no_progress_reason, note, status, is_demo, entered_by_id, entered_at, submitted_by_id, submitted_at,
        returned_by_id, returned_at, return_reason)
    = (was.value, was.no_progress_reason, was.note, was.status, was.is_demo, was.entered_by_id, was.entered_at,
        was.submitted_by_id, was.submitted_at, was.returned_by_id, was.returned_at, was.return_reason),
    version = e.version + 1, changed_at = %(at)s
FROM progress_importrow line, LATERAL jsonb_populate_record(NULL::progress_progressentry, line.before) was
WHERE {_OF_RUN} AND line.outcome = '{ImportOutcome.CHANGED}' AND e.id = line.entry_id
"""


@transaction.atomic
def undo(*, run: ImportRun, by: User, at: datetime.datetime) -> ImportRun:
    """Delete what the import made and restore what it changed. Raises NotAllowed, CannotUndo."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.imported_by_id != by.pk:
        raise NotAllowed
    if run.status != ImportStatus.SAVED:
        raise CannotUndo(_("只有已导入且未撤销的批次可以撤销。"))
    asked: dict[str, Any] = {"run": run.pk, "at": at}
    staging.open_tables(by)
    with connection.cursor() as cursor:
        # Right after a large import the planner knows nothing of its rows yet, and would compare each with each.
        cursor.execute("SET LOCAL enable_nestloop = off")
        cursor.execute(_LOCK, asked)
        _check(cursor, asked, by=by, at=at)
        cursor.execute(_WRITTEN, asked)
        audit.record_many(
            by=by, action="entry.import_undone", model=ProgressEntry, told=_told(cursor.fetchall()), reason=run.name
        )
        for statement in (_WITHDRAW, _DELETE, _RESTORE):
            cursor.execute(statement, asked)
    staging.close_tables()
    run.status, run.undone_at = ImportStatus.UNDONE, at
    run.save(update_fields=["status", "undone_at"])
    audit.record(by=by, action="import.undo", obj=run, before={"name": run.name, **run.counts})
    return run


_OBSTACLES: tuple[str | Promise, ...] = (
    _("其中 %(count)d 条已审核或核定，不能整批撤销；请逐条联系审核人退回。"),
    _("其中 %(count)d 条导入后又被修改、撤回或退回，不能整批撤销；请逐条处理。"),
    _("其中 %(count)d 条已被删除，不能整批撤销；请逐条处理。"),
    _("其中 %(count)d 条已添加佐证，不能整批撤销；请先移除佐证，或逐条处理。"),
    _("其中 %(count)d 条已不归您填报，不能撤销。"),
)


def _check(cursor: Any, asked: dict[str, Any], *, by: User, at: datetime.datetime) -> None:
    """Whether nothing stands in the way; what was reported or changed goes back only while its gate is open."""
    cursor.execute(_STATES, asked)
    for count, obstacle in zip(cursor.fetchone(), _OBSTACLES, strict=True):
        if count:
            raise CannotUndo(str(obstacle) % {"count": count})
    cursor.execute(_GATES, asked)
    for *_slot, reason in staging.closed(cursor.fetchall(), by=by, at=at):
        raise CannotUndo(reason)


def _told(rows: Iterable[tuple[Any, ...]]) -> Iterator[Told]:
    for number, status, version, value, reason, note, before in rows:
        restored = {**facts_of(json.loads(before)), "version": version + 1} if before else None
        yield number, facts(status, version, value, reason, note), restored
