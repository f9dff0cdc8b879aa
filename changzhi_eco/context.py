"""What every page shows around its content: the menu, and whether demo data is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import User
from accounts.policy import Action, holds
from progress.models import ProgressEntry, TargetVersion


@dataclass(frozen=True)
class NavItem:
    """One entry of the menu; it is current on its own page and on those below it."""

    label: str | Promise
    url: str
    icon: str
    is_current: bool


#: URL name, label, icon, and the actions of which a person must hold one to see it.
MENU = (
    ("home", _("首页"), "home", ()),
    ("overview", _("总览"), "chart-bar", (Action.VIEW,)),
    ("entries", _("进度填报"), "clipboard-list", (Action.VIEW,)),
    ("review", _("审核核定"), "clipboard-check", (Action.REVIEW, Action.VERIFY)),
    ("projects", pgettext_lazy("list", "项目"), "folders", (Action.VIEW,)),
)


def portal(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    if not isinstance(user, User):
        return {}
    return {"nav_items": _menu(user, request.path), "has_demo_data": _has_demo_data()}


def _has_demo_data() -> bool:
    """One question to two partial indexes."""
    versions, entries = (model.objects.filter(is_demo=True).values("pk") for model in (TargetVersion, ProgressEntry))
    return versions.union(entries).exists()


def _menu(user: User, path: str) -> list[NavItem]:
    items = []
    for name, label, icon, actions in MENU:
        if not actions or any(holds(user, action) for action in actions):
            url = reverse(name)
            is_current = path == url or (name != "home" and path.startswith(url))
            items.append(NavItem(label, url, icon, is_current))
    if user.is_staff:
        items.append(NavItem(_("后台管理"), reverse("admin:index"), "user-circle", is_current=False))
    return items
