"""Opening and clearing conditions (情况)."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction

from jurisdictions.models import Region
from projects.models import Condition, ConditionLevel, Subject, SubjectKind


def subject_of_region(*, region: Region) -> Subject:
    """The subject standing for a whole region."""
    subject, _created = Subject.objects.get_or_create(
        kind=SubjectKind.REGION, region=region, defaults={"name": region.name}
    )
    return subject


@transaction.atomic
def open_condition(
    *,
    subject: Subject,
    kind: str,
    key: str,
    level: ConditionLevel,
    sentence: str,
    facts: dict[str, Any],
    at: datetime.datetime,
) -> Condition:
    """Say that something is so; said again while it is open, the sentence and facts are brought up to date."""
    condition, _created = Condition.objects.update_or_create(
        kind=kind,
        key=key,
        until=None,
        defaults={"level": level, "sentence": sentence, "facts": facts},
        create_defaults={"subject": subject, "level": level, "sentence": sentence, "facts": facts, "since": at},
    )
    return condition


def clear_condition(*, kind: str, key: str, at: datetime.datetime) -> bool:
    """Say that it is no longer so; returns whether it was open."""
    return Condition.objects.filter(kind=kind, key=key, until=None).update(until=at) > 0
