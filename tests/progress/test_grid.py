"""The grid's read model: which desk opens, and which cells it has."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import Role, User
from jurisdictions.models import WorkLine
from progress.gate import CITY_TIME
from progress.grid.desks import Asked, Chooser, NoSuchDesk, chooser, why_nothing
from progress.grid.sheets import ROWS, Cell, Sheet, sheet
from progress.models import EntryStatus, Frequency, Period, Reopening, Series
from progress.services.entries import Content, change_draft
from tests import factories as make
from tests.progress.steps import send_back

NOON = datetime.datetime(2025, 3, 31, 12, tzinfo=CITY_TIME)
MARCH = NOON.date()

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800")]


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, make.COUNTY, WorkLine.SUBSIDENCE)


def opened(clerk: User, **asked: Any) -> Chooser:
    found = chooser(clerk, Asked(**asked), on=MARCH)
    assert found is not None
    return found


def laid_out(clerk: User, number: int = 1, **asked: Any) -> Sheet:
    return sheet(opened(clerk, **asked).desk, by=clerk, at=NOON, number=number)


def only_cell(clerk: User, **asked: Any) -> Cell:
    [cell] = [cell for row in laid_out(clerk, **asked).rows for cell in row.cells if cell]
    return cell


# Desks


def test_nothing_opens_to_a_clerk_without_series(clerk: User) -> None:
    make.period()
    make.series(region_code=make.OTHER_TOWN)

    assert chooser(clerk, Asked(), on=MARCH) is None


def test_reason_why_nothing_opens_is_the_real_one(clerk: User) -> None:
    make.fact()
    assert why_nothing(make.user(Role.REVIEWER, make.COUNTY), on=MARCH) == "您没有填报职责，不能在此填报。"
    assert why_nothing(clerk, on=MARCH) == "您的职责范围内没有人工填报的填报项，无须在此填报。"

    make.series(frequency=Frequency.QUARTER)
    assert why_nothing(clerk, on=MARCH) == "现在开放的调度期里，没有您应报的填报项。"

    Period.objects.update(opens_on=datetime.date(2025, 4, 1))
    assert why_nothing(clerk, on=MARCH) == "现在没有开放填报的调度期。"


def test_first_desk_is_the_one_that_is_due_first_and_owes(clerk: User) -> None:
    quarter = make.period(kind=Frequency.QUARTER)
    ten_days = make.period(2025, 3, kind=Frequency.TEN_DAYS)
    make.series(frequency=Frequency.TEN_DAYS)
    make.entry(Series.objects.get(), status=EntryStatus.SUBMITTED, when=ten_days)
    make.series(frequency=Frequency.QUARTER)
    Period.objects.filter(pk=ten_days.pk).update(closes_on=MARCH)

    found = opened(clerk)

    assert found.desk.period == quarter
    assert found.periods == [(ten_days, 0), (quarter, 1)]


def test_draft_still_owes_and_a_submitted_entry_does_not(clerk: User) -> None:
    make.series(on=make.project())
    make.entry(make.series())
    make.entry(make.series(), status=EntryStatus.SUBMITTED)

    assert [owing for _period, owing in opened(clerk).periods] == [2]


def test_report_is_owed_only_while_its_project_is_under_way(clerk: User) -> None:
    month = make.period()
    make.series(on=make.project(start_on=datetime.date(2025, 4, 1)))
    make.series(on=make.project(finished_on=datetime.date(2025, 2, 28)))
    running = make.series(on=make.project(start_on=month.end_on, finished_on=month.end_on))

    assert opened(clerk).periods == [(month, 1)]
    assert only_cell(clerk).series == running


def test_series_of_a_finished_project_stays_in_sight_with_its_entry(clerk: User) -> None:
    series = make.series(on=make.project(finished_on=datetime.date(2025, 2, 28)))
    make.series()
    make.entry(series)

    assert [row.project for row in laid_out(clerk).rows if row.project == series.project] == [series.project]


def test_closed_period_opens_where_it_was_opened_again(clerk: User) -> None:
    january, other = make.period(2025, 1), make.user(Role.CLERK, make.OTHER_COUNTY)
    make.series()
    make.series(region_code=make.OTHER_TOWN)
    Reopening.objects.create(
        period=january,
        region_id=make.COUNTY,
        work_line=WorkLine.SUBSIDENCE,
        until=MARCH,
        reason="补报",
        reopened_by=clerk,
        reopened_at=make.inside(january),
    )

    assert opened(clerk).desk.period == january
    assert "已重新开放" in laid_out(clerk).gates[0].reason
    assert chooser(other, Asked(), on=MARCH) is None


def test_closed_period_can_be_looked_at_and_says_why_it_is_locked(clerk: User) -> None:
    january = make.period(2025, 1)
    make.series()

    cell = only_cell(clerk, period=january.pk)

    assert cell.lock == "2025年1月已于2025年2月10日截止填报。"
    assert opened(clerk, period=january.pk).periods == [(january, 1)]


@pytest.mark.parametrize("asked", [{"period": 999_999}, {"region": make.OTHER_COUNTY}, {"line": WorkLine.WATER}])
def test_what_belongs_to_others_is_not_there(clerk: User, asked: dict[str, Any]) -> None:
    make.period()
    make.series()

    with pytest.raises(NoSuchDesk):
        opened(clerk, **asked)


def test_empty_desk_keeps_what_was_asked_for(clerk: User) -> None:
    make.period()
    make.series()

    found = opened(clerk, region=f"{make.COUNTY}201")

    assert (found.desk.region, laid_out(clerk, region=f"{make.COUNTY}201").rows) == (f"{make.COUNTY}201", [])


def test_clerk_of_the_city_chooses_among_the_counties_with_series() -> None:
    clerk = make.user(Role.CLERK, make.CITY)
    make.period()
    make.series(region_code=make.VILLAGE)
    make.series(region_code=make.OTHER_TOWN)

    found = opened(clerk)

    assert found.regions == {make.COUNTY: "上党区", make.OTHER_COUNTY: "襄垣县"}
    assert [row.region.code for row in laid_out(clerk).rows] == [make.VILLAGE]


def test_clerk_of_a_town_has_that_town() -> None:
    clerk = make.user(Role.CLERK, make.TOWN)
    make.period()
    make.series()

    found = opened(clerk)

    assert (found.desk.region, found.desk.region_name) == (make.TOWN, "上党区北呈乡")


# Cells


def test_projects_go_down_and_indicators_across(clerk: User) -> None:
    make.period()
    area, money = make.indicator(name="面积"), make.indicator(name="投资")
    first, second = make.project(code="a"), make.project(code="b")
    for project, measured in ((second, area), (first, area), (second, money)):
        make.series(measured, project)
    village = make.series(area, first, make.VILLAGE)
    make.series(area, make.project(code="c"), frequency=Frequency.QUARTER)

    page = laid_out(clerk)

    assert page.columns == [area, money]
    assert [(row.project, row.region.code, [bool(cell) for cell in row.cells]) for row in page.rows] == [
        (first, make.TOWN, [True, False]),
        (first, village.region_id, [True, False]),
        (second, make.TOWN, [True, True]),
    ]


def test_page_holds_so_many_projects(clerk: User) -> None:
    make.period()
    measured = make.indicator()
    for _ in range(ROWS + 1):
        make.series(measured)

    first, second = laid_out(clerk), laid_out(clerk, 2)

    assert (len(first.rows), first.has_next) == (ROWS, True)
    assert (len(second.rows), second.has_next) == (1, False)


@pytest.mark.parametrize(
    ("status", "lock", "mark"),
    [
        (EntryStatus.DRAFT, "", "✓ 已存"),
        (EntryStatus.RETURNED, "", "↩ 退回"),
        (EntryStatus.SUBMITTED, "已报送，等待审核；要修改请先在填报页撤回。", "⊘ 已报"),
        (EntryStatus.REVIEWED, "已审核，等待核定，不能修改。", "⊘ 已审"),
        (EntryStatus.VERIFIED, "已核定；数值有误的，请在填报页发起更正。", "⊘ 已核定"),
    ],
)
def test_cell_is_locked_by_the_status_of_its_entry(clerk: User, status: EntryStatus, lock: str, mark: str) -> None:
    make.entry(status=status)

    cell = only_cell(clerk)

    assert (cell.lock, cell.mark, cell.is_ready) == (lock, mark, status == EntryStatus.DRAFT)


def test_returned_entry_is_ready_once_it_was_changed(clerk: User) -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.RETURNED, by=team)
    page = laid_out(clerk)
    assert (page.ready, page.has_untouched) == ([], True)

    later = NOON + datetime.timedelta(minutes=1)
    change_draft(entry=entry, version=entry.version, content=Content(Decimal(11)), by=team.clerk, at=later)

    page = laid_out(clerk)
    assert (page.ready, page.has_untouched) == ([entry], False)


def test_blank_zero_and_no_progress_are_told_apart(clerk: User) -> None:
    make.period()
    project = make.project()
    for content in ((0, ""), (None, "冬季停工"), (None, "")):
        make.entry(make.series(on=project), content[0], no_progress_reason=content[1])

    [row] = laid_out(clerk).rows

    told = [
        (cell.amount, cell.entry.no_progress_reason, cell.is_filled, cell.mark)
        for cell in row.cells
        if cell and cell.entry
    ]
    assert told == [(Decimal(0), "", True, "✓ 已存"), (None, "冬季停工", True, "✓ 已存"), (None, "", False, "")]


def test_returned_entry_may_be_mended_after_its_period_closed(clerk: User) -> None:
    team = make.team()
    entry = make.entry(make.series(), when=make.period(2025, 1), status=EntryStatus.SUBMITTED, by=team)
    make.series(entry.series.indicator)
    entry = send_back(entry, team.reviewer)
    entry.returned_at = NOON
    entry.save(update_fields=["returned_at"])

    rows = laid_out(clerk, period=entry.period_id).rows

    assert sorted(cell.lock == "" for row in rows for cell in row.cells if cell) == [False, True]


def test_derived_cell_shows_the_ledger_and_leads_to_its_entries(clerk: User) -> None:
    fact = make.fact(value=12)
    make.fact(fact.series, 5, name="parcel-stage:124")
    make.series(on=fact.series.project)

    cell = next(cell for row in laid_out(clerk).rows for cell in row.cells if cell and cell.is_derived)

    assert (cell.amount, cell.lock, cell.mark) == (Decimal(17), "由业务环节自动生成，不在此填报。", "⊘ 业务生成")
    query = f"project={fact.series.project.code}&indicator={fact.series.indicator.code}"
    assert cell.url == f"/entries/?{query}"


def test_correction_is_left_to_its_own_page_and_opens_no_other_cell(clerk: User) -> None:
    corrected = make.verified_entry(when=make.period(2025, 1))
    make.correction(corrected, 11, status=EntryStatus.DRAFT)
    make.series(on=corrected.series.project)

    page = laid_out(clerk, period=corrected.period_id)

    assert [cell.lock for row in page.rows for cell in row.cells if cell] == [
        "红字更正请在填报页办理。",
        "2025年1月已于2025年2月10日截止填报。",
    ]
    assert [gate.is_open for gate in page.gates] == [False]
