"""How long the duties to treat newly subsided land still have."""

from __future__ import annotations

import datetime

from django.db.models import DateField, F, Value
from django.db.models.functions import ExtractDay

from subsidence.models import TreatmentDuty
from subsidence.models.scopes import OfParcelQuerySet

Duties = OfParcelQuerySet[TreatmentDuty]


def with_days_left(rows: Duties, *, on: datetime.date) -> Duties:
    """Each with `days_left` from that day to its deadline, below zero once that is past; joined with its labels."""
    left = ExtractDay(F("due_on") - Value(on, output_field=DateField()))
    return rows.annotate(**{"days_left": left}).select_related("mine", "parcel__region")
