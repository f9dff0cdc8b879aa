"""R2 and R4: what draining costs against a one-level drain, and reading at 10⁶ lines against 10⁵."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

from django.db import connection, transaction
from django.utils import timezone

from jurisdictions.models import Region, WorkLine
from jurisdictions.services import load_regions
from progress import rollups
from progress.models import EntryOrigin, EntryStatus, Indicator, IndicatorKind, ProgressEntry, Series
from progress.services import periods
from projects.services.register import register_project

PROJECTS = 600
MONTHS = 48
ROUNDS = 21

#: The least any roll-up must do: take the marks, sum them per region, write one level of cells.
ONE_LEVEL = """
WITH taken AS (DELETE FROM progress_pendingdelta RETURNING series_id, month, amount)
INSERT INTO floor_cells SELECT s.region_id, s.indicator_id, t.month, sum(t.amount)
FROM taken t JOIN progress_series s ON s.id = t.series_id GROUP BY 1, 2, 3
ON CONFLICT (region_id, indicator_id, month) DO UPDATE SET amount = floor_cells.amount + excluded.amount
"""
FLOOR_CELLS = """
CREATE TABLE IF NOT EXISTS floor_cells (
    region_id text, indicator_id bigint, month date, amount numeric, PRIMARY KEY (region_id, indicator_id, month)
)
"""
#: One mark for every line, as single verifications write them.
LINES = """
INSERT INTO progress_ledgerline
    (series_id, entry_id, project_id, indicator_id, region_code, month, ends, amount, reports, posted_at)
SELECT s.id, %s, s.project_id, s.indicator_id, s.region_id, month, month + interval '1 month - 1 day',
    (n %% 1000) / 100.0, 1, now()
FROM generate_series(1, %s) n
    CROSS JOIN LATERAL (SELECT date '2025-01-01' + make_interval(months => (n %% %s)::int) AS month) months
    JOIN progress_series s ON s.id = %s + n %% %s
"""
ONE_MARK_A_LINE = """
TRUNCATE progress_pendingdelta;
INSERT INTO progress_pendingdelta (series_id, month, amount, reports)
SELECT series_id, month, amount, reports FROM progress_ledgerline ORDER BY id DESC LIMIT %s
"""


@dataclass(frozen=True)
class Row:
    """One measured row: the floor's and our figure in `unit`, and their ratio."""

    id: str
    work: str
    unit: str
    floor: str
    figure: str
    ratio: float
    goal: str


@dataclass(frozen=True)
class World:
    """The rows every line refers to."""

    first_series: int
    entry: int
    indicator: int


def rows() -> Iterator[Row]:
    world = _build()
    _post(world, 100_000)
    yield _drain_row(100_000)
    at_small = _read_cost(world)
    _post(world, 900_000)
    rollups.drain()
    at_large = _read_cost(world)
    yield Row(
        "R4",
        "read 13 exact totals at 10⁶ lines, against 10⁵",
        "ms",
        f"{at_small * 1000:.2f}",
        f"{at_large * 1000:.2f}",
        at_large / at_small,
        "≤ 1.05",
    )


@transaction.atomic
def _build() -> World:
    load_regions()
    county_codes = Region.objects.filter(level="county").values_list("code", flat=True)
    regions = list(Region.objects.filter(code__in=county_codes).order_by("code"))
    indicator = Indicator.objects.create(
        code="bench", name="bench", unit="亩", kind=IndicatorKind.FLOW, work_line=WorkLine.SUBSIDENCE
    )
    series = [
        Series.objects.create(
            project=register_project(
                code=f"bench-{n}", by=None, work_line=WorkLine.SUBSIDENCE, region=regions[n % len(regions)]
            ),
            indicator=indicator,
            region=regions[n % len(regions)],
        )
        for n in range(PROJECTS)
    ]
    at = timezone.now()
    periods.ensure_ahead(on=timezone.localdate())
    entry = ProgressEntry.objects.create(
        series=series[0],
        period_id=_any_period(),
        origin=EntryOrigin.ARTICLE,
        status=EntryStatus.VERIFIED,
        value=0,
        entered_at=at,
        verified_at=at,
        changed_at=at,
    )
    return World(series[0].pk, entry.pk, indicator.pk)


def _any_period() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id) FROM progress_period")
        return int(cursor.fetchone()[0])


def _post(world: World, count: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(LINES, [world.entry, count, MONTHS, world.first_series, PROJECTS])


def _drain_row(count: int) -> Row:
    """Both drains over as many single marks, warm, best of three."""
    with connection.cursor() as cursor:
        cursor.execute(FLOOR_CELLS)
        floors, ours = [], []
        for _ in range(3):
            cursor.execute(ONE_MARK_A_LINE, [count])
            floors.append(_seconds(lambda: cursor.execute(ONE_LEVEL)))
            cursor.execute(ONE_MARK_A_LINE, [count])
            ours.append(_seconds(rollups.drain))
        cursor.execute("DROP TABLE floor_cells")
    rollups.rebuild_rollups()
    floor, figure = count / min(floors), count / min(ours)
    work = "drain 10⁵ marks into all levels, against one level"
    return Row("R2", work, "marks/s", f"{floor:,.0f}", f"{figure:,.0f}", figure / floor, "≥ 100,000 marks/s")


def _read_cost(world: World) -> float:
    codes = Region.objects.filter(level__in=("city", "county")).values_list("code", flat=True)
    asks = [rollups.Ask(indicator=world.indicator, region=code) for code in codes]
    return median(_seconds(lambda: rollups.totals(asks)) for _ in range(ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
