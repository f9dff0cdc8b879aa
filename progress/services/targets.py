"""Recording what a target promises."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts import audit
from accounts.models import User
from progress.models import PlanPoint, Target, TargetVersion


@transaction.atomic
def record_version(
    *,
    target: Target,
    value: Decimal,
    by: User | None,
    at: datetime.datetime,
    plan: dict[datetime.date, Decimal] | None = None,
    **fields: Any,
) -> TargetVersion:
    """Record the next version of a target with its plan curve (first of month → cumulative), audited."""
    # The target is locked so that two recorders at once get two numbers.
    Target.objects.select_for_update(no_key=True).get(pk=target.pk)
    newest = target.versions.order_by("-n").first()
    version = target.versions.create(
        n=newest.n + 1 if newest else 1, value=value, recorded_at=at, recorded_by=by, **fields
    )
    PlanPoint.objects.bulk_create(
        PlanPoint(version=version, month=month, cumulative=amount) for month, amount in sorted((plan or {}).items())
    )
    after = {"n": version.n, "value": value, **fields}
    audit.record(by=by, action="target.version", obj=target, after=after)
    return version
