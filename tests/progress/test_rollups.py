"""Cells and marks: folded, read, proved and repaired; every figure is exact before, during and after."""

from __future__ import annotations

import datetime
import threading
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import InternalError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from progress import rollups
from progress.models import (
    Indicator,
    IndicatorKind,
    LedgerLine,
    PendingDelta,
    Period,
    ProjectRollup,
    RegionRollup,
    Series,
)
from progress.rollups import Ask
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


def total(indicator: Indicator, region: str | None = make.CITY, **ask: int | datetime.date | None) -> rollups.Total:
    [found] = rollups.totals([Ask(indicator.pk, region, **ask)])  # type: ignore[arg-type]
    return found


def three_places() -> Indicator:
    """10 亩 at a town, 20 at its county, 5 in another county, all in 2025-03."""
    area = make.indicator()
    for value, region in ((10, make.TOWN), (20, make.COUNTY), (5, make.OTHER_TOWN)):
        make.verified_entry(make.series(area, region_code=region), value)
    return area


def in_sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_verifying_marks_and_draining_folds() -> None:
    three_places()

    assert (PendingDelta.objects.count(), RegionRollup.objects.count()) == (3, 0)
    assert rollups.drain() == 3
    assert (PendingDelta.objects.count(), rollups.drain()) == (0, 0)


def test_drain_fills_every_ancestor_and_the_project() -> None:
    area = three_places()

    rollups.drain()

    cells = (
        RegionRollup.objects.filter(indicator=area).order_by("region_id").values_list("region_id", "amount", "reports")
    )
    assert list(cells) == [
        ("1404", Decimal(35), 3),
        ("140404", Decimal(30), 2),
        ("140404202", Decimal(10), 1),
        ("140423", Decimal(5), 1),
        ("140423100", Decimal(5), 1),
    ]
    assert sorted(ProjectRollup.objects.values_list("amount", flat=True)) == [5, 10, 20]


@pytest.mark.parametrize("drained", [False, True], ids=["pending", "folded"])
def test_totals_are_the_same_pending_and_folded(drained: bool) -> None:
    area = three_places()
    if drained:
        rollups.drain()

    regions = (make.CITY, make.COUNTY, make.TOWN, make.OTHER_COUNTY, "140405")
    found = [total(area, region) for region in regions]

    assert [each.amount for each in found] == [35, 30, 10, 5, 0]
    assert [each.reports for each in found] == [3, 2, 1, 1, 0]
    assert found[0].last_month == datetime.date(2025, 3, 1)
    assert found[4].last_month is None


def test_totals_add_cells_and_what_is_pending_since() -> None:
    area = three_places()
    rollups.drain()
    series = Series.objects.get(indicator=area, region=make.TOWN)

    make.verified_entry(series, 7, make.period(2025, 4))

    assert (total(area).amount, total(area).last_month) == (Decimal(42), datetime.date(2025, 4, 1))
    assert total(area, None, project=series.project_id).amount == 17


def test_totals_ask_for_months_from_and_until() -> None:
    area, team = make.indicator(), make.team()
    series = make.series(area)
    for month in (1, 2, 3, 4):
        make.verified_entry(series, 10**month, make.period(2025, month), by=team)

    found = total(area, since=datetime.date(2025, 2, 1), due=datetime.date(2025, 3, 1))

    assert (found.amount, found.due_amount, found.reports) == (Decimal(11_100), Decimal(1_100), 3)


def test_totals_answer_in_the_order_asked_in_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    area = three_places()
    asks = [Ask(area.pk, region) for region in (make.OTHER_COUNTY, make.CITY, make.COUNTY)]

    with django_assert_num_queries(1):
        found = rollups.totals(asks)

    assert [each.amount for each in found] == [5, 35, 30]


def test_totals_of_nothing_asked_are_nothing() -> None:
    assert rollups.totals([]) == []


