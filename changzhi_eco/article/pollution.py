"""污染防治攻坚: the three battles, 长子县's wetland, and the counties wetlands are being built in."""

from __future__ import annotations

import datetime

from changzhi_eco.article.source import Article, keep, period, series
from jurisdictions.models import Region, WorkLine
from progress.models import Frequency, Indicator, IndicatorKind
from projects.models import ProjectStatus

LINE = WorkLine.POLLUTION
ROLLOUT = "wetland-rollout"
#: Codes of the three programmes, by the battle's name.
BATTLES = {"蓝天": "battle-blue-sky", "碧水": "battle-clear-water", "净土": "battle-clean-soil"}
STARTED, DUE = datetime.date(2024, 3, 1), datetime.date(2026, 3, 31)
MONTHS_ONLY = "报道只写月份：开工“去年3月”据2025年1月推断为2024年3月，登记为首日；竣工2026年3月，登记为末日。"


def battles(article: Article) -> None:
    for battle in article.facts["pollution.battles"]["battles"]:
        article.programme(BATTLES[battle], "pollution.battles", name=f"{battle}保卫战", work_line=LINE)


def rollout(article: Article) -> None:
    """One wetland a county whose state the article does not tell, and the one all began with.

    长子县's own is the project the article describes.
    """
    fact = article.facts["pollution.wetland_rollout"]
    article.programme(ROLLOUT, fact["id"], name=fact["what"], work_line=LINE)
    article.project(
        "wetland-beizhai",
        fact["id"],
        programme=ROLLOUT,
        name=fact["first"],
        work_line=LINE,
        notes=("所在县区、状态：报道未写明，待补；暂登记在全市。",),
    )
    described = article.facts["pollution.zhangzi_wetland"]["village"]
    for county in Region.objects.filter(name__in=fact["counties"], level="county").order_by("code"):
        if not described.startswith(county.code):
            article.project(
                f"wetland-{county.code}",
                fact["id"],
                programme=ROLLOUT,
                name=f"{county.name}尾水人工湿地净化工程",
                work_line=LINE,
                region=county.code,
                notes=("地点、规模、状态：报道未写明，待补；项目名称为归纳。",),
            )


def zhangzi_wetland(article: Article) -> None:
    fact = article.facts["pollution.zhangzi_wetland"]
    cells = "；".join(f"{cell}：{state}" for cell, state in fact["cells"].items())
    wetland = article.project(
        "wetland-zhangzi",
        fact["id"],
        programme=ROLLOUT,
        name=fact["what"],
        work_line=LINE,
        region=fact["village"],
        status=ProjectStatus.UNDERWAY,
        start_on=STARTED,
        due_on=DUE,
        notes=(
            MONTHS_ONLY,
            f"地点：{fact['village_name']}。",
            f"污水处理厂规模：{fact['plant_capacity']} {fact['unit']}。",
            f"分区（{fact['as_of'][:10]}，年份为推断）：{cells}。",
            "责任单位、投资额：报道未写明，待补。",
        ),
    )
    structure = keep(
        Indicator,
        {"code": "wetland-surface-structure"},
        name="表流湿地主体结构完成比例",
        work_line=LINE,
        kind=IndicatorKind.STOCK,
        unit="%",
        decimals=0,
    )
    article.target(
        "wetland-zhangzi-structure",
        fact["id"],
        indicator=structure,
        value="100",
        name="长子县尾水人工湿地表流湿地主体结构",
        project=wetland,
        counts="主体结构完成",
        start_on=STARTED,
        due_on=DUE,
        notes=("目标值100%由“预计2026年3月竣工”推断：竣工即主体结构全部完成，报道未写此数。", MONTHS_ONLY),
    )
    article.opening(
        series(wetland, structure),
        fact["id"],
        period=period(Frequency.MONTH, datetime.date(2025, 1, 13)),
        value=fact["surface_structure_percent"],
        notes=("1月13日的现场进度，年份据报道推断为2025年。",),
    )
