"""绿色低碳转型: the near-zero-carbon community with its six parts, gangue board, and trucks on batteries."""

from __future__ import annotations

import datetime

from changzhi_eco.article.source import Article, keep, series
from jurisdictions.models import Organisation, WorkLine
from progress.models import Frequency, Indicator, IndicatorKind
from projects.models import ProjectStatus

LINE = WorkLine.LOWCARBON
DUE = datetime.date(2025, 12, 31)


def near_zero_community(article: Article) -> None:
    fact = article.facts["lowcarbon.near_zero_community"]
    article.programme("near-zero", fact["id"], name=fact["what"], work_line=LINE)
    place = {"programme": "near-zero", "work_line": LINE, "region": fact["place_region"]}
    community = article.project(
        "near-zero-zhongcun",
        fact["id"],
        name=f"{fact['place']}“近零碳排放”社区试点",
        status=ProjectStatus.UNDERWAY,
        due_on=DUE,
        notes=(f"完成时间：{fact['due']}，登记为年末；开工日期、投资额：报道未写明，待补。",),
        **place,
    )
    for number, name in enumerate(fact["subprojects"], start=1):
        article.project(f"near-zero-zhongcun-{number}", fact["id"], name=name, parent=community, **place)
    reduction, baseline = emissions("carbon-reduction", "年减排量"), emissions("carbon-baseline", "基准年排放量")
    for part in (reduction, baseline):
        series(community, part, frequency=Frequency.YEAR)
    decline = keep(
        Indicator,
        {"code": "carbon-decline"},
        name="碳排放总量下降率",
        work_line=LINE,
        kind=IndicatorKind.RATIO,
        unit=fact["unit"],
        numerator=reduction,
        denominator=baseline,
    )
    article.target(
        "carbon-decline-zhongcun",
        fact["id"],
        indicator=decline,
        value=fact["target_decline"],
        name=f"{fact['place']}碳排放总量下降率",
        project=community,
        frequency=Frequency.YEAR,
        due_on=DUE,
        notes=("72.66%是预计值；基准年、核算边界、起始日期、已实现的下降：报道未写明，待补。",),
    )


def emissions(code: str, name: str) -> Indicator:
    """Tons a year as a level: the latest year stands and years are never added, so the decline is that of the latest.

    A level may fall, for a worse year or a baseline measured anew is no mistake.
    """
    return keep(
        Indicator,
        {"code": code},
        name=name,
        work_line=LINE,
        kind=IndicatorKind.STOCK,
        unit="tCO₂e",
        decimals=2,
        may_fall=True,
    )


def hongruixiang(article: Article) -> None:
    fact = article.facts["lowcarbon.hongruixiang"]
    article.project(
        "gangue-board",
        fact["id"],
        name=fact["what"],
        work_line=LINE,
        region=fact["region"],
        owner=Organisation.objects.get(name=fact["organisation"]),
        notes=("产能、固废利用量、起止日期：报道未写明，待补。",),
    )


def trucks(article: Article) -> None:
    fact = article.facts["lowcarbon.trucks"]
    article.project(
        "truck-batteries",
        fact["id"],
        name=fact["what"],
        work_line=LINE,
        notes=("报道只有图片说明：地点、数量、单位待补，暂登记在全市。",),
    )
