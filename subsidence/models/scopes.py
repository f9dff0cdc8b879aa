"""Who sees the rows of this work line: one rule for all of them, by where a row lies."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Q

from accounts.models import User
from accounts.policy import Action, areas
from jurisdictions.models import WorkLine

M = TypeVar("M", bound=models.Model)
LINE = WorkLine.SUBSIDENCE


class ScopedQuerySet(models.QuerySet[M]):
    """Rows with a place: `place` is the path to their region."""

    place: ClassVar[str] = "region"

    def visible_to(self, user: User | AnonymousUser) -> Self:
        return self.in_scope(user, Action.VIEW)

    def in_scope(self, user: User | AnonymousUser, action: Action) -> Self:
        """The rows in the regions where a duty of the person covers the action on this work line."""
        scope = Q(pk__in=())
        for code in areas(user, action, line=LINE):
            scope |= Q(**{f"{self.place}__code__startswith": code})
        return self.filter(scope)


class OfParcelQuerySet(ScopedQuerySet[M]):
    """Rows of a parcel lie where the parcel lies."""

    place = "parcel__region"
