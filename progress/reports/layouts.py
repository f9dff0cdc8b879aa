"""The reports as tables for Excel: the same rows, columns and figures that the pages show."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import IO

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts import sheets
from accounts.sheets import Cell, Column
from jurisdictions.models import Region
from progress import display, schedule
from progress.figures import Look
from progress.models import IndicatorKind
from progress.reports.book import Figure
from progress.reports.dispatch import Dispatch, Row
from progress.reports.held import Held
from progress.reports.periodic import MonthRow, YearRow


@dataclass(frozen=True)
class Layout:
    """One report as it is printed: its heading, what is said under it, its columns and rows."""

    name: str
    title: str
    notes: str
    columns: list[Column]
    rows: list[list[Cell]]

    def workbook(self, *, look: Look, foot: str) -> IO[bytes]:
        told = _("截至%(day)s的口径") % {"day": date_format(look.on)} if look.as_of else _("当前口径")
        notes = "　".join(filter(None, [self.notes, told]))
        return sheets.workbook(self.title, notes, self.columns, self.rows, name=self.name, foot=foot)


def dispatch_layout(table: Dispatch, region: Region) -> Layout:
    indicator, month = table.measure.indicator, schedule.label("month", table.month)
    is_ratio = indicator.kind == IndicatorKind.RATIO
    columns = [
        Column(_("单位"), width=18),
        _number(_("年度任务") if table.measure.target is None else _("目标")),
        _number(_("本月")),
        _number(_("期末水平") if indicator.kind == IndicatorKind.STOCK else _("累计")),
        _number(_("完成率"), "%"),
        _number(_("同比"), _("百分点") if is_ratio else "%"),
        _number(_("环比"), _("百分点") if is_ratio else "%"),
        _number(_("排名")),
        Column(_("灯号"), width=10),
        Column(pgettext("column", "报送"), width=12),
    ]
    return Layout(
        _("调度表"),
        _("%(region)s%(name)s调度表（%(month)s）") % {"region": region.name, "name": indicator.name, "month": month},
        _("单位：%(unit)s") % {"unit": indicator.unit},
        columns,
        [_dispatch_cells(row) for row in (*table.rows, table.total)],
    )


def _dispatch_cells(row: Row) -> list[Cell]:
    return [
        row.place.name,
        _task(row.held, row.month),
        _cell(row.month),
        _cell(row.total),
        row.rate,
        row.year_on_year,
        row.month_on_month,
        row.rank,
        f"{row.held.light.symbol} {row.held.light.word}" if row.held else None,
        row.said,
    ]


def month_layout(rows: Sequence[MonthRow], region: Region, month: datetime.date) -> Layout:
    columns = [
        Column(_("指标"), width=28),
        Column(_("单位"), width=8),
        _number(_("本月")),
        _number(_("本年累计")),
        _number(_("自始累计")),
        _number(_("目标")),
        Column(_("完成期限"), width=18),
        _number(_("计入目标")),
        _number(_("完成率"), "%"),
        Column(_("未完成原因"), width=48),
    ]
    title = _("%(region)s月报（%(month)s）") % {"region": region.name, "month": schedule.label("month", month)}
    return Layout(_("月报"), title, "", columns, [_month_cells(row) for row in rows])


def _month_cells(row: MonthRow) -> list[Cell]:
    figures = [_cell(figure) for figure in (row.month, row.year, row.ever)]
    reasons = "；".join(f"{entry.series.project}：{entry.no_progress_reason}" for entry in row.reasons)
    counted = _cell(row.counted) if row.counted else None
    rate = row.held.rate if row.held else None
    held = [_task(row.held, row.month), _due(row), counted, rate]
    return [row.indicator.name, row.indicator.unit, *figures, *held, reasons]


def _due(row: MonthRow) -> str | None:
    """When the target is to be achieved, and that this is over."""
    due_on = row.held.version.due_on if row.held else None
    if due_on is None:
        return None
    return _("%(day)s（已过）") % {"day": due_on.isoformat()} if row.is_overdue else due_on.isoformat()


def year_layout(rows: Sequence[YearRow], region: Region, year: int) -> Layout:
    months = [_number(_("%(month)d月") % {"month": month}, width=11) for month in range(1, 13)]
    columns = [Column(_("指标"), width=28), Column(_("单位"), width=8), *months, _number(_("全年"))]
    title = _("%(region)s年报（%(year)d年）") % {"region": region.name, "year": year}
    notes = _("本期增量为各月之和，期末水平为月末、年末的水平，比率由分子和分母算出。")
    cells: list[list[Cell]] = [
        [row.indicator.name, row.indicator.unit, *(_cell(figure) for figure in (*row.months, row.total))]
        for row in rows
    ]
    return Layout(_("年报"), title, notes, columns, cells)


def _number(header: str, unit: str = "", width: int = 13) -> Column:
    return Column(header, "number", width, unit=unit)


def _cell(figure: Figure) -> Decimal | None:
    return None if figure.value is None else display.exact(figure.value, figure.indicator.decimals)


def _task(held: Held | None, beside: Figure) -> Decimal | None:
    return display.exact(held.version.value, beside.indicator.decimals) if held else None
