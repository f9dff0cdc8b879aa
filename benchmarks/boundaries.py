"""B1 to B3: the boundary of one parcel judged, drawn, and a county's taken along, beside ten thousand others."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median
from time import perf_counter

import shapely
from django.db import connection, transaction
from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.utils import timezone

from accounts.models import Duty, Role, User
from benchmarks.ledger import Row
from jurisdictions import outlines
from jurisdictions.models import Region, WorkLine
from jurisdictions.services import load_regions
from projects.models import Subject, SubjectKind
from projects.services.register import register_project
from subsidence.geometry import Plot, overlap, plot_of, read_text, shape_of
from subsidence.models import Boundary, Origin, Parcel
from subsidence.panels.boundary import features
from subsidence.services import boundaries

PARCELS, CORNERS = 10_000, 24
#: Degrees between the middles of parcels, and from the middle of one to its corners: neighbours do not touch.
STEP, RADIUS = 0.01, 0.0045
COUNTY = "140423"
#: Parcels of that county, so that it has about as many as the largest.
OF_COUNTY = 1_001
ROUNDS = 21


@dataclass(frozen=True)
class World:
    """A clerk of the city, a parcel without a boundary, and where there is room for it."""

    clerk: User
    parcel: Parcel
    plot: Plot


def rows() -> Iterator[Row]:
    world = _build()
    every, narrow = _look_at_all(world.plot), _seconds(lambda: _examine(world))
    work = f"a boundary judged beside {PARCELS:,}, against asking every one of them"
    yield Row("B1", work, "ms", f"{every * 1e3:.1f}", f"{narrow * 1e3:.1f}", narrow / every, "≤ 20 ms")
    drawn = _seconds(lambda: _draw(world))
    work = "the same drawn: counties locked, judged, written, audited"
    yield Row("B2", work, "ms", f"{narrow * 1e3:.1f}", f"{drawn * 1e3:.1f}", drawn / narrow, "≤ 20 ms")
    found = Boundary.objects.filter(parcel__region__code__startswith=COUNTY)
    bare, told = _seconds(lambda: list(found.values_list("geometry"))), _seconds(lambda: _file(found))
    work = f"GeoJSON of a county of {found.count():,}, against its geometries read"
    yield Row("B3", work, "ms", f"{bare * 1e3:.1f}", f"{told * 1e3:.1f}", told / bare, "≤ 100 ms")


@transaction.atomic
def _build() -> World:
    load_regions()
    clerk = User.objects.create(username="bench-boundaries")
    Duty.objects.create(user=clerk, role=Role.CLERK, region_id="1404", valid_from=datetime.date(2000, 1, 1))
    places = _places()
    # What other rows left here would lie in the way.
    Boundary.objects.all().delete()
    parcels = _parcels(len(places))
    at = timezone.now()
    drawn = [_boundary(parcel, _round(*middle), clerk, at) for parcel, middle in zip(parcels, places, strict=True)]
    Boundary.objects.bulk_create(drawn[1:], batch_size=1_000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE subsidence_boundary, subsidence_parcel")
    return World(clerk, parcels[0], _round(*places[0]))


def _places() -> list[tuple[float, float]]:
    """The middles of so many parcels within the city; the first lies in its midst, the rest go around it."""
    home = outlines.outline_of(COUNTY)
    area = (home.area if home else outlines.city().area).representative_point()
    found = [
        (longitude, latitude)
        for longitude, latitude in _around(area.x, area.y)
        if shapely.contains_xy(outlines.city().area, longitude, latitude)
    ]
    return list(islice(found, PARCELS + 1))


def _around(x: float, y: float) -> list[tuple[float, float]]:
    """A grid over the whole city, the nearest to a point first."""
    west, south, east, north = outlines.city().area.bounds
    across, up = int((east - west) / STEP), int((north - south) / STEP)
    grid = [(west + STEP * column, south + STEP * row) for column in range(across) for row in range(up)]
    return sorted(grid, key=lambda point: math.dist(point, (x, y)))


def _round(longitude: float, latitude: float) -> Plot:
    turns = (2 * math.pi * corner / CORNERS for corner in range(CORNERS))
    corners = ((longitude + RADIUS * math.cos(turn), latitude + RADIUS * math.sin(turn)) for turn in turns)
    return plot_of(read_text("\n".join(f"{x:.7f},{y:.7f}" for x, y in corners), code=""))


def _parcels(count: int) -> list[Parcel]:
    project = register_project(
        code="bench-boundaries", by=None, work_line=WorkLine.SUBSIDENCE, region=Region.objects.get(pk="1404")
    )
    codes = [COUNTY if number < OF_COUNTY else "1404" for number in range(count)]
    subjects = Subject.objects.bulk_create(
        [Subject(kind=SubjectKind.PARCEL, name=f"bench-{n}", region_id=code) for n, code in enumerate(codes)]
    )
    return Parcel.objects.bulk_create(
        [
            Parcel(code=f"bench-{n}", project=project, region_id=code, subject=subject, origin=Origin.EXISTING)
            for n, (code, subject) in enumerate(zip(codes, subjects, strict=True))
        ]
    )


def _boundary(parcel: Parcel, plot: Plot, by: User, at: datetime.datetime) -> Boundary:
    box = plot.box
    return Boundary(
        parcel=parcel,
        geometry=plot.geometry,
        area=plot.area,
        west=box.west,
        south=box.south,
        east=box.east,
        north=box.north,
        recorded_by=by,
        recorded_at=at,
    )


def _examine(world: World) -> None:
    boundaries.examine(parcel=world.parcel, plot=world.plot, by=world.clerk)


def _draw(world: World) -> None:
    with transaction.atomic():
        boundaries.draw(parcel=world.parcel, plot=world.plot, was="", by=world.clerk, at=timezone.now())
        transaction.set_rollback(True)


def _look_at_all(plot: Plot) -> float:
    """Seconds without the columns of the boxes: every other boundary is read and held against this one."""

    def look() -> None:
        texts = Boundary.objects.annotate(text=Cast("geometry", TextField()))
        for text in texts.values_list("text", flat=True):
            overlap(plot.shape, shape_of(text))

    return min(_seconds(look, rounds=1) for _ in range(3))


def _file(found: QuerySet[Boundary]) -> int:
    return sum(map(len, features(found)))


def _seconds(work: Callable[[], object], *, rounds: int = ROUNDS) -> float:
    """The median of several rounds."""
    taken = []
    for _ in range(rounds):
        started = perf_counter()
        work()
        taken.append(perf_counter() - started)
    return median(taken)
