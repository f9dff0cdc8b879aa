"""The task board (任务分解): a target with what each county and each year is set, and has done."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils.translation import gettext

from accounts.models import User
from jurisdictions.models import Region, RegionLevel
from progress import display, rollups
from progress.figures import TargetFigure, divisions_of, target_figures
from progress.models import IndicatorKind, Split, Target, TargetVersion
from progress.rollups import Ask
from progress.services.targets import Part
from subsidence.models.scopes import LINE

ZERO = Decimal(0)
#: 报道：“用4年时间完成9个涉煤县区70897.71亩”; it does not name them.
COUNTIES_TOLD = 9


def targets_of(user: User) -> QuerySet[Target]:
    """The targets of the line that the person sees from the top and that can be split, the widest first."""
    seen = Target.objects.visible_to(user).on_top(user).promised()
    wide = seen.filter(indicator__work_line=LINE, indicator__kind=IndicatorKind.FLOW, project=None)
    return wide.select_related("indicator", "region", "project", "parent").order_by("region_id", "code")


@dataclass(frozen=True)
class Row:
    """A county or a year: its part, None where it never had one, and what is done there of what counts.

    `achieved` is None where no report stands; `url` leads to the lines behind it.
    """

    unit: Part
    part: TargetFigure | None
    achieved: Decimal | None
    url: str
    whole: Decimal

    @property
    def key(self) -> str:
        return self.unit.pk if isinstance(self.unit, Region) else str(self.unit)

    @property
    def name(self) -> str:
        return self.unit.name if isinstance(self.unit, Region) else gettext("%(year)d年") % {"year": self.unit}

    @property
    def value(self) -> Decimal:
        return self.part.version.value if self.part else ZERO

    @property
    def has_task(self) -> bool:
        return self.value != 0

    @property
    def share(self) -> Decimal | None:
        """Of the whole, in percent (占比)."""
        return display.rate(self.value, self.whole)

    @property
    def rate_said(self) -> str:
        return display.completion(display.rate(self.achieved, self.value), self.value)


@dataclass(frozen=True)
class Board:
    """One target with its two splits; each of them sums to at most the whole by itself."""

    figure: TargetFigure
    regions: list[Row]
    years: list[Row]

    @property
    def version(self) -> TargetVersion:
        return self.figure.version

    def rows(self, split_by: str) -> list[Row]:
        return self.regions if split_by == Split.REGION else self.years

    @property
    def taking(self) -> int:
        """How many units take a part."""
        return sum(row.has_task for row in self.regions)

    @property
    def counties_told(self) -> int | None:
        """How many the source tells of, for the city's own target."""
        return COUNTIES_TOLD if self.figure.target.region.level == RegionLevel.CITY else None


def units_of(target: Target) -> list[Region]:
    """The units that may take a part of the target, by their codes."""
    return list(Region.objects.filter(parent=target.region_id).order_by("pk"))


def promised_years(version: TargetVersion) -> list[int]:
    """The years that the target lasts; none while its dates are 待补."""
    if version.start_on is None or version.due_on is None:
        return []
    return list(range(version.start_on.year, version.due_on.year + 1))


def board_of(target: Target, *, on: datetime.date, years: Sequence[int] = ()) -> Board:
    """The board of a target with rows for all its units, its years and those asked for.

    To be called inside `rollups.snapshot()`.
    """
    [figure] = target_figures([target], on=on)
    divisions = divisions_of(figure, on=on)
    parts = {division.split_by: division.parts for division in divisions}
    by_region = {part.target.region_id: part for part in parts.get(Split.REGION, [])}
    by_year = {part.target.year: part for part in parts.get(Split.YEAR, [])}
    listed = sorted({*(promised_years(figure.version) or years), *_taking(by_year.items())})
    return Board(
        figure,
        _region_rows(figure, by_region),
        _year_rows(figure, listed, by_year),
    )


def _taking(parts: Iterable[tuple[int | None, TargetFigure]]) -> list[int]:
    return [year for year, part in parts if year and part.version.has_task]


def _region_rows(figure: TargetFigure, parts: dict[str, TargetFigure]) -> list[Row]:
    units = units_of(figure.target)
    asks = [Ask(figure.indicator.pk, unit.pk, since=figure.version.start_on) for unit in units]
    return _rows(figure, [(unit, parts.get(unit.pk)) for unit in units], asks)


def _year_rows(figure: TargetFigure, years: Sequence[int], parts: dict[int | None, TargetFigure]) -> list[Row]:
    asks = [
        Ask(
            figure.indicator.pk,
            figure.target.region_id,
            since=max(datetime.date(year, 1, 1), figure.version.start_on or datetime.date.min),
            until=datetime.date(year, 12, 1),
        )
        for year in years
    ]
    return _rows(figure, [(year, parts.get(year)) for year in years], asks)


def _rows(figure: TargetFigure, parts: Sequence[tuple[Part, TargetFigure | None]], asks: Sequence[Ask]) -> list[Row]:
    rows = []
    for (unit, part), ask, total in zip(parts, asks, rollups.totals(asks), strict=True):
        achieved = total.amount if total.reports else None
        rows.append(Row(unit, part, achieved, _lines(figure, ask), figure.version.value))
    return rows


def _lines(figure: TargetFigure, ask: Ask) -> str:
    """The address of the ledger lines that a sum adds up."""
    span = {"since": ask.since, "until": ask.until}
    months = {name: f"{month:%Y-%m}" for name, month in span.items() if month}
    query = urlencode({"indicator": figure.indicator.code, "region": ask.region or "", **months})
    return f"{reverse('report_ledger')}?{query}"


def history_of(target: Target) -> QuerySet[TargetVersion]:
    """Every version of the target and of its parts, each with the value and what counted before."""
    before = TargetVersion.objects.filter(target=OuterRef("target"), n__lt=OuterRef("n")).order_by("-n")
    versions = TargetVersion.objects.filter(Q(target=target) | Q(target__parent=target))
    return versions.select_related("target__region", "target__indicator", "counted", "recorded_by").annotate(
        value_before=Subquery(before.values("value")[:1]),
        counted_before=Subquery(before.values("counted__name")[:1]),
    )
