"""What the pages of a parcel, a mine and a project tell of their money."""

from __future__ import annotations

from typing import Any

from accounts.models import User
from accounts.policy import Action, can
from projects.models import Project
from subsidence.figures.money import Budget, money_of
from subsidence.models import Mine, Parcel

#: Amounts that a page shows.
LATEST = 20


def panel(parcel: Parcel, user: User) -> dict[str, Any]:
    """The money put on record for one parcel, by source, over its own area."""
    rows = parcel.funding.select_related("recorded_by").order_by("-pk")
    return {
        "money": money_of(parcel.funding.all(), Parcel.objects.filter(pk=parcel.pk)),
        "funding": rows[:LATEST],
        "may_fund": can(user, Action.ENTER, parcel),
    }


def mine_panel(mine: Mine, user: User) -> dict[str, Any]:
    """The money of a mine's project, its parcels' included; nothing before it has a project."""
    return project_panel(mine.project, user) if mine.project else {"budget": None, "funding": [], "may_fund": False}


def project_panel(project: Project, user: User) -> dict[str, Any]:
    rows = project.funding.select_related("parcel", "recorded_by").order_by("-pk")
    return {
        "budget": Budget(project, money_of(project.funding.all(), Parcel.objects.filter(project=project))),
        "funding": rows[:LATEST],
        "may_fund": can(user, Action.ENTER, project),
    }
