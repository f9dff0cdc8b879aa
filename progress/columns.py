"""What the lists of progress can show, and what their rows come to."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Sum
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts import sheets
from accounts.lists import Column, List, Totals, total_of
from accounts.sheets import Cell, Locked
from progress import display, schedule
from progress.models import EntryStatus, IndicatorKind, Period, ProgressEntry, SeriesPeriod
from progress.models.entries import EDITABLE
from progress.rules import COMMON_REASONS, HEADERS, INPUTS


def amount(entry: ProgressEntry) -> Decimal | None:
    """The value with the digits of its indicator."""
    return None if entry.value is None else display.exact(entry.value, entry.series.indicator.decimals)


def reported(entry: ProgressEntry) -> Cell:
    """What an entry reports: a number, no progress, a voided figure, or nothing yet."""
    if entry.value is not None:
        return amount(entry)
    if entry.no_progress_reason:
        return gettext("本期无进展")
    return gettext("作废") if entry.is_void else None


def standing(entry: ProgressEntry) -> str:
    """The status with the marks that a page shows beside it."""
    return _standing(get_language(), entry.status, is_correction=entry.is_correction, is_demo=entry.is_demo)


@lru_cache(maxsize=256)
def _standing(_language: str | None, status: str, *, is_correction: bool, is_demo: bool) -> str:
    """Kept by language, for an export asks it of every row."""
    marks = (gettext("更正") if is_correction else "", gettext("演示数据") if is_demo else "")
    return "、".join([str(EntryStatus(status).label), *filter(None, marks)])


def named(period: Period) -> str:
    """What people call the period."""
    return _named(get_language(), period.kind, period.start_on)


@lru_cache(maxsize=4096)
def _named(_language: str | None, kind: str, start_on: datetime.date) -> str:
    return schedule.label(kind, start_on)


#: What a row of either list is about; each row has a series and a period.
SERIES: tuple[Column[Any], ...] = (
    Column("project", _("项目"), lambda row: str(row.series.project), "series__project__pinyin", width=32),
    Column(
        "project_code",
        _("项目代码"),
        lambda row: row.series.project.code,
        "series__project__code",
        width=18,
        is_shown=False,
    ),
    Column(
        "work_line",
        _("工作线"),
        lambda row: row.series.project.get_work_line_display(),
        "series__project__work_line",
        is_shown=False,
    ),
    Column("indicator", _("指标"), lambda row: row.series.indicator.name, "series__indicator__pinyin", width=22),
    Column(
        "indicator_code",
        _("指标代码"),
        lambda row: row.series.indicator.code,
        "series__indicator__code",
        width=18,
        is_shown=False,
    ),
    Column("unit", _("单位"), lambda row: row.series.indicator.unit, "series__indicator__unit", width=8),
    Column("region", _("地区"), lambda row: str(row.series.region), "series__region__code", width=24),
    Column(
        "region_code", _("地区代码"), lambda row: row.series.region_id, "series__region__code", width=14, is_shown=False
    ),
    Column("period", _("调度期"), lambda row: named(row.period), "period__end_on", width=16),
)


def _instant(step: str, label: Any, *, is_shown: bool = False) -> Column[ProgressEntry]:
    return Column(step, label, lambda entry: getattr(entry, step), step, "instant", 17, is_shown)


ENTRY_COLUMNS: tuple[Column[ProgressEntry], ...] = (
    *SERIES,
    Column("value", _("数值"), reported, "value", "number", 16),
    Column(
        "no_progress_reason",
        _("本期无进展的原因"),
        lambda entry: entry.no_progress_reason,
        width=24,
        is_shown=False,
    ),
    Column("note", _("进展说明"), lambda entry: entry.note, width=40, is_shown=False),
    Column("status", _("状态"), standing, "status"),
    Column("revision", _("版次"), lambda entry: entry.revision, "revision", "number", 6, is_shown=False),
    Column("correction_reason", _("更正理由"), lambda entry: entry.correction_reason, width=24, is_shown=False),
    Column("origin", _("来源"), lambda entry: entry.get_origin_display(), "origin", is_shown=False),
    Column(
        "entered_by",
        _("填报人"),
        lambda entry: str(entry.entered_by) if entry.entered_by else None,
        "entered_by__display_name",
    ),
    _instant("submitted_at", _("报送时间")),
    _instant("reviewed_at", _("审核时间")),
    _instant("verified_at", _("核定时间")),
    _instant("changed_at", _("更新时间"), is_shown=True),
)


def entry_totals(rows: QuerySet[ProgressEntry]) -> Totals:
    """Σ of the increments by unit; of a slot with several revisions in the list, the newest one counts."""
    # All revisions but the last are verified, so what has a newer one in the list has the next one there.
    slot = {name: OuterRef(name) for name in ("series", "period", "fact")}
    newer = rows.filter(revision__gt=1, revision=OuterRef("revision") + 1, **slot)
    counts = Q(series__indicator__kind=IndicatorKind.FLOW, value__isnull=False) & ~Exists(newer.order_by())
    return _by_unit(rows, "value", counts, gettext("各单位本期增量分别相加，同一期只计最新版次"))


def due_totals(rows: QuerySet[SeriesPeriod]) -> Totals:
    """Σ of the increments by unit, in whatever status."""
    counts = Q(series__indicator__kind=IndicatorKind.FLOW, entry__value__isnull=False)
    return _by_unit(rows, "entry__value", counts, gettext("各单位本期增量分别相加"))


def _by_unit(rows: QuerySet[Any], value: str, counts: Any, note: str) -> Totals:
    units = (
        rows.order_by()
        .values("series__indicator__unit")
        .annotate(
            count=Count("pk"),
            amount=Sum(value, filter=counts),
            decimals=Max("series__indicator__decimals", filter=counts),
        )
    )
    return total_of(units.values_list("series__indicator__unit", "count", "amount", "decimals"), note)


def _typed(row: SeriesPeriod, name: str) -> Any:
    return getattr(row.entry, name) if row.entry else None


def cumulative(row: Any) -> Decimal | None:
    """Σ ledger before the period, which the list's queryset brings along."""
    return None if row.cumulative is None else display.exact(row.cumulative, row.series.indicator.decimals)


