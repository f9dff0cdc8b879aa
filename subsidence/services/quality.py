"""What is measured of the land when it is to be accepted (质量检测), item by item against the limits of that day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from subsidence.figures.limits import quality_of
from subsidence.grading import passes
from subsidence.models import QualityLimit, QualityResult, RequestStatus, StageRequest
from subsidence.refusals import AlreadyDecided, Invalid
from subsidence.sequences import MEASURED
from subsidence.services.seen import Overtaken, mark_of


class NothingToMeasure(Refused):
    """The stage or the use requires no measurement."""

    code = "nothing_to_measure"
    message = gettext_lazy("此申报没有需要检测的质量项目。")


@transaction.atomic
def record(
    *,
    request: StageRequest,
    values: Mapping[str, Decimal | None],
    seen: str,
    by: User,
    at: datetime.datetime,
) -> list[QualityResult]:
    """Put what was measured on the request while it is pending; an item without a value is not measured.

    Raises NotAllowed, AlreadyDecided, NothingToMeasure, Overtaken, Invalid.
    """
    found = StageRequest.objects.select_for_update(of=("self",)).select_related("parcel")
    request = found.get(pk=request.pk)
    if not can(by, Action.ENTER, request.parcel):
        raise NotAllowed
    if request.status != RequestStatus.PENDING:
        raise AlreadyDecided
    limits = {limit.item: limit for limit in limits_of(request)}
    if not limits:
        raise NothingToMeasure
    if values.keys() - limits.keys():
        raise Invalid(_("其中有此申报不需要检测的项目。"))
    before = list(request.results.order_by("item"))
    if seen != seen_of(before):
        raise Overtaken
    request.results.all().delete()
    results = [_result(request, limits[item], value) for item, value in values.items() if value is not None]
    QualityResult.objects.bulk_create(results)
    audit.record(by=by, action="quality.record", obj=request, before=_facts(before), after=_facts(results))
    return results


def limits_of(request: StageRequest) -> list[QualityLimit]:
    """What must be measured for a request, by the limits in force on its day; nothing at other stages."""
    return quality_of(request.parcel, on=request.on) if request.stage in MEASURED else []


def seen_of(results: Iterable[QualityResult]) -> str:
    """The mark of what is measured so far."""
    return mark_of([result.item, str(result.value)] for result in sorted(results, key=lambda result: result.item))


def _result(request: StageRequest, limit: QualityLimit, value: Decimal) -> QualityResult:
    """The item as measured, with its limits as they are now: nobody can change afterwards what it was held against."""
    limits = {"at_least": limit.at_least, "at_most": limit.at_most}
    return QualityResult(
        request=request,
        item=limit.item,
        name=limit.name,
        unit=limit.unit,
        value=value,
        **limits,
        is_passed=passes(value, **limits),
        source=limit.source,
    )


def _facts(results: Iterable[QualityResult]) -> dict[str, object]:
    return {result.item: {"value": result.value, "is_passed": result.is_passed} for result in results}
