"""What verifying an entry posts: increments, steps between levels, and the pairs of a correction."""

from __future__ import annotations

import datetime
from decimal import Decimal
from itertools import accumulate, permutations

import pytest

from progress.models import (
    EntryOrigin,
    EntryStatus,
    Frequency,
    IndicatorKind,
    LedgerLine,
    ProgressEntry,
    Series,
)
from progress.services import entries, posting
from progress.services.openings import record_opening
from progress.services.posting import LevelOutOfOrder, MixedPeriods
from tests import factories as make

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

LEVELS = {1: 30, 2: 45, 3: 45, 4: 70}


def posted(entry: ProgressEntry) -> list[tuple[int, Decimal | int]]:
    """Month and amount of the lines an entry posted, in their order."""
    return [(line.month.month, line.amount) for line in entry.lines.order_by("id")]


def reports(entry: ProgressEntry) -> list[tuple[int, int]]:
    """Month and reports of the lines an entry posted, in their order."""
    return [(line.month.month, line.reports) for line in entry.lines.order_by("id")]


def levels(series: Series) -> dict[int, Decimal]:
    """Σ lines up to each month that has one."""
    lines = LedgerLine.objects.filter(series=series).order_by("ends", "id").values_list("month__month", "amount")
    months, amounts = zip(*lines, strict=True)
    return dict(zip(months, accumulate(amounts), strict=True))


def stock_series(*, may_fall: bool = False) -> Series:
    return make.series(make.indicator(IndicatorKind.STOCK, may_fall=may_fall))


def test_flow_posts_its_increment_where_and_when_it_belongs() -> None:
    entry = make.verified_entry(value="12.34", when=make.period(2025, 3, Frequency.MONTH))

    line = entry.lines.get()

    assert (line.amount, line.month, line.ends) == (
        Decimal("12.34"),
        datetime.date(2025, 3, 1),
        datetime.date(2025, 3, 31),
    )
    assert (line.project_id, line.indicator_id) == (entry.series.project_id, entry.series.indicator_id)
    assert (line.region_code, line.posted_at) == (entry.series.region_id, entry.verified_at)


@pytest.mark.parametrize(
    ("kind", "month", "ends"),
    [
        (Frequency.QUARTER, datetime.date(2025, 3, 1), datetime.date(2025, 3, 31)),
        (Frequency.HALF, datetime.date(2025, 6, 1), datetime.date(2025, 6, 30)),
        (Frequency.YEAR, datetime.date(2025, 12, 1), datetime.date(2025, 12, 31)),
        (Frequency.TEN_DAYS, datetime.date(2025, 1, 1), datetime.date(2025, 1, 10)),
    ],
)
def test_period_posts_to_the_month_of_its_last_day(kind: Frequency, month: datetime.date, ends: datetime.date) -> None:
    entry = make.verified_entry(make.series(frequency=kind), when=make.period(2025, 1, kind))

    line = entry.lines.get()

    assert (line.month, line.ends) == (month, ends)


def test_no_progress_posts_a_line_of_zero_so_that_the_ledger_shows_the_report() -> None:
    entry = make.verified_entry(value=None, no_progress_reason="冻土期停工")

    assert posted(entry) == [(3, 0)]


def test_correction_of_a_flow_reverses_and_restates() -> None:
    entry = make.verified_entry(value="50")

    restated = make.correction(entry, "48.5")
    void = make.correction(restated)
    again = make.correction(void, "49")

    assert posted(restated) == [(3, -50), (3, Decimal("48.5"))]
    assert posted(void) == [(3, Decimal("-48.5"))]
    assert posted(again) == [(3, 0), (3, 49)]


@pytest.mark.parametrize("order", list(permutations(LEVELS)), ids=str)
def test_levels_add_up_in_any_order_of_reports(order: tuple[int, ...]) -> None:
    series, team = stock_series(may_fall=True), make.team()

    for month in order:
        make.verified_entry(series, LEVELS[month], make.period(2025, month), by=team)

    assert levels(series) == LEVELS


def test_level_posts_the_step_and_takes_it_from_the_next_level_only() -> None:
    series, team = stock_series(), make.team()
    make.verified_entry(series, 30, make.period(2025, 1), by=team)
    make.verified_entry(series, 70, make.period(2025, 4), by=team)
    make.verified_entry(series, 90, make.period(2025, 6), by=team)

    between = make.verified_entry(series, 45, make.period(2025, 2), by=team)

    assert posted(between) == [(2, 15), (4, -15)]


def test_same_level_posts_a_line_of_zero() -> None:
    series, team = stock_series(), make.team()
    make.verified_entry(series, 45, make.period(2025, 2), by=team)

    assert posted(make.verified_entry(series, 45, make.period(2025, 3), by=team)) == [(3, 0)]


def test_no_progress_keeps_the_level_and_is_none_itself() -> None:
    series, team = stock_series(), make.team()
    first = make.verified_entry(series, 45, make.period(2025, 2), by=team)
    silent = make.verified_entry(series, None, make.period(2025, 3), by=team, no_progress_reason="停工")

    restated = make.correction(first, "40", by=team)

    assert posted(silent) == [(3, 0)]
    assert posted(restated) == [(2, -45), (2, 40)]
    assert levels(series) == {2: 40, 3: 40}


