"""What no service does, raw SQL does not do either: the database is the last guard of what is entered."""

from __future__ import annotations

import pytest
from django.db import Error, IntegrityError, connection, transaction

from accounts.models import Role
from progress.models import EntryStatus, Evidence
from progress.services import entries
from tests import factories as make

pytestmark = pytest.mark.django_db

DRAFT, SUBMITTED, RETURNED, REVIEWED, VERIFIED = EntryStatus


def refused_by_database(statement: str) -> str:
    """The database's words for refusing the statement; fails when it does not."""
    with pytest.raises(Error) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    return str(refusal.value).splitlines()[0]


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE progress_ledgerline SET amount = 0", "the ledger is append-only"),
        ("DELETE FROM progress_ledgerline", "the ledger is append-only"),
        ("UPDATE progress_progressentry SET value = 0", "a verified entry is final"),
        ("UPDATE progress_progressentry SET is_demo = true", "a verified entry is final"),
        ("UPDATE progress_progressentry SET status = 'draft'", "a verified entry is final"),
        ("DELETE FROM progress_progressentry", "only a draft may be deleted"),
        ("DELETE FROM progress_evidence", "the evidence of a verified entry is final"),
        ("UPDATE progress_evidence SET attachment_id = attachment_id", "evidence is added or taken off, never moved"),
        ("UPDATE progress_series SET region_id = '140404202215'", "a series with ledger lines stays as it is"),
        ("UPDATE progress_series SET frequency = 'quarter'", "a series with ledger lines stays as it is"),
        ("UPDATE progress_series SET origin = 'derived'", "a series with ledger lines stays as it is"),
        ("UPDATE progress_indicator SET unit = '公顷'", "an indicator with ledger lines keeps its kind, unit"),
        ("UPDATE progress_indicator SET work_line = 'water'", "an indicator with ledger lines keeps its kind, unit"),
        ("UPDATE accounts_auditevent SET actor = ''", "accounts_auditevent is append-only"),
        ("DELETE FROM accounts_auditevent", "accounts_auditevent is append-only"),
    ],
)
def test_database_keeps_what_is_verified(statement: str, words: str) -> None:
    team = make.team()
    entry = make.entry(by=team)
    make.evidence(entry, team.clerk)
    make.walk(entry, VERIFIED, by=team)

    assert words in refused_by_database(statement)


COLUMNS = "series_id, entry_id, project_id, indicator_id, region_code, reports, posted_at"


@pytest.mark.parametrize(
    ("month", "ends", "amount", "constraint"),
    [
        ("month", "ends", "'NaN'", "ledger_amount_is_a_number"),
        ("DATE '2025-04-01'", "ends", "1", "ledger_month_is_that_of_its_end"),
        ("month", "DATE '2025-02-28'", "1", "ledger_month_is_that_of_its_end"),
        ("DATE '2025-03-02'", "ends", "1", "ledger_month_is_that_of_its_end"),
    ],
)
def test_database_checks_a_line(month: str, ends: str, amount: str, constraint: str) -> None:
    make.verified_entry()
    added = f"SELECT {COLUMNS}, {month}, {ends}, {amount} FROM progress_ledgerline"  # noqa: S608 - literals above

    statement = f"INSERT INTO progress_ledgerline ({COLUMNS}, month, ends, amount) {added}"

    assert constraint in refused_by_database(statement)


def test_database_lets_evidence_neither_move_to_another_entry_nor_change_its_file() -> None:
    team = make.team()
    one, other = make.entry(by=team), make.entry(by=team)
    make.evidence(one, team.clerk)

    moves = f"entry_id = {other.pk}", "attachment_id = attachment_id"

    for move in moves:
        words = refused_by_database(f"UPDATE progress_evidence SET {move}")  # noqa: S608 - literals above
        assert "evidence is added or taken off, never moved" in words


def test_database_lets_what_has_no_line_yet_change() -> None:
    series = make.entry().series

    with connection.cursor() as cursor:
        cursor.execute("UPDATE progress_series SET frequency = 'quarter', origin = 'derived'")
        cursor.execute("UPDATE progress_indicator SET unit = '公顷'")

    series.refresh_from_db()
    assert (series.frequency, series.indicator.unit) == ("quarter", "公顷")


def test_database_takes_no_evidence_after_verification() -> None:
    team = make.team()
    entry = make.verified_entry(by=team)
    file = make.evidence(make.entry(by=team), team.clerk).attachment

    with pytest.raises(IntegrityError, match="the evidence of a verified entry is final"):
        Evidence.objects.create(entry=entry, attachment=file)


@pytest.mark.parametrize("status", [SUBMITTED, RETURNED, REVIEWED])
def test_database_deletes_drafts_only(status: EntryStatus) -> None:
    make.entry(status=status)

    assert "only a draft may be deleted" in refused_by_database("DELETE FROM progress_progressentry")


DONE = "status = 'verified', verified_at = now()"


@pytest.mark.parametrize(
    ("assignment", "constraint"),
    [
        ("reviewed_by_id = entered_by_id", "entry_entered_is_not_reviewed"),
        ("reviewed_by_id = submitted_by_id", "entry_submitted_is_not_reviewed"),
        (f"{DONE}, verified_by_id = entered_by_id", "entry_entered_is_not_verified"),
        (f"{DONE}, verified_by_id = submitted_by_id", "entry_submitted_is_not_verified"),
        (f"{DONE}, verified_by_id = reviewed_by_id", "entry_reviewed_is_not_verified"),
        ("status = 'verified'", "entry_status_matches_steps"),
        ("status = 'draft'", "entry_status_matches_steps"),
        ("reviewed_by_id = NULL", "entry_reviewed_by_and_at"),
        ("verified_by_id = (SELECT max(id) FROM accounts_user)", "entry_verified_by_and_at"),
        ("origin = 'article'", "entry_entered_by_and_at"),
        ("value = NULL", "entry_value_or_reason_or_void"),
        ("no_progress_reason = '停工'", "entry_value_or_reason_or_void"),
        ("is_void = true, revision = 2, correction_reason = '重复'", "entry_value_or_reason_or_void"),
        ("revision = 2", "entry_correction_has_reason"),
        ("correction_reason = '无故'", "entry_correction_has_reason"),
    ],
)
def test_database_checks_a_reviewed_entry(assignment: str, constraint: str) -> None:
    team, colleague = make.team(), make.user(Role.CLERK, make.COUNTY)
    make.user()
    entry = make.entry(by=team)
    submitted = entries.submit(entry=entry, version=1, by=colleague, at=make.inside(entry.period))
    entries.review(entry=submitted, version=2, by=team.reviewer, at=make.inside(entry.period))

    assert constraint in refused_by_database(update(assignment))


def update(assignment: str) -> str:
    return f"UPDATE progress_progressentry SET {assignment}"  # noqa: S608 - the assignments stand above


def test_database_takes_an_entry_without_people_from_the_article_only() -> None:
    make.entry()

    assert "entry_entered_by_and_at" in refused_by_database(update("entered_by_id = NULL"))
    with connection.cursor() as cursor:
        cursor.execute(update("entered_by_id = NULL, origin = 'article'"))
