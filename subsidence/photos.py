"""Photos of a parcel: what is odd about them, and the land before its treatment and after. Computed when read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from progress.photos import Flag, FlagKind, away_from
from subsidence.models import Moment, Parcel, ParcelPhoto
from subsidence.models.parcels import ParcelQuerySet

REUSED_WORD = gettext_lazy("同一照片用于其他图斑")


@dataclass(frozen=True)
class Picture:
    """One photo, its flags, and the other parcels with the same one that the reader may know of."""

    photo: ParcelPhoto
    flags: list[Flag]
    also_in: list[Parcel] = field(default_factory=list)


@dataclass(frozen=True)
class Pair:
    """The land before its treatment beside the same land after it."""

    before: Picture | None
    after: Picture | None


def pictures_of(parcel: Parcel, *, visible: ParcelQuerySet) -> list[Picture]:
    """The photos of a parcel in the order they were added, with all that its page says of them; in three queries."""
    photos = list(parcel.photos.select_related("attachment", "work").order_by("pk"))
    uses = _uses(parcel, photos)
    seen = visible.in_bulk({pk for others in uses.values() for pk in others})
    return [
        Picture(
            photo,
            list(_flags(parcel, photo, uses[photo.pk])),
            [seen[pk] for pk in uses[photo.pk] if pk in seen],
        )
        for photo in photos
    ]


def pair_of(pictures: Sequence[Picture], *, before: int | None = None, after: int | None = None) -> Pair:
    """The two photos asked for by primary key; else the first before the work and the last after it.

    While there is none from after the work, one from during it stands in.
    """
    befores = [each for each in pictures if each.photo.moment == Moment.BEFORE]
    later = [each for each in pictures if each.photo.moment != Moment.BEFORE]
    later.sort(key=lambda each: each.photo.moment == Moment.AFTER)
    return Pair(
        _asked(befores, before) or next(iter(befores), None), _asked(later, after) or next(reversed(later), None)
    )


def _asked(pictures: Sequence[Picture], pk: int | None) -> Picture | None:
    return next((each for each in pictures if each.photo.pk == pk), None)


def _uses(parcel: Parcel, photos: Sequence[ParcelPhoto]) -> dict[int, list[int]]:
    """For each photo, the other parcels that have the same file."""
    originals = {photo.attachment.original_sha256 for photo in photos} - {""}
    parcels = defaultdict(list)
    if originals:
        same = ParcelPhoto.objects.filter(attachment__original_sha256__in=originals).exclude(parcel=parcel)
        rows = same.order_by("parcel").values_list("attachment__original_sha256", "parcel").distinct()
        for original, other in rows:
            parcels[original].append(other)
    return {photo.pk: parcels[photo.attachment.original_sha256] for photo in photos}


def _flags(parcel: Parcel, photo: ParcelPhoto, uses: Sequence[int]) -> Iterator[Flag]:
    if away := away_from(parcel.region_id, photo.attachment):
        yield Flag(FlagKind.PLACE, photo.pk, *away)
    if uses:
        sentence = _("这张照片还用于另外%(count)d个图斑。") % {"count": len(uses)}
        yield Flag(FlagKind.REUSED, photo.pk, REUSED_WORD, sentence, tuple(uses))
