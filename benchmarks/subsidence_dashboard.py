"""S1 and S2: the line dashboard and the stock–flow ledger over 10,000 parcels with boundaries, against empty ones."""

from __future__ import annotations

import datetime
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from statistics import median
from typing import Any

import django
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

if __name__ == "__main__":
    django.setup()

from accounts.models import Duty, Role, User
from benchmarks.ledger import Row
from jurisdictions.models import Region
from jurisdictions.services import load_regions
from progress import rollups
from progress.models import Period, Series, SeriesOrigin, Target
from progress.services import facts, periods, targets
from projects.models import Project, Subject, SubjectKind
from projects.services.register import register_project
from subsidence.models import (
    Boundary,
    Mine,
    Origin,
    Parcel,
    ParcelStage,
    Settlement,
    Stage,
    StageRequest,
    SuitedUse,
    TreatmentDuty,
)
from subsidence.services import mines
from subsidence.services.indicators import ensure_indicators

PARCELS, MINES, ROUNDS = 10_000, 111, 21
CITY = "1404"
USES = [use for use in SuitedUse if use]
TASK = Decimal("70897.71")


def rows() -> Iterator[Row]:
    reader = _set_up()
    client = Client(SERVER_NAME="localhost")
    client.force_login(reader)
    paths = {"S1": ("subsidence", "line dashboard", "≤ 60 ms, ≤ 12"), "S2": ("stock", "stock–flow ledger", "—")}
    empty = {name: _cost(client, reverse(page)) for name, (page, *_rest) in paths.items()}
    _plant(reader)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    for name, (page, work, goal) in paths.items():
        cpu, wall, queries = _cost(client, reverse(page))
        said = f"{work} of {PARCELS:,} parcels, {queries} queries, {wall * 1000:.0f} ms wall"
        floor = empty[name][0]
        yield Row(name, said, "ms CPU", f"{floor * 1000:.1f}", f"{cpu * 1000:.1f}", cpu / floor, goal)


def _cost(client: Client, path: str) -> tuple[float, float, int]:
    """The median CPU and wall time of this process for one page, in seconds, and its queries."""
    client.get(path)
    cpu, wall = [], []
    for _ in range(ROUNDS):
        begun, started = time.process_time(), time.perf_counter()
        answer = client.get(path)
        cpu.append(time.process_time() - begun)
        wall.append(time.perf_counter() - started)
        if answer.status_code != 200:
            raise RuntimeError(answer.status_code)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    asked = [each for each in captured.captured_queries if not each["sql"].startswith(("BEGIN", "COMMIT", "SET TRANS"))]
    return median(cpu), median(wall), len(asked)


@transaction.atomic
def _set_up() -> User:
    """A city leader, the 111 mines, and the task of the city shared out over its counties."""
    load_regions()
    periods.ensure_periods(first=datetime.date(2025, 1, 1), last=timezone.localdate())
    reader = User.objects.create(username="bench-leader", display_name="bench")
    city, counties = Region.objects.get(pk=CITY), list(_counties())
    Duty.objects.create(user=reader, role=Role.LEADER, region=city, valid_from=datetime.date(2000, 1, 1))
    for number in range(MINES):
        county = counties[number % len(counties)]
        mines.register(
            code=f"mine-{number:03}", name=f"矿井{number}", operator=None, region=county, basis="bench", is_demo=False
        )
    indicator = ensure_indicators()["subsidence-closed-existing"]
    for region, value in ((city, TASK), *((county, TASK / len(counties)) for county in counties)):
        target = Target.objects.create(code=f"t-{region.pk}", name=region.name, indicator=indicator, region=region)
        targets.record_version(
            target=target,
            value=value.quantize(Decimal("0.01")),
            by=None,
            at=timezone.now(),
            start_on=datetime.date(2025, 1, 1),
            due_on=datetime.date(2028, 12, 31),
        )
    return reader


def _counties() -> Iterator[Region]:
    yield from Region.objects.filter(level="county", code__startswith=CITY).order_by("code")


