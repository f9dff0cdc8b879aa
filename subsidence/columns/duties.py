"""What the list of duties (治理任务) can show, and what its rows come to."""

from __future__ import annotations

from django.db.models import Count, F, QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import lists
from accounts.lists import Column, List, Totals
from accounts.sheets import Cell
from progress import display
from subsidence.models import TreatmentDuty

DECIMALS = 2


def state_of(duty: TreatmentDuty) -> str:
    """Where a duty stands on the day that its days left were counted from."""
    if duty.closed_on:
        return gettext("逾期办结") if duty.closed_on > duty.due_on else gettext("已办结")
    return gettext("已逾期") if duty.days_left < 0 else gettext("未办结")


def _days(duty: TreatmentDuty) -> Cell:
    """How many days are left, below zero once it is overdue; none once it is closed."""
    return None if duty.closed_on else duty.days_left


COLUMNS: tuple[Column[TreatmentDuty], ...] = (
    Column("parcel", _("图斑编号"), lambda duty: duty.parcel.code, "parcel__code", width=20),
    Column("mine", _("责任矿井"), lambda duty: str(duty.mine), "mine__pinyin", width=24),
    Column("region", _("所在村"), lambda duty: str(duty.parcel.region), "parcel__region__code", width=28),
    Column("opened_on", _("发现日期"), lambda duty: duty.opened_on, "opened_on", "date"),
    Column("due_on", _("治理期限"), lambda duty: duty.due_on, "due_on", "date"),
    Column("days", _("剩余天数"), _days, "due_on", "number", 10),
    Column("state", _("状态"), state_of, width=10),
    Column(
        "surveyed",
        _("勘测面积（亩）"),
        lambda duty: display.exact(duty.parcel.surveyed_area, DECIMALS),
        "parcel__surveyed_area",
        "number",
    ),
    Column(
        "closed",
        _("销号面积（亩）"),
        lambda duty: display.exact(duty.parcel.closed_area, DECIMALS),
        "parcel__closed_area",
        "number",
    ),
    Column("closed_on", _("销号日期"), lambda duty: duty.closed_on, "closed_on", "date"),
)


def totals(rows: QuerySet[TreatmentDuty]) -> Totals:
    open_area = F("parcel__surveyed_area") - F("parcel__closed_area")
    found = rows.order_by().aggregate(count=Count("pk"), area=Sum(open_area))
    if found["area"] is None:
        return Totals(found["count"])
    return Totals(found["count"], [lists.Sum(gettext("亩"), found["area"], DECIMALS, gettext("尚未销号"))])


DUTIES = List("duties", _("治理任务"), COLUMNS, totals)
