"""Recording what a target promises, which indicator counts for it, and how it is split into parts."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, Sum
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import Region
from progress import display
from progress.models import Indicator, IndicatorKind, PlanPoint, Split, Target, TargetVersion

ZERO = Decimal(0)

#: What tells a part from the others of the same split: its region, or its year.
Part = Region | int


class PartsExceed(Refused):
    """The parts of a target sum to more than it."""

    code = "parts_exceed"

    def __init__(self, whole: TargetVersion, parts: Decimal, *, split_by: str) -> None:
        self.excess = parts - whole.value
        indicator = whole.target.indicator
        amounts = {"parts": parts, "whole": whole.value, "excess": self.excess}
        said = {name: display.quantity(amount, indicator.decimals) for name, amount in amounts.items()}
        message = _(
            "%(split)s分解合计 %(parts)s %(unit)s，超出目标 %(whole)s %(unit)s 共 %(excess)s %(unit)s，请调减。"
        )
        super().__init__(message % {**said, "unit": indicator.unit, "split": Split(split_by).label})


class UnfitIndicator(Refused):
    """Another indicator cannot count for the target: it measures something else."""

    code = "unfit_indicator"
    message = gettext_lazy("计入指标必须与目标同一工作线、同一单位，且同为本期增量。")


class NotSplittable(Refused):
    """The target cannot be split that way."""

    code = "not_splittable"


class StaleSplit(Refused):
    """Somebody changed the target or a part since the person read them."""

    code = "stale_version"
    message = gettext_lazy("目标或分解已被他人修改，请核对最新内容后再保存；您填写的内容仍在。")


@transaction.atomic
def record_version(
    *,
    target: Target,
    value: Decimal,
    by: User | None,
    at: datetime.datetime,
    plan: Mapping[datetime.date, Decimal] | None = None,
    **fields: Any,
) -> TargetVersion:
    """Record the next version of a target with its plan curve (first of month → cumulative), audited.

    Raises UnfitIndicator, and PartsExceed where parts, its own or those it is one of, would exceed their whole.
    """
    _lock(target)
    version = _append(target, value, by=by, at=at, plan=plan or {}, **fields)
    _check_splits(target)
    if target.parent:
        _check_parts(target.parent, target.split_by)
    return version


@transaction.atomic
def count(*, target: Target, indicator: Indicator, document: str, by: User, at: datetime.datetime) -> TargetVersion:
    """Lay down which indicator counts (计入口径) for the target and all its parts from now on.

    Everything else they promise stays as it is. Raises NotAllowed, UnfitIndicator, Refused.
    """
    _lock(target)
    if _whole(by, target, document).counted == indicator:
        raise Refused(_("“%(name)s”已是现行计入口径。") % {"name": indicator.name}, field="indicator")
    for each in _family(target):
        _lock(each)
        now = standing(each)
        if now and now.counted != indicator:
            _restate(now, by=by, at=at, counted=indicator, document=document.strip())
    return target.versions.get(n=_newest_n(target))


@transaction.atomic
def split(
    *,
    target: Target,
    split_by: Split,
    parts: Mapping[Part, Decimal],
    document: str,
    by: User,
    at: datetime.datetime,
    seen: int | None = None,
) -> list[TargetVersion]:
    """Lay down all parts of a target by region or by year, and return the versions that are new.

    A part on record that is not named is taken back: its next version promises 0. What does not change gets no new
    version; what no part takes stays with the whole. `seen` is the `newest` version that the person knew of.
    Raises NotAllowed, StaleSplit, NotSplittable, PartsExceed, Refused.
    """
    _lock(target)
    whole = _whole(by, target, document)
    if seen is not None and seen != newest(target):
        raise StaleSplit
    for key, value in parts.items():
        _check_part(whole, split_by, key, value)
    known = {_key(part): part for part in target.parts.filter(split_by=split_by).select_related("region", "indicator")}
    made = []
    for key, value in {**dict.fromkeys(known, ZERO), **parts}.items():
        promised = {**_term(whole, key), "counted": whole.counted}
        if _is_news(known.get(key), value, promised):
            part = known.get(key) or _make_part(target, key)
            told = {"document": document.strip(), "is_demo": whole.is_demo or by.is_demo}
            made.append(_append(part, value, by=by, at=at, plan={}, **promised, **told))
            _check_splits(part)
    # Only now: on the way from one sum to the next the parts may exceed the whole.
    _check_parts(target, split_by)
    if made:
        after = {"split_by": split_by, "document": document.strip(), **{each.target.code: each.value for each in made}}
        audit.record(by=by, action="target.split", obj=target, after=after)
    return made


def standing(target: Target) -> TargetVersion | None:
    """The version in force now; None of a target that somebody only named."""
    return target.versions.select_related("counted").order_by("-n").first()


def newest(target: Target) -> int:
    """The number of the newest version of a target or of its parts; 0 where there is none."""
    versions = TargetVersion.objects.filter(Q(target=target) | Q(target__parent=target))
    return versions.aggregate(newest=Max("pk"))["newest"] or 0


def _lock(target: Target) -> None:
    """Lock the target, after the one it is a part of, so that two recorders at once get two numbers and one sum."""
    for pk in (target.parent_id, target.pk):
        if pk:
            Target.objects.select_for_update(no_key=True).get(pk=pk)


def _whole(by: User, target: Target, document: str) -> TargetVersion:
    """What the target promises, for somebody who may decide on it by a document. Raises NotAllowed, Refused."""
    if not can(by, Action.VERIFY, target):
        raise NotAllowed
    if not document.strip():
        raise Refused(_("请填写文号。"), field="document")
    version = standing(target)
    if version is None:
        raise Refused(_("目标还没有登记数值。"))
    return version


def _family(target: Target) -> Iterator[Target]:
    """The target, its parts and theirs."""
    yield target
    for part in target.parts.select_related("indicator").order_by("pk"):
        yield from _family(part)


def _restate(version: TargetVersion, *, by: User, at: datetime.datetime, **changed: Any) -> TargetVersion:
    """The next version of the same target, the same but for what is changed; its plan curve goes along."""
    kept = {name: getattr(version, name) for name in ("value", "baseline", "start_on", "due_on", "counted", "basis")}
    plan = {point.month: point.cumulative for point in version.plan_points.all()}
    told = {**kept, **changed, "is_demo": version.is_demo or by.is_demo}
    return _append(version.target, by=by, at=at, plan=plan, **told)


def _append(
    target: Target,
    value: Decimal,
    *,
    by: User | None,
    at: datetime.datetime,
    plan: Mapping[datetime.date, Decimal],
    **fields: Any,
) -> TargetVersion:
    _check_counted(target.indicator, fields.get("counted"))
    version = target.versions.create(n=_newest_n(target) + 1, value=value, recorded_at=at, recorded_by=by, **fields)
    PlanPoint.objects.bulk_create(
        PlanPoint(version=version, month=month, cumulative=amount) for month, amount in sorted(plan.items())
    )
    counted = version.counted.code if version.counted else None
    after = {"n": version.n, "value": value, **fields, "counted": counted}
    audit.record(by=by, action="target.version", obj=target, after=after)
    return version


def _newest_n(target: Target) -> int:
    return target.versions.aggregate(n=Max("n"))["n"] or 0


def _key(part: Target) -> Part:
    return part.region if part.year is None else part.year


def _make_part(target: Target, key: Part) -> Target:
    place: dict[str, Any]
    if isinstance(key, Region):
        name, suffix, place = key.name, key.pk, {"split_by": Split.REGION, "region": key}
    else:
        name, suffix = _("%(year)d年") % {"year": key}, str(key)
        place = {"split_by": Split.YEAR, "region": target.region, "year": key}
    return Target.objects.create(
        code=f"{target.code}-{suffix}",
        name=f"{target.name}·{name}",
        indicator=target.indicator,
        project=target.project,
        parent=target,
        counts=target.counts,
        frequency=target.frequency,
        **place,
    )


def _term(whole: TargetVersion, key: Part) -> dict[str, datetime.date | None]:
    """A region has as long as the whole; a year's part lasts as long as the whole does in that year."""
    if isinstance(key, Region):
        return {"start_on": whole.start_on, "due_on": whole.due_on}
    first, last = datetime.date(key, 1, 1), datetime.date(key, 12, 31)
    if not _lasts_in(whole, key):
        return {"start_on": first, "due_on": last}
    return {"start_on": max(first, whole.start_on or first), "due_on": min(last, whole.due_on or last)}


