"""The rows of a sheet beside what they mean, in temporary tables: judged by the rules for all rows at once.

Tables: `import_mine` the series the person may type into, `import_period` the periods by every spelling,
`import_incoming` the rows as texts, `import_asked` the same with what they name and what stands there now,
`import_closed` where the gate is shut and why, `import_twice` what is asked for by several rows.
"""

# ruff: noqa: S608 - statements are composed of this app's own literals, never of input

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import F
from django.utils.translation import override
from psycopg2.extras import Json

from accounts.bulk import copy_rows
from accounts.models import User
from accounts.policy import Action
from progress.gate import gate
from progress.models import EntryStatus, Frequency, ImportOutcome, ImportRun, IndicatorKind, Period, Series
from progress.rules import AMOUNT, IS_READABLE, RULES

Parameters = Mapping[str, Any]

TABLES: Final = ("mine", "period", "incoming", "asked", "closed", "twice", "fault", "worded")

#: A large import is a handful of long statements, for which its worker waits; those of a small one are short.
PATIENCE = "240s"
#: Rows whose faults are worded together: a sheet may be wrong in every cell, and all its sentences are a gigabyte.
FAULTY_ROWS = 10_000

#: The planner knows nothing of rows that were written a moment ago. Merging would sort them all to find few; and where
#: it takes them for few, as in large tables that it has not seen since, nested loops would compare each with each.
_SETTINGS = f"""
SET LOCAL statement_timeout = '{PATIENCE}'; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off;
SET LOCAL enable_mergejoin = off
"""
_HASHING = "SET LOCAL enable_nestloop = {others}; SET LOCAL enable_sort = {others}"

_TABLES = """
CREATE TEMP TABLE import_period (
    spelling text NOT NULL, id bigint NOT NULL, kind text NOT NULL, end_on date NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE import_incoming (
    n int NOT NULL, project text, indicator text, region text, period text, unit text DEFAULT '', value text,
    no_progress_reason text DEFAULT '', note text, version text DEFAULT ''
) ON COMMIT DROP;
CREATE TEMP TABLE import_closed (
    region_id text, work_line text, period_id bigint, returned_at timestamptz, reason text
) ON COMMIT DROP;
CREATE TEMP TABLE import_twice (series_id bigint, period_id bigint, rows text) ON COMMIT DROP;
CREATE TEMP TABLE import_fault (n int NOT NULL, rule int NOT NULL, said text) ON COMMIT DROP;
CREATE TEMP TABLE import_worded (n int NOT NULL, outcome text NOT NULL, errors jsonb NOT NULL) ON COMMIT DROP;
"""

# OFFSET 0 keeps a sub-query whole: else what it computes once would be computed wherever it is mentioned.

#: The rows of a file with the series, indicator and period that they name, and the amount that their text says.
_FILE = f"""
SELECT a.*, CASE WHEN a.is_readable AND a.value <> '' THEN {AMOUNT} END AS amount
FROM (
    SELECT a.*, {IS_READABLE} AS is_readable
    FROM (
        SELECT i.*, s.series_id, s.region_id, s.work_line, s.origin, s.frequency,
            p.id AS period_id, p.kind AS period_kind, p.end_on,
            k.name, k.unit AS own_unit, k.kind, k.may_fall, k.evidence_required, coalesce(k.decimals, 4) AS decimals,
            (k.kind = '{IndicatorKind.FLOW}' AND k.may_fall) IS NOT FALSE AS may_be_negative
        FROM import_incoming i
        LEFT JOIN import_mine s ON (s.project, s.indicator, s.region_id) = (i.project, i.indicator, i.region)
        LEFT JOIN import_period p ON p.spelling = i.period
        LEFT JOIN progress_indicator k ON k.code = i.indicator
    ) a OFFSET 0
) a OFFSET 0
"""
#: The same of the rows that a checked import is to write; what the person has no duty for any more names no series.
_RUN = f"""
SELECT line.row AS n, CASE WHEN line.outcome = '{ImportOutcome.CHANGED}' THEN line.entry_id END AS known_id,
    '' AS project, '' AS indicator, '' AS region, '' AS unit, coalesce(line.value::text, '') AS value,
    line.no_progress_reason, line.note, coalesce(line.version::text, '') AS version,
    s.series_id, s.region_id, s.work_line, s.origin, s.frequency,
    p.id AS period_id, p.kind AS period_kind, p.end_on,
    k.name, k.unit AS own_unit, k.kind, k.may_fall, k.evidence_required, k.decimals,
    (k.kind = '{IndicatorKind.FLOW}' AND k.may_fall) AS may_be_negative, line.value AS amount,
    line.value IS NULL OR scale(trim_scale(line.value)) <= k.decimals
        AND (line.value >= 0 OR k.kind = '{IndicatorKind.FLOW}' AND k.may_fall) AS is_readable
FROM progress_importrow line
LEFT JOIN import_mine s ON s.series_id = line.series_id
LEFT JOIN progress_indicator k ON k.id = s.indicator_id
LEFT JOIN progress_period p ON p.id = line.period_id
WHERE line.run_id = %(run)s AND line.outcome IN ('{ImportOutcome.NEW}', '{ImportOutcome.CHANGED}')
"""


