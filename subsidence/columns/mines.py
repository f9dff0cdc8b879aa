"""What the register of mines can show as a list, and what its rows come to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import lists
from accounts.lists import Column, List, Totals
from accounts.sheets import Cell
from progress import display
from subsidence.models import Mine

#: Digits after the point of an area in 亩.
DECIMALS = 2
#: A region so short is the city's: the county is not known.
CITY_DIGITS = 4


def _or_todo(fact: Cell) -> Cell:
    """A fact, 待补 where the source does not give it."""
    return gettext("待补") if fact in (None, "") else fact


def _name(mine: Mine) -> str:
    return f"{mine}（{gettext('演示数据')}）" if mine.is_demo else str(mine)


def _county(mine: Mine) -> Cell:
    return mine.region.name if len(mine.region_id) > CITY_DIGITS else None


def _held(name: str, label: Any, width: int = 12) -> Column[Mine]:
    """A number that `with_holdings` works out."""

    def cell(mine: Mine) -> Cell:
        found: int | Decimal = getattr(mine, name)
        return display.exact(found, DECIMALS) if isinstance(found, Decimal) else found

    return Column(name, label, cell, kind="number", width=width)


COLUMNS: tuple[Column[Mine], ...] = (
    Column("mine", _("矿井"), _name, "pinyin", width=28),
    Column("code", _("矿井代码"), lambda mine: mine.code, "code", width=16),
    Column(
        "operator",
        _("经营主体"),
        lambda mine: _or_todo(str(mine.operator) if mine.operator else None),
        "operator__name",
        width=28,
    ),
    Column("region", _("县区"), lambda mine: _or_todo(_county(mine)), "region__code", width=12),
    Column("status", _("状态"), lambda mine: str(mine.get_status_display()), "status", width=8),
    _held("held", _("图斑数")),
    _held("surveyed", _("勘测面积（亩）"), 16),
    _held("stock", _("存量余额（亩）"), 16),
    _held("open", _("未办结任务")),
    _held("overdue", _("逾期任务")),
    Column("basis", _("依据"), lambda mine: mine.basis, width=40, is_shown=False),
)


def totals(rows: QuerySet[Mine]) -> Totals:
    found = rows.order_by().aggregate(count=Count("pk"), area=Sum("surveyed"), left=Sum("stock"))
    if found["area"] is None:
        return Totals(found["count"])
    unit, named = gettext("亩"), ((gettext("勘测面积"), "area"), (gettext("存量余额"), "left"))
    return Totals(found["count"], [lists.Sum(unit, found[name], DECIMALS, label) for label, name in named])


MINES = List("mines", _("矿井名录"), COLUMNS, totals, newest_first=False)
