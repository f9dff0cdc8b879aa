"""The roll-up: folding marks into cells, reading cells + marks, and proving both against the ledger.

Totals change here and nowhere else. A read is one statement over cells and marks, so it is exact at any moment,
however many marks are pending and whether or not a worker lives.
"""

# ruff: noqa: S608 - statements are composed of this module's own literals, never of input

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction

#: Key of the advisory lock that drains share and a rebuild takes for itself.
FOLD_LOCK = 140_400_02
#: Small batches collapse while an old snapshot is open: dead index entries are rescanned by every batch.
BATCH = 50_000

_DRAIN = """
WITH due AS MATERIALIZED (
    SELECT id FROM progress_pendingdelta ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
), taken AS (
    DELETE FROM progress_pendingdelta USING due WHERE progress_pendingdelta.id = due.id
    RETURNING series_id, month, amount, reports
), grouped AS (
    SELECT s.region_id, s.project_id, s.indicator_id, t.month, sum(t.amount) AS amount, sum(t.reports) AS reports
    FROM taken t JOIN progress_series s ON s.id = t.series_id
    GROUP BY s.region_id, s.project_id, s.indicator_id, t.month
), regions AS (
    INSERT INTO progress_regionrollup AS cell (region_id, indicator_id, month, amount, reports)
    SELECT left(region_id, n), indicator_id, month, sum(amount), sum(reports)
    FROM grouped CROSS JOIN (VALUES (4), (6), (9), (12)) AS level(n)
    WHERE n <= length(region_id)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (region_id, indicator_id, month)
    DO UPDATE SET amount = cell.amount + excluded.amount, reports = cell.reports + excluded.reports
), projects AS (
    INSERT INTO progress_projectrollup AS cell (project_id, indicator_id, month, amount, reports)
    SELECT project_id, indicator_id, month, sum(amount), sum(reports)
    FROM grouped
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (project_id, indicator_id, month)
    DO UPDATE SET amount = cell.amount + excluded.amount, reports = cell.reports + excluded.reports
)
SELECT count(*) FROM taken
"""


def drain() -> int:
    """Fold all pending marks into the cells; returns how many. Safe to run anywhere, any number of times."""
    total = 0
    while count := _drain_batch():
        total += count
    return total


@transaction.atomic
def _drain_batch() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [FOLD_LOCK])
        # Keys are upserted in sorted order, so two drains at once cannot deadlock.
        cursor.execute(_DRAIN, [BATCH])
        return int(cursor.fetchone()[0])


@contextmanager
def snapshot() -> Iterator[None]:
    """One frozen view of the database for all figures of a page or answer: else Σ counties ≠ city could show.

    Inside a transaction that is already open, that one's isolation holds.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


@dataclass(frozen=True)
class Ask:
    """What to sum: an indicator in a region with all below it, or of one project, from the month `since` on."""

    indicator: int
    region: str | None = None
    project: int | None = None
    since: datetime.date | None = None
    #: The last month of the second sum, `due_amount`; None for all months.
    due: datetime.date | None = None
    #: The last month of either sum; None where what comes later counts too.
    until: datetime.date | None = None


@dataclass(frozen=True)
class Total:
    """Σ ledger for one Ask, and the last month with a report in it; the same again up to the month due.

    `reports` = 0 means that no report stands: blank, not zero.
    """

    amount: Decimal
    reports: int
    last_month: datetime.date | None
    due_amount: Decimal
    last_due_month: datetime.date | None


_ASKED = """
WITH asked AS (
    SELECT * FROM unnest(%s::int[], %s::bigint[], %s::text[], %s::bigint[], %s::date[], %s::date[], %s::date[])
        AS asked(key, indicator_id, region_id, project_id, since, due, until)
)"""
_KNOWN = """
    SELECT asked.key, cell.month, cell.amount, cell.reports
    FROM asked JOIN progress_regionrollup cell
        ON cell.region_id = asked.region_id AND cell.indicator_id = asked.indicator_id
    WHERE asked.project_id IS NULL
    UNION ALL
    SELECT asked.key, cell.month, cell.amount, cell.reports
    FROM asked JOIN progress_projectrollup cell
        ON cell.project_id = asked.project_id AND cell.indicator_id = asked.indicator_id
    UNION ALL
    SELECT asked.key, mark.month, mark.amount, mark.reports
    FROM progress_pendingdelta mark
        JOIN progress_series s ON s.id = mark.series_id
        JOIN asked ON s.indicator_id = asked.indicator_id
            AND CASE WHEN asked.project_id IS NULL
                THEN starts_with(s.region_id, asked.region_id) ELSE s.project_id = asked.project_id END