#: The entry that a row of a file meets, and the one that a row of a checked import is to change. Both are looked up
#: row by row (OFFSET 0): imports are many, but entries are more.
_NEWEST = "series_id = a.series_id AND period_id = a.period_id AND fact = '' ORDER BY revision DESC LIMIT 1"
_KNOWN = "id = a.known_id OFFSET 0"


def _asking(rows: str, entry: str) -> str:
    """The rows with the entry that stands where they want something, and whether they want anything changed."""
    return f"""
    CREATE TEMP TABLE import_asked ON COMMIT DROP AS
    SELECT a.*, a.is_blank AND coalesce(a.note, '') NOT IN ('', a.entry_note) OR NOT (a.is_blank OR a.is_same) AS asks
    FROM (
        SELECT a.*, e.id AS entry_id, e.revision, e.version AS entry_version, e.status, e.value AS entry_value,
            e.no_progress_reason AS entry_reason, coalesce(replace(e.note, E'\\r\\n', E'\\n'), '') AS entry_note,
            e.is_void, e.entered_by_id, e.returned_at,
            a.value = '' AND a.no_progress_reason = '' AS is_blank,
            a.is_readable AND e.id IS NOT NULL AND a.amount IS NOT DISTINCT FROM e.value
                AND a.no_progress_reason = e.no_progress_reason
                AND (a.note IS NULL OR a.note = replace(e.note, E'\\r\\n', E'\\n'))
                AND NOT (%(is_submitting)s AND e.status IN ('{EntryStatus.DRAFT}', '{EntryStatus.RETURNED}')) AS is_same
        FROM ({rows}) a LEFT JOIN LATERAL (SELECT * FROM progress_progressentry WHERE {entry}) e ON true
        OFFSET 0
    ) a"""


#: Which rows of the file ask for the same; of a checked import none do.
_TWICE = """
INSERT INTO import_twice
SELECT series_id, period_id, array_to_string((array_agg(n ORDER BY n))[:10], '、')
FROM import_asked WHERE NOT is_blank AND series_id IS NOT NULL AND period_id IS NOT NULL
GROUP BY series_id, period_id HAVING count(*) > 1
"""
#: What is asked for by the rows of the file that was taken in, and by those that a checked import is to write.
OF_FILE, OF_RUN = f"{_asking(_FILE, _NEWEST)}; {_TWICE}", _asking(_RUN, _KNOWN)

#: A correction's period is long closed and stays so.
_SLOTS = """
SELECT DISTINCT region_id, work_line, period_id, returned_at FROM import_asked
WHERE asks AND series_id IS NOT NULL AND period_id IS NOT NULL AND coalesce(revision, 1) = 1
"""
#: What the rules name: the row, why its gate is shut, which rows ask for the same.
_JUDGED = """
import_asked a
LEFT JOIN import_closed c ON (c.region_id, c.work_line, c.period_id) = (a.region_id, a.work_line, a.period_id)
    AND c.returned_at IS NOT DISTINCT FROM a.returned_at AND coalesce(a.revision, 1) = 1
LEFT JOIN import_twice t ON (t.series_id, t.period_id) = (a.series_id, a.period_id)
"""
_IS_BROKEN = " OR ".join(f"({rule.broken})" for rule in RULES)
_NUMBERED = ", ".join(f"({number}, {rule.broken}, {rule.said})" for number, rule in enumerate(RULES))
_FAULTS = f"""
INSERT INTO import_fault SELECT a.n, f.rule, f.said
FROM {_JUDGED} CROSS JOIN LATERAL (VALUES {_NUMBERED}) f (rule, is_broken, said)
WHERE a.asks AND ({_IS_BROKEN}) AND f.is_broken ORDER BY a.n, f.rule
"""
_SOME_FAULTS = "SELECT n, rule, said FROM import_fault WHERE n BETWEEN %s AND %s ORDER BY n, rule"
_COUNTS = f"""
SELECT count(*) FILTER (WHERE a.asks AND ({_IS_BROKEN})), count(*) FILTER (WHERE a.asks AND a.entry_id IS NULL),
    count(a.entry_id) FILTER (WHERE a.asks)
FROM {_JUDGED}
"""


def parameters(run: ImportRun, by: User) -> Parameters:
    """What the statements ask about the import."""
    frequencies = {code: str(label) for code, label in Frequency.choices}
    return {"by": by.pk, "run": run.pk, "is_submitting": run.is_submitting, "frequencies": Json(frequencies)}


