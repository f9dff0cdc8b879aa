"""From the upload to the register: a ledger is received, checked, confirmed."""

from __future__ import annotations

import datetime
import hashlib
from collections import Counter
from itertools import islice
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, areas
from accounts.refusals import NotAllowed
from progress import hazards, intake
from progress.hazards import UnfitTable
from progress.models import ImportOutcome, ImportStatus
from progress.services.imports import UnfitSheet, WrongStep
from subsidence.models import ParcelImport, ParcelImportRow
from subsidence.models.scopes import LINE
from subsidence.services.parcel_imports.judging import Judged, judge
from subsidence.services.parcel_imports.saving import BATCH, save
from subsidence.services.parcel_imports.sheet import HEADERS, REQUIRED, Line, read

#: More than the city has parcels, and few enough to be judged and written while the person waits.
MAX_ROWS = 10_000


@transaction.atomic
def receive(*, upload: UploadedFile[bytes], by: User, at: datetime.datetime) -> ParcelImport:
    """Keep an uploaded ledger and check it. Raises NotAllowed, UnfitSheet."""
    if not areas(by, Action.ENTER, line=LINE):
        raise NotAllowed
    name, content = _content(upload)
    run = ParcelImport(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        status=ImportStatus.CHECKED,
        imported_by=by,
        received_at=at,
    )
    run.file.save(f"parcels{hazards.kind_of(name)}", ContentFile(content), save=False)
    run.save(force_insert=True)
    audit.record(by=by, action="parcel_import.receive", obj=run, after={"name": run.name, "sha256": run.sha256})
    return check(run=run, at=at)


def _content(upload: UploadedFile[bytes]) -> tuple[str, bytes]:
    """Name and bytes of the file, once nothing speaks against it. Raises UnfitSheet."""
    name = PurePath(upload.name or "").name
    try:
        hazards.check_name(name)
        upload.seek(0)
        # One byte more than allowed tells too large from just fitting.
        content = upload.read(hazards.MAX_BYTES + 1)
        hazards.check(name, content)
    except UnfitTable as error:
        raise UnfitSheet(error.message, field="file") from error
    return name, content


@transaction.atomic
def check(*, run: ParcelImport, at: datetime.datetime) -> ParcelImport:
    """Judge every row and keep what it would do; a file that is no ledger makes the import refused."""
    run.lines.all().delete()
    run.refusal, run.counts, run.rows = "", {}, 0
    try:
        judged = judge(_lines(run), by=run.imported_by, at=at)
        ParcelImportRow.objects.bulk_create((_row(run, each) for each in judged), BATCH)
        run.rows = len(judged)
        run.counts = dict.fromkeys(ImportOutcome.values, 0) | Counter(each.outcome.value for each in judged)
        run.status = ImportStatus.CHECKED
    except UnfitTable as error:
        run.status, run.refusal = ImportStatus.REFUSED, str(error.message)
    run.save()
    return run


def table_of(run: ParcelImport) -> intake.Table:
    """The ledger in the stored file. Raises UnfitTable."""
    with run.file.open("rb") as file:
        return intake.read(run.name, file.read(), headers=HEADERS, required=REQUIRED)


def _lines(run: ParcelImport) -> list[Line]:
    table = table_of(run)
    run.columns = table.letters()
    names, places = list(table.columns), list(table.columns.values())
    lines = [
        read(row, dict(zip(names, texts, strict=True))) for row, texts in islice(table.lines(places), MAX_ROWS + 1)
    ]
    if len(lines) > MAX_ROWS:
        raise UnfitTable(_("行数过多：最多 %(limit)s 行，请分几次导入。") % {"limit": f"{MAX_ROWS:,}"})
    return lines


def _row(run: ParcelImport, judged: Judged) -> ParcelImportRow:
    parcel = judged.parcel if judged.parcel and judged.parcel.pk else None
    return ParcelImportRow(
        run=run,
        row=judged.line.row,
        outcome=judged.outcome,
        parcel=parcel,
        version=parcel.version if parcel else None,
        texts=dict(judged.line.texts),
        before=audit.jsonable(judged.before),
        errors=[vars(fault) for fault in judged.faults],
    )


@transaction.atomic
def recheck(*, run: ParcelImport, by: User, at: datetime.datetime) -> ParcelImport:
    """Check the same file once more, against what stands now. Raises NotAllowed, WrongStep."""
    return check(run=_own(run, by, ImportStatus.CHECKED, ImportStatus.REFUSED), at=at)


@transaction.atomic
def confirm(*, run: ParcelImport, by: User, at: datetime.datetime) -> ParcelImport:
    """Write what a checked import asks for, all or nothing. Raises NotAllowed, WrongStep, DataChanged."""
    run = _own(run, by, ImportStatus.CHECKED)
    if run.faulty:
        raise WrongStep(_("还有 %(count)d 行有误或冲突，请改好后重新上传。") % {"count": run.faulty})
    if not run.asked:
        raise WrongStep(_("没有需要写入的行：文件内容与已登记的图斑相同。"))
    return save(run=run, at=at)


def _own(run: ParcelImport, by: User, *statuses: ImportStatus) -> ParcelImport:
    """The person's own import as it is now, locked. Raises NotAllowed, WrongStep."""
    run = ParcelImport.objects.select_for_update(of=("self",)).select_related("imported_by").get(pk=run.pk)
    if run.imported_by_id != by.pk:
        raise NotAllowed
    if run.status not in statuses:
        raise WrongStep(_("这次导入现在是“%(status)s”，不能办理此步骤。") % {"status": run.get_status_display()})
    return run
