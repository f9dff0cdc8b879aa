"""What a stage requires of a parcel before it is asked for, and what more before it is approved."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from django.utils.translation import gettext as _

from progress.display import quantity
from subsidence import sequences
from subsidence.grading import said_limits
from subsidence.models import Moment, Parcel, QualityLimit, QualityResult, Stage, StageRequest, SuitedUse, WorkKind
from subsidence.sequences import Done
from subsidence.services import quality

#: Land of these uses is held to no standard of soil or cover.
UNMEASURED = (SuitedUse.WATER, SuitedUse.BUILT)


def missing(parcel: Parcel, stage: Stage, area: Decimal, *, request: StageRequest | None = None) -> list[str]:
    """What is missing or failed, one sentence each, for an area (亩) to take the stage; nothing when all is there.

    Without a request it is about to be asked for; with one it is about to be approved, and must have been measured.
    """
    found = [*_photos(parcel, stage), *_works(parcel, stage, area), *_use(parcel, stage)]
    if request is not None and not found:
        found += _quality(request)
    return found


def _photos(parcel: Parcel, stage: Stage) -> Iterator[str]:
    moment = sequences.photo_of(stage)
    if moment and not parcel.photos.filter(moment=moment).exists():
        said = {"stage": stage.label, "moment": Moment(moment).label}
        yield _("“%(stage)s”须有%(moment)s照片，此图斑还没有") % said


def _works(parcel: Parcel, stage: Stage, area: Decimal) -> Iterator[str]:
    """Land cannot be finished whole while a work that is on record is not done."""
    if stage != Stage.FINISHED or parcel.finished_area + area < parcel.surveyed_area:
        return
    recorded = parcel.works.filter(kind__in=sequences.works_of(parcel.suited_use)).order_by("pk")
    for kind, done_on, amount in recorded.values_list("kind", "done_on", "quantity"):
        if Done(done_on, amount).is_open:
            yield _("工序“%(work)s”还没有登记实际完成日期，不能全部完工") % {"work": WorkKind(kind).label}


def _use(parcel: Parcel, stage: Stage) -> Iterator[str]:
    if stage in sequences.MEASURED and not parcel.suited_use:
        yield _("适宜用途待补，无法确定按什么质量要求验收")


def _quality(request: StageRequest) -> Iterator[str]:
    """The written list of what to put right (书面整改意见)."""
    if request.stage not in sequences.MEASURED or request.parcel.suited_use in UNMEASURED:
        return
    limits = quality.limits_of(request)
    if not limits:
        yield _("当日没有施行的质量要求，无法判定是否合格")
    results = {result.item: result for result in request.results.all()}
    for limit in limits:
        if sentence := _fault(limit, results.get(limit.item)):
            yield sentence


def _fault(limit: QualityLimit, result: QualityResult | None) -> str:
    limits = _with_unit(said_limits(limit.at_least, limit.at_most), limit)
    said = {"item": limit.name, "limits": limits, "source": limit.source}
    if result is None:
        return _("%(item)s未检测（须 %(limits)s）") % said
    if (result.at_least, result.at_most) != (limit.at_least, limit.at_most):
        return _("%(item)s的要求在检测登记后有变，请重新保存检测结果") % said
    if not result.is_passed:
        measured = _with_unit(quantity(result.value, 0), limit)
        return _("%(item)s %(value)s，不合格（须 %(limits)s，依据：%(source)s）") % {**said, "value": measured}
    return ""


def _with_unit(amount: str, limit: QualityLimit) -> str:
    return f"{amount} {limit.unit}".strip()