def open_tables(by: User) -> None:
    """Make the tables in the present transaction, and fill those that do not depend on the file."""
    close_tables()
    mine, scope = _mine(by)
    with connection.cursor() as cursor:
        cursor.execute(_SETTINGS)
        cursor.execute(_TABLES)
        cursor.execute(f"CREATE TEMP TABLE import_mine ON COMMIT DROP AS {mine}", scope)
    copy_rows("import_period", ("spelling", "id", "kind", "end_on"), _spelled(Period.objects.all()))


def close_tables() -> None:
    """Drop the tables: a transaction may check one import and save another."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS " + ", ".join(f"pg_temp.import_{name}" for name in TABLES))


def _mine(by: User) -> tuple[str, Any]:
    """The series the person may type into, derived ones too: that nobody types those is a sentence of its own."""
    columns = {
        "series_id": F("id"),
        "project_code": F("project__code"),
        "indicator_code": F("indicator__code"),
        "work_line": F("project__work_line"),
    }
    names = ("origin", "frequency", "region_id", "indicator_id")
    named = "SELECT *, project_code AS project, indicator_code AS indicator FROM ({}) found"
    try:
        series = Series.objects.in_scope(by, Action.ENTER).order_by().values(*names, **columns)
        found, scope = series.query.sql_with_params()
    except EmptyResultSet:
        found, scope = Series.objects.values(*names, **columns).query.sql_with_params()
        named += " WHERE false"
    return named.format(found), scope


def _spelled(periods: Iterable[Period]) -> Iterator[Sequence[str]]:
    """Each period by its label in every language; a month also as 2025-03, and as the first day Excel makes of it."""
    periods = list(periods)
    spelled = {
        (str(period.pk), text) for period in periods if period.kind == Frequency.MONTH for text in _months(period)
    }
    for language, _name in settings.LANGUAGES:
        with override(language):
            spelled |= {(str(period.pk), str(period)) for period in periods}
    known = {str(period.pk): (period.kind, f"{period.end_on:%Y-%m-%d}") for period in periods}
    return ((text, number, *known[number]) for number, text in spelled)


def _months(period: Period) -> list[str]:
    return [f"{period.start_on:{spelling}}" for spelling in ("%Y-%m", "%Y-%m-%d", "%Y年%m月", "%Y%m")]


def take(names: Sequence[str], lines: Iterable[tuple[int, list[str]]]) -> int:
    """Take in the rows of a file, whose texts come in the order of those columns; returns how many."""
    return copy_rows("import_incoming", ("n", *names), ((str(n), *texts) for n, texts in lines))


def resolve(asking: str, asked: Parameters, *, by: User, at: datetime.datetime) -> None:
    """Find what each row names and what stands there, and ask the gates."""
    with connection.cursor() as cursor:
        cursor.execute(_HASHING.format(others="off"))
        cursor.execute(asking, asked)
        cursor.execute(_SLOTS)
        # Once for each place, line and period.
        found = list(closed(cursor.fetchall(), by=by, at=at))
        cursor.execute(_HASHING.format(others="on"))
    copy_rows("import_closed", ("region_id", "work_line", "period_id", "returned_at", "reason"), found)


#: A region's code, a work line, a period's number, when the entry was sent back if it was.
Slot = tuple[str, str, int, datetime.datetime | None]


def closed(
    slots: Iterable[Slot], *, by: User, at: datetime.datetime
) -> Iterator[tuple[str, str, str, str | None, str]]:
    """Those where the gate is shut, with its reason, as texts."""
    periods = Period.objects.prefetch_related("reopenings").in_bulk()
    for unit, line, number, returned_at in slots:
        period = periods[number]
        answer = gate(
            user=by,
            unit=unit,
            line=line,
            period=period,
            now=at,
            reopenings=period.reopenings.all(),
            returned_at=returned_at,
        )
        if not answer.is_open:
            yield unit, line, str(number), returned_at.isoformat() if returned_at else None, answer.reason


def faults(asked: Parameters) -> Iterator[list[tuple[int, int, Any]]]:
    """Every fault there is, those of some rows at a time: row, number of the rule, fields of its sentence."""
    with connection.cursor() as cursor:
        cursor.execute(_FAULTS, asked)
        cursor.execute("SELECT coalesce(max(n), 0) FROM import_fault")
        [last] = cursor.fetchone()
        for first in range(0, last + 1, FAULTY_ROWS):
            cursor.execute(_SOME_FAULTS, [first, first + FAULTY_ROWS - 1])
            yield [(row, rule, json.loads(said) if said else {}) for row, rule, said in cursor.fetchall()]


def counts(asked: Parameters) -> tuple[int, int, int]:
    """How many of the rows are broken, ask for a new entry, ask for a change."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNTS, asked)
        broken, new, changed = cursor.fetchone()
    return int(broken), int(new), int(changed)
