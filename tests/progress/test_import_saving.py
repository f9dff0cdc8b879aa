"""Saving an import: all or nothing against what stands then, its events proven, its workbook of errors."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
import time_machine
from openpyxl import load_workbook

from accounts import audit
from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed
from progress.models import (
    EntryStatus,
    ImportRow,
    ImportStatus,
    IndicatorKind,
    LedgerLine,
    Period,
    ProgressEntry,
    Series,
)
from progress.services import imports
from tests import factories as make
from tests.progress import filled, steps
from tests.progress.filled import row

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def march() -> Period:
    return make.period()


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK)


def entry_of(series: Series) -> ProgressEntry:
    return ProgressEntry.objects.get(series=series)


def test_demonstration_account_imports_demonstration_data(march: Period) -> None:
    entry, series, clerk = make.entry(None, 1, march), make.series(), make.user(Role.CLERK, is_demo=True)

    filled.saved([row(series, march, 2), row(entry.series, march, 2, version=1)], clerk, march)

    assert set(ProgressEntry.objects.values_list("is_demo", flat=True)) == {True}


def test_nothing_is_saved_when_an_entry_came_between(clerk: User, march: Period) -> None:
    first, second = make.series(), make.series()
    changed = make.entry(None, 1, march)
    run = filled.receive(
        [row(first, march, 1), row(second, march, 2), row(changed.series, march, 3, version=1)], clerk, march
    )
    steps.change(changed, make.user(Role.CLERK))

    with pytest.raises(imports.DataChanged):
        filled.confirm(run, march)

    assert ProgressEntry.objects.count() == 1
    make.entry(second, 9, march)
    assert filled.outcomes(imports.recheck(run=run, by=clerk, at=make.inside(march))) == ["new", "conflict", "conflict"]


def test_what_moved_since_the_check_stops_the_saving(clerk: User, march: Period) -> None:
    at, late = make.inside(march), make.inside(march) + datetime.timedelta(days=40)
    level = make.series(make.indicator(IndicatorKind.STOCK, unit="座"))
    run = filled.receive([row(level, march, 5)], clerk, march)

    with pytest.raises(imports.DataChanged):
        imports.confirm(run=run, by=clerk, at=late)
    make.verified_entry(level, 6, make.period(2025, 2))
    with pytest.raises(imports.DataChanged):
        imports.confirm(run=run, by=clerk, at=at)
    clerk.duties.all().delete()
    with time_machine.travel(at), pytest.raises(imports.DataChanged):
        imports.confirm(run=run, by=User.objects.get(pk=clerk.pk), at=at)

    run.refresh_from_db()
    assert (run.status, ProgressEntry.objects.filter(period=march).count()) == ("checked", 0)


def test_only_the_person_who_sent_it_goes_on_with_it(clerk: User, march: Period) -> None:
    run = filled.receive([row(make.series(), march, 1)], clerk, march)
    other, at = make.user(Role.CLERK), make.inside(march)

    for step in (imports.confirm, imports.recheck, imports.undo):
        with pytest.raises(NotAllowed):
            step(run=run, by=other, at=at)
    with pytest.raises(NotAllowed):
        filled.receive([], make.user(Role.LEADER), march)


def test_file_that_is_no_sheet_is_refused_with_a_reason(clerk: User, march: Period) -> None:
    at = make.inside(march)
    with pytest.raises(imports.UnfitSheet, match="不是 XLSX 表格"):
        imports.receive(upload=filled.upload(b"%PDF-1.4"), by=clerk, at=at)

    run = imports.receive(upload=filled.upload(b"a,b\n1,2\n", "a.csv"), by=clerk, at=at)

    assert (run.status, run.rows) == (ImportStatus.REFUSED, 0)
    assert "项目代码、指标代码、地区代码、调度期、本期数值" in run.refusal


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_csv_reads_as_the_workbook_does(clerk: User, march: Period, encoding: str, separator: str) -> None:
    series = make.series()
    rows = [row(series, march, "1,234.50", note="多行\r\n说明，“引号”\"与'=公式"), row(make.series(), march, "x")]
    file = filled.upload(filled.as_csv(rows, encoding=encoding, separator=separator), "台账.csv")

    run = imports.receive(upload=file, by=clerk, at=make.inside(march))

    good, bad = run.lines.order_by("row")
    assert (good.row, good.value, good.note) == (2, Decimal("1234.5"), "多行\n说明，“引号”\"与'=公式")
    assert (bad.row, bad.outcome, run.columns["value"]) == (3, "error", "F")


def test_imported_events_are_sealed_and_proven_like_any_other(march: Period) -> None:
    clerk = make.user(Role.CLERK, display_name='张"三\\\t\n😀')
    nasty = '引号" 反斜杠\\ 制表\t换行\n回车 \x7f\u2028 😀 \\N \\. 𠮷'
    entry = make.entry(None, 1, march, note=nasty)
    rows = [row(make.series(), march, 2, note=nasty), row(entry.series, march, 3, version=1, note="'" + nasty)]
    file = filled.upload(filled.as_csv(rows), "台账'\\n.csv")

    run = imports.receive(upload=file, by=clerk, at=make.inside(march))
    run = imports.confirm(run=run, by=clerk, at=make.inside(march))
    imports.undo(run=run, by=clerk, at=make.inside(march))
    count = audit.seal()

    verdict = audit.verify()
    assert (verdict.checked, verdict.first_broken, verdict.escaped) == (count, None, 0)
    changed = AuditEvent.objects.filter(action="entry.import", object_id=str(entry.pk)).get()
    assert changed.before
    assert changed.after
    assert changed.after is not None
    assert (changed.before["note"], changed.before["value"], changed.after["value"]) == (nasty, "1.0000", "3.0000")


def test_import_touches_no_ledger_and_its_record_stays(clerk: User, march: Period) -> None:
    run = filled.saved([row(make.series(), march, 1)], clerk, march)

    assert not LedgerLine.objects.exists()
    events = AuditEvent.objects.filter(object_type="progress.importrun").order_by("pk")
    assert [event.action for event in events] == ["import.receive", "import.save"]
    assert ImportRow.objects.filter(run=run).count() == 1


def test_error_workbook_has_the_rows_and_a_comment_in_each_bad_cell(clerk: User, march: Period) -> None:
    good, bad = make.series(), make.series()
    rows = [row(good, march, 1.5), row(bad, march, "1.234", unit="公顷"), {**row(bad, march, 2), "region": "x"}]
    run = filled.receive(rows, clerk, march)

    with imports.error_workbook(run) as file:
        sheet = load_workbook(file).active
        file.seek(0)
        again = imports.receive(upload=filled.upload(file.read()), by=clerk, at=make.inside(march))

    comments = {
        (cell.row, sheet.cell(3, cell.column).value): cell.comment.text
        for cells in sheet.iter_rows()
        for cell in cells
        if cell.comment
    }
    assert set(comments) == {(5, "单位"), (5, "本期数值"), (6, "地区代码")}
    assert "小数位过多" in comments[5, "本期数值"]
    assert [sheet.cell(number, sheet.max_column).value for number in (4, 5, 6)] == [4, 5, 6]
    assert (again.counts, filled.faults(again)) == (run.counts, filled.faults(run))


def test_text_that_the_database_cannot_keep_is_a_fault_of_its_cell(clerk: User, march: Period) -> None:
    run = filled.receive([filled.row(make.series(), march, 1, note="甲_x0000_乙")], clerk, march)

    assert run.status == ImportStatus.CHECKED
    assert "\0" not in (run.lines.get().note or "")


def test_unchanged_returned_entry_is_submitted_again_when_asked(clerk: User, march: Period) -> None:
    returned = make.entry(None, 5, march, status=EntryStatus.RETURNED)

    run = filled.receive(
        [filled.row(returned.series, march, 5, version=returned.version)], clerk, march, is_submitting=True
    )
    filled.confirm(run, march)

    returned.refresh_from_db()
    assert returned.status == EntryStatus.SUBMITTED


def test_change_is_not_taken_back_once_the_gate_is_closed(clerk: User, march: Period) -> None:
    draft = make.entry(None, 3, march, status=EntryStatus.DRAFT)
    run = filled.saved([filled.row(draft.series, march, 9, version=draft.version)], clerk, march)

    with pytest.raises(imports.CannotUndo):
        imports.undo(run=run, by=clerk, at=make.inside(march) + datetime.timedelta(days=300))

    draft.refresh_from_db()
    assert draft.value == 9