@transaction.atomic
def _plant(by: User) -> None:
    """The parcels, each surveyed and half of them struck off; one in five is 增量 with its duty."""
    held = [(mine, _project(mine), _villages(mine.region_id)) for mine in Mine.objects.order_by("code")]
    numbers = range(PARCELS)
    subjects = Subject.objects.bulk_create(
        [Subject(kind=SubjectKind.PARCEL, name=f"P-{n}", region=held[n % MINES][0].region) for n in numbers]
    )
    parcels = Parcel.objects.bulk_create([_parcel(n, *held[n % MINES], subjects[n]) for n in numbers])
    Boundary.objects.bulk_create([_boundary(n, parcel, by) for n, parcel in enumerate(parcels)])
    TreatmentDuty.objects.bulk_create([_duty(parcel) for parcel in parcels if parcel.origin == Origin.NEW])
    for stage in (Stage.SURVEYED, Stage.CLOSED):
        took = [(n, parcel) for n, parcel in enumerate(parcels) if getattr(parcel, stage.area_field)]
        ParcelStage.objects.bulk_create([_step(n, parcel, stage) for n, parcel in took])
    at = timezone.now()
    said = {"stage": Stage.APPROVED, "on": datetime.date(2025, 6, 1), "area": 1, "document": "bench"}
    StageRequest.objects.bulk_create(
        [StageRequest(parcel=each, recorded_by=by, recorded_at=at, **said) for each in parcels[::20]]
    )
    _post(by, [(project, villages[0]) for _mine, project, villages in held])


def _project(mine: Mine) -> Project:
    return register_project(code=f"work-{mine.code}", by=None, work_line="subsidence", region=mine.region)


def _villages(county: str) -> list[Region]:
    return list(Region.objects.filter(level="village", code__startswith=county).order_by("code")[:40])


def _parcel(n: int, mine: Mine, project: Project, villages: list[Region], subject: Subject) -> Parcel:
    area = Decimal(n % 900 + 100) / 10
    done = area / 2 if n % 2 else Decimal(0)
    names = ("approved", "started", "finished", "self_checked", "accepted", "published", "closed")
    return Parcel(
        code=f"P-{n}",
        mine=mine,
        project=project,
        region=villages[n % len(villages)],
        subject=subject,
        origin=Origin.EXISTING if n % 5 else Origin.NEW,
        subsided_on=datetime.date(2025, 1, 10),
        suited_use=USES[n % len(USES)],
        settlement=Settlement.SETTLED,
        surveyed_area=area,
        **{f"{name}_area": done for name in names},
    )


def _step(n: int, parcel: Parcel, stage: Stage) -> ParcelStage:
    month = n % 6 + (1 if stage == Stage.SURVEYED else 7)
    area = getattr(parcel, stage.area_field)
    on = datetime.date(2025, month, 15)
    return ParcelStage(parcel=parcel, stage=stage, on=on, area=area, basis="bench", recorded_at=timezone.now())


def _duty(parcel: Parcel) -> TreatmentDuty:
    opened = datetime.date(2025, 1, 10)
    return TreatmentDuty(parcel=parcel, mine=parcel.mine, opened_on=opened, due_on=opened.replace(year=2026))


def _boundary(n: int, parcel: Parcel, by: User) -> Boundary:
    west, south = Decimal(112) + Decimal(n % 100) / 100, Decimal(36) + Decimal(n // 100) / 100
    east, north = west + Decimal("0.005"), south + Decimal("0.005")
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    ring = [[str(x), str(y)] for x, y in corners]
    return Boundary(
        parcel=parcel,
        geometry={"type": "Polygon", "coordinates": [ring]},
        area=parcel.surveyed_area,
        west=west,
        south=south,
        east=east,
        north=north,
        recorded_by=by,
        recorded_at=timezone.now(),
    )


def _post(by: User, places: list[tuple[Project, Region]]) -> None:
    """Twelve months of figures for each mine, so that the trend and the rates have something to add up."""
    approver = User.objects.create(username="bench-approver", display_name="bench")
    indicator = ensure_indicators()["subsidence-closed-existing"]
    for project, village in places:
        series = Series.objects.create(
            project=project, indicator=indicator, region=village, origin=SeriesOrigin.DERIVED
        )
        for period in Period.objects.filter(kind="month", start_on__year=2025):
            fact: dict[str, Any] = {"fact": f"bench:{project.pk}:{period.pk}", "value": Decimal("12.34")}
            facts.post(series=series, period=period, by=by, approved_by=approver, at=timezone.now(), **fact)
    rollups.drain()


if __name__ == "__main__":
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for row in rows():
        sys.stdout.write(f"{row}\n")
