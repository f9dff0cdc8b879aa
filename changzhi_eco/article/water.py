"""治水兴水节水: 襄垣县's twelve projects, the two corridors, the saving units and the backup source."""

from __future__ import annotations

from changzhi_eco.article.source import CITY, Article, keep, series
from jurisdictions.models import Organisation, WorkLine
from progress.models import Frequency, Indicator, IndicatorKind
from projects.models import ProjectStatus

LINE = WorkLine.WATER
XIANGYUAN = "140423"
#: Codes of the corridors, by river.
CORRIDORS = {"浊漳河": "corridor-zhuozhang", "沁河": "corridor-qin"}


def xiangyuan_projects(article: Article) -> None:
    """Three of the twelve have a name; each reports whether it is finished, so that the twelve add up."""
    fact = article.facts["water.xiangyuan_projects"]
    name = f"襄垣县{fact['count']}个重大生态项目"
    article.programme("xiangyuan-eco", fact["id"], name=name, work_line=LINE, region=XIANGYUAN)
    finished = keep(
        Indicator,
        {"code": "eco-projects-finished"},
        name="重大生态项目完工数",
        work_line=LINE,
        kind=IndicatorKind.STOCK,
        unit=fact["unit"],
        decimals=0,
    )
    count = int(fact["count"])
    names = [*fact["named"], *[""] * (count - len(fact["named"]))]
    for number, project_name in enumerate(names, start=1):
        project = article.project(
            f"xiangyuan-eco-{number:02}",
            fact["id"],
            programme="xiangyuan-eco",
            name=project_name,
            work_line=LINE,
            region=XIANGYUAN,
            notes=() if project_name else (f"报道称共{count}个项目，未写出此项目的名称，待补。",),
        )
        series(project, finished, frequency=Frequency.QUARTER)
    article.target(
        "xiangyuan-eco",
        fact["id"],
        indicator=finished,
        value=fact["count"],
        name=f"{fact['what']}完工",
        region=XIANGYUAN,
        frequency=Frequency.QUARTER,
        notes=("起始日期、完成期限、计入口径：报道未写明，待补。每个项目完工填1，未完工填0。",),
    )


def corridors(article: Article) -> None:
    fact = article.facts["water.corridors"]
    article.programme("corridors", fact["id"], name="浊漳河、沁河“生态走廊”", work_line=LINE)
    for river in fact["rivers"]:
        article.project(
            CORRIDORS[river],
            fact["id"],
            programme="corridors",
            name=f"{river}“生态走廊”",
            work_line=LINE,
            status=ProjectStatus.PLANNED,
            notes=(f"六项行动：{'、'.join(fact['actions'])}。",),
        )


def saving_units(article: Article) -> None:
    fact = article.facts["water.saving_units"]
    article.programme("saving-units", fact["id"], name=fact["what"], work_line=LINE)
    article.project(
        "saving-unit-shiyan",
        fact["id"],
        programme="saving-units",
        name=f"节水型校园创建：{fact['example']}",
        work_line=LINE,
        region=CITY,
        owner=Organisation.objects.get(name=fact["example"]),
        notes=("所在县区、创建进度、是否命名：报道未写明，待补；项目名称为归纳。",),
    )


def backup_source(article: Article) -> None:
    fact = article.facts["water.backup_source"]
    article.programme("backup-source", fact["id"], name=fact["what"], work_line=LINE)
    article.project(
        "backup-source",
        fact["id"],
        programme="backup-source",
        name=fact["what"],
        work_line=LINE,
        notes=("水源地名称、地点、规模、时间：报道未写明，待补。",),
    )
