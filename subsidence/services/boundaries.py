"""Drawing the boundaries of parcels: no two on the same land, none outside its county."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import shapely
from django.db import transaction
from django.db.models import TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext as _

from accounts import audit
from accounts.models import User
from accounts.policy import Action, can
from accounts.refusals import NotAllowed
from jurisdictions import outlines
from jurisdictions.models import Region
from progress import display
from subsidence.geometry import Overlap, Plot, overlap, part_beyond, said_place, sha256_of, shape_of
from subsidence.models import Boundary, Parcel
from subsidence.refusals import StaleBoundary, UnfitBoundary


@transaction.atomic
def draw(*, parcel: Parcel, plot: Plot, was: str, by: User, at: datetime.datetime) -> Boundary:
    """Draw the boundary of a parcel, or draw it anew; what is odd about it is kept as its flags.

    `was` is the sha256 of the boundary that the person saw, '' for none. Areas of the parcel stay as surveyed. Raises
    NotAllowed, StaleBoundary, UnfitBoundary.
    """
    _check_duty(parcel, by)
    _lock(parcel, plot)
    before = _unchanged(parcel, was)
    drawn = Boundary(
        parcel=parcel,
        geometry=plot.geometry,
        area=plot.area,
        west=plot.box.west,
        south=plot.box.south,
        east=plot.box.east,
        north=plot.box.north,
        flags=examine(parcel=parcel, plot=plot, by=by),
        recorded_by=by,
        recorded_at=at,
    )
    drawn.save(force_insert=before is None, force_update=before is not None)
    audit.record(by=by, action="parcel.boundary", obj=parcel, before=_facts(before), after=_facts(drawn))
    return drawn


@transaction.atomic
def erase(*, parcel: Parcel, was: str, by: User) -> None:
    """Take a boundary off a parcel, drawn on the wrong one. Raises NotAllowed, StaleBoundary."""
    _check_duty(parcel, by)
    Region.objects.select_for_update(no_key=True).get(pk=parcel.county_id)
    if before := _unchanged(parcel, was):
        audit.record(by=by, action="parcel.boundary_erased", obj=parcel, before=_facts(before))
        before.delete()


def examine(*, parcel: Parcel, plot: Plot, by: User) -> list[str]:
    """The flags that the land would get as the boundary of the parcel. Raises UnfitBoundary where it cannot lie."""
    flags = list(_beyond_county(parcel, plot))
    for code, region, common in _overlaps(parcel, plot):
        message = _("与%(region)s的图斑重叠 %(area)s 亩：%(place)s。")
        if Parcel.objects.visible_to(by).filter(code=code).exists():
            message = _("与图斑 %(code)s 重叠 %(area)s 亩：%(place)s。")
        said = {"area": display.quantity(common.area, 2), "place": said_place(common.place)}
        raise UnfitBoundary(message % {"code": code, "region": region, **said}, common.place)
    return flags


def _check_duty(parcel: Parcel, by: User) -> None:
    if not can(by, Action.ENTER, parcel):
        raise NotAllowed


def _lock(parcel: Parcel, plot: Plot) -> None:
    """Lock every county in which other land could overlap this, so that of two such only one at a time is drawn.

    Land is in common at points, and each lies in the box of some county, whose row both sides lock; for points in the
    box of none there is the row of the city. They are taken in the order of their codes, so nobody waits in a circle.
    """
    west, south, east, north = plot.shape.bounds
    here = shapely.box(west, south, east, north)
    boxes = {each.code: shapely.box(*each.area.bounds) for each in outlines.counties()}
    codes = {parcel.county_id} | {code for code, box in boxes.items() if shapely.intersects(box, here)}
    if not shapely.covers(shapely.union_all(list(boxes.values())), here):
        codes.add(outlines.city().code)
    list(Region.objects.select_for_update(no_key=True).filter(code__in=codes).order_by("code"))


def _unchanged(parcel: Parcel, was: str) -> Boundary | None:
    """The boundary as it stands, if that is what the person saw. Raises StaleBoundary."""
    found = Boundary.objects.filter(parcel=parcel).first()
    if (sha256_of(found.geometry) if found else "") != was:
        raise StaleBoundary(field="coordinates")
    return found


def _facts(boundary: Boundary | None) -> dict[str, Any] | None:
    """What is told of a boundary without telling where it is."""
    return {"sha256": sha256_of(boundary.geometry), "area": boundary.area} if boundary else None


def _beyond_county(parcel: Parcel, plot: Plot) -> Iterator[str]:
    """A sentence where some of the land lies beyond its county's outline, which is schematic. Raises UnfitBoundary."""
    home = outlines.outline_of(parcel.region_id)
    beyond = part_beyond(plot.shape, home.area) if home else None
    if home is None or beyond is None:
        return
    said = {"home": home.name, "place": said_place(beyond.place), "area": display.quantity(beyond.area, 2)}
    if not shapely.intersects(plot.shape, home.area):
        longitude, latitude = (Decimal(repr(each)) for each in beyond.place)
        said["there"] = outlines.place_of(latitude=latitude, longitude=longitude) or _("长治市以外")
        raise UnfitBoundary(_("边界不在%(home)s范围内，约在%(there)s：%(place)s。") % said, beyond.place)
    yield _("边界有 %(area)s 亩超出%(home)s界线示意图：%(place)s。示意图不作划界依据，请核对。") % said


def _overlaps(parcel: Parcel, plot: Plot) -> Iterator[tuple[str, str, Overlap]]:
    """The code and county of each other parcel with land in common; the columns of the boxes leave few to look at."""
    near = Boundary.objects.filter(
        west__lt=plot.box.east, east__gt=plot.box.west, south__lt=plot.box.north, north__gt=plot.box.south
    ).exclude(parcel=parcel)
    told = near.annotate(text=Cast("geometry", TextField())).order_by("parcel__code")
    shapely.prepare(plot.shape)
    for code, region, text in told.values_list("parcel__code", "parcel__region__full_name", "text"):
        if common := overlap(plot.shape, shape_of(text)):
            yield code, region, common
