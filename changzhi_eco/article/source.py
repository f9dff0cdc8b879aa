"""The article's facts with the sentences they come from, and making rows of them once."""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from django.db import models

from accounts import audit
from jurisdictions.models import Region
from progress.models import Frequency, Indicator, Period, Series, Target, TargetVersion
from progress.services import openings, periods, targets
from projects.models import Programme, Project
from projects.services.register import register_project

DATA = Path(__file__).parents[1] / "data"
FACTS, QUOTES = DATA / "article_facts.json", DATA / "article_quotes.json"

CITY = "1404"

Fact = dict[str, Any]
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True)
class Article:
    """Facts and verbatim sentences by fact id, loaded at the instant `at`.

    What is on record already is left as it stands: somebody may have filled in a 待补 since the last load.
    """

    facts: dict[str, Fact]
    quotes: dict[str, list[str]]
    at: datetime.datetime

    def basis(self, *ids: str, notes: tuple[str, ...] = ()) -> str:
        """The sentences the facts come from, then what we added to them, one a line."""
        return "\n".join([*(sentence for fact in ids for sentence in self.quotes[fact]), *notes])

    def programme(self, code: str, *ids: str, notes: tuple[str, ...] = (), region: str = CITY, **fields: Any) -> None:
        basis = self.basis(*ids, notes=notes)
        keep(Programme, {"code": code}, region_id=region, basis=basis, **fields)

    def project(
        self,
        code: str,
        *ids: str,
        programme: str = "",
        notes: tuple[str, ...] = (),
        region: str = CITY,
        **fields: Any,
    ) -> Project:
        """The project with that code, registered when it is missing."""
        if found := Project.objects.filter(code=code).first():
            return found
        bundle = Programme.objects.get(code=programme) if programme else None
        place = Region.objects.get(pk=region)
        basis = self.basis(*ids, notes=notes)
        return register_project(code=code, by=None, programme=bundle, region=place, basis=basis, **fields)

    def target(
        self,
        code: str,
        *ids: str,
        indicator: Indicator,
        value: str,
        notes: tuple[str, ...] = (),
        region: str = CITY,
        project: Project | None = None,
        frequency: Frequency = Frequency.MONTH,
        counts: str = "",
        name: str,
        **version: Any,
    ) -> None:
        """The target with that code, and its first version unless it has one."""
        promised = {"name": name, "indicator": indicator, "project": project, "frequency": frequency, "counts": counts}
        place = project.region_id if project else region
        target = keep(Target, {"code": code}, region_id=place, **promised)
        if not TargetVersion.objects.filter(target=target).exists():
            basis = self.basis(*ids, notes=notes)
            amount = Decimal(value)
            targets.record_version(target=target, value=amount, by=None, at=self.at, basis=basis, **version)

    def opening(self, series: Series, *ids: str, period: Period, value: str, notes: tuple[str, ...] = ()) -> None:
        """What the article reports as done by the end of a period."""
        basis = self.basis(*ids, notes=notes)
        openings.record_opening(series=series, period=period, value=Decimal(value), basis=basis, at=self.at)


def read_article(*, at: datetime.datetime) -> Article:
    facts = json.loads(FACTS.read_text(encoding="utf-8"))["facts"]
    quotes = json.loads(QUOTES.read_text(encoding="utf-8"))["quotes"]
    return Article({fact["id"]: fact for fact in facts}, quotes, at)


def keep(model: type[Row], key: dict[str, Any], **fields: Any) -> Row:
    """The row with that key, made and audited when it is missing."""
    row, is_new = model._default_manager.get_or_create(**key, defaults=fields)
    if is_new:
        audit.record(by=None, action="article.load", obj=row, after={"name": str(row)})
    return row


def series(project: Project, indicator: Indicator, **fields: Any) -> Series:
    """What the project reports of the indicator: its first series, wherever that lies by now."""
    key = {"project": project, "indicator": indicator}
    found = Series.objects.filter(**key).order_by("pk").first()
    return found or keep(Series, key, region=project.region, **fields)


def period(kind: Frequency, day: datetime.date) -> Period:
    """The period of that kind that contains the day."""
    periods.ensure_periods(first=day, last=day, kinds=(kind,))
    return Period.objects.get(kind=kind, start_on__lte=day, end_on__gte=day)