"""
_LATER = """
later AS (
    SELECT region_code, project_id, indicator_id, month, sum(amount) AS amount, sum(reports) AS reports
    FROM progress_ledgerline
    WHERE posted_at > %s AND indicator_id IN (SELECT indicator_id FROM asked)
    GROUP BY 1, 2, 3, 4
)"""
_LESS_LATER = """
    UNION ALL
    SELECT asked.key, later.month, -later.amount, -later.reports
    FROM later CROSS JOIN (VALUES (4), (6), (9), (12)) AS level(n)
        JOIN asked ON asked.region_id = left(later.region_code, n) AND asked.indicator_id = later.indicator_id
    WHERE n <= length(later.region_code) AND asked.project_id IS NULL
    UNION ALL
    SELECT asked.key, later.month, -later.amount, -later.reports
    FROM later JOIN asked ON asked.project_id = later.project_id AND asked.indicator_id = later.indicator_id
"""
#: What is asked for, in cells: as they are, and in a look back less what was posted later.
_NOW = f"{_ASKED}, cells AS ({_KNOWN})"
_BACK = f"{_ASKED}, {_LATER}, cells AS ({_KNOWN} {_LESS_LATER})"

_TOTALS = """, monthly AS (
    SELECT asked.key, cells.month, sum(cells.amount) AS amount, sum(cells.reports) AS reports,
        asked.due IS NULL OR cells.month <= asked.due AS is_due
    FROM asked JOIN cells ON cells.key = asked.key
        AND (asked.since IS NULL OR cells.month >= asked.since)
        AND (asked.until IS NULL OR cells.month <= asked.until)
    GROUP BY asked.key, asked.due, cells.month
)
SELECT asked.key,
    coalesce(sum(amount), 0),
    coalesce(sum(reports), 0),
    max(month) FILTER (WHERE reports > 0),
    coalesce(sum(amount) FILTER (WHERE is_due), 0),
    max(month) FILTER (WHERE reports > 0 AND is_due)
FROM asked LEFT JOIN monthly ON monthly.key = asked.key
GROUP BY asked.key ORDER BY asked.key
"""
_MONTHS = """
SELECT asked.key, cells.month, sum(cells.amount), sum(cells.reports)
FROM asked JOIN cells ON cells.key = asked.key
    AND (asked.since IS NULL OR cells.month >= asked.since) AND (asked.due IS NULL OR cells.month <= asked.due)
    AND (asked.until IS NULL OR cells.month <= asked.until)
GROUP BY asked.key, cells.month HAVING sum(cells.amount) <> 0 OR sum(cells.reports) <> 0
ORDER BY asked.key, cells.month
"""


def totals(asks: Sequence[Ask], *, as_of: datetime.datetime | None = None) -> list[Total]:
    """The exact totals asked for, in order, in ONE statement: Σ cells + Σ pending marks − Σ lines posted since `as_of`.

    So a look back tells what stood at that instant, however it was corrected since; None is now.
    """
    return [Total(amount, int(reports), *rest) for _key, amount, reports, *rest in _read(_TOTALS, asks, as_of)]


@dataclass(frozen=True)
class MonthTotal:
    """Σ ledger for one Ask in one month in which something stands."""

    ask: Ask
    month: datetime.date
    amount: Decimal
    reports: int


def months(asks: Sequence[Ask], *, as_of: datetime.datetime | None = None) -> list[MonthTotal]:
    """The exact totals by month, from `since` to `due`, in ONE statement; months in which nothing stands are absent."""
    rows = _read(_MONTHS, asks, as_of)
    return [MonthTotal(asks[key], month, amount, int(reports)) for key, month, amount, reports in rows]


def _read(select: str, asks: Sequence[Ask], as_of: datetime.datetime | None) -> list[tuple[Any, ...]]:
    asked: list[Any] = [
        list(range(len(asks))),
        [ask.indicator for ask in asks],
        [ask.region for ask in asks],
        [ask.project for ask in asks],
        [ask.since for ask in asks],
        [ask.due for ask in asks],
        [ask.until for ask in asks],
    ]
    with connection.cursor() as cursor:
        cursor.execute(_BACK + select if as_of else _NOW + select, [*asked, *([as_of] if as_of else [])])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


# What the cells ought to hold: the ledger, by its own plain columns, less what is still marked pending.
_UNFOLDED = """
SELECT region_code AS region_id, project_id, indicator_id, month, amount, reports
FROM progress_ledgerline
UNION ALL
SELECT s.region_id, s.project_id, s.indicator_id, mark.month, -mark.amount, -mark.reports
FROM progress_pendingdelta mark JOIN progress_series s ON s.id = mark.series_id
"""
_CELL = "indicator_id, month, sum(amount) AS amount, sum(reports) AS reports"
_LEVELS = "CROSS JOIN (VALUES (4), (6), (9), (12)) AS level(n) WHERE n <= length(region_id)"
_EXPECTED = {
    "region": f"SELECT left(region_id, n) AS place_id, {_CELL} FROM ({_UNFOLDED}) unfolded {_LEVELS} GROUP BY 1, 2, 3",
    "project": f"SELECT project_id AS place_id, {_CELL} FROM ({_UNFOLDED}) unfolded GROUP BY 1, 2, 3",
}


def _compared(place: str) -> str:
    """Every cell of one table beside what it ought to hold; either side may be missing."""
    return f"""
    SELECT coalesce(wanted.place_id, cell.{place}_id) AS place_id,
        coalesce(wanted.indicator_id, cell.indicator_id) AS indicator_id, coalesce(wanted.month, cell.month) AS month,
        coalesce(wanted.amount, 0) AS amount, coalesce(wanted.reports, 0) AS reports,
        coalesce(cell.amount, 0) AS cell_amount, coalesce(cell.reports, 0) AS cell_reports
    FROM ({_EXPECTED[place]}) wanted FULL JOIN progress_{place}rollup cell
        ON cell.{place}_id = wanted.place_id AND cell.indicator_id = wanted.indicator_id AND cell.month = wanted.month
    """


_AUDIT = f"""
SELECT kind, place_id, indicator_id, month, amount, cell_amount, (amount, reports) <> (cell_amount, cell_reports)
FROM (
    SELECT 'region' AS kind, place_id::text, indicator_id, month, amount, reports, cell_amount, cell_reports
    FROM ({_compared("region")}) regions
    UNION ALL
    SELECT 'project', place_id::text, indicator_id, month, amount, reports, cell_amount, cell_reports
    FROM ({_compared("project")}) projects
) compared
"""


@dataclass(frozen=True)
class Mismatch:
    """One cell that does not hold what the ledger says."""

    kind: str
    place: str
    indicator: int
    month: datetime.date
    ledger: Decimal
    cell: Decimal


@dataclass(frozen=True)
class Proof:
    """The outcome of a comparison of every cell with the ledger."""

    compared: int
    mismatches: tuple[Mismatch, ...]


def audit_rollups() -> Proof:
    """Recompute every cell from the ledger and compare, in one statement, so that it may run beside any writer."""
    with connection.cursor() as cursor:
        cursor.execute(_AUDIT)
        rows = cursor.fetchall()
    return Proof(len(rows), tuple(Mismatch(*row[:6]) for row in rows if row[6]))


_LOOSE_ENDS = """
WITH standing AS (
    SELECT DISTINCT ON (series_id, period_id, fact) id, series_id, period_id, value FROM progress_progressentry
    WHERE status = 'verified' ORDER BY series_id, period_id, fact, revision DESC
)
SELECT 'entry without a line', e.id FROM progress_progressentry e
WHERE e.status = 'verified' AND NOT EXISTS (SELECT FROM progress_ledgerline l WHERE l.entry_id = e.id)
UNION ALL
SELECT 'line of another series than its entry', l.id
FROM progress_ledgerline l JOIN progress_progressentry e ON e.id = l.entry_id WHERE e.series_id <> l.series_id
UNION ALL
SELECT 'series whose lines are not the sum of its entries', s.id
FROM progress_series s JOIN progress_indicator i ON i.id = s.indicator_id AND i.kind = 'flow'
WHERE (SELECT coalesce(sum(amount), 0) FROM progress_ledgerline l WHERE l.series_id = s.id)
    <> (SELECT coalesce(sum(value), 0) FROM standing WHERE standing.series_id = s.id)
