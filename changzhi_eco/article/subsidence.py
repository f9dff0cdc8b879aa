"""国土生态修复: the 70,897.71 亩, 雄山五矿's 602 亩 of them, and the areas named for restoration."""

from __future__ import annotations

import datetime

from changzhi_eco.article.source import Article, keep, period, series
from jurisdictions.models import Organisation, WorkLine
from progress.models import Frequency, Indicator, IndicatorKind
from projects.models import ProjectStatus

LINE = WorkLine.SUBSIDENCE
PROGRAMME = "subsidence-treatment"


def treated_area() -> Indicator:
    return keep(
        Indicator,
        {"code": "subsidence-treated-area"},
        name="采煤沉陷区治理面积",
        work_line=LINE,
        kind=IndicatorKind.FLOW,
        unit="亩",
        decimals=2,
    )


def treatment_programme(article: Article) -> None:
    """The mines and the principles are what the treatment has to deal with, so they stand in its basis."""
    facts = "subsidence.city_target", "subsidence.mines", "subsidence.principles"
    article.programme(PROGRAMME, *facts, name="采煤沉陷区综合治理", work_line=LINE)


def city_target(article: Article) -> None:
    fact = article.facts["subsidence.city_target"]
    article.target(
        "subsidence-city",
        fact["id"],
        indicator=treated_area(),
        value=fact["value"],
        name=fact["what"],
        document=fact["document"],
        notes=("县区名单与分解、起始日期、完成期限、计入口径：报道未写明，待补。",),
    )


def xiongshan5(article: Article) -> None:
    """602 亩 at 北呈乡, the smallest region that holds its three villages; 180 亩 of them were done in 2024."""
    fact = article.facts["subsidence.xiongshan5"]
    villages = "、".join(f"{name}（{code}）" for name, code in fact["villages"].items())
    mine = article.project(
        "xiongshan-5",
        fact["id"],
        programme=PROGRAMME,
        name=fact["what"],
        work_line=LINE,
        region="140404202",
        owner=Organisation.objects.get(name=fact["mine"]),
        status=ProjectStatus.UNDERWAY,
        notes=(
            f"涉及村：{villages}，均属北呈乡，故登记在北呈乡。",
            f"投入{fact['invested']}{fact['invested_unit']}不是确数，投资额待补。",
        ),
    )
    area = treated_area()
    article.target(
        "xiongshan-5",
        fact["id"],
        indicator=area,
        value=fact["area"],
        name=fact["what"],
        project=mine,
        notes=("起始日期、完成期限、计入口径：报道未写明，待补。",),
    )
    article.opening(
        series(mine, area),
        fact["id"],
        period=period(Frequency.YEAR, datetime.date(2024, 12, 31)),
        value=fact["done_last_year"],
        notes=("报道见于2025年1月，“去年”据此推断为2024年，计入当年12月。",),
    )


def named_areas(article: Article) -> None:
    fact = article.facts["city.areas"]
    rivers = "、".join(fact["named_rivers"])
    article.programme(
        "city-areas",
        fact["id"],
        name=fact["what"],
        work_line=LINE,
        notes=(f"报道点名的河流：{rivers}；其余山、河、湖、泉域待补。",),
    )
