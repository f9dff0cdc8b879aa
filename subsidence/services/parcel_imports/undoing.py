"""Undoing a saved import of parcels, once, while nobody has gone on with what it wrote."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import audit
from accounts.bulk import update_rows
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from progress.models import ImportOutcome, ImportStatus
from progress.services.imports import CannotUndo
from subsidence.models import Parcel, ParcelImport, ParcelImportRow
from subsidence.services import parcels
from subsidence.services.discards import discard_locked
from subsidence.services.parcel_imports.saving import DESCRIBING


@transaction.atomic
def undo(*, run: ParcelImport, by: User, at: datetime.datetime) -> ParcelImport:
    """Delete the parcels that the import registered and describe the others as they were.

    Raises NotAllowed, CannotUndo, CannotDiscard.
    """
    run = ParcelImport.objects.select_for_update().get(pk=run.pk)
    if run.imported_by_id != by.pk:
        raise NotAllowed
    if run.status != ImportStatus.SAVED:
        raise CannotUndo(_("只有已导入且未撤销的批次可以撤销。"))
    lines = list(run.lines.filter(outcome__in=(ImportOutcome.NEW, ImportOutcome.CHANGED)).order_by("row"))
    found = _lock(lines, by)
    new = [found[line.parcel_id] for line in lines if line.outcome == ImportOutcome.NEW]
    discard_locked(new, by=by, reason=run.name)
    _restore([line for line in lines if line.outcome == ImportOutcome.CHANGED], found, run, by=by)
    run.status, run.undone_at = ImportStatus.UNDONE, at
    run.save(update_fields=["status", "undone_at"])
    audit.record(by=by, action="parcel_import.undo", obj=run, before={"name": run.name, **run.counts})
    return run


def _lock(lines: Sequence[ParcelImportRow], by: User) -> dict[int | None, Parcel]:
    """The parcels that the rows made or changed, locked and still as these left them. Raises CannotUndo, NotAllowed."""
    numbers = [line.parcel_id for line in lines if line.parcel_id]
    locked = Parcel.objects.select_for_update(of=("self",)).select_related("mine").filter(pk__in=numbers)
    found: dict[int | None, Parcel] = {parcel.pk: parcel for parcel in locked.order_by("pk")}
    for line in lines:
        parcel = found.get(line.parcel_id)
        if parcel is None:
            raise CannotUndo(_("第 %(row)d 行的图斑已被删除，不能整批撤销。") % {"row": line.row})
        if parcel.version != line.version:
            said = {"code": parcel.code}
            raise CannotUndo(_("图斑 %(code)s 导入后又有变动，不能整批撤销；请逐个办理。") % said)
        if not can(by, Action.ENTER, parcel):
            raise NotAllowed
    return found


def _restore(lines: Sequence[ParcelImportRow], found: dict[int | None, Parcel], run: ParcelImport, *, by: User) -> None:
    described, told = [], []
    for line in lines:
        parcel = found[line.parcel_id]
        now = audit.jsonable(parcels.audit_facts(parcel))
        _put_back(parcel, line.before or {})
        described.append(parcel)
        told.append((parcel.pk, now, line.before))
    update_rows(described, DESCRIBING)
    audit.record_many(by=by, action="parcel.describe", model=Parcel, told=told, reason=run.name)


def _put_back(parcel: Parcel, before: dict[str, Any]) -> None:
    for name in DESCRIBING:
        if name != "version":
            field = Parcel._meta.get_field(name)
            setattr(parcel, name, field.to_python(before[name]))  # type: ignore[union-attr]
    parcel.version += 1