def test_months_list_only_those_with_lines() -> None:
    area, team = make.indicator(), make.team()
    series = make.series(area)
    make.verified_entry(series, 10, make.period(2025, 1), by=team)
    rollups.drain()
    make.verified_entry(series, 30, make.period(2025, 3), by=team)

    found = rollups.months([Ask(area.pk, make.CITY)])

    assert [(each.month.month, each.amount, each.reports) for each in found] == [
        (1, Decimal(10), 1),
        (3, Decimal(30), 1),
    ]


@pytest.mark.parametrize("drained", [False, True], ids=["pending", "folded"])
def test_months_reached_are_those_in_which_a_report_stands(drained: bool) -> None:
    area, team = make.indicator(), make.team()
    here, there = make.series(area), make.series(area, region_code=make.OTHER_TOWN)
    make.verified_entry(there, 3, make.period(2025, 2), by=make.team(make.OTHER_COUNTY))
    entries = [make.verified_entry(here, 10, make.period(2025, month), by=team) for month in (1, 2, 3, 5)]
    make.correction(entries[2], by=team)
    if drained:
        rollups.drain()

    found = total(area, due=datetime.date(2025, 4, 1))

    assert (found.amount, found.reports, found.last_month) == (Decimal(33), 4, datetime.date(2025, 5, 1))
    assert (found.due_amount, found.last_due_month) == (Decimal(23), datetime.date(2025, 2, 1))


def test_mark_is_grouped_whatever_path_a_line_takes() -> None:
    entry = make.verified_entry(value=10)
    rollups.drain()

    in_sql(
        """
        INSERT INTO progress_ledgerline
            (series_id, entry_id, project_id, indicator_id, region_code, month, ends, amount, reports, posted_at)
        SELECT series_id, entry_id, project_id, indicator_id, region_code, month, ends, n, n % 2, posted_at
        FROM progress_ledgerline, generate_series(1, 4) AS n
        """
    )

    mark = PendingDelta.objects.get()
    assert (mark.series, mark.amount, mark.reports) == (entry.series, Decimal(10), 2)
    assert total(entry.series.indicator).amount == 20


def test_audit_counts_every_cell_and_finds_none_wrong() -> None:
    three_places()
    rollups.drain()

    found = rollups.audit_rollups()

    assert (found.compared, found.mismatches) == (8, ())


def test_audit_holds_beside_pending_marks() -> None:
    series = make.series()
    make.verified_entry(series)
    rollups.drain()
    make.verified_entry(series, when=make.period(2025, 4))

    assert rollups.audit_rollups().mismatches == ()


