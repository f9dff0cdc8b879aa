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
        ("UPDATE progress_evidence SET attachment_id = attachment_id", "the evidence of a verified entry is final"),
        ("UPDATE progress_series SET region_id = '1404'", "a series with ledger lines keeps its project"),
        ("UPDATE progress_indicator SET unit = '公顷'", "an indicator with ledger lines keeps its kind and unit"),
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