def test_correction_of_a_level_leaves_the_later_ones_as_they_stand() -> None:
    series, team = stock_series(), make.team()
    first = make.verified_entry(series, 30, make.period(2025, 1), by=team)
    make.verified_entry(series, 70, make.period(2025, 3), by=team)

    restated = make.correction(first, "35", by=team)
    void = make.correction(restated, by=team)

    assert posted(restated) == [(1, -30), (1, 35), (3, -5)]
    assert posted(void) == [(1, -35), (3, 35)]
    assert levels(series) == {1: 0, 3: 70}


@pytest.mark.parametrize(("month", "level", "words"), [(3, 29, "不能小于上期"), (1, 46, "不能大于下期")])
def test_level_that_may_not_fall_is_held_between_its_neighbours(month: int, level: int, words: str) -> None:
    series, team = stock_series(), make.team()
    make.verified_entry(series, 30 if month == 3 else 45, make.period(2025, 2), by=team)

    with pytest.raises(LevelOutOfOrder, match=words) as refusal:
        make.entry(series, level, make.period(2025, month), by=team)
    assert refusal.value.field == "value"


@pytest.mark.parametrize(("month", "level"), [(1, 30), (3, 30)])
def test_level_equal_to_its_neighbour_stands(month: int, level: int) -> None:
    series, team = stock_series(), make.team()
    make.verified_entry(series, 30, make.period(2025, 2), by=team)

    assert make.verified_entry(series, level, make.period(2025, month), by=team).status == EntryStatus.VERIFIED


def test_level_is_checked_again_when_it_is_verified() -> None:
    series, team = stock_series(), make.team()
    waiting = make.entry(series, 30, make.period(2025, 2), status=EntryStatus.REVIEWED, by=team)
    make.verified_entry(series, 40, make.period(2025, 1), by=team)

    with pytest.raises(LevelOutOfOrder):
        entries.verify(entry=waiting, version=waiting.version, by=team.verifier, at=make.inside(waiting.period))
    assert ProgressEntry.objects.get(pk=waiting.pk).status == EntryStatus.REVIEWED
    assert levels(series) == {1: 40}


def test_level_that_may_fall_falls() -> None:
    series, team = stock_series(may_fall=True), make.team()
    make.verified_entry(series, 70, make.period(2025, 1), by=team)

    make.verified_entry(series, 20, make.period(2025, 2), by=team)

    assert levels(series) == {1: 70, 2: 20}


def test_relevel_finds_nothing_to_do_where_every_level_stands() -> None:
    series, team = stock_series(), make.team()
    for month in LEVELS:
        make.verified_entry(series, LEVELS[month], make.period(2025, month), by=team)

    assert posting.relevel(series_id=series.pk, at=make.inside(make.period(2025, 5))) == []


def test_opening_is_posted_once_and_by_nobody() -> None:
    series, year = make.series(), make.period(2024, 12, Frequency.YEAR)

    first, second = (
        record_opening(series=series, period=year, value=Decimal(value), basis="去年已完成180亩", at=make.inside(year))
        for value in (180, 999)
    )

    assert (first, first.origin, first.verified_by) == (second, EntryOrigin.ARTICLE, None)
    assert posted(first) == [(12, 180)]


def test_opening_of_a_level_keeps_to_the_series_frequency() -> None:
    year = make.period(2024, 12, Frequency.YEAR)

    with pytest.raises(MixedPeriods):
        record_opening(series=stock_series(), period=year, value=Decimal(70), basis="", at=make.inside(year))


def test_level_after_an_opening_is_the_step_from_it() -> None:
    series, january = stock_series(), make.period(2025, 1)
    record_opening(series=series, period=january, value=Decimal(70), basis="", at=make.inside(january))

    assert posted(make.verified_entry(series, 85, make.period(2025, 2))) == [(2, 15)]


def test_no_line_but_a_statement_or_its_taking_back_counts_as_a_report() -> None:
    series, team = stock_series(), make.team()
    first = make.verified_entry(series, 30, make.period(2025, 1), by=team)
    make.verified_entry(series, 70, make.period(2025, 3), by=team)

    restated = make.correction(first, "35", by=team)
    void = make.correction(restated, by=team)
    again = make.correction(void, "31", by=team)

    assert reports(first) == [(1, 1)]
    assert reports(restated) == [(1, -1), (1, 1), (3, 0)]
    assert reports(void) == [(1, -1), (3, 0)]
    assert reports(again) == [(1, 0), (1, 1), (3, 0)]


def test_report_of_an_increment_is_taken_back_once_and_stated_again() -> None:
    team = make.team()
    silent = make.verified_entry(value=None, no_progress_reason="停工", by=team)

    void = make.correction(silent, by=team)
    void_again = make.correction(void, by=team)
    restated = make.correction(void_again, "49", by=team)

    assert [reports(entry) for entry in (silent, void, void_again, restated)] == [
        [(3, 1)],
        [(3, -1)],
        [(3, 0)],
        [(3, 0), (3, 1)],
    ]


@pytest.mark.django_db(transaction=True)
def test_nudge_that_fails_unforeseen_leaves_the_verification_standing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(posting, "_silent_until", "not a number")

    entry = make.verified_entry()

    assert ProgressEntry.objects.get(pk=entry.pk).status == EntryStatus.VERIFIED
    assert "TypeError" in caplog.text
