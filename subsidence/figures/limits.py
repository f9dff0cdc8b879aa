"""What the limits in force on a day say of a parcel."""

from __future__ import annotations

import datetime

from subsidence import grading, sequences
from subsidence.grading import FACTORS, Judgement, Limit
from subsidence.models import DamageLimit, Parcel, QualityLimit

#: The items of quality in the order in which the standard gives them; an item it does not know comes last.
ITEMS = ("slope", "soil_depth", "bulk_density", "gravel", "ph", "organic", "ec", "canopy", "cover")


def damage_of(parcel: Parcel, *, on: datetime.date) -> Judgement:
    """The grade of a parcel's damage and why, by the limits in force that day."""
    return judged(parcel, damage_limits(parcel.land_before, on=on))


def damage_limits(land_before: str, *, on: datetime.date) -> list[Limit]:
    """The limits in force that day for the damage of such land."""
    rows = DamageLimit.objects.in_force(on).filter(land=grading.table_of(land_before)).order_by("since")
    return [Limit(row.factor, row.light_to, row.medium_to, row.source) for row in rows]


def judged(parcel: Parcel, limits: list[Limit]) -> Judgement:
    """The grade of a parcel's damage by limits that were read for land of its class."""
    return grading.judge(parcel.land_before, {factor: getattr(parcel, factor) for factor in FACTORS}, limits)


def quality_of(parcel: Parcel, *, on: datetime.date) -> list[QualityLimit]:
    """What must be measured of a parcel accepted that day, in the standard's order; nothing where it has no limits."""
    land = sequences.quality_of(parcel.suited_use, parcel.land_before)
    rows = QualityLimit.objects.in_force(on).filter(land=land).order_by("since") if land else ()
    newest = {row.item: row for row in rows}
    return sorted(newest.values(), key=lambda row: (_place(row.item), row.item))


def _place(item: str) -> int:
    return ITEMS.index(item) if item in ITEMS else len(ITEMS)
