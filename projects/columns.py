"""What the register can show as a list, and what its rows come to."""

from __future__ import annotations

from django.db.models import Count, Exists, OuterRef, QuerySet, Sum
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import lists
from accounts.lists import Column, List, Totals
from accounts.sheets import Cell
from projects.models import Project

#: Digits after the point of an amount in 万元.
MONEY_DECIMALS = 2


def _or_todo(fact: Cell) -> Cell:
    """A fact, 待补 where the source does not give it."""
    return gettext("待补") if fact is None else fact


def _name(project: Project) -> str:
    return f"{project}（{gettext('演示数据')}）" if project.is_demo else str(project)


COLUMNS: tuple[Column[Project], ...] = (
    Column("project", _("项目"), _name, "pinyin", width=36),
    Column("code", _("代码"), lambda project: project.code, "code", width=20, is_shown=False),
    Column("work_line", _("工作线"), lambda project: project.get_work_line_display(), "work_line"),
    Column("region", _("地区"), lambda project: str(project.region), "region__code", width=24),
    Column(
        "owner",
        _("责任单位"),
        lambda project: _or_todo(str(project.owner) if project.owner else None),
        "owner__name",
        width=24,
    ),
    Column(
        "programme",
        _("工程包"),
        lambda project: str(project.programme) if project.programme else None,
        "programme__name",
        width=24,
    ),
    Column(
        "parent",
        _("上级项目"),
        lambda project: str(project.parent) if project.parent else None,
        width=30,
        is_shown=False,
    ),
    Column("status", _("状态"), lambda project: str(project.get_status_display()), "status"),
    Column("start_on", _("开工日期"), lambda project: _or_todo(project.start_on), "start_on", "date", is_shown=False),
    Column("due_on", _("计划竣工"), lambda project: _or_todo(project.due_on), "due_on", "date"),
    Column("finished_on", _("竣工日期"), lambda project: project.finished_on, "finished_on", "date", is_shown=False),
    Column("investment", _("投资（万元）"), lambda project: _or_todo(project.investment), "investment", "number", 16),
    Column("basis", _("依据"), lambda project: project.basis, width=40, is_shown=False),
)


def totals(rows: QuerySet[Project]) -> Totals:
    """Σ investment; what a project that stands in the list itself consists of is in its own already."""
    is_part = Exists(rows.filter(pk=OuterRef("parent")).order_by())
    found = rows.order_by().aggregate(count=Count("pk"), amount=Sum("investment", filter=~is_part))
    if found["amount"] is None:
        return Totals(found["count"])
    money = lists.Sum(gettext("万元"), found["amount"], MONEY_DECIMALS)
    return Totals(found["count"], [money], gettext("投资合计，已列上级项目的不重复计"))


PROJECTS = List("projects", _("项目台账"), COLUMNS, totals, newest_first=False)
