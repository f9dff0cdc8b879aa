"""Undoing an import: all of it, once, and only while nobody has gone on with what it wrote."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from accounts.models import AuditEvent, Role
from progress.models import EntryStatus, ImportRun, Period, ProgressEntry
from progress.services import entries, imports
from progress.services.entries import Content
from tests import factories as make
from tests.progress import filled, steps
from tests.progress.filled import row

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def march() -> Period:
    return make.period()


@pytest.fixture
def team() -> make.Team:
    return make.Team(make.user(Role.CLERK), make.user(Role.REVIEWER), make.user(Role.VERIFIER))


def undo(run: ImportRun, when: Period, *, days_later: int = 0) -> ImportRun:
    at = make.inside(when) + datetime.timedelta(days=days_later)
    return imports.undo(run=run, by=run.imported_by, at=at)


@pytest.mark.parametrize("is_submitting", [False, True])
def test_new_entries_go_and_changed_ones_are_what_they_were(
    team: make.Team, march: Period, is_submitting: bool
) -> None:
    draft = make.entry(None, 10, march, note="旧", by=make.team())
    silent = make.entry(None, None, march, by=team, no_progress_reason="停工")
    returned = make.entry(None, 4, march, status=EntryStatus.RETURNED, by=team)
    before = {entry.pk: entry for entry in ProgressEntry.objects.all()}
    rows = [
        row(make.series(), march, 1),
        row(draft.series, march, 11, version=draft.version),
        row(silent.series, march, 12, version=silent.version),
        row(returned.series, march, 13, version=returned.version),
    ]
    run = filled.saved(rows, team.clerk, march, is_submitting=is_submitting)
    assert ProgressEntry.objects.count() == 4

    run = undo(run, march)

    moving = {"version", "changed_at", "_state"}
    for entry in ProgressEntry.objects.all():
        was = before.pop(entry.pk)
        assert {key: value for key, value in vars(entry).items() if key not in moving} == {
            key: value for key, value in vars(was).items() if key not in moving
        }
        assert entry.version == was.version + 2
    assert (before, run.status) == ({}, "undone")


def test_undoing_is_audited_and_happens_once(team: make.Team, march: Period) -> None:
    draft, series = make.entry(None, 10, march), make.series()
    run = filled.saved([row(series, march, 1), row(draft.series, march, 11, version=1)], team.clerk, march)

    undo(run, march)

    deleted, restored = AuditEvent.objects.filter(action="entry.import_undone").order_by("pk")
    assert deleted.before is not None
    assert restored.before is not None
    assert restored.after is not None
    assert deleted.before
    assert restored.before
    assert restored.after
    assert (deleted.before["value"], deleted.after) == ("1.0000", None)
    assert (restored.before["value"], restored.after["value"], restored.after["version"]) == ("11.0000", "10.0000", 3)
    with pytest.raises(imports.CannotUndo):
        undo(run, march)


def test_undone_file_may_be_imported_again(team: make.Team, march: Period) -> None:
    rows = [row(make.series(), march, 1)]
    undo(filled.saved(rows, team.clerk, march), march)

    again = filled.saved(rows, team.clerk, march)

    assert filled.outcomes(again) == ["new"]
    assert ProgressEntry.objects.get().value == 1


@pytest.mark.parametrize("status", [EntryStatus.REVIEWED, EntryStatus.VERIFIED, EntryStatus.RETURNED])
def test_what_somebody_reviewed_keeps_the_whole_import(team: make.Team, march: Period, status: EntryStatus) -> None:
    rows = [row(make.series(), march, 1), row(make.series(), march, 2)]
    run = filled.saved(rows, team.clerk, march, is_submitting=True)
    entry = ProgressEntry.objects.order_by("pk")[0]
    if status == EntryStatus.RETURNED:
        steps.send_back(entry, team.reviewer)
    else:
        steps.review(entry, team.reviewer)
        entry.refresh_from_db()
        _ = status == EntryStatus.REVIEWED or steps.verify(entry, team.verifier)

    with pytest.raises(imports.CannotUndo, match="其中 1 条"):
        undo(run, march)

    assert ProgressEntry.objects.count() == 2


def test_what_was_changed_deleted_or_proven_since_keeps_the_whole_import(team: make.Team, march: Period) -> None:
    def imported() -> tuple[ImportRun, ProgressEntry]:
        run = filled.saved([row(make.series(), march, 1)], team.clerk, march)
        return run, ProgressEntry.objects.latest("pk")

    changed, deleted, proven = imported(), imported(), imported()
    steps.change(changed[1], team.clerk, Content(Decimal(2)))
    entries.delete_draft(entry=deleted[1], version=1, by=team.clerk)
    make.evidence(proven[1], team.clerk)

    for (run, _entry), why in ((changed, "又被修改"), (deleted, "已被删除"), (proven, "已添加佐证")):
        with pytest.raises(imports.CannotUndo, match=why):
            undo(run, march)


def test_reports_are_not_taken_back_once_the_period_is_closed(team: make.Team, march: Period) -> None:
    drafts = filled.saved([row(make.series(), march, 1)], team.clerk, march)
    reports = filled.saved([row(make.series(), march, 1)], team.clerk, march, is_submitting=True)

    with pytest.raises(imports.CannotUndo, match="截止填报"):
        undo(reports, march, days_later=40)
    undo(drafts, march, days_later=40)

    assert ProgressEntry.objects.get().status == EntryStatus.SUBMITTED


def test_who_lost_the_duty_undoes_nothing(team: make.Team, march: Period) -> None:
    run = filled.saved([row(make.series(), march, 1)], team.clerk, march)
    team.clerk.duties.all().delete()
    run = ImportRun.objects.get(pk=run.pk)

    with pytest.raises(imports.CannotUndo, match="不归您填报"):
        undo(run, march)
