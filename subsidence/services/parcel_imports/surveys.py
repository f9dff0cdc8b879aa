"""What parcels were surveyed at: the area as it stands or is still asked for, by which document, on which day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from subsidence.models import Parcel, ParcelStage, RequestStatus, Stage, StageRequest

#: A request that was sent back or withdrawn says what was surveyed only where no other does.
_WEIGHT = {RequestStatus.RETURNED: 1, RequestStatus.WITHDRAWN: 1}


@dataclass(frozen=True)
class Surveyed:
    """An area in 亩 with the day and document of the first survey."""

    area: Decimal
    on: datetime.date
    document: str


def surveys_of(parcels: Iterable[int]) -> dict[int, Surveyed]:
    """The surveys of parcels by their numbers, in three questions."""
    numbers = list(parcels)
    found = _asked(numbers)
    areas = dict(Parcel.objects.filter(pk__in=numbers, surveyed_area__gt=0).values_list("pk", "surveyed_area"))
    steps = ParcelStage.objects.filter(parcel__in=numbers, stage=Stage.SURVEYED).order_by("-pk")
    for parcel, on, document in steps.values_list("parcel_id", "on", "document"):
        found[parcel] = Surveyed(areas.get(parcel, Decimal(0)), on, document)
    return found


def _asked(numbers: list[int]) -> dict[int, Surveyed]:
    requests = StageRequest.objects.filter(parcel__in=numbers, stage=Stage.SURVEYED, area__gt=0)
    rows = list(requests.values_list("parcel_id", "status", "pk", "area", "on", "document"))
    rows.sort(key=lambda row: (-_WEIGHT.get(RequestStatus(row[1]), 0), -row[2]))
    return {parcel: Surveyed(area, on, document) for parcel, _status, _pk, area, on, document in rows}
