"""The demonstration's mines and parcels: invented, the same in every run, walked through the real services."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from PIL import Image

from accounts.models import Role, User
from changzhi_eco.demo.loading import COUNTIES, person
from jurisdictions import outlines
from jurisdictions.models import Region
from progress.gate import CITY_TIME
from progress.units import m2_of_mu
from projects.services import attachments
from subsidence.geometry import plot_of, read_text
from subsidence.models import (
    CutOff,
    FundingKind,
    FundingSource,
    LandClass,
    Mine,
    MineStatus,
    Moment,
    Parcel,
    RequestStatus,
    Settlement,
    Stage,
    StageRequest,
    SuitedUse,
)
from subsidence.services import boundaries, cut_offs, funding, mines, parcels, photos, points, quality, readings, stages
from subsidence.services.funding import Payment
from subsidence.services.parcels import Description, Factors, Survey
from subsidence.services.points import Place
from subsidence.services.readings import Shown

BASIS = "演示数据：矿井、图斑、面积、日期均为程序生成，报道没有写。"
DOCUMENT = "演示文号〔2025〕{}号"
CUT_OFF = datetime.date(2025, 1, 1)
MINES_EACH, PARCELS_EACH = 2, 6
USES = (SuitedUse.WATER, SuitedUse.FOREST, SuitedUse.FARM, SuitedUse.WATER, SuitedUse.GRASS, SuitedUse.FARM)
#: The days of a parcel's stages, counted from the first of its year of work.
DAYS = {
    Stage.APPROVED: 60,
    Stage.STARTED: 90,
    Stage.FINISHED: 210,
    Stage.SELF_CHECKED: 225,
    Stage.ACCEPTED: 240,
    Stage.PUBLISHED: 250,
    Stage.CLOSED: 285,
}
#: Values that pass every limit of quality the standards file has.
MEASURED = {"slope": "5", "soil_depth": "110", "bulk_density": "1.3", "gravel": "3", "ph": "7.5", "organic": "1.2"}
MEASURED |= {"ec": "1", "canopy": "0.4", "cover": "45"}
TIME_OF_DAY = datetime.time(16)


@dataclass(frozen=True)
class Hands:
    """Who asks and who approves; nobody can sign in as them."""

    clerk: User
    verifier: User


@transaction.atomic
def load_land(*, at: datetime.datetime) -> int:
    """Mines and parcels, as far as they would have come by `at`, made once; returns how many parcels."""
    land = Parcel.objects.filter(is_demo=True)
    if land.exists():
        return 0
    hands = Hands(person(Role.CLERK), person(Role.VERIFIER))
    if not CutOff.objects.exists():
        cut_offs.record(on=CUT_OFF, document=DOCUMENT.format(1), by=hands.verifier, at=at)
    for county in COUNTIES:
        villages = list(Region.objects.filter(code__startswith=county, level="village").order_by("code")[:60:5])
        for number, (village, spot) in enumerate(zip(villages, spots(county), strict=False)):
            parcel(county, number, village, spot, hands, at)
    return land.count()


def mine(county: str, number: int) -> Mine:
    region = Region.objects.get(pk=county)
    return mines.register(
        code=f"demo-mine-{county}-{number}",
        name=f"演示矿井{number}（{region.short_name or region.name}）",
        operator=None,
        region=region,
        basis=BASIS,
        status=MineStatus.OPERATING,
        is_demo=True,
    )


def parcel(
    county: str, number: int, village: Region, spot: tuple[float, float], hands: Hands, at: datetime.datetime
) -> None:
    """One parcel, as far along as its number makes it; the last of each mine is newly subsided."""
    holder = mine(county, number // PARCELS_EACH + 1)
    is_new = number % PARCELS_EACH == PARCELS_EACH - 1
    year = datetime.date(2025 + (number % 4 == 1), 1, 1)
    area = Decimal(120 + 37 * number) + Decimal(number) / 100
    use = USES[number % len(USES)]
    made = parcels.register(
        code=f"DEMO-{county}-{number + 1:02}",
        mine=holder,
        region=village,
        survey=Survey(area, [(use, area)], CUT_OFF + datetime.timedelta(days=40), DOCUMENT.format(number + 2)),
        subsided_on=CUT_OFF + datetime.timedelta(days=20) if is_new else datetime.date(2022, 6, 1),
        due_on=datetime.date(2026, 6 + number % 6, 30) if is_new else None,
        described=Description(
            land_before=LandClass.DRY,
            settlement=Settlement.ACTIVE if is_new else Settlement.SETTLED,
            settlement_basis=BASIS,
            factors=Factors(Decimal(6 + number), Decimal(15 + 3 * number), Decimal("1.5"), Decimal(30)),
        ),
        by=hands.clerk,
        at=moment(CUT_OFF + datetime.timedelta(days=41)),
    )[0]
    approve(made, hands, at)
    photograph(made, hands.clerk, at)
    plot = plot_of(read_text(square(spot, area), code=made.code))
    boundaries.draw(parcel=made, plot=plot, was="", by=hands.clerk, at=at)
    if is_new:
        watch(made, spot, hands.clerk, at)
    fund(made, area, hands.clerk, at)
    for stage, days in islice(DAYS.items(), number % (len(DAYS) + 1)):
        on = year + datetime.timedelta(days=days)
        if on >= at.date() or (is_new and stage == Stage.ACCEPTED):
            break
        # A part of the area only, as often happens, on every third parcel.
        share = (area * 2 / 3).quantize(Decimal("0.01")) if number % 3 == 1 else area
        document = DOCUMENT.format(100 + number)
        stages.ask(parcel=made, stage=stage, on=on, area=share, document=document, by=hands.clerk, at=moment(on))
        approve(made, hands, at)


def approve(made: Parcel, hands: Hands, at: datetime.datetime) -> None:
    for request in StageRequest.objects.filter(parcel=made, status=RequestStatus.PENDING):
        if limits := quality.limits_of(request):
            values = {limit.item: Decimal(MEASURED[limit.item]) for limit in limits}
            quality.record(request=request, values=values, seen=quality.seen_of([]), by=hands.clerk, at=at)
        stages.approve(request=request, by=hands.verifier, at=moment(request.on))


def photograph(made: Parcel, by: User, at: datetime.datetime) -> None:
    """A coloured square for each moment: nobody shall take it for a photo of the place."""
    for number, when in enumerate(Moment):
        body = io.BytesIO()
        Image.new("RGB", (160, 120), (made.pk * 7 % 256, 90 + 40 * number, made.pk * 13 % 256)).save(body, "JPEG")
        upload = SimpleUploadedFile(f"演示-{when}.jpg", body.getvalue())
        photos.add(parcel=made, kept=attachments.take(upload), moment=when, by=by, at=at)


def watch(made: Parcel, spot: tuple[float, float], by: User, at: datetime.datetime) -> None:
    """A point on the parcel that still sinks, a reading a month."""
    if made.mine is None:
        return
    latitude, longitude = (Decimal(f"{degrees:.6f}") for degrees in reversed(spot))
    place = Place(made.mine, made.region, made, latitude, longitude)
    point = points.register(code=f"demo-{made.code.lower()}", place=place, by=by, at=at)
    days = [CUT_OFF + datetime.timedelta(days=30 * month) for month in range(1, 24)]
    shown = [Shown(day, Decimal(12 * number)) for number, day in enumerate(days, start=1) if day < at.date()]
    readings.record(point=point, shown=shown, by=by, at=at)


def fund(made: Parcel, area: Decimal, by: User, at: datetime.datetime) -> None:
    """Planned 2.5 万元 a 亩, of which a part is paid."""
    planned = (area * Decimal("2.5")).quantize(Decimal("0.01"))
    for kind, amount in ((FundingKind.PLANNED, planned), (FundingKind.PAID, (planned / 3).quantize(Decimal("0.01")))):
        payment = Payment(FundingSource.ENTERPRISE, kind, amount, CUT_OFF + datetime.timedelta(days=40), BASIS)
        funding.record(project=made.project, parcel=made, payment=payment, by=by, at=at)


def spots(county: str) -> Iterator[tuple[float, float]]:
    """Points of a grid within a county's outline, far enough apart for a parcel around each."""
    outline = outlines.outline_of(county)
    if outline is None:
        return
    west, south, east, north = outline.area.buffer(-0.03).bounds
    for row in range(1, 8):
        for column in range(1, 8):
            longitude, latitude = west + (east - west) * column / 8, south + (north - south) * row / 8
            if outlines.contains(outline, latitude=Decimal(str(latitude)), longitude=Decimal(str(longitude))):
                yield longitude, latitude


def square(spot: tuple[float, float], area: Decimal) -> str:
    """The corners of a square of about that area around a point, one a line."""
    half = float(m2_of_mu(area)) ** 0.5 / 2
    high, wide = half / 110_950, half / 89_600
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return "\n".join(f"{spot[0] + x * wide:.6f},{spot[1] + y * high:.6f}" for x, y in corners)


def moment(on: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(on, TIME_OF_DAY, CITY_TIME)
