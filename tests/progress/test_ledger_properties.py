"""Any order of verify, correct, void, drain, rebuild and crash: cells + pending = ledger, and every level stands.

What ought to stand is kept beside it in plain Python, and compared per region, ancestor, project and month.
"""

from __future__ import annotations

import datetime
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from django.db import Error, connection, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from progress import rollups
from progress.models import EntryStatus, Indicator, IndicatorKind, Period, ProgressEntry, Series
from progress.rollups import Ask
from progress.services import entries
from progress.services.posting import LevelOutOfOrder
from tests import factories as make

ROUNDS = int(os.environ.get("BATTERY_ROUNDS", "2"))
MONTHS = 4
#: Where the series lie, the first and third measuring a flow, the others a level.
PLACES = (make.TOWN, make.COUNTY, make.COUNTY, make.OTHER_TOWN)
REGIONS = (make.CITY, make.COUNTY, make.TOWN, make.OTHER_COUNTY, make.OTHER_TOWN)
ZERO = Decimal(0)

Wanted = tuple[Decimal, int, datetime.date | None]

pytestmark = [pytest.mark.engine, pytest.mark.battery]


@dataclass(frozen=True)
class Move:
    """One thing that happens, in a transaction that may crash at its end: a report, its voiding, a drain, a rebuild."""

    kind: str
    series: int
    month: int
    value: Decimal | None
    crash: str

    @property
    def place(self) -> tuple[int, int]:
        return self.series, self.month

    @property
    def level(self) -> Decimal | None:
        """What stands afterwards: nothing where nothing was done or the report is void."""
        return self.value if self.kind == "report" else None


class Crash(Exception):
    """Raised inside the transaction, after it has posted."""


def moves(series: st.SearchStrategy[int], months: tuple[int, ...], *crashes: str) -> st.SearchStrategy[Move]:
    """Mostly reports of close values, so that levels meet, cross and are corrected within a short script."""
    return st.builds(
        Move,
        kind=st.sampled_from((*["report"] * 7, "void", "drain", "rebuild")),
        series=series,
        month=st.sampled_from(months),
        value=st.sampled_from((None, *(Decimal(quarters) / 4 for quarters in range(12)))),
        crash=st.sampled_from((*[""] * 4, *crashes)),
    )


def duels() -> st.SearchStrategy[tuple[Move, Move]]:
    """What two verifiers do to one series at the same moment, each in months of their own."""
    one_series = st.integers(0, len(PLACES) - 1).map(st.just)
    return one_series.flatmap(
        lambda series: st.tuples(moves(series, (1, 3), "raise", "kill"), moves(series, (2, 4), "raise", "kill"))
    )


ANYWHERE = moves(st.integers(0, len(PLACES) - 1), tuple(range(1, MONTHS + 1)), "raise")