UNION ALL
SELECT 'level not reached by its lines', e.id
FROM standing e
    JOIN progress_series s ON s.id = e.series_id
    JOIN progress_indicator i ON i.id = s.indicator_id AND i.kind = 'stock'
    JOIN progress_period p ON p.id = e.period_id
WHERE e.value <> (
    SELECT sum(l.amount) FROM progress_ledgerline l WHERE l.series_id = e.series_id AND l.ends <= p.end_on
)
"""


def loose_ends() -> list[tuple[str, int]]:
    """What the ledger lacks of the verified entries: the fault and the entry's or line's number; empty when whole."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOSE_ENDS)
        found: list[tuple[str, int]] = cursor.fetchall()
    return found


def hold_folding() -> None:
    """Make drains, rebuilds and removals wait until the caller's transaction ends.

    It stands in a statement of its own: the statement that reads next must see what the last drain committed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FOLD_LOCK])


@transaction.atomic
def rebuild_rollups() -> int:
    """Write every cell anew from the ledger, by upsert, while entry and reading go on; returns how many changed."""
    changed = 0
    hold_folding()
    with connection.cursor() as cursor:
        for place in ("region", "project"):
            cursor.execute(
                f"""
                INSERT INTO progress_{place}rollup ({place}_id, indicator_id, month, amount, reports)
                SELECT place_id, indicator_id, month, amount, reports FROM ({_compared(place)}) compared
                WHERE (amount, reports) <> (cell_amount, cell_reports) ORDER BY 1, 2, 3
                ON CONFLICT ({place}_id, indicator_id, month)
                DO UPDATE SET amount = excluded.amount, reports = excluded.reports
                """
            )
            changed += cursor.rowcount
    return changed


@transaction.atomic
def drop_empty() -> int:
    """Delete the cells that hold nothing, so that nothing refers to a project that is to go; returns how many."""
    dropped = 0
    hold_folding()
    with connection.cursor() as cursor:
        for place in ("region", "project"):
            cursor.execute(f"DELETE FROM progress_{place}rollup WHERE reports = 0 AND amount = 0")
            dropped += cursor.rowcount
    return dropped
