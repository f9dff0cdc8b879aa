"""Taking the demonstration's land out again, and what demonstration accounts did to real parcels."""

from __future__ import annotations

import datetime

from django.db.models import Q, QuerySet, Sum

from projects.models import Subject
from projects.services import attachments
from subsidence.models import (
    Boundary,
    CutOff,
    Funding,
    Mine,
    Parcel,
    ParcelPhoto,
    ParcelStage,
    Reading,
    Rule,
    Stage,
    StageRequest,
    SubsidencePoint,
    TreatmentDuty,
    Work,
)
from subsidence.services import duties, stages


def remove_land(*, at: datetime.datetime) -> None:
    """Delete the demonstration's parcels, and from real ones its people's steps, boundaries, photos and amounts."""
    steps = ParcelStage.objects.filter(is_demo=True)
    touched = set(steps.filter(parcel__is_demo=False).values_list("parcel", flat=True))
    steps.exclude(reverses=None).delete()
    steps.delete()
    StageRequest.objects.filter(is_demo=True).delete()
    for number in sorted(touched):
        _sum_up(number, at)
    _remove_photos(ParcelPhoto.objects.filter(Q(parcel__is_demo=True) | Q(attachment__uploaded_by__is_demo=True)))
    Boundary.objects.filter(recorded_by__is_demo=True).delete()
    Funding.objects.filter(recorded_by__is_demo=True).delete()
    Reading.objects.filter(recorded_by__is_demo=True).delete()
    SubsidencePoint.objects.filter(is_demo=True).delete()
    land = Parcel.objects.filter(is_demo=True)
    TreatmentDuty.objects.filter(parcel__in=land).delete()
    Work.objects.filter(parcel__in=land).delete()
    _remove_with_subjects(land)
    CutOff.objects.filter(is_demo=True).delete()
    Rule.objects.filter(is_demo=True).delete()


def remove_mines() -> None:
    """The mines go before their projects, which they refer to."""
    _remove_with_subjects(Mine.objects.filter(is_demo=True))


def _sum_up(number: int, at: datetime.datetime) -> None:
    """The areas of a real parcel as the rest of its chain has them."""
    parcel = stages.lock(Parcel(pk=number))
    sums = dict(parcel.stages.order_by().values_list("stage").annotate(Sum("area")))
    for stage in Stage:
        setattr(parcel, stage.area_field, sums.get(stage, 0))
    parcel.version += 1
    parcel.save()
    duties.follow(parcel=parcel, on=at.date(), at=at)


def _remove_photos(photos: QuerySet[ParcelPhoto]) -> None:
    found = list(photos.select_related("attachment"))
    photos.delete()
    for photo in found:
        attachments.discard(photo.attachment)


def _remove_with_subjects(rows: QuerySet[Parcel] | QuerySet[Mine]) -> None:
    subjects = list(rows.values_list("subject", flat=True))
    rows.delete()
    Subject.objects.filter(pk__in=subjects).delete()
