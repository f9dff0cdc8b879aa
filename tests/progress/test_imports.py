"""What an import makes of a sheet: previewed row by row, saved as a whole or not at all."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from accounts.models import AuditEvent, Role, User
from progress.models import EntryStatus, IndicatorKind, Period, ProgressEntry, Reopening, Series, SeriesOrigin
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
def clerk() -> User:
    return make.user(Role.CLERK)


def entry_of(series: Series) -> ProgressEntry:
    return ProgressEntry.objects.get(series=series)


def test_sheet_makes_drafts_with_values_reasons_and_notes(clerk: User, march: Period) -> None:
    worked, silent = make.series(), make.series()

    run = filled.receive(
        [row(worked, march, 12.5, note="完成\n坡面整治"), row(silent, march, "", no_progress_reason="冬季停工")],
        clerk,
        march,
    )
    assert (run.status, run.counts["new"], filled.outcomes(run)) == ("checked", 2, ["new", "new"])
    assert not ProgressEntry.objects.exists()

    run = filled.confirm(run, march)

    assert (run.status, run.rows_done) == ("saved", 2)
    drafts = ProgressEntry.objects.order_by("series").values_list("status", "value", "no_progress_reason", "note")
    assert list(drafts) == [
        ("draft", Decimal("12.5"), "", "完成\n坡面整治"),
        ("draft", None, "冬季停工", ""),
    ]


def test_imported_entry_is_like_a_typed_one(clerk: User, march: Period) -> None:
    typed, sent = make.series(), make.series()
    at = make.inside(march)
    content = Content(Decimal("12.50"), note="说明")
    expected = entries.create_draft(series=typed, period=march, content=content, by=clerk, at=at)

    filled.saved([row(sent, march, "12.50", note="说明")], clerk, march)

    told_apart = {"id", "series_id", "_state", "value"}
    alike = [
        {name: value for name, value in vars(found).items() if name not in told_apart and not name.endswith("_cache")}
        for found in (ProgressEntry.objects.get(pk=expected.pk), entry_of(sent))
    ]
    assert alike[0] == alike[1]
    assert entry_of(sent).value == Decimal("12.5")
    before, after = AuditEvent.objects.filter(object_type="progress.progressentry").order_by("pk")
    assert (before.action, after.action) == ("entry.create", "entry.import")
    assert before.after is not None
    assert after.after is not None
    assert {**(before.after or {}), "value": None} == {**(after.after or {}), "value": None}


def test_import_may_submit_at_once(clerk: User, march: Period) -> None:
    new, drafted, returned = make.series(), make.series(), make.series()
    team = make.Team(clerk, make.user(Role.REVIEWER), make.user(Role.VERIFIER))
    draft = make.entry(drafted, 3, march, by=team)
    sent_back = make.entry(returned, 4, march, status=EntryStatus.RETURNED, by=team)
    rows = [
        row(new, march, 1),
        row(drafted, march, 3, version=draft.version),
        row(returned, march, 5, version=sent_back.version),
    ]

    run = filled.saved(rows, clerk, march, is_submitting=True)

    assert filled.outcomes(run) == ["new", "changed", "changed"]
    for series, value in ((new, 1), (drafted, 3), (returned, 5)):
        entry = entry_of(series)
        assert (entry.status, entry.value, entry.submitted_by, entry.returned_at) == (
            "submitted",
            Decimal(value),
            clerk,
            None,
        )
        entries.review(entry=entry, version=entry.version, by=team.reviewer, at=make.inside(march))


def test_mended_row_of_a_returned_entry_stays_returned_when_saved_as_a_draft(clerk: User, march: Period) -> None:
    team = make.Team(clerk, make.user(Role.REVIEWER), make.user(Role.VERIFIER))
    entry = make.entry(None, 4, march, status=EntryStatus.RETURNED, by=team)

    filled.saved([row(entry.series, march, 5, version=entry.version)], clerk, march)

    entry.refresh_from_db()
    assert (entry.status, entry.value, entry.return_reason) == ("returned", Decimal(5), "请补依据")


def test_same_file_twice_changes_nothing(clerk: User, march: Period) -> None:
    rows = [row(make.series(), march, 1.25), row(make.series(), march, "", no_progress_reason="冬季停工")]
    for is_submitting in (False, True, True):
        filled.receive(rows, clerk, march, is_submitting=is_submitting)
    filled.saved(rows, clerk, march, is_submitting=True)
    entries_before = list(ProgressEntry.objects.values())

    run = filled.receive(rows, clerk, march, is_submitting=True)

    assert filled.outcomes(run) == ["same", "same"]
    with pytest.raises(imports.WrongStep):
        filled.confirm(run, march)
    assert list(ProgressEntry.objects.values()) == entries_before


def test_change_shows_old_and_new(clerk: User, march: Period) -> None:
    entry = make.entry(None, 10, march, note="旧说明")

    run = filled.receive([row(entry.series, march, 12, version=1)], clerk, march)

    line = run.lines.get()
    assert (line.outcome, line.value, line.note) == ("changed", Decimal(12), "")
    assert line.before is not None
    assert (line.before["value"], line.before["note"]) == ("10.0000", "旧说明")
    filled.confirm(run, march)
    entry.refresh_from_db()
    assert (entry.version, entry.value, entry.note, entry.entered_by) == (2, Decimal(12), "", clerk)


def test_column_that_is_missing_leaves_what_is_there(clerk: User, march: Period) -> None:
    entry = make.entry(None, 10, march, note="旧说明")
    columns = ("project", "indicator", "region", "period", "value", "version")

    run = filled.saved([row(entry.series, march, 12, version=1)], clerk, march, columns=columns)

    entry.refresh_from_db()
    assert (filled.outcomes(run), entry.value, entry.note) == (["changed"], Decimal(12), "旧说明")


def test_blank_row_is_not_reported_and_leaves_everything(clerk: User, march: Period) -> None:
    entry, untouched = make.entry(None, 10, march), make.series()
    rows = [row(entry.series, march), row(untouched, march), {"project": "填报人：张三"}]

    run = filled.receive(rows, clerk, march)

    assert filled.outcomes(run) == ["same"] * 3
    entry.refresh_from_db()
    assert (entry.value, ProgressEntry.objects.count()) == (Decimal(10), 1)


def test_every_fault_of_every_row_is_told_at_once(clerk: User, march: Period) -> None:
    flow, level = make.series(), make.series(make.indicator(IndicatorKind.STOCK, unit="座"))
    derived = make.series(origin=SeriesOrigin.DERIVED)
    elsewhere = make.series(region_code=make.OTHER_TOWN)
    county_clerk = make.user(Role.CLERK, make.COUNTY)
    quarterly = make.series(frequency="quarter")
    rows = [
        {**row(flow, march, "12,5", note="长" * 2001), "project": "nowhere"},
        {**row(flow, march, "1.234", no_progress_reason="长" * 201), "indicator": "none", "period": "三月"},
        row(flow, march, "１２", unit="公顷"),
        row(level, march, -1, unit="座"),
        row(flow, march, "", note="只有说明"),
        row(derived, march, 1),
        row(elsewhere, march, 1),
        row(quarterly, march, 1),
        {**row(flow, march, 10), "region": "149999"},
        row(make.series(), march, 10**14),
        row(make.series(), march, value=True),
        row(make.series(), march, datetime.date(2025, 3, 1)),
        row(make.series(), march, 1, version="x"),
        row(make.series(), march, 1, version=3),
        {**row(flow, march, 1), "project": "", "indicator": "", "region": "", "period": ""},
    ]

    run = filled.receive(rows, county_clerk, march)

    assert filled.faults(run) == {
        4: ["project", "value", "note"],
        5: ["indicator", "period", "no_progress_reason", "no_progress_reason"],
        6: ["unit", "value"],
        7: ["value"],
        8: ["note"],
        9: ["indicator"],
        10: ["project"],
        11: ["period"],
        12: ["region"],
        13: ["value"],
        14: ["value"],
        15: ["value"],
        16: ["version"],
        17: ["version"],
        18: ["project", "indicator", "region", "period"],
    }
    assert run.columns == {name: "ABCDEFGHI"[at] for at, name in enumerate(filled.COLUMNS)}
    assert "“12,5”不是有效的数值" in filled.told(run)[1]
    assert filled.outcomes(run)[13] == "conflict"
    with pytest.raises(imports.WrongStep):
        imports.confirm(run=run, by=county_clerk, at=make.inside(march))
    assert not ProgressEntry.objects.exists()


def test_what_lies_outside_reads_as_what_does_not_exist(march: Period) -> None:
    outside, clerk = make.series(region_code=make.OTHER_TOWN), make.user(Role.CLERK, make.COUNTY)
    make.series()
    missing = {**row(outside, march, 1), "project": outside.project.code + "x"}

    there, nowhere = filled.told(filled.receive([row(outside, march, 1), missing], clerk, march))

    assert there == nowhere.replace(outside.project.code + "x", outside.project.code)


def test_shut_gate_gives_its_own_reason(clerk: User, march: Period) -> None:
    series, late = make.series(), make.inside(march) + datetime.timedelta(days=40)
    file = filled.upload(filled.as_xlsx([row(series, march, 1)]))

    run = imports.receive(upload=file, by=clerk, at=late)

    assert filled.told(run) == ["2025年3月已于2025年4月10日截止填报。"]
    Reopening.objects.create(
        period=march,
        region=make.region(make.COUNTY),
        work_line="subsidence",
        until=late.date(),
        reason="补报",
        reopened_by=make.user(Role.VERIFIER),
        reopened_at=late,
    )
    run = imports.recheck(run=run, by=clerk, at=late)
    assert filled.outcomes(run) == ["new"]


def test_returned_entry_may_be_mended_after_the_period(march: Period) -> None:
    team, at = make.team(), make.inside(march) + datetime.timedelta(days=20)
    entry = make.entry(None, 4, march, status=EntryStatus.SUBMITTED, by=team)
    entries.return_entry(entry=entry, version=entry.version, by=team.reviewer, at=at, reason="请补依据")
    file = filled.as_xlsx([row(entry.series, march, 5, version=3), row(make.series(), march, 5)])

    run = imports.receive(upload=filled.upload(file), by=team.clerk, at=at)

    assert filled.faults(run) == {5: ["period"]}


def test_correction_is_filled_in_after_the_period(march: Period) -> None:
    team = make.team()
    opened = steps.correct(make.verified_entry(None, 4, march, by=team), team.clerk)
    late = make.inside(march) + datetime.timedelta(days=100)
    file = filled.upload(filled.as_xlsx([row(opened.series, march, 5, version=1)]))

    run = imports.receive(upload=file, by=team.clerk, at=late)
    imports.confirm(run=run, by=team.clerk, at=late)

    opened.refresh_from_db()
    assert (opened.value, opened.revision, opened.status) == (Decimal(5), 2, "draft")


def test_level_may_not_leave_its_verified_neighbours(clerk: User, half_a_year: None) -> None:
    level = make.series(make.indicator(IndicatorKind.STOCK, unit="座"))
    february, march, april = (make.period(2025, month) for month in (2, 3, 4))
    make.verified_entry(level, 10, february)
    make.verified_entry(level, 20, april)

    said = [
        filled.told(filled.receive([row(level, march, value)], clerk, march)) for value in (9, 10, 20, "20.01", "0.5")
    ]

    assert [len(each) for each in said] == [1, 0, 0, 1, 1]
    assert "不能小于上期已核定的10.00 座" in said[0][0]
    assert "不能大于下期已核定的20.00 座" in said[3][0]


def test_submitting_needs_the_evidence_that_the_indicator_asks_for(clerk: User, march: Period) -> None:
    proven, silent = (make.series(make.indicator(evidence_required=True)) for _ in range(2))
    entry = make.entry(proven, 1, march)
    rows = [row(proven, march, 2, version=1), row(silent, march, "", no_progress_reason="停工")]

    drafts = filled.receive(rows, clerk, march)
    without = filled.receive(rows, clerk, march, is_submitting=True)
    make.evidence(entry, clerk)
    with_proof = filled.receive(rows, clerk, march, is_submitting=True)

    assert [filled.outcomes(run) for run in (drafts, without, with_proof)] == [
        ["changed", "new"],
        ["error", "new"],
        ["changed", "new"],
    ]


def test_rows_that_ask_for_the_same_name_each_other(clerk: User, march: Period) -> None:
    series = make.series()
    twice = [row(series, march, 1), row(make.series(), march, 1), {**row(series, march, 2), "period": "2025-03"}]

    run = filled.receive(twice, clerk, march)

    assert filled.faults(run) == {4: ["project"], 6: ["project"]}
    assert all("第 4、6 行" in message for message in filled.told(run))


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (EntryStatus.SUBMITTED, "请先撤回"),
        (EntryStatus.REVIEWED, "请联系审核人退回"),
        (EntryStatus.VERIFIED, "请发起红字更正"),
    ],
)
def test_what_is_past_being_typed_is_a_conflict_unless_it_is_the_same(
    clerk: User, march: Period, status: EntryStatus, advice: str
) -> None:
    entry = make.entry(None, 10, march, status=status)
    rows = [row(entry.series, march, 11, version=entry.version), row(entry.series, march, 10, version=1)]

    other, same = (filled.receive([each], clerk, march) for each in rows)

    assert (filled.outcomes(other), filled.outcomes(same)) == (["conflict"], ["same"])
    [message] = filled.told(other)
    assert advice in message
    assert "10" in message


def test_entry_changed_since_the_download_is_a_conflict_with_both_values(clerk: User, march: Period) -> None:
    entry, typed = make.entry(None, 10, march), make.entry(None, 10, march)
    steps.change(entry, make.user(Role.CLERK, display_name="李四"), Content(Decimal(11)))
    rows = [row(entry.series, march, 12, version=1), row(typed.series, march, 12)]

    run = filled.receive(rows, clerk, march)

    assert filled.outcomes(run) == ["conflict"] * 2
    assert "现为 11（李四）" in filled.told(run)[0]
    line = run.lines.order_by("row")[0]
    assert line.before is not None
    assert (line.value, line.before["value"]) == (Decimal(12), "11.0000")


def test_own_import_is_no_conflict_but_what_came_after_it_is(clerk: User, march: Period) -> None:
    series = make.series()
    filled.saved([row(series, march, 10)], clerk, march)

    mended = filled.saved([row(series, march, 11)], clerk, march)
    assert filled.outcomes(mended) == ["changed"]

    steps.change(entry_of(series), make.user(Role.CLERK), Content(Decimal(12)))
    assert filled.outcomes(filled.receive([row(series, march, 13)], clerk, march)) == ["conflict"]
