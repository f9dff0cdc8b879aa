"""Who may do what, where: the two gates `can` and `scope_q`, used by page, API, export, count and file alike."""

from __future__ import annotations

import datetime
import enum
from typing import Protocol

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils import timezone

from accounts.models import Role, User
from jurisdictions import codes


class Action(enum.StrEnum):
    VIEW = "view"
    ENTER = "enter"
    REVIEW = "review"
    VERIFY = "verify"
    REOPEN = "reopen"
    CHECK = "check"


#: The roles whose duty covers an action. Administrators (三员) see no business data.
ROLES: dict[Action, frozenset[str]] = {
    Action.VIEW: frozenset({Role.CLERK, Role.REVIEWER, Role.VERIFIER, Role.LEADER, Role.SUPERVISOR}),
    Action.ENTER: frozenset({Role.CLERK}),
    Action.REVIEW: frozenset({Role.REVIEWER}),
    Action.VERIFY: frozenset({Role.VERIFIER}),
    Action.REOPEN: frozenset({Role.VERIFIER}),
    Action.CHECK: frozenset({Role.SUPERVISOR}),
}


class Scoped(Protocol):
    """Anything that lies on one work line in one region."""

    @property
    def work_line(self) -> str: ...

    @property
    def region_id(self) -> str: ...


def today() -> datetime.date:
    """The server's date in Asia/Shanghai, the only date a duty is checked against."""
    return timezone.localdate()


def can(user: User | AnonymousUser, action: Action, obj: Scoped) -> bool:
    """Whether a duty in force today covers the action on that object."""
    if isinstance(user, AnonymousUser):
        return False
    return any(
        duty.role in ROLES[action] and duty.covers(unit=obj.region_id, line=obj.work_line)
        for duty in user.duties_on(today())
    )


def scope_q(user: User | AnonymousUser, action: Action, *, line: str = "work_line", region: str = "region") -> Q:
    """The same rule as `can`, as a filter; matches nothing for a person without a covering duty."""
    scope = Q(pk__in=())
    if isinstance(user, AnonymousUser):
        return scope
    for duty in user.duties_on(today()):
        if duty.role in ROLES[action]:
            covered = Q(**{f"{region}__code__startswith": duty.region_id})
            scope |= covered & Q(**{line: duty.work_line}) if duty.work_line else covered
    return scope


def areas(user: User | AnonymousUser, action: Action, *, line: str) -> list[str]:
    """The codes of the regions whose whole subtree the person's duties cover on a work line; none lies in another."""
    if isinstance(user, AnonymousUser):
        return []
    found = {
        duty.region_id
        for duty in user.duties_on(today())
        if duty.role in ROLES[action] and duty.work_line in ("", line)
    }
    return sorted(code for code in found if not any(code.startswith(other) for other in found - {code}))


def reach_q(user: User | AnonymousUser, action: Action, *, line: str = "work_line", region: str = "region") -> Q:
    """The rows of a region that holds the person's own, on one of his lines: what a whole county is told, a town is."""
    reach = Q(pk__in=())
    if isinstance(user, AnonymousUser):
        return reach
    for duty in user.duties_on(today()):
        if duty.role in ROLES[action]:
            above = Q(**{f"{region}__in": codes.lineage(duty.region_id)})
            reach |= above & Q(**{line: duty.work_line}) if duty.work_line else above
    return reach


def holds(user: User | AnonymousUser, action: Action) -> bool:
    """Whether any duty in force today covers the action somewhere: what the menu asks."""
    return not isinstance(user, AnonymousUser) and any(duty.role in ROLES[action] for duty in user.duties_on(today()))
