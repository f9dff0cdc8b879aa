"""From the upload to the entries: what happens at once, what waits for a worker, and taking up what waits."""

from __future__ import annotations

import datetime
import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePath

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import audit
from accounts.models import User
from accounts.policy import Action, holds
from accounts.refusals import NotAllowed, Refused
from progress import hazards
from progress.models import ImportRun, ImportStatus
from progress.services.imports.checking import check
from progress.services.imports.report import Report, reporting
from progress.services.imports.saving import DataChanged, save
from progress.services.posting import nudge_after_commit

log = logging.getLogger(__name__)

#: Bytes of a file, and rows, that are few enough to be dealt with while the person waits.
AT_ONCE_BYTES, AT_ONCE_ROWS = 300 * 1024, 3_000
#: Times a piece of work is begun before it is given up: a file that breaks its worker would do so for ever.
ATTEMPTS = 5
#: Class of the advisory locks that give each import to one worker.
LOCK = 140_400_03
TASK = "progress.continue_imports"

WAITING = (ImportStatus.WAITING, ImportStatus.CHECKING, ImportStatus.CONFIRMED)


class UnfitSheet(Refused):
    """The file is no sheet that may be read; the message says why and what to do."""

    code = "unfit_sheet"


class WrongStep(Refused):
    """The import is not in a state from which this step leads on."""

    code = "wrong_step"


@transaction.atomic
def receive(*, upload: UploadedFile[bytes], by: User, at: datetime.datetime, is_submitting: bool = False) -> ImportRun:
    """Keep an uploaded sheet and have it checked, a small one at once. Raises NotAllowed, UnfitSheet."""
    if not holds(by, Action.ENTER):
        raise NotAllowed
    name, content = _content(upload)
    run = ImportRun(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        is_submitting=is_submitting,
        imported_by=by,
        received_at=at,
    )
    run.file.save(f"sheet{hazards.kind_of(name)}", ContentFile(content), save=False)
    run.save(force_insert=True)
    audit.record(by=by, action="import.receive", obj=run, after={"name": run.name, "sha256": run.sha256})
    return _check_soon(run, at=at)


def _content(upload: UploadedFile[bytes]) -> tuple[str, bytes]:
    """Name and bytes of the file, once nothing speaks against it. Raises UnfitSheet."""
    name = PurePath(upload.name or "").name
    try:
        hazards.check_name(name)
        upload.seek(0)
        # One byte more than allowed tells too large from just fitting.
        content = upload.read(hazards.MAX_BYTES + 1)
        hazards.check(name, content)
    except hazards.UnfitTable as error:
        raise UnfitSheet(error.message, field="file") from error
    return name, content


def _check_soon(run: ImportRun, *, at: datetime.datetime) -> ImportRun:
    if run.size <= AT_ONCE_BYTES:
        return check(run=run, at=at)
    run.status, run.attempts, run.rows_done = ImportStatus.WAITING, 0, 0
    run.save()
    nudge_after_commit(TASK)
    return run


@transaction.atomic
def recheck(*, run: ImportRun, by: User, at: datetime.datetime) -> ImportRun:
    """Check the same file once more, against what stands now."""
    return _check_soon(_own(run, by, ImportStatus.CHECKED, ImportStatus.REFUSED), at=at)


@transaction.atomic
def confirm(*, run: ImportRun, by: User, at: datetime.datetime) -> ImportRun:
    """Have a checked import saved, a small one at once. Raises NotAllowed, WrongStep, DataChanged."""
    run = _own(run, by, ImportStatus.CHECKED)
    if run.faulty:
        raise WrongStep(_("还有 %(count)d 行有误或冲突，请改好后重新上传。") % {"count": run.faulty})
    if not run.asked:
        raise WrongStep(_("没有需要写入的行：文件内容与现有填报相同，或没有填写。"))
    run.confirmed_at = at
    if run.asked <= AT_ONCE_ROWS:
        return save(run=run, at=at)
    run.status, run.attempts, run.rows_done, run.refusal = ImportStatus.CONFIRMED, 0, 0, ""
    run.save()
    nudge_after_commit(TASK)
    return run


def _own(run: ImportRun, by: User, *statuses: ImportStatus) -> ImportRun:
    """The person's own import as it is now, locked. Raises NotAllowed, WrongStep."""
    run = ImportRun.objects.select_for_update().get(pk=run.pk)
    if run.imported_by_id != by.pk:
        raise NotAllowed
    if run.status not in statuses:
        raise WrongStep(_("这次导入现在是“%(status)s”，不能办理此步骤。") % {"status": run.get_status_display()})
    return run


@override(settings.LANGUAGE_CODE)
def continue_waiting(*, at: datetime.datetime) -> int:
    """Take up each import that waits or was left by a worker that died; returns how many steps were done."""
    waiting = ImportRun.objects.filter(status__in=WAITING).order_by("pk").values_list("pk", flat=True)
    return sum(_try(number, at=at) for number in list(waiting))


def _try(number: int, *, at: datetime.datetime) -> bool:
    """Take up one import; one that breaks is counted as an attempt and keeps no other waiting."""
    try:
        return _continue(number, at=at)
    except Exception:
        log.exception("import %d could not be continued", number)
        return False


def _continue(number: int, *, at: datetime.datetime) -> bool:
    with _lock(number) as is_ours:
        run = ImportRun.objects.select_related("imported_by").filter(pk=number, status__in=WAITING).first()
        if not is_ours or run is None:
            return False
        if not _begin(run):
            return True
        with reporting(run) as report:
            if run.status == ImportStatus.CONFIRMED:
                # The gate is asked for the instant at which the person confirmed, not for when a worker was free.
                _save_or_explain(run, at=run.confirmed_at or at, report=report)
            else:
                check(run=run, at=at, report=report)
    return True


@contextmanager
def _lock(number: int) -> Iterator[bool]:
    """Whether the import is this worker's; a worker that dies lets go of it with its connection.

    No row lock: the row is where others read how far the work has come.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [LOCK, number])
        is_ours = bool(cursor.fetchone()[0])
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK, number])


def _save_or_explain(run: ImportRun, *, at: datetime.datetime, report: Report) -> None:
    try:
        save(run=run, at=at, report=report)
    except DataChanged as refusal:
        run.status, run.refusal = ImportStatus.CHECKED, str(refusal)
        run.save(update_fields=["status", "refusal"])


def _begin(run: ImportRun) -> bool:
    """Count the attempt, visibly, before it can fail; whether there is still one left."""
    run.attempts += 1
    is_left = run.attempts <= ATTEMPTS
    if not is_left:
        run.status, run.refusal = ImportStatus.REFUSED, _("多次处理都被中断，请减少行数后分几次导入。")
    elif run.status == ImportStatus.WAITING:
        run.status = ImportStatus.CHECKING
    run.save()
    return is_left
