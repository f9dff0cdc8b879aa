"""What the movements of the stock–flow ledger can show as a list, what they come to, and the ledger as a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import lists, sheets
from accounts.lists import Column, List, Totals
from accounts.sheets import Cell
from progress import display
from subsidence.figures.stock import Flow, HolderFlow, total_of
from subsidence.models import Movement, StockMovement

DECIMALS = 2


def _area(value: Decimal) -> Decimal:
    return display.exact(value, DECIMALS)


def _holder(row: StockMovement) -> str:
    return str(row.mine) if row.mine else gettext("历史遗留")


COLUMNS: tuple[Column[StockMovement], ...] = (
    Column("parcel", _("图斑编号"), lambda row: row.parcel.code, "parcel__code", width=20),
    Column("holder", _("责任主体"), _holder, "mine__pinyin", width=22),
    Column("region", _("所在村"), lambda row: str(row.parcel.region), "parcel__region__code", width=28),
    Column("kind", _("类别"), lambda row: row.get_kind_display(), "kind", width=12),
    Column("on", _("日期"), lambda row: row.step.on, "step__on", "date"),
    Column("area", _("增减（亩）"), lambda row: _area(row.area), "area", "number"),
    Column("document", _("文号"), lambda row: row.step.document or row.step.basis, width=30),
)


def totals(rows: QuerySet[StockMovement]) -> Totals:
    found = rows.order_by().aggregate(count=Count("pk"), area=Sum("area"))
    if found["area"] is None:
        return Totals(found["count"])
    return Totals(found["count"], [lists.Sum(gettext("亩"), found["area"], DECIMALS, gettext("增减合计"))])


BASIS = List("stock_basis", _("存量增减明细"), COLUMNS, totals)


def ledger_columns() -> list[sheets.Column]:
    """The columns of the ledger as a file."""
    kinds = [str(kind.label) for kind in Movement]
    numbers = [gettext("期初存量"), *kinds, gettext("期末存量")]
    texts = [sheets.Column(gettext("县区"), width=12), sheets.Column(gettext("责任主体"), width=28)]
    rate = sheets.Column(gettext("增量率（新增÷治理）"), "text", 18)
    return [*texts, *(sheets.Column(each, "number", 16, unit=gettext("亩")) for each in numbers), rate]


def ledger_rows(lines: Iterable[HolderFlow]) -> Iterator[list[Cell]]:
    """The lines of the ledger and, last, their total."""
    found = list(lines)
    for line in found:
        yield [line.holder.county, line.holder.name, *_numbers(line.flow)]
    yield [gettext("合计"), None, *_numbers(total_of(found))]


def _numbers(flow: Flow) -> Iterator[Cell]:
    for _kind, amount in flow.amounts():
        yield _area(amount)
    yield gettext("无") if flow.increment_rate is None else display.percent(flow.increment_rate)
