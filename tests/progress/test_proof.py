"""The nightly proof: cells against the ledger, and the ledger against the entries."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from progress import rollups
from progress.models import IndicatorKind, LedgerLine
from progress.services import proof
from projects.models import Condition
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

COLUMNS = "project_id, indicator_id, region_code, month, ends, reports, posted_at"


def in_sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def file_line(series: str, amount: str) -> None:
    """Add a line beside each that is there, as somebody with the database's keys could: cells and marks agree."""
    in_sql(
        f"INSERT INTO progress_ledgerline (series_id, entry_id, amount, {COLUMNS})"  # noqa: S608 - literals of this file
        f" SELECT {series}, entry_id, {amount}, {COLUMNS} FROM progress_ledgerline"
    )


def test_proof_opens_a_condition_on_the_city_and_clears_it() -> None:
    entry = make.verified_entry(value=10)
    rollups.drain()
    at = make.inside(entry.period)
    in_sql("UPDATE progress_regionrollup SET amount = 12 WHERE region_id = '140404'")

    proof.prove(at=at)
    proof.prove(at=at)
    condition = Condition.objects.get()
    assert (condition.subject.region_id, condition.until) == (make.CITY, None)
    assert condition.sentence == "汇总与台账不符：比对4格，发现1处不符。"

    rollups.rebuild_rollups()
    proof.prove(at=at)
    assert Condition.objects.get().until == at


def test_whole_ledger_has_no_loose_ends() -> None:
    series, team = make.series(make.indicator(IndicatorKind.STOCK)), make.team()
    levels = {
        month: make.verified_entry(series, level, make.period(2025, month), by=team)
        for month, level in ((4, 70), (1, 30), (2, 45))
    }
    make.verified_entry(series, None, make.period(2025, 3), by=team, no_progress_reason="停工")
    make.correction(make.correction(levels[2], "40", by=team), by=team)
    make.correction(make.verified_entry(by=team), by=team)
    make.fact(by=team)

    assert rollups.loose_ends() == []


def test_verified_entry_without_a_line_is_found() -> None:
    entry, _other = make.verified_entry(), make.verified_entry()
    in_sql(
        "SET CONSTRAINTS ALL IMMEDIATE",
        "ALTER TABLE progress_ledgerline DISABLE TRIGGER USER",
        f"DELETE FROM progress_ledgerline WHERE entry_id = {entry.pk}",  # noqa: S608 - a number of our own
    )

    fault = "series whose lines are not the sum of its entries"
    assert rollups.loose_ends() == [("entry without a line", entry.pk), (fault, entry.series_id)]


def test_line_under_another_series_entry_is_found() -> None:
    make.verified_entry(value=10)
    other = make.series()

    file_line(str(other.pk), "0")

    line = LedgerLine.objects.get(series=other)
    assert rollups.loose_ends() == [("line of another series than its entry", line.pk)]


def test_increment_that_no_entry_states_is_found() -> None:
    entry = make.verified_entry(value=70)

    file_line("series_id", "0.0001")

    assert rollups.audit_rollups().mismatches == ()
    assert rollups.loose_ends() == [("series whose lines are not the sum of its entries", entry.series_id)]


def test_level_that_its_lines_do_not_reach_is_found() -> None:
    entry = make.verified_entry(make.series(make.indicator(IndicatorKind.STOCK)), 70)

    file_line("series_id", "0.0001")

    assert rollups.audit_rollups().mismatches == ()
    assert rollups.loose_ends() == [("level not reached by its lines", entry.pk)]


def test_loose_end_alone_opens_the_condition_and_ends_the_command_with_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry = make.verified_entry(make.series(make.indicator(IndicatorKind.STOCK)), 70)
    file_line("series_id", "-1")

    with pytest.raises(CommandError) as refusal:
        call_command("audit_rollups")

    fault = f"level not reached by its lines: {entry.pk}"
    assert refusal.value.returncode == 1
    assert capsys.readouterr().out.splitlines() == ["4 cells compared, 0 mismatches, 1 loose ends", fault]
    assert Condition.objects.get().facts == {"compared": 4, "faults": [fault]}


def test_audit_command_ends_with_code_1_on_a_mismatch(capsys: pytest.CaptureFixture[str]) -> None:
    make.verified_entry(value=10)
    rollups.drain()
    in_sql("UPDATE progress_projectrollup SET amount = 0")

    with pytest.raises(CommandError) as refusal:
        call_command("audit_rollups")

    assert refusal.value.returncode == 1
    assert capsys.readouterr().out.startswith("4 cells compared, 1 mismatches, 0 loose ends\n")
