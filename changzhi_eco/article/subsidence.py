"""国土生态修复: the 70,897.71 亩, 雄山五矿's 602 亩 of them, and the areas named for restoration."""

from __future__ import annotations

import datetime
from decimal import Decimal

from changzhi_eco.article.source import CITY, Article, keep, period, series
from jurisdictions.models import Organisation, Region, WorkLine
from progress.models import Frequency, Indicator, IndicatorKind
from projects.models import Project, ProjectStatus
from subsidence.models import Mine, Origin, Parcel, Stage, Work, WorkKind
from subsidence.services import parcels, stages
from subsidence.services.mines import register as register_mine

LINE = WorkLine.SUBSIDENCE
MINE, PARCEL = "mine-{:03d}", "xiongshan-5"
LAST_YEAR = datetime.date(2024, 12, 31)
#: The works as the article names them, in its order.
NAMED_WORKS = (WorkKind.STRIP_TOPSOIL, WorkKind.FILL, WorkKind.DRAINAGE, WorkKind.COVER_TOPSOIL)
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


def mines(article: Article) -> None:
    """One slot a mine; those the article does not name lie in the city until somebody says what and where they are."""
    fact = article.facts["subsidence.mines"]
    named = article.facts["subsidence.xiongshan5"]["mine"]
    city = Region.objects.get(pk=CITY)
    operator = Organisation.objects.get(name=named)
    basis = article.basis("subsidence.xiongshan5", notes=("矿井状态：报道未写明，待补。",))
    register_mine(code=MINE.format(1), name=named, operator=operator, region=operator.region, basis=basis)
    basis = article.basis(fact["id"], notes=("名称、县区、经营主体、状态：报道未写明，待补。",))
    for number in range(2, int(fact["value"]) + 1):
        register_mine(code=MINE.format(number), name="", operator=None, region=city, basis=basis)


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
        period=period(Frequency.YEAR, LAST_YEAR),
        value=fact["done_last_year"],
        notes=("报道见于2025年1月，“去年”据此推断为2024年，计入当年12月。",),
    )
    xiongshan5_parcel(article)


def xiongshan5_parcel(article: Article) -> None:
    """The 602 亩 as one parcel, for their split over the villages is unknown, with the stages the article speaks of.

    “已完成” is taken as 完工: that anything was accepted the article does not say.
    """
    fact = article.facts["subsidence.xiongshan5"]
    if Parcel.objects.filter(code=PARCEL).exists():
        return
    mine = Mine.objects.get(code=MINE.format(1))
    project = Project.objects.get(code="xiongshan-5")
    Mine.objects.filter(pk=mine.pk).update(project=project)
    notes = (
        "602亩在三个村之间的分配、沉陷日期、原地类、适宜用途、稳沉、边界：报道未写明，待补；登记为存量，位置登记在北呈乡。",
    )
    mine.project = project
    parcel = Parcel(
        code=PARCEL,
        mine=mine,
        region=project.region,
        origin=Origin.EXISTING,
        basis=article.basis(fact["id"], notes=notes),
    )
    place = "、".join(fact["villages"])
    parcels.enter(parcel, described=parcels.Description(place=place), on=LAST_YEAR, by=None)
    when = period(Frequency.YEAR, LAST_YEAR)
    inferred = "报道见于2025年1月，“去年”据此推断为2024年，登记为当年年末。"
    for stage, area, note in (
        (Stage.SURVEYED, fact["area"], "综合治理的602亩登记为勘测面积。"),
        (Stage.APPROVED, fact["area"], "对602亩进行综合治理，登记为已立项；立项文号待补。"),
        (Stage.STARTED, fact["done_last_year"], "已完成的180亩登记为已开工。"),
        (Stage.FINISHED, fact["done_last_year"], "“已完成”登记为完工；是否验收、公示、销号，报道未写明，待补。"),
    ):
        basis = article.basis(fact["id"], notes=(note, inferred))
        stages.record_opening(parcel=parcel, stage=stage, period=when, area=Decimal(area), basis=basis, at=article.at)
    for kind, name in zip(NAMED_WORKS, fact["works"], strict=True):
        Work.objects.create(parcel=parcel, kind=kind, note=name, basis=article.basis(fact["id"]))


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