@dataclass
class World:
    """Four series over two counties, and what ought to stand in them."""

    team: make.Team
    series: list[Series]
    periods: dict[int, Period]
    may_fall: bool
    #: Seconds between posting and commit, in which another may run into it.
    dawdles: float = 0
    #: When whatever is verified next is posted; inside its period where nobody says.
    now: datetime.datetime | None = None
    stands: dict[tuple[int, int], Decimal | None] = field(default_factory=dict)
    revisions: defaultdict[tuple[int, int], int] = field(default_factory=lambda: defaultdict(int))
    #: Where a report stands, be it a value or no progress.
    reported: set[tuple[int, int]] = field(default_factory=set)

    @classmethod
    def make(cls, *, may_fall: bool) -> World:
        indicators = [make.indicator(), make.indicator(IndicatorKind.STOCK, may_fall=may_fall)]
        series = [make.series(indicators[n % 2], region_code=region) for n, region in enumerate(PLACES)]
        periods = {month: make.period(2025, month) for month in range(1, MONTHS + 1)}
        return cls(make.team(make.CITY), series, periods, may_fall)

    def is_stock(self, series: int) -> bool:
        return self.series[series].indicator.kind == IndicatorKind.STOCK

    def apply(self, move: Move) -> None:
        """Do it in one transaction, which may break off, and note what stands if it did not."""
        try:
            with transaction.atomic():
                self.act(move)
                time.sleep(self.dawdles)
                crash(move.crash)
        except LevelOutOfOrder:
            assert self.is_out_of_order(move)
        except (Crash, Error):
            assert move.crash
        else:
            assert not self.is_out_of_order(move)
            self.note(move)

    def act(self, move: Move) -> None:
        if move.kind == "drain":
            rollups.drain()
        elif move.kind == "rebuild":
            rollups.rebuild_rollups()
        elif self.reports(move):
            self.verify(move, self.revisions[move.place] + 1)

    def note(self, move: Move) -> None:
        if self.reports(move):
            self.revisions[move.place] += 1
            self.stands[move.place] = move.level
            (self.reported.add if move.kind == "report" else self.reported.discard)(move.place)

    def reports(self, move: Move) -> bool:
        """Whether it changes what stands; what was never reported cannot be voided."""
        return move.kind == "report" or (move.kind == "void" and self.revisions[move.place] > 0)

    def verify(self, move: Move, revision: int) -> None:
        period, team = self.periods[move.month], self.team
        at = self.now or make.inside(period)
        entry = ProgressEntry.objects.create(
            series=self.series[move.series],
            period=period,
            revision=revision,
            correction_reason="复核" if revision > 1 else "",
            is_void=move.kind == "void",
            value=move.level,
            no_progress_reason="停工" if move.kind == "report" and move.value is None else "",
            status=EntryStatus.REVIEWED,
            entered_by=team.clerk,
            entered_at=at,
            submitted_by=team.clerk,
            submitted_at=at,
            reviewed_by=team.reviewer,
            reviewed_at=at,
            changed_at=at,
        )
        entries.verify(entry=entry, version=1, by=team.verifier, at=at)

    def is_out_of_order(self, move: Move) -> bool:
        """Whether the level would fall from the last one or to the next."""
        if self.may_fall or not self.is_stock(move.series) or move.level is None:
            return False
        later = (self.stands.get((move.series, month)) for month in range(move.month + 1, MONTHS + 1))
        above = next((level for level in later if level is not None), move.level)
        return not self.standing(move.series, move.month - 1) <= move.level <= above

    def standing(self, series: int, month: int) -> Decimal:
        """What a series amounts to up to a month: its increments, or its last level."""
        values = [self.stands.get((series, each)) for each in range(1, month + 1)]
        known = [value for value in values if value is not None]
        return (known[-1] if known else ZERO) if self.is_stock(series) else sum(known, ZERO)

    def check(self) -> None:
        assert rollups.audit_rollups().mismatches == ()
        assert rollups.loose_ends() == []
        asks, wanted = zip(*self.expectations(), strict=True)
        totals = rollups.totals(asks)
        assert [(total.due_amount, total.reports, total.last_due_month) for total in totals] == list(wanted)

    def expectations(self) -> Iterator[tuple[Ask, Wanted]]:
        for month in range(1, MONTHS + 1):
            until = datetime.date(2025, month, 1)
            for number, series in enumerate(self.series):
                yield Ask(series.indicator_id, project=series.project_id, due=until), self.wanted([number], month)
            for indicator in {series.indicator for series in self.series}:
                for region in REGIONS:
                    yield Ask(indicator.pk, region, due=until), self.wanted(self.inside(indicator, region), month)

    def inside(self, indicator: Indicator, region: str) -> list[int]:
        return [
            number
            for number, series in enumerate(self.series)
            if series.indicator == indicator and series.region_id.startswith(region)
        ]

    def wanted(self, series: list[int], due: int) -> Wanted:
        """What the series come to: Σ up to the month due, how many reports stand in all, and the last one due."""
        months = [month for number, month in self.reported if number in series]
        last = max((month for month in months if month <= due), default=None)
        amount = sum((self.standing(number, due) for number in series), ZERO)
        return amount, len(months), datetime.date(2025, last, 1) if last else None


def crash(kind: str) -> None:
    """Break off a transaction that has posted: by an exception, or by the server ending the connection."""
    if kind == "raise":
        raise Crash
    if kind == "kill":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@contextmanager
def undone() -> Iterator[None]:
    """One example leaves nothing to the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def examples(count: int, *phases: Phase) -> settings:
    """A server's pace is no matter, and what failed once under load is no example to keep."""
    fixtures = [HealthCheck.function_scoped_fixture]
    return settings(max_examples=count, phases=phases, deadline=None, database=None, suppress_health_check=fixtures)


@pytest.mark.django_db
@examples(20 * ROUNDS, Phase.generate, Phase.shrink)
@given(script=st.lists(ANYWHERE, min_size=10, max_size=25), may_fall=st.booleans())
def test_any_order_keeps_every_figure_exact_at_every_step(script: list[Move], *, may_fall: bool) -> None:
    with undone():
        world = World.make(may_fall=may_fall)
        for move in script:
            world.apply(move)
            world.check()


def run(world: World, script: Iterable[Move], together: threading.Barrier, failures: list[Exception]) -> None:
    """What one verifier does on a connection of their own, each move at the same moment as the other's."""
    try:
        for move in script:
            together.wait(timeout=30)
            world.apply(move)
    except Exception as failure:  # noqa: BLE001 - the test reports it
        failures.append(failure)
        together.abort()
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
@examples(10 * ROUNDS, Phase.generate)
@given(script=st.lists(duels(), min_size=4, max_size=12))
def test_two_verifiers_of_one_series_at_once_leave_every_figure_exact(script: list[tuple[Move, Move]]) -> None:
    """They report neighbouring months, so the step that one posts depends on what the other is posting."""
    world = World.make(may_fall=True)
    world.dawdles = 0.005
    together, failures = threading.Barrier(2), list[Exception]()
    verifiers = [
        threading.Thread(target=run, args=(world, moves, together, failures)) for moves in zip(*script, strict=True)
    ]

    for verifier in verifiers:
        verifier.start()
    for verifier in verifiers:
        verifier.join()

    assert failures == []
    world.check()
    rollups.drain()
    world.check()
