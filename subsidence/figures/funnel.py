"""How much of the land has taken each stage, by suited use: one query over the areas that the parcels carry."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import Count, IntegerField, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, Left
from django.urls import reverse

from progress import drawing
from subsidence.models import Origin, RequestStatus, Stage, StageRequest, SuitedUse
from subsidence.models.parcels import ParcelQuerySet

ZERO = Decimal(0)
BAR_WIDTH = 400
COUNTY_DIGITS = 6
#: How the list of parcels is asked for those whose use nobody has said yet.
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Area:
    """The parcels of one county, use and origin: how many, the 亩 that took each stage, and what waits for someone."""

    county: str
    use: str
    origin: str
    parcels: int
    stages: dict[str, Decimal]
    overdue: int
    pending: int

    @property
    def stock(self) -> Decimal:
        """What is surveyed and not closed yet."""
        return self.stages[Stage.SURVEYED] - self.stages[Stage.CLOSED]


def areas(parcels: ParcelQuerySet, *, on: datetime.date) -> list[Area]:
    """All parcels by county, use and origin, with the duties overdue that day and the requests nobody decided yet."""
    pending = StageRequest.objects.filter(parcel=OuterRef("pk"), status=RequestStatus.PENDING).order_by()
    counted = pending.values("parcel").annotate(count=Count("pk")).values("count")
    found = (
        parcels.order_by()
        .annotate(county=Left("region_id", COUNTY_DIGITS))
        .values_list("county", "suited_use", "origin")
        .annotate(
            parcels=Count("pk"),
            overdue=Count("pk", filter=Q(duty__closed_on=None, duty__due_on__lt=on)),
            pending=Sum(Coalesce(Subquery(counted, output_field=IntegerField()), 0)),
            **{stage.value: Sum(stage.area_field) for stage in Stage},
        )
    )
    return [
        Area(county, use, origin, count, dict(zip(Stage, sums, strict=True)), overdue, waiting)
        for county, use, origin, count, overdue, waiting, *sums in found
    ]


@dataclass(frozen=True)
class Cell:
    """The 亩 of one use that took a stage, and the parcels behind it."""

    use: SuitedUse
    area: Decimal
    url: str
    bar: drawing.Bar


@dataclass(frozen=True)
class Step:
    """One stage of the funnel; its cells sum to `area`."""

    stage: Stage
    area: Decimal
    url: str
    cells: list[Cell]


@dataclass(frozen=True)
class Funnel:
    """All stages in their order, over the uses that occur."""

    uses: list[SuitedUse]
    steps: list[Step]

    @property
    def surveyed(self) -> Decimal:
        return self.steps[0].area


def funnel(found: Iterable[Area], *, asked: dict[str, str]) -> Funnel:
    """The stages by use; `asked` narrows the lists behind the figures as the areas were narrowed."""
    rows = list(found)
    uses = [use for use in (*SuitedUse,) if any(row.use == use for row in rows)]
    uses.sort(key=lambda use: use == SuitedUse.UNKNOWN)
    whole = sum((row.stages[Stage.SURVEYED] for row in rows), ZERO)
    return Funnel(uses, [_step(stage, rows, uses, whole, asked) for stage in Stage])


def _step(stage: Stage, rows: list[Area], uses: list[SuitedUse], whole: Decimal, asked: dict[str, str]) -> Step:
    sums = [sum((row.stages[stage] for row in rows if row.use == use), ZERO) for use in uses]
    bars = drawing.shares(sums, whole, width=BAR_WIDTH)
    cells = [
        Cell(use, area, parcels_url(reached=stage, suited_use=use.value or UNKNOWN, **asked), bar)
        for use, area, bar in zip(uses, sums, bars, strict=True)
    ]
    return Step(stage, sum(sums, ZERO), parcels_url(reached=stage, **asked), cells)


def parcels_url(**asked: str) -> str:
    return f"{reverse('parcels')}?{urlencode(asked)}"


@dataclass(frozen=True)
class Holding:
    """What some areas amount to: parcels, the 亩 surveyed, closed and still open of either origin, and what waits."""

    parcels: int
    surveyed: Decimal
    closed: Decimal
    existing: Decimal
    new: Decimal
    overdue: int
    pending: int

    @property
    def stock(self) -> Decimal:
        """What is surveyed and not closed yet, of either origin."""
        return self.existing + self.new


def holding(found: Iterable[Area]) -> Holding:
    rows = list(found)
    stock = {origin: sum((row.stock for row in rows if row.origin == origin), ZERO) for origin in Origin}
    return Holding(
        parcels=sum(row.parcels for row in rows),
        surveyed=sum((row.stages[Stage.SURVEYED] for row in rows), ZERO),
        closed=sum((row.stages[Stage.CLOSED] for row in rows), ZERO),
        existing=stock[Origin.EXISTING],
        new=stock[Origin.NEW],
        overdue=sum(row.overdue for row in rows),
        pending=sum(row.pending for row in rows),
    )