def _is_news(part: Target | None, value: Decimal, promised: Mapping[str, Any]) -> bool:
    """Whether there is something to record: another amount, or the same one on other terms; nothing to do has none."""
    now = standing(part) if part else None
    if now is None or now.value == 0 or value == 0:
        return value != (now.value if now else 0)
    return now.value != value or any(getattr(now, name) != it for name, it in promised.items())


def _check_counted(own: Indicator, counted: Indicator | None) -> None:
    if counted is None:
        return
    kinds = {own.kind, counted.kind}
    if (counted.work_line, counted.unit) != (own.work_line, own.unit) or kinds != {IndicatorKind.FLOW}:
        raise UnfitIndicator(field="indicator")


def _check_part(whole: TargetVersion, split_by: Split, key: Part, value: Decimal) -> None:
    target = whole.target
    if target.indicator.kind != IndicatorKind.FLOW:
        raise NotSplittable(_("只有“本期增量”指标的目标可以分解。"))
    if value < 0:
        raise NotSplittable(_("分解的任务不能为负数。"))
    if isinstance(key, Region) != (split_by == Split.REGION):
        raise NotSplittable(_("按县区与按年度须分别分解。"))
    if isinstance(key, Region):
        if target.project_id or key.parent_id != target.region_id:
            raise NotSplittable(_("%(region)s不是目标所在地区的下一级单位。") % {"region": key.name})
    elif not _lasts_in(whole, key):
        raise NotSplittable(_("%(year)d 年不在目标的起止日期之内。") % {"year": key})


def _lasts_in(whole: TargetVersion, year: int) -> bool:
    first, last = whole.start_on, whole.due_on
    return (first is None or first.year <= year) and (last is None or year <= last.year)


def _check_splits(target: Target) -> None:
    """Hold the target against its parts, of either split. Raises PartsExceed."""
    for split_by in Split:
        _check_parts(target, split_by)


def _check_parts(target: Target, split_by: str) -> None:
    """Σ parts ≤ the whole, of one way to split it. Raises PartsExceed."""
    found = TargetVersion.objects.standing().filter(target__parent=target, target__split_by=split_by)
    parts = found.aggregate(total=Sum("value"))["total"] or ZERO
    whole = standing(target)
    if whole and parts > whole.value:
        raise PartsExceed(whole, parts, split_by=split_by)
