"""When and where a photo says it was taken (EXIF); what is missing, broken or impossible counts as not said."""

from __future__ import annotations

import datetime
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from django.utils import timezone
from PIL import ExifTags, Image

T = TypeVar("T")

#: EXIF was published in 1995: an earlier time is that of a clock that was never set.
FIRST_YEAR = 1995
#: Six decimals of a degree are a tenth of a metre.
DEGREE = Decimal("0.000001")
#: What reading tags of any type, number and nesting raises.
BROKEN = (ArithmeticError, AttributeError, LookupError, OSError, SyntaxError, TypeError, ValueError, struct.error)


@dataclass(frozen=True)
class Shot:
    """Time, place in degrees of WGS84, and the way to turn the picture upright; None where the photo does not say."""

    taken_at: datetime.datetime | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None
    turn: Image.Transpose | None = None


UNSAID = Shot()
#: By the value of the orientation tag; 1 is upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def shot_of(image: Image.Image) -> Shot:
    """What the photo says; one broken part does not spoil the others."""
    exif = _or_none(image.getexif)
    if exif is None:
        return UNSAID
    latitude, longitude = _or_none(lambda: _place(exif.get_ifd(ExifTags.IFD.GPSInfo))) or (None, None)
    return Shot(
        taken_at=_or_none(lambda: _time(exif.get_ifd(ExifTags.IFD.Exif))),
        latitude=latitude,
        longitude=longitude,
        turn=_or_none(lambda: TURNS.get(exif.get(ExifTags.Base.Orientation, 1))),
    )


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except BROKEN:
        return None


def _time(tags: Mapping[int, Any]) -> datetime.datetime | None:
    """The camera's clock, by the offset it names, else by Beijing time. Raises one of BROKEN."""
    written = str(tags[ExifTags.Base.DateTimeOriginal]).strip("\0 ")
    taken = datetime.datetime.strptime(written, "%Y:%m:%d %H:%M:%S").replace(tzinfo=timezone.get_default_timezone())
    offset = str(tags.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 ")
    if offset:
        taken = taken.replace(tzinfo=datetime.datetime.strptime(offset, "%z").tzinfo)
    return taken if taken.year >= FIRST_YEAR else None


def _place(tags: Mapping[int, Any]) -> tuple[Decimal, Decimal] | None:
    """Latitude and longitude. Raises one of BROKEN."""
    latitude = _degrees(tags[ExifTags.GPS.GPSLatitude], {"N": 1, "S": -1}[_word(tags[ExifTags.GPS.GPSLatitudeRef])])
    longitude = _degrees(tags[ExifTags.GPS.GPSLongitude], {"E": 1, "W": -1}[_word(tags[ExifTags.GPS.GPSLongitudeRef])])
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    # A camera without a fix writes zeros.
    return (latitude, longitude) if latitude or longitude else None


def _word(text: str | bytes) -> str:
    plain = text.decode("ascii") if isinstance(text, bytes) else text
    return plain.strip("\0 ").upper()


def _degrees(parts: Any, sign: int) -> Decimal:
    """Degrees, minutes and seconds, each a fraction, as one number. Raises one of BROKEN."""
    degrees, minutes, seconds = (Decimal(part.numerator) / Decimal(part.denominator) for part in parts)
    return (sign * (degrees + minutes / 60 + seconds / 3600)).quantize(DEGREE)
