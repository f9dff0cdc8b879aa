"""The nightly proof of the chains: parcels, figures and duties against them; a fault becomes a Condition on the city.

It repairs nothing: what differs was written past the services, and somebody has to find out how.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from django.db import connection
from django.db.models import F, Q, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from jurisdictions.models import Region, RegionLevel
from projects.models import ConditionLevel
from projects.services import conditions
from subsidence.chain import Step, first_breach
from subsidence.models import Origin, Parcel, ParcelStage, Stage, TreatmentDuty

KIND = "chain_mismatch"
#: Faults kept with the condition and printed.
SHOWN = 100
ZERO = Decimal(0)

#: Every step beside the derived entry that stands for it, where one is missing or says something else.
_ENTRIES = """
WITH standing AS (
    SELECT DISTINCT ON (series_id, period_id, fact) series_id, period_id, fact, value FROM progress_progressentry
    WHERE fact LIKE 'parcel-stage:%' AND status = 'verified' ORDER BY series_id, period_id, fact, revision DESC
), posted AS (
    SELECT e.fact, e.value, s.project_id, s.region_id, i.code AS indicator, p.start_on, p.end_on
    FROM standing e
        JOIN progress_series s ON s.id = e.series_id
        JOIN progress_indicator i ON i.id = s.indicator_id
        JOIN progress_period p ON p.id = e.period_id
), steps AS (
    SELECT 'parcel-stage:' || s.id AS fact, s.area, s.on, p.project_id, p.region_id,
        'subsidence-' || replace(s.stage, '_', '-') || '-' || p.origin AS indicator
    FROM subsidence_parcelstage s JOIN subsidence_parcel p ON p.id = s.parcel_id
)
SELECT coalesce(steps.fact, posted.fact), steps.area, posted.value
FROM steps FULL JOIN posted ON posted.fact = steps.fact
WHERE (posted.value = steps.area
    AND (posted.project_id, posted.region_id, posted.indicator) = (steps.project_id, steps.region_id, steps.indicator)
    AND steps.on BETWEEN posted.start_on AND posted.end_on) IS NOT TRUE
ORDER BY 1
"""


@dataclass(frozen=True)
class Verdict:
    """How many parcels and steps were compared, and every fault found, each as one line of text."""

    parcels: int
    steps: int
    faults: tuple[str, ...]


def prove(*, at: datetime.datetime) -> Verdict:
    """Hold parcels, figures and duties against the chains; open or clear the city's condition."""
    faults = (*_areas(), *_breaches(), *_entries(), *_duties())
    verdict = Verdict(Parcel.objects.count(), ParcelStage.objects.count(), faults)
    if not faults:
        conditions.clear_condition(kind=KIND, key="", at=at)
        return verdict
    said = {"parcels": verdict.parcels, "steps": verdict.steps, "wrong": len(faults)}
    conditions.open_condition(
        subject=conditions.subject_of_region(region=Region.objects.get(level=RegionLevel.CITY)),
        kind=KIND,
        key="",
        level=ConditionLevel.ALARM,
        sentence=_("沉陷图斑与环节台账不符：比对%(parcels)d个图斑、%(steps)d个环节，发现%(wrong)d处不符。") % said,
        facts={"parcels": verdict.parcels, "steps": verdict.steps, "faults": faults[:SHOWN]},
        at=at,
    )
    return verdict


def _areas() -> Iterator[str]:
    """Areas of parcels that are not the sums of their chains."""
    sums = {
        f"sum_{stage}": Coalesce(Sum("stages__area", filter=Q(stages__stage=stage)), Value(ZERO)) for stage in Stage
    }
    differs = Q()
    for stage in Stage:
        differs |= ~Q(**{stage.area_field: F(f"sum_{stage}")})
    for parcel in Parcel.objects.annotate(**sums).filter(differs).order_by("code"):
        for stage in Stage:
            carried, summed = getattr(parcel, stage.area_field), getattr(parcel, f"sum_{stage}")
            if carried != summed:
                said = {"parcel": parcel, "stage": stage.label, "carried": f"{carried:f}", "summed": f"{summed:f}"}
                yield _("图斑%(parcel)s：%(stage)s面积记为%(carried)s亩，各环节合计%(summed)s亩") % said


def _breaches() -> Iterator[str]:
    """Chains in which a stage was taken by more than had taken the one before."""
    columns = ("parcel__code", "stage", "on", "area")
    rows = ParcelStage.objects.order_by("parcel__code", "on", "pk").values_list(*columns)
    for code, steps in groupby(rows.iterator(), key=itemgetter(0)):
        breach = first_breach([Step(stage, on, area) for _code, stage, on, area in steps])
        if breach:
            said = {"parcel": code, "on": f"{breach.on:%F}", "stage": Stage(breach.stage).label}
            areas = {"area": f"{breach.area:f}", "allowed": f"{breach.allowed:f}"}
            sentence = _("图斑%(parcel)s：至%(on)s已有%(area)s亩完成“%(stage)s”，只应有%(allowed)s亩")
            yield sentence % {**said, **areas}


def _entries() -> Iterator[str]:
    """Steps without a figure of their own, and figures without a step."""
    with connection.cursor() as cursor:
        cursor.execute(_ENTRIES)
        found = cursor.fetchall()
    for fact, area, value in found:
        said = {"fact": fact, "area": _said(area), "value": _said(value)}
        if area == value:
            yield _("%(fact)s：填报的项目、指标、地区或调度期与环节不符") % said
        else:
            yield _("%(fact)s：环节%(area)s亩，填报%(value)s亩") % said


def _duties() -> Iterator[str]:
    """Newly subsided parcels without a duty, and duties closed or open against the chain."""
    for parcel in Parcel.objects.filter(origin=Origin.NEW, duty=None).order_by("code"):
        yield _("增量图斑%(parcel)s没有治理任务") % {"parcel": parcel}
    is_done = Q(parcel__surveyed_area__gt=0, parcel__closed_area=F("parcel__surveyed_area"))
    wrong = (is_done & Q(closed_on=None)) | (~is_done & Q(closed_on__isnull=False))
    for duty in TreatmentDuty.objects.filter(wrong).select_related("parcel").order_by("parcel__code"):
        yield _("图斑%(parcel)s：治理任务的办结状态与销号面积不符") % {"parcel": duty.parcel}


def _said(area: Decimal | None) -> str:
    return _("无") if area is None else f"{area:f}"
