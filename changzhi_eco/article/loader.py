"""Which function makes the objects of which fact: nothing the article says is dropped without a word."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction

from changzhi_eco.article import lowcarbon, organisations, pollution, subsidence, water
from changzhi_eco.article.source import Article

#: In the order of loading: who answers comes before what they answer for.
HANDLERS: dict[str, Callable[[Article], None]] = {
    "organisations": organisations.named_organisations,
    "subsidence.task_force": organisations.task_force,
    "subsidence.mines": subsidence.mines,
    "subsidence.principles": subsidence.treatment_programme,
    "subsidence.city_target": subsidence.city_target,
    "subsidence.xiongshan5": subsidence.xiongshan5,
    "city.areas": subsidence.named_areas,
    "water.xiangyuan_projects": water.xiangyuan_projects,
    "water.corridors": water.corridors,
    "water.saving_units": water.saving_units,
    "water.backup_source": water.backup_source,
    "pollution.battles": pollution.battles,
    "pollution.wetland_rollout": pollution.rollout,
    "pollution.zhangzi_wetland": pollution.zhangzi_wetland,
    "lowcarbon.near_zero_community": lowcarbon.near_zero_community,
    "lowcarbon.hongruixiang": lowcarbon.hongruixiang,
    "lowcarbon.trucks": lowcarbon.trucks,
}


class UnknownFact(LookupError):
    """The file holds a fact that no function makes an object of, or lacks one that a function needs."""


@transaction.atomic
def load_article(article: Article) -> None:
    """Make the objects of every fact; those on record stay as they are. Raises UnknownFact."""
    if strangers := sorted(article.facts.keys() ^ HANDLERS.keys()):
        raise UnknownFact(", ".join(strangers))
    for handler in dict.fromkeys(HANDLERS.values()):
        handler(article)
