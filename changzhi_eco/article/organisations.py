"""The bureaus, enterprises and schools the article names, and the task force with its eight groups."""

from __future__ import annotations

from changzhi_eco.article.source import CITY, Article, keep
from jurisdictions.models import Organisation, OrganisationKind

#: What the article leaves to its readers: what kind each is, where it is, and what it belongs to.
KNOWN: dict[str, tuple[OrganisationKind, str, str]] = {
    "市规划和自然资源局": (OrganisationKind.BUREAU, CITY, ""),
    "市生态环境局": (OrganisationKind.BUREAU, CITY, ""),
    "市生态环境局上党分局": (OrganisationKind.BUREAU, "140404", "市生态环境局"),
    "市生态环境局襄垣分局": (OrganisationKind.BUREAU, "140423", "市生态环境局"),
    "市水利局": (OrganisationKind.BUREAU, CITY, ""),
    "长子县水利局": (OrganisationKind.BUREAU, "140428", ""),
    "雄山五矿": (OrganisationKind.ENTERPRISE, "140404", ""),
    "襄垣县宏瑞祥环保科技有限公司": (OrganisationKind.ENTERPRISE, "140423", ""),
    "市实验中学": (OrganisationKind.SCHOOL, CITY, ""),
    "长子县污水处理厂": (OrganisationKind.PLANT, "140428", ""),
}


def named_organisations(article: Article) -> None:
    names, sentences = article.facts["organisations"]["named"], article.quotes["organisations"]
    for name, sentence in zip(names, sentences, strict=True):
        kind, region, above = KNOWN[name]
        parent = Organisation.objects.get(name=above) if above else None
        keep(Organisation, {"name": name}, kind=kind, region_id=region, parent=parent, basis=sentence)


def task_force(article: Article) -> None:
    """The six mechanisms and the principles stand in its basis; its groups are organisations below it."""
    fact = article.facts["subsidence.task_force"]
    place = {"kind": OrganisationKind.TASK_FORCE, "region_id": CITY}
    basis = article.basis("subsidence.task_force", "subsidence.principles")
    above = keep(Organisation, {"name": fact["what"]}, basis=basis, **place)
    for name in fact["groups"]:
        keep(Organisation, {"name": name}, parent=above, basis=article.basis("subsidence.task_force"), **place)
