"""Files for tests, made here and now: photos that say when and where they were taken, small papers, broken ones."""

from __future__ import annotations

import random
from fractions import Fraction
from io import BytesIO
from typing import Any

from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo
from PIL.TiffImagePlugin import IFDRational

#: A point in the middle of 上党区, one in 襄垣县, one in 北京.
SHANGDANG, XIANGYUAN, BEIJING = ("36.02", "113.05"), ("36.57", "112.98"), ("39.90", "116.40")


def picture(seed: object = 0, size: tuple[int, int] = (64, 48)) -> Image.Image:
    """A picture that looks like no other seed's."""
    dice = random.Random(str(seed))  # noqa: S311 - any picture will do
    coarse = Image.frombytes("RGB", (8, 8), dice.randbytes(192))
    return coarse.resize(size, Image.Resampling.BICUBIC)


def photo(
    seed: object = 0,
    *,
    size: tuple[int, int] = (64, 48),
    taken: str = "",
    offset: str = "",
    place: tuple[str, str] | None = None,
    orientation: int = 1,
    **options: Any,
) -> bytes:
    """A JPEG, unless the `format` is another, with `taken` as EXIF writes it and `place` in degrees north and east."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    if taken:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = taken
    if offset:
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = offset
    if place:
        exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps(*place))
    return encoded(picture(seed, size), exif=exif, **options)


def gps(latitude: str, longitude: str) -> dict[int, Any]:
    return {
        ExifTags.GPS.GPSLatitudeRef: "S" if latitude.startswith("-") else "N",
        ExifTags.GPS.GPSLatitude: in_sixtieths(latitude),
        ExifTags.GPS.GPSLongitudeRef: "W" if longitude.startswith("-") else "E",
        ExifTags.GPS.GPSLongitude: in_sixtieths(longitude),
    }


def in_sixtieths(degrees: str) -> tuple[IFDRational, ...]:
    """Degrees, minutes and hundredths of seconds, as cameras write them."""
    hundredths = round(abs(Fraction(degrees)) * 360_000)
    whole, rest = divmod(hundredths, 360_000)
    minutes, seconds = divmod(rest, 6_000)
    return IFDRational(whole, 1), IFDRational(minutes, 1), IFDRational(seconds, 100)


def encoded(image: Image.Image, format: str = "JPEG", **options: Any) -> bytes:
    file = BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def png_text(text: str) -> PngInfo:
    """A note inside a PNG."""
    notes = PngInfo()
    notes.add_text("note", text)
    return notes
