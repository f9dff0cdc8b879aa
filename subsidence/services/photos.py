"""Photos of a parcel before, during and after its treatment: cleaned and kept as evidence is, never blocked."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from progress.services.evidence import Unfit
from projects.refusals import UnfitFile
from projects.services import attachments
from projects.services.attachments import Kept
from subsidence import sequences
from subsidence.models import Moment, Parcel, ParcelPhoto, RequestStatus, Stage, Work
from subsidence.refusals import Invalid
from subsidence.services import stages

#: Most photos of one parcel: whoever accepts it has to look at each.
MOST_PHOTOS = 100


class PhotoNeeded(Refused):
    """A stage was asked for, and perhaps approved, in view of the photo."""

    code = "photo_needed"


@transaction.atomic
def add_all(
    *,
    parcel: Parcel,
    files: Sequence[Kept],
    moment: Moment,
    by: User,
    at: datetime.datetime,
    work: Work | None = None,
) -> list[Unfit]:
    """Add several photos, and tell which were not. Raises NotAllowed, Invalid."""
    unfit = []
    for kept in files:
        try:
            add(parcel=parcel, kept=kept, moment=moment, work=work, by=by, at=at)
        except UnfitFile as refusal:
            unfit.append(Unfit(kept.name, str(refusal)))
    return unfit


@attachments.following()
@transaction.atomic
def add(
    *, parcel: Parcel, kept: Kept, moment: Moment, by: User, at: datetime.datetime, work: Work | None = None
) -> ParcelPhoto:
    """Add a photo once, of the whole parcel or of one of its works. Raises NotAllowed, UnfitFile, Invalid."""
    parcel = _lock(parcel, by)
    if work and work.parcel_id != parcel.pk:
        raise Invalid(_("这道工序不属于此图斑。"), field="work")
    if not kept.thumbnail:
        raise UnfitFile(_("这里只收照片（JPEG、PNG、WebP）。"), field="file")
    known = list(parcel.photos.values_list("attachment__original_sha256", flat=True))
    if kept.original_sha256 in known:
        raise UnfitFile(_("这张照片已在此图斑中，未重复添加。"), field="file")
    if len(known) >= MOST_PHOTOS:
        raise UnfitFile(_("每个图斑最多%(most)d张照片。") % {"most": MOST_PHOTOS}, field="file")
    attachment = attachments.store(kept=kept, by=by, at=at)
    photo = ParcelPhoto.objects.create(parcel=parcel, work=work, attachment=attachment, moment=moment)
    audit.record(by=by, action="parcel.photo", obj=parcel, after=_facts(photo))
    return photo


@transaction.atomic
def remove(*, photo: ParcelPhoto, by: User) -> None:
    """Take a photo off a parcel; the stored file stays, because the audit trail names it.

    A photo stays while a stage that requires one of its moment is asked for, or was approved since it was added.
    Raises NotAllowed, PhotoNeeded.
    """
    parcel = _lock(photo.parcel, by)
    seen = Q(status=RequestStatus.PENDING) | Q(
        status=RequestStatus.APPROVED, decided_at__gte=photo.attachment.uploaded_at
    )
    rests = parcel.requests.filter(seen, stage__in=sequences.stages_of(photo.moment), area__gt=0).order_by("pk").first()
    if rests:
        stage = Stage(rests.stage).label
        raise PhotoNeeded(_("“%(stage)s”已按此照片申报，不能移除。") % {"stage": stage})
    audit.record(by=by, action="parcel.photo_removed", obj=parcel, before=_facts(photo))
    photo.delete()


def _lock(parcel: Parcel, by: User) -> Parcel:
    """The parcel, locked, so that no stage is asked for between the check and the change."""
    parcel = stages.lock(parcel)
    if not can(by, Action.ENTER, parcel):
        raise NotAllowed
    return parcel


def _facts(photo: ParcelPhoto) -> dict[str, object]:
    work = photo.work.kind if photo.work else ""
    kept = photo.attachment
    return {"photo": photo.pk, "name": kept.name, "sha256": kept.sha256, "moment": photo.moment, "work": work}
