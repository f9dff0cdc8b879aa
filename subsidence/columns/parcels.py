"""What the parcel ledger (图斑台账) can show, and what its rows come to."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Count, QuerySet, Sum
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import lists
from accounts.lists import Column, List, Totals
from accounts.sheets import Cell
from progress import display
from subsidence.models import Parcel, Stage, TreatmentDuty
from subsidence.panels.life import reached

#: Digits after the point of an area in 亩.
AREA_DECIMALS = 2
#: What an area is called at the head of its column.
AREAS = {
    Stage.SURVEYED: _("勘测"),
    Stage.APPROVED: _("立项"),
    Stage.STARTED: _("开工"),
    Stage.FINISHED: _("完工"),
    Stage.SELF_CHECKED: _("自验"),
    Stage.ACCEPTED: _("验收"),
    Stage.PUBLISHED: _("公示"),
    Stage.CLOSED: _("销号"),
    Stage.TENDED: _("管护期满"),
}
#: The stages whose areas are added up at the foot of the list.
SUMMED = (Stage.SURVEYED, Stage.STARTED, Stage.FINISHED, Stage.ACCEPTED, Stage.CLOSED)


def _or_todo(fact: Cell) -> Cell:
    """A fact, 待补 where nobody knows it."""
    return gettext("待补") if fact is None or fact == "" else fact


def _code(parcel: Parcel) -> str:
    return f"{parcel}（{gettext('演示数据')}）" if parcel.is_demo else str(parcel)


def stage_said(parcel: Parcel) -> str:
    """The furthest stage that any of it has taken."""
    stage = reached(parcel)
    return str(stage.label) if stage else gettext("摸底待审批")


def _duty(parcel: Parcel) -> TreatmentDuty | None:
    """The duty to treat it, which only newly subsided land has."""
    found: TreatmentDuty | None = getattr(parcel, "duty", None)
    return found


def _state(parcel: Parcel) -> Cell:
    """Where the duty stands; the list's queryset says of each parcel whether it is overdue."""
    duty = _duty(parcel)
    if duty is None:
        return None
    if parcel.is_overdue:  # type: ignore[attr-defined]
        return gettext("已逾期")
    return gettext("已办结") if duty.closed_on else gettext("未办结")


def _due_on(parcel: Parcel) -> Cell:
    duty = _duty(parcel)
    return duty.due_on if duty else None


def _closed_rate(parcel: Parcel) -> Decimal | None:
    return display.rate(parcel.closed_area, parcel.surveyed_area)


def _area(stage: Stage) -> Column[Parcel]:
    """The area that has taken a stage, as its own column of the parcel names it."""
    field = stage.area_field

    def cell(parcel: Parcel) -> Cell:
        return display.exact(getattr(parcel, field), AREA_DECIMALS)

    label = format_lazy(_("{stage}（亩）"), stage=AREAS[stage])
    return Column(field, label, cell, field, "number", 13, stage in SUMMED)


def _factor(name: str, label: str | Promise) -> Column[Parcel]:
    def cell(parcel: Parcel) -> Cell:
        return _or_todo(getattr(parcel, name))

    return Column(name, label, cell, name, "number", 12, is_shown=False)


COLUMNS: tuple[Column[Parcel], ...] = (
    Column("code", _("图斑编号"), _code, "code", width=20),
    Column("holder", _("责任主体"), lambda parcel: parcel.holder, "mine__pinyin", width=22),
    Column("region", _("所在村"), lambda parcel: str(parcel.region), "region__code", width=26),
    Column("place", _("位置说明"), lambda parcel: parcel.place, width=30, is_shown=False),
    Column("origin", _("存量增量"), lambda parcel: str(parcel.get_origin_display()), "origin", width=10),
    Column("suited_use", _("用途"), lambda parcel: str(parcel.get_suited_use_display()), "suited_use", width=8),
    Column(
        "land_before",
        _("原地类"),
        lambda parcel: str(parcel.get_land_before_display()),
        "land_before",
        width=10,
        is_shown=False,
    ),
    Column(
        "settlement",
        _("稳沉"),
        lambda parcel: str(parcel.get_settlement_display()),
        "settlement",
        width=8,
        is_shown=False,
    ),
    Column(
        "damage",
        _("损毁程度"),
        lambda parcel: str(parcel.get_damage_grade_display()),
        "damage_grade",
        width=10,
        is_shown=False,
    ),
    _factor("strain", _("水平变形（mm/m）")),
    _factor("tilt", _("倾斜（mm/m）")),
    _factor("sink", _("下沉（m）")),
    _factor("yield_loss", _("减产（%）")),
    Column(
        "subsided_on", _("沉陷日期"), lambda parcel: _or_todo(parcel.subsided_on), "subsided_on", "date", is_shown=False
    ),
    Column("stage", _("已到环节"), stage_said, width=12),
    *(_area(stage) for stage in Stage),
    Column("closed_rate", _("销号率（%）"), _closed_rate, "", "number", 10, is_shown=False),
    Column("pending", _("待审批"), lambda parcel: parcel.pending, "", "number", 8),  # type: ignore[attr-defined]
    Column("duty", _("治理任务"), _state, "duty__closed_on", width=10, is_shown=False),
    Column("due_on", _("治理期限"), _due_on, "duty__due_on", "date", 12, is_shown=False),
    Column("project", _("治理项目"), lambda parcel: str(parcel.project), "project__pinyin", width=32, is_shown=False),
    Column("basis", _("依据"), lambda parcel: parcel.basis, width=40, is_shown=False),
)


def totals(rows: QuerySet[Parcel]) -> Totals:
    """Σ of each of the areas that a report quotes."""
    sums = {stage.area_field: Sum(stage.area_field) for stage in SUMMED}
    found = rows.order_by().aggregate(count=Count("pk"), **sums)
    areas = [(AREAS[stage], found[stage.area_field]) for stage in SUMMED]
    return Totals(
        found["count"],
        [lists.Sum(gettext("亩"), area, AREA_DECIMALS, label) for label, area in areas if area is not None],
    )


PARCELS = List("parcels", _("沉陷图斑台账"), COLUMNS, totals, newest_first=True)
