"""What every page shows around its content: the menu, and whether demo data is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, Func, IntegerField, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.policy import Action, holds
from progress import agenda
from progress.models import ProgressEntry, TargetVersion


@dataclass(frozen=True)
class NavItem:
    """One entry of the menu; it is current on its own page and on those below it or led to from it."""

    label: str | Promise
    url: str
    icon: str
    is_current: bool
    #: What waits there for the person, shown as a red dot.
    count: int = 0


#: URL name, label, icon, and the actions of which a person must hold one to see it.
MENU = (
    ("home", _("首页"), "home", ()),
    ("overview", _("总览"), "chart-bar", (Action.VIEW,)),
    ("tasks", _("我的待报"), "list-check", (Action.ENTER,)),
    ("grid", _("网格填报"), "table", (Action.ENTER,)),
    ("entries", _("进度填报"), "clipboard-list", (Action.VIEW,)),
    ("ledger", _("填报台账"), "clipboard-list", (Action.VIEW,)),
    ("review", _("审核核定"), "clipboard-check", (Action.REVIEW, Action.VERIFY)),
    ("checks", _("抽查"), "search", (Action.VIEW,)),
    ("reports", _("报表"), "table", (Action.VIEW,)),
    ("subsidence", _("沉陷区治理"), "clipboard-list", (Action.VIEW,)),
    ("projects", pgettext_lazy("list", "项目"), "folders", (Action.VIEW,)),
    ("periods", _("调度期"), "calendar-event", (Action.VIEW,)),
)

#: Pages beside the address of the menu entry they belong to, by that entry's URL name.
BESIDE = {"ledger": "/imports/"}


def portal(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    dots = _dots(user)
    return {
        "nav_items": _menu(user, request.path, dots),
        "has_demo_data": dots.pop("demo"),
        "unread_count": dots.pop("unread"),
    }


def _dots(user: User) -> dict[str, int]:
    """What waits for the person, by the page it waits on, and whether demo data is about: one query for every page."""
    asked: dict[str, Any] = {
        "demo": Exists(TargetVersion.objects.filter(is_demo=True)) | Exists(ProgressEntry.objects.filter(is_demo=True)),
        "unread": _count(user.inbox.filter(read_at=None)),
    }
    if holds(user, Action.ENTER):
        asked["tasks"] = agenda.owed_count(user, at=timezone.now())
    if holds(user, Action.REVIEW) or holds(user, Action.VERIFY):
        asked["review"] = _count(agenda.to_review(user) | agenda.to_verify(user))
    found: Any = User.objects.filter(pk=user.pk).values(**asked).get()
    return dict(found)


def _count(rows: QuerySet[Any]) -> Coalesce:
    """The number of those rows, as part of a larger question."""
    return Coalesce(
        Subquery(rows.order_by().values(count=Func("pk", function="count"))), 0, output_field=IntegerField()
    )


def _menu(user: User, path: str, dots: dict[str, int]) -> list[NavItem]:
    items = []
    for name, label, icon, actions in MENU:
        if not actions or any(holds(user, action) for action in actions):
            url = reverse(name)
            is_current = path == url or (name != "home" and path.startswith((url, BESIDE.get(name, url))))
            items.append(NavItem(label, url, icon, is_current, dots.get(name, 0)))
    if user.is_staff:
        items.append(NavItem(_("后台管理"), reverse("admin:index"), "user-circle", is_current=False))
    return items
