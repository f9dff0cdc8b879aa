"""What is told of a boundary: its area beside the surveyed one, its picture, and GeoJSON of it and of others."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum, TextField
from django.db.models.functions import Cast

from accounts.models import User
from accounts.policy import Action, can, today
from progress import display
from progress.drawing import Canvas
from subsidence.geometry import simple_rings
from subsidence.models import Boundary, Origin, Parcel, RequestStatus, Rule, RuleKind, Stage, StageRequest, SuitedUse

#: The longer side of the picture of a boundary, and points enough for it.
PICTURE = 320
#: Boundaries fetched together while a file of many is being written.
BATCH = 500


@dataclass(frozen=True)
class Comparison:
    """The area inside a boundary beside the surveyed one, in 亩; `tolerance` in percent is None while it is 待补."""

    drawn: Decimal
    surveyed: Decimal
    is_pending: bool
    tolerance: Decimal | None
    source: str

    @property
    def difference(self) -> Decimal:
        return self.drawn - self.surveyed

    @property
    def rate(self) -> Decimal | None:
        """By how much of the surveyed area it differs, in percent."""
        return display.rate(self.difference, self.surveyed)

    @property
    def is_within(self) -> bool | None:
        """Whether the difference is tolerable; None where nobody has said what is."""
        return None if self.tolerance is None else abs(self.difference) * 100 <= self.tolerance * self.surveyed


@dataclass(frozen=True)
class Picture:
    """A drawing of a boundary, north up: a path on a canvas of so many units."""

    width: Decimal
    height: Decimal
    path: str


def comparison(parcel: Parcel, drawn: Decimal, *, on: datetime.date) -> Comparison | None:
    """None while the parcel has neither a surveyed area nor a survey that waits for approval."""
    surveyed, is_pending = parcel.surveyed_area, False
    if not surveyed:
        asked = StageRequest.objects.filter(parcel=parcel, stage=Stage.SURVEYED, status=RequestStatus.PENDING)
        surveyed, is_pending = asked.aggregate(area=Sum("area"))["area"], True
    if not surveyed or surveyed < 0:
        return None
    rule = Rule.objects.in_force(on).filter(kind=RuleKind.AREA_TOLERANCE).order_by("since").last()
    return Comparison(drawn, surveyed, is_pending, rule.value if rule else None, rule.source if rule else "")


def panel(parcel: Parcel, user: User) -> dict[str, Any]:
    """What the page of a parcel tells of its boundary."""
    boundary = Boundary.objects.visible_to(user).select_related("recorded_by").filter(parcel=parcel).first()
    return {
        "boundary": boundary,
        "comparison": comparison(parcel, boundary.area, on=today()) if boundary else None,
        "picture": picture(boundary) if boundary else None,
        "may_draw": can(user, Action.ENTER, parcel),
    }


def picture(boundary: Boundary) -> Picture:
    rings = simple_rings(boundary.geometry, parts=PICTURE)
    points = [point for ring in rings for point in ring]
    wide, tall = (max(each) - min(each) for each in zip(*points, strict=True))
    # As wide as the picture may be, or as makes it so tall; a mere thread is still seen.
    width = PICTURE if wide >= tall else max(40, int(PICTURE * wide / tall))
    canvas = Canvas.fit(points, width=width)
    return Picture(canvas.width, canvas.height, canvas.outline(rings))


def features(boundaries: QuerySet[Boundary]) -> Iterator[str]:
    """A GeoJSON FeatureCollection in pieces; geometries go from the database to the file without being read."""
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}
    yield f'{{"type":"FeatureCollection","crs":{json.dumps(crs)},"features":['
    rows = boundaries.annotate(text=Cast("geometry", TextField())).order_by("parcel__code").values_list(*_COLUMNS)
    for number, (text, *facts) in enumerate(rows.iterator(chunk_size=BATCH)):
        yield f'{"," if number else ""}\n{{"type":"Feature","properties":{_properties(facts)},"geometry":{text}}}'
    yield "]}\n"


_COLUMNS = (
    "text",
    "parcel__code",
    "parcel__region__full_name",
    "parcel__origin",
    "parcel__suited_use",
    "area",
    "parcel__surveyed_area",
    "parcel__closed_area",
)
_ORIGINS, _USES = dict(Origin.choices), dict(SuitedUse.choices)


def _properties(facts: list[Any]) -> str:
    code, place, origin, use, *areas = facts
    words = {"code": code, "region": place, "origin": str(_ORIGINS[origin]), "suited_use": str(_USES[use])}
    # A Decimal is written as the number that it is.
    amounts = zip(("area", "surveyed_area", "closed_area"), areas, strict=True)
    return json.dumps(words, ensure_ascii=False)[:-1] + "".join(f', "{name}": {area:f}' for name, area in amounts) + "}"