DAMAGE = {
    "a wrong amount": "UPDATE progress_regionrollup SET amount = amount + 0.0001 WHERE region_id = '1404'",
    "a wrong count": "UPDATE progress_projectrollup SET reports = reports + 1",
    "a lost cell": "DELETE FROM progress_regionrollup WHERE region_id = '140404202'",
    "a cell of nothing": "UPDATE progress_regionrollup SET month = '2030-01-01' WHERE region_id = '140404'",
    "a lost mark": "INSERT INTO progress_pendingdelta (series_id, month, amount, reports)"
    " SELECT series_id, month, 1, 0 FROM progress_ledgerline",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_audit_finds_damage_and_rebuild_repairs_it(damage: str) -> None:
    entry = make.verified_entry(value=10)
    rollups.drain()
    in_sql(damage)

    assert rollups.audit_rollups().mismatches
    assert rollups.rebuild_rollups() > 0
    assert rollups.audit_rollups().mismatches == ()
    assert total(entry.series.indicator).amount == 10


def test_audit_says_which_cell_is_wrong_and_by_how_much() -> None:
    entry = make.verified_entry(value=10)
    rollups.drain()
    in_sql("UPDATE progress_regionrollup SET amount = 12 WHERE region_id = '140404'")

    [found] = rollups.audit_rollups().mismatches

    assert (found.kind, found.place, found.indicator) == ("region", "140404", entry.series.indicator_id)
    assert (found.month, found.ledger, found.cell) == (datetime.date(2025, 3, 1), Decimal(10), Decimal(12))


def test_rebuild_leaves_pending_marks_pending() -> None:
    entry = make.verified_entry(value=10)

    assert rollups.rebuild_rollups() == 0
    assert PendingDelta.objects.count() == 1
    assert total(entry.series.indicator).amount == 10


def test_drop_empty_keeps_every_cell_that_holds_a_report() -> None:
    series, team = make.series(), make.team()
    make.verified_entry(series, 0, by=team)
    make.correction(make.verified_entry(series, 10, make.period(2025, 4), by=team), by=team)
    rollups.drain()

    dropped = rollups.drop_empty(), rollups.drop_empty()

    assert dropped == (4, 0)
    left = [cells.values_list("month", "amount", "reports") for cells in (RegionRollup.objects, ProjectRollup.objects)]
    assert [*left[0], *left[1]] == [(datetime.date(2025, 3, 1), Decimal(0), 1)] * 4


def test_drop_empty_keeps_an_amount_without_a_report() -> None:
    make.verified_entry(value=10)
    rollups.drain()
    in_sql("UPDATE progress_regionrollup SET reports = 0")

    assert rollups.drop_empty() == 0


def test_commands_print_what_they_did(capsys: pytest.CaptureFixture[str]) -> None:
    make.verified_entry(value=10)

    for command in ("drain_rollups", "audit_rollups", "rebuild_rollups"):
        call_command(command)

    assert capsys.readouterr().out.splitlines() == [
        "1 pending marks folded",
        "4 cells compared, 0 mismatches, 0 loose ends",
        "0 cells changed",
    ]


def test_ensure_periods_command_makes_three_years_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("ensure_periods")
    call_command("ensure_periods")

    assert capsys.readouterr().out.splitlines() == ["165 periods added", "0 periods added"]
    assert Period.objects.count() == 3 * (36 + 12 + 4 + 2 + 1)


@pytest.mark.django_db(transaction=True)
def test_snapshot_shows_one_moment_while_others_commit() -> None:
    area = three_places()
    series, team, april = Series.objects.get(indicator=area, region=make.TOWN), make.team(), make.period(2025, 4)

    def verify_elsewhere() -> None:
        make.verified_entry(series, 100, april, by=team)
        rollups.drain()
        connection.close()

    with rollups.snapshot():
        before = total(area).amount
        meanwhile = threading.Thread(target=verify_elsewhere)
        meanwhile.start()
        meanwhile.join()
        after = total(area).amount

    assert [before, after, total(area).amount] == [35, 35, 135]


@pytest.mark.django_db(transaction=True)
def test_snapshot_reads_only() -> None:
    with pytest.raises(InternalError, match="read-only"), rollups.snapshot():
        make.region()


@pytest.mark.django_db(transaction=True)
def test_rebuild_waits_for_a_drain_under_way_and_drains_wait_for_it() -> None:
    entry = make.verified_entry(value=10)
    changed: list[int] = []

    def rebuild_elsewhere() -> None:
        changed.append(rollups.rebuild_rollups())
        connection.close()

    with transaction.atomic():
        rollups.drain()
        meanwhile = threading.Thread(target=rebuild_elsewhere)
        meanwhile.start()
        meanwhile.join(0.3)
        assert meanwhile.is_alive()
    meanwhile.join()

    assert changed == [0]
    assert rollups.audit_rollups().mismatches == ()
    assert total(entry.series.indicator).amount == Decimal(10)


def test_stock_total_is_the_sum_of_the_levels_that_stand() -> None:
    built, team = make.indicator(IndicatorKind.STOCK), make.team(make.CITY)
    for region, levels in ((make.TOWN, (30, 70)), (make.OTHER_TOWN, (10, 15))):
        series = make.series(built, region_code=region)
        for month, level in enumerate(levels, start=1):
            make.verified_entry(series, level, make.period(2025, month), by=team)

    january = total(built, due=datetime.date(2025, 1, 1))

    assert [january.due_amount, january.amount] == [40, 85]
    assert LedgerLine.objects.count() == 4
