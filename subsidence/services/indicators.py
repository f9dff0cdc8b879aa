"""The derived indicators of this line, one for each stage and origin, and the series a parcel's steps are posted to."""

from __future__ import annotations

from django.urls import reverse
from django.utils.http import urlencode

from jurisdictions.models import WorkLine
from progress.models import Indicator, IndicatorKind, Series, SeriesOrigin
from subsidence.models import Origin, Parcel, Stage

#: Names as the bureau says them; they are data and stay Chinese.
STAGES = {
    Stage.SURVEYED: "摸底面积",
    Stage.APPROVED: "立项面积",
    Stage.STARTED: "开工面积",
    Stage.FINISHED: "完工面积",
    Stage.SELF_CHECKED: "县级自验面积",
    Stage.ACCEPTED: "市级验收面积",
    Stage.PUBLISHED: "公示面积",
    Stage.CLOSED: "销号面积",
    Stage.TENDED: "管护期满面积",
}
ORIGINS = {Origin.EXISTING: "存量", Origin.NEW: "增量"}


def code_of(stage: Stage, origin: Origin) -> str:
    return f"subsidence-{stage.value.replace('_', '-')}-{origin.value}"


def ensure_indicators() -> dict[str, Indicator]:
    """All of them by their code; those missing are made. A total may fall, for steps are taken back in red."""
    wanted = [
        Indicator(
            code=code_of(stage, origin),
            name=f"{stage_name}·{origin_name}",
            work_line=WorkLine.SUBSIDENCE,
            kind=IndicatorKind.FLOW,
            unit="亩",
            decimals=2,
            may_fall=True,
        )
        for stage, stage_name in STAGES.items()
        for origin, origin_name in ORIGINS.items()
    ]
    there = set(Indicator.objects.filter(code__startswith="subsidence-").values_list("code", flat=True))
    for indicator in wanted:
        if indicator.code not in there:
            indicator.save()
    return {each.code: each for each in Indicator.objects.filter(code__in=[each.code for each in wanted])}


def indicator_of(stage: Stage, origin: Origin) -> Indicator:
    code = code_of(stage, origin)
    return Indicator.objects.filter(code=code).first() or ensure_indicators()[code]


def series_of(parcel: Parcel, stage: Stage) -> Series:
    """What a step of that stage is posted to: the parcel's project, at its village."""
    indicator = indicator_of(stage, Origin(parcel.origin))
    query = urlencode({"region": parcel.region_id, "project": parcel.project.code})
    series, _is_new = Series.objects.get_or_create(
        project=parcel.project,
        indicator=indicator,
        region=parcel.region,
        defaults={
            "origin": SeriesOrigin.DERIVED,
            "source_url": f"{reverse('parcels')}?{query}",
            "is_demo": parcel.is_demo,
        },
    )
    return series