def _of_entry(row: SeriesPeriod, read: Callable[[ProgressEntry], Cell]) -> Cell:
    """What is read of the entry, whose series is that of the row and need not be asked for again."""
    if row.entry is None:
        return None
    row.entry.series = row.series
    return read(row.entry)


DUE_COLUMNS: tuple[Column[SeriesPeriod], ...] = (
    *SERIES,
    Column("cumulative", _("截至上期累计"), cumulative, "", "number", 16),
    Column("value", _("本期数值"), lambda row: _of_entry(row, reported), "entry__value", "number", 16),
    Column("no_progress_reason", _("本期无进展的原因"), lambda row: _typed(row, "no_progress_reason"), width=24),
    Column("note", _("进展说明"), lambda row: _typed(row, "note"), width=40, is_shown=False),
    Column("status", _("状态"), lambda row: _of_entry(row, standing) or gettext("未报"), "entry__status"),
    Column("version", _("版本"), lambda row: _typed(row, "version"), "entry__version", "number", 6, is_shown=False),
    Column("due_on", _("报送期限"), lambda row: row.period.due_on, "period__due_on", "date", 12, is_shown=False),
)

ENTRIES = List("entries", _("进度填报"), ENTRY_COLUMNS, entry_totals)
LEDGER = List("ledger", _("填报台账"), DUE_COLUMNS, due_totals, newest_first=False)

#: Width of each column of the sheet to be filled in.
WIDTHS = {
    "number": 6,
    "project_name": 30,
    "indicator_name": 20,
    "unit": 8,
    "region_name": 22,
    "no_progress_reason": 24,
    "note": 36,
    "status": 10,
    "version": 6,
}
NUMBERS = ("number", "cumulative", "value", "version")
HINTS = {
    "value": _("只填数字，例如 120.50；没有进展请留空，并填写原因。"),
    "no_progress_reason": _("确无进展时选择或填写原因，数值留空。"),
}


def sheet_columns() -> list[sheets.Column]:
    """The columns of the sheet that is downloaded, filled in and uploaded."""
    return [
        sheets.Column(
            header,
            "number" if key in NUMBERS else "text",
            WIDTHS.get(key, 16),
            is_input=key in INPUTS,
            choices=COMMON_REASONS if key == "no_progress_reason" else (),
            hint=str(HINTS.get(key, "")),
        )
        for key, header in HEADERS.items()
    ]


def sheet_rows(rows: Iterable[SeriesPeriod]) -> Iterator[list[Cell | Locked]]:
    """The rows of that sheet; what is past being typed stays locked."""
    for number, row in enumerate(rows, start=1):
        cells = _sheet_cells(row, number)
        is_past = row.entry is not None and row.entry.status not in EDITABLE
        yield [Locked(cells[key]) if is_past and key in INPUTS else cells[key] for key in HEADERS]


def _sheet_cells(row: SeriesPeriod, number: int) -> dict[str, Cell]:
    series = row.series
    return {
        "number": number,
        "project": series.project.code,
        "project_name": str(series.project),
        "indicator": series.indicator.code,
        "indicator_name": series.indicator.name,
        "unit": series.indicator.unit,
        "region": series.region_id,
        "region_name": str(series.region),
        "period": named(row.period),
        "cumulative": cumulative(row),
        "value": _of_entry(row, amount),
        "no_progress_reason": _typed(row, "no_progress_reason"),
        "note": _typed(row, "note"),
        "status": _of_entry(row, standing) or gettext("未报"),
        "version": _typed(row, "version"),
    }
