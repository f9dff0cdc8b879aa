"""Saving a checked import of parcels: all its rows in one transaction, or none."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import IntegrityError, transaction

from accounts import audit
from accounts.bulk import update_rows
from accounts.models import User
from jurisdictions.models import Region
from progress.models import ImportOutcome, ImportStatus
from progress.services.imports import DataChanged
from projects.models import Project, Subject, SubjectKind
from subsidence.models import Parcel, ParcelImport, ParcelImportRow, Stage, StageRequest, TreatmentDuty
from subsidence.services import parcels, stages
from subsidence.services.parcel_imports.judging import Judged, judge
from subsidence.services.parcel_imports.sheet import FACTORS, read

#: Rows written by one statement.
BATCH = 1_000
#: Columns that describing a parcel writes.
DESCRIBING = ("suited_use", "land_before", "place", *FACTORS, "damage_grade", "version")


def save(*, run: ParcelImport, at: datetime.datetime) -> ParcelImport:
    """Write the rows of an import, judged once more. Raises DataChanged, with nothing written."""
    by, lines = run.imported_by, list(run.lines.order_by("row"))
    judged = judge([read(line.row, line.texts) for line in lines], by=by, at=at)
    if [each.outcome for each in judged] != [line.outcome for line in lines]:
        raise DataChanged
    new = [each for each in judged if each.outcome == ImportOutcome.NEW]
    changed = [each for each in judged if each.outcome == ImportOutcome.CHANGED]
    _lock(new, changed)
    try:
        with transaction.atomic():
            _register(new, by=by, at=at)
    except IntegrityError as error:
        raise DataChanged from error
    _describe(changed, by=by)
    _keep(lines, judged)
    run.status, run.saved_at = ImportStatus.SAVED, at
    run.save(update_fields=["status", "saved_at"])
    facts = {"name": run.name, "sha256": run.sha256, **run.counts}
    audit.record(by=by, action="parcel_import.save", obj=run, after=facts)
    return run


def _lock(new: Sequence[Judged], changed: Sequence[Judged]) -> None:
    """Hold what was judged as it was judged, for as short as can be: judging asks no lock. Raises DataChanged.

    A county is where numbers are claimed and boundaries drawn, so nobody else's form waits longer than the writing.
    """
    counties = {each.parcel.county_id for each in new if each.parcel}
    list(Region.objects.select_for_update(no_key=True).filter(pk__in=counties).order_by("pk"))
    codes = [each.parcel.code for each in new if each.parcel]
    if Parcel.objects.filter(code__in=codes).exists():
        raise DataChanged
    versions = {each.parcel.pk: each.parcel.version for each in changed if each.parcel}
    locked = Parcel.objects.select_for_update(no_key=True).filter(pk__in=versions).order_by("pk")
    if dict(locked.values_list("pk", "version")) != versions:
        raise DataChanged


def _register(new: Sequence[Judged], *, by: User, at: datetime.datetime) -> None:
    """What parcels.register does for one, for all: the same rows, and the same words in the audit trail."""
    made = [each.parcel for each in new if each.parcel]
    projects: dict[Any, Project] = {}
    for parcel in made:
        holder = parcel.mine or parcel.county_id
        if holder not in projects:
            projects[holder] = parcels.project_of(parcel, by=by)
        parcel.project = projects[holder]
    subjects = Subject.objects.bulk_create(map(_subject, made), BATCH)
    for parcel, subject in zip(made, subjects, strict=True):
        parcel.subject = subject
    Parcel.objects.bulk_create(made, BATCH)
    told = ((parcel.pk, None, audit.jsonable(parcels.audit_facts(parcel))) for parcel in made)
    audit.record_many(by=by, action="parcel.register", model=Parcel, told=told)
    TreatmentDuty.objects.bulk_create((_duty(each) for each in new if each.due_on), BATCH)
    requests = StageRequest.objects.bulk_create((_request(each, by, at) for each in new), BATCH)
    asked = ((request.pk, None, audit.jsonable(stages.audit_facts(request))) for request in requests)
    audit.record_many(by=by, action="stage.ask", model=StageRequest, told=asked)


def _subject(parcel: Parcel) -> Subject:
    return Subject(
        kind=SubjectKind.PARCEL,
        name=parcel.code,
        region=parcel.region,
        organisation=parcel.mine.operator if parcel.mine else None,
        url=parcel.get_absolute_url(),
    )


def _duty(each: Judged) -> TreatmentDuty:
    parcel = each.parcel
    assert parcel and parcel.subsided_on and each.due_on  # noqa: S101 - so it was judged
    return TreatmentDuty(parcel=parcel, mine=parcel.mine, opened_on=parcel.subsided_on, due_on=each.due_on)


def _request(each: Judged, by: User, at: datetime.datetime) -> StageRequest:
    survey = each.survey
    assert survey and each.parcel  # noqa: S101 - so it was judged
    return StageRequest(
        parcel=each.parcel,
        stage=Stage.SURVEYED,
        on=survey.on,
        area=survey.area,
        document=survey.document,
        recorded_by=by,
        recorded_at=at,
        is_demo=by.is_demo or each.parcel.is_demo,
    )


def _describe(changed: Sequence[Judged], *, by: User) -> None:
    described = [each.parcel for each in changed if each.parcel]
    for parcel in described:
        parcel.version += 1
    update_rows(described, DESCRIBING)
    told = (
        (each.parcel.pk, audit.jsonable(each.before), audit.jsonable(parcels.audit_facts(each.parcel)))
        for each in changed
        if each.parcel and each.before
    )
    audit.record_many(by=by, action="parcel.describe", model=Parcel, told=told)


def _keep(lines: Iterable[ParcelImportRow], judged: Iterable[Judged]) -> None:
    """Note at each row the parcel that it made or changed, with the version it left."""
    kept = []
    for line, each in zip(lines, judged, strict=True):
        if each.parcel and each.outcome in (ImportOutcome.NEW, ImportOutcome.CHANGED):
            line.parcel, line.version, line.before = each.parcel, each.parcel.version, audit.jsonable(each.before)
            kept.append(line)
    update_rows(kept, ["parcel", "version", "before"])
