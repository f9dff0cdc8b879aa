"""Setting the counties and years their tasks (逐县明确治理任务), and saying which stage of 存量 counts."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Sum
from django.db.models.functions import Left
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.refusals import Refused
from progress import display
from progress.models import Indicator, Split, Target, TargetVersion
from progress.services import targets
from progress.services.targets import Part
from progress.shares import largest_remainder
from subsidence.models import Origin, Parcel, Stage
from subsidence.services import indicators

#: What may count as treated: nothing is before the work is finished. 增量 never pays for the old debt.
COUNTABLE = (Stage.FINISHED, Stage.SELF_CHECKED, Stage.ACCEPTED, Stage.PUBLISHED, Stage.CLOSED, Stage.TENDED)


class NothingToShareBy(Refused):
    """There are no units to try a split over, or nothing to weigh them by."""

    code = "nothing_to_share_by"


@transaction.atomic
def count(*, target: Target, stage: Stage, document: str, by: User, at: datetime.datetime) -> TargetVersion:
    """Lay down that the area of 存量 that has taken this stage is what counts for the target and its parts."""
    if stage not in COUNTABLE:
        raise Refused(_("这个环节的面积还没有治理完成，不能计入。"), field="stage")
    indicator = indicators.indicator_of(stage, Origin.EXISTING)
    return targets.count(target=target, indicator=indicator, document=document, by=by, at=at)


@transaction.atomic
def split(
    *,
    target: Target,
    split_by: Split,
    parts: Mapping[Part, Decimal],
    document: str,
    by: User,
    at: datetime.datetime,
    seen: int,
) -> list[TargetVersion]:
    """Lay down all parts of a target one way; see `progress.services.targets.split`."""
    return targets.split(target=target, split_by=split_by, parts=parts, document=document, by=by, at=at, seen=seen)


def counted_stage(indicator: Indicator | None) -> Stage | None:
    """The stage whose 存量 area that indicator measures."""
    codes = {indicators.code_of(stage, Origin.EXISTING): stage for stage in COUNTABLE}
    return codes.get(indicator.code) if indicator else None


def named(stage: Stage) -> str:
    """What counts when that stage does: 市级验收面积·存量."""
    return f"{indicators.STAGES[stage]}·{indicators.ORIGINS[Origin.EXISTING]}"


def digits_of(version: TargetVersion) -> int:
    """Digits after the point that the parts of a target are laid down with: its indicator's, or as many as it has."""
    return display.digits(version.value, version.target.indicator.decimals)


def equal_shares(version: TargetVersion, keys: Sequence[str]) -> dict[str, Decimal]:
    """A trial: the task in equal parts. Raises NothingToShareBy."""
    return _shares(version, {key: Decimal(1) for key in keys})


def shares_by_stock(version: TargetVersion, counties: Sequence[str]) -> dict[str, Decimal]:
    """A trial: the task by how much 存量 is left in each of the counties. Raises NothingToShareBy."""
    stock = existing_stock(len(version.target.region_id))
    return _shares(version, {county: max(stock.get(county, Decimal(0)), Decimal(0)) for county in counties})


def _shares(version: TargetVersion, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    if not weights:
        raise NothingToShareBy(_("请先勾选承担任务的单位（年度分解请先列出年度），再试算。"))
    if not any(weights.values()):
        raise NothingToShareBy(_("勾选的单位在台账中没有存量面积，不能按存量试算。"))
    shares = largest_remainder(version.value, list(weights.values()), Decimal(1).scaleb(-digits_of(version)))
    return dict(zip(weights, shares, strict=True))


def existing_stock(digits: int) -> dict[str, Decimal]:
    """The untreated 存量 (亩) of each unit one level below a region whose code has so many digits."""
    below = {4: 6, 6: 9, 9: 12}[digits]
    rows = Parcel.objects.filter(origin=Origin.EXISTING).order_by().values_list(Left("region_id", below))
    return dict(rows.annotate(left=Sum(F("surveyed_area") - F("closed_area"))))
