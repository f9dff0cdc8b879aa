"""How far the counties have come with what was set them (任务): their figures, their places, and the map of them."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from django.utils.translation import gettext as _

from accounts.models import User
from jurisdictions import outlines
from jurisdictions.models import RegionLevel
from progress import drawing
from progress.figures import TargetFigure, target_figures
from progress.models import Split, Target, TargetVersion
from subsidence.figures.funnel import Area, Holding, holding
from subsidence.models.scopes import LINE

ZERO = Decimal(0)
MAP_WIDTH = 640
#: From so many percent on a county is drawn in the next band; the bands are named by what they begin with.
BANDS = (Decimal(100), Decimal(75), Decimal(50), Decimal(25), ZERO)


def line_figures(user: User, *, on: datetime.date) -> list[TargetFigure]:
    """The figures of all targets of the line that the person sees; to be called inside `rollups.snapshot()`.

    A target whose part was taken back (0) is left out. The targets come with their versions, in one query.
    """
    seen = Target.objects.visible_to(user).filter(indicator__work_line=LINE)
    versions = TargetVersion.objects.standing().filter(target__in=seen, value__gt=0)
    related = ("indicator__numerator", "indicator__denominator", "region", "project")
    found = versions.select_related("counted", *(f"target__{name}" for name in related)).order_by("target_id")
    return target_figures([_with_version(version) for version in found], on=on)


def _with_version(version: TargetVersion) -> Target:
    target = version.target
    target.standing = [version]  # type: ignore[attr-defined]
    return target


def heads(figures: Iterable[TargetFigure], areas: Sequence[str], *, year: int) -> list[TargetFigure]:
    """The targets of the areas themselves: whole ones, and their parts of the year."""
    return [
        figure
        for figure in figures
        if figure.target.region_id in areas
        and figure.target.project_id is None
        and (figure.target.split_by != Split.YEAR or figure.target.year == year)
    ]


@dataclass(frozen=True)
class County:
    """One county of the map and of the ranking.

    `figure` is what it was set, None without a task; `place` is its place among those with one, shared by equals;
    `holding` what its parcels amount to. A county out of the person's sight has neither.
    """

    code: str
    name: str
    figure: TargetFigure | None
    holding: Holding
    place: int | None
    is_seen: bool

    @property
    def rate(self) -> Decimal | None:
        return self.figure.rate if self.figure else None

    @property
    def band(self) -> str:
        """How it is drawn: out of sight, without a task, without verified figures, or by its rate."""
        if not self.is_seen:
            return "unseen"
        if self.figure is None:
            return "none"
        if self.rate is None:
            return "blank"
        return f"from-{next((band for band in BANDS if self.rate >= band), ZERO)}"


def counties(figures: Iterable[TargetFigure], areas: Iterable[Area], *, seen: Sequence[str]) -> list[County]:
    """All counties of the city by their codes, of those the person sees with their tasks, places and parcels."""
    tasks: dict[str, TargetFigure] = {}
    for figure in figures:
        if _is_task(figure):
            tasks.setdefault(figure.target.region_id, figure)
    rows = list(areas)
    return [
        County(
            code=shape.code,
            name=shape.name,
            figure=tasks.get(shape.code),
            holding=holding(row for row in rows if row.county == shape.code),
            place=_place(shape.code, tasks),
            is_seen=any(shape.code.startswith(area) or area.startswith(shape.code) for area in seen),
        )
        for shape in outlines.shapes()
    ]


def _is_task(figure: TargetFigure) -> bool:
    """Whether a target is what one county was set as a whole."""
    target = figure.target
    is_whole = target.project_id is None and target.split_by != Split.YEAR
    return is_whole and target.region.level == RegionLevel.COUNTY


def _place(code: str, tasks: dict[str, TargetFigure]) -> int | None:
    """One more than there are counties with a higher rate; who has no verified figure stands behind all who have."""
    if code not in tasks:
        return None
    merits = {county: (figure.rate is not None, figure.rate or ZERO) for county, figure in tasks.items()}
    return 1 + sum(merit > merits[code] for merit in merits.values())


def ranking(found: Iterable[County]) -> list[County]:
    """The counties with a task, the furthest first; equals in the order of their codes."""
    return sorted((county for county in found if county.place), key=lambda county: (county.place or 0, county.code))


@dataclass(frozen=True)
class Patch:
    """One county as the map draws it: its path, and where its name stands."""

    path: str
    x: Decimal
    y: Decimal


@dataclass(frozen=True)
class CountyMap:
    """The outlines of all counties, schematic (示意图), in the order of `counties` and in units of the drawing."""

    width: Decimal
    height: Decimal
    patches: list[Patch]


@cache
def county_map() -> CountyMap:
    shapes = outlines.shapes()
    canvas = drawing.Canvas.fit([point for shape in shapes for ring in shape.rings for point in ring], width=MAP_WIDTH)
    patches = [Patch(canvas.outline(shape.rings), *canvas.place(shape.middle)) for shape in shapes]
    return CountyMap(canvas.width, canvas.height, patches)


def legend() -> list[tuple[str, str]]:
    """The bands in words, the furthest first."""
    tops = (None, *BANDS[:-1])
    named = [
        (f"from-{low}", f"≥ {low}%" if top is None else f"{low}%–{top}%") for low, top in zip(BANDS, tops, strict=True)
    ]
    return [*named, ("blank", _("有任务，无核定数")), ("none", _("无任务"))]
