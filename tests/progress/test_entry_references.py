"""What an entry refers to is there and stays, whoever writes, though no foreign key says so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, TimeoutError
from typing import Any

import pytest
from django.db import DEFAULT_DB_ALIAS, IntegrityError, OperationalError, connection, connections, transaction
from django.utils import timezone

from accounts.models import Role, User
from progress.models import EntryStatus, Period, ProgressEntry, Series
from tests import factories as make

NOBODY = 2**40


def unsaved(to: Series, when: Period, **facts: Any) -> ProgressEntry:
    at = timezone.now()
    return ProgressEntry(series=to, period=when, value=1, entered_at=at, changed_at=at, **facts)


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["series_id", "period_id"])
def test_database_takes_no_entry_of_what_is_not_there(column: str) -> None:
    when, by = make.period(), make.user(Role.CLERK)
    good, bad = (unsaved(make.series(), when, entered_by=by) for _ in range(2))
    setattr(bad, column, NOBODY)

    with pytest.raises(IntegrityError, match=f"no {column.removesuffix('_id')}"), transaction.atomic():
        ProgressEntry.objects.bulk_create([good, bad])

    ProgressEntry.objects.bulk_create([good])


@pytest.mark.django_db
@pytest.mark.parametrize("step", ["entered", "submitted", "reviewed", "verified", "returned"])
def test_database_knows_everybody_who_took_a_step(step: str) -> None:
    by, at, when = make.team(), timezone.now(), make.period()
    if step == "returned":
        facts: dict[str, Any] = {"status": EntryStatus.RETURNED, "return_reason": "请补依据"}
        people = {"submitted": by.clerk, "returned": by.reviewer}
    else:
        facts = {"status": EntryStatus.VERIFIED}
        people = {"submitted": by.clerk, "reviewed": by.reviewer, "verified": by.verifier}
    for each, person in people.items():
        facts |= {f"{each}_by": person, f"{each}_at": at}
    good, bad = (unsaved(make.series(), when, entered_by=by.clerk, **facts) for _ in range(2))
    setattr(bad, f"{step}_by_id", NOBODY)

    with pytest.raises(IntegrityError, match="no user"), transaction.atomic():
        bad.save()

    good.save()


@pytest.mark.django_db
def test_database_lets_no_entry_move_to_what_is_not_there() -> None:
    entry = make.entry()

    for column in ("series_id", "period_id"):
        with pytest.raises(IntegrityError, match="refers to no"), transaction.atomic():
            ProgressEntry.objects.filter(pk=entry.pk).update(**{column: NOBODY})


@pytest.mark.django_db
def test_database_keeps_what_an_entry_refers_to() -> None:
    entry = make.entry(status=EntryStatus.REVIEWED)
    free = make.period(2025, 4)
    kept = [("progress_series", entry.series_id), ("progress_period", entry.period_id)]
    kept += [("accounts_user", getattr(entry, f"{step}_id")) for step in ("submitted_by", "reviewed_by")]

    for table, number in kept:
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET id = {NOBODY}"):  # noqa: S608 - names from above
            with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"{change} WHERE id = %s", [number])
                cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    free.delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.django_db(transaction=True)
def test_nobody_deletes_what_an_unfinished_transaction_refers_to() -> None:
    series, when, by = make.series(), make.period(), make.user(Role.CLERK)

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            unsaved(series, when, entered_by=by).save()
            deleting = pool.submit(_delete, when.pk)
            with pytest.raises(TimeoutError):
                deleting.result(timeout=0.5)
        with pytest.raises(IntegrityError, match="an entry refers to"):
            deleting.result(timeout=10)

    assert Period.objects.filter(pk=when.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_nobody_refers_to_what_an_unfinished_transaction_deletes() -> None:
    series, when, by = make.series(), make.period(), make.user(Role.CLERK)

    def enter() -> None:
        try:
            unsaved(series, when, entered_by=by).save()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Period.objects.filter(pk=when.pk).delete()
            entering = pool.submit(enter)
            with pytest.raises(TimeoutError):
                entering.result(timeout=0.5)
        with pytest.raises(IntegrityError, match="no period"):
            entering.result(timeout=10)

    assert not ProgressEntry.objects.exists()


def _delete(number: int) -> None:
    """Delete a period past the ORM, which would ask for its entries first."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM progress_period WHERE id = %s", [number])
    finally:
        connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_an_old_snapshot_deletes_nothing_that_entries_may_refer_to() -> None:
    user = make.user(Role.CLERK)
    other = connections.create_connection(DEFAULT_DB_ALIAS)

    with pytest.raises(OperationalError, match="READ COMMITTED only"), other.cursor() as cursor:
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("DELETE FROM accounts_duty")
        cursor.execute("DELETE FROM accounts_user WHERE id = %s", [user.pk])
        cursor.execute("COMMIT")

    other.close()
    assert User.objects.filter(pk=user.pk).exists()
