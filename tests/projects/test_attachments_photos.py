"""Photos: made anew from their pixels, read for time and place first."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from projects.services import photos
from projects.services.exif import Shot
from tests import uploads
from tests.uploads import BEIJING, SHANGDANG

PAYLOAD = b"<?php system('id'); ?>"


def shot(**said: Any) -> Shot:
    return photos.clean_copy(uploads.photo(**said)).shot


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content))


@pytest.mark.parametrize(
    ("format", "content_type", "suffix"),
    [
        ("JPEG", "image/jpeg", ".jpg"),
        ("PNG", "image/png", ".png"),
        ("WEBP", "image/jpeg", ".jpg"),  # Old office programs do not know WebP.
        ("MPO", "image/jpeg", ".jpg"),  # What telephones make when they add a second view.
    ],
)
def test_photo_is_encoded_again_without_anything_but_its_pixels(format: str, content_type: str, suffix: str) -> None:
    body = uploads.photo(format=format, taken="2025:03:12 10:00:00", place=SHANGDANG)

    photo = photos.clean_copy(body)

    kept = opened(photo.content)
    assert (photo.content_type, photo.suffix) == (content_type, suffix)
    assert not kept.getexif()
    assert kept.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert photo.shot.taken_at is not None
    assert photo.shot.latitude == Decimal(SHANGDANG[0])


@pytest.mark.parametrize(
    "body",
    [
        uploads.photo() + b"PK\x03\x04" + PAYLOAD,
        uploads.photo(comment=PAYLOAD),
        uploads.photo(icc_profile=PAYLOAD),
        uploads.photo(format="PNG") + PAYLOAD,
        uploads.photo(format="PNG", pnginfo=uploads.png_text(PAYLOAD.decode())),
        uploads.photo(format="WEBP", xmp=PAYLOAD),
    ],
    ids=["zip behind", "comment", "colours", "page behind", "text", "xmp"],
)
def test_nothing_that_rides_on_a_photo_is_kept(body: bytes) -> None:
    photo = photos.clean_copy(body)

    assert PAYLOAD in body
    assert PAYLOAD not in photo.content + photo.thumbnail


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_stands_upright_as_the_camera_was_held(orientation: int) -> None:
    """The red corner of the upright picture is where the camera's own turning puts it."""
    upright = Image.new("RGB", (64, 48), "blue")
    upright.paste("red", (0, 0, 32, 24))
    back = {
        **{1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180},
        **{4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90},
        **{7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270},
    }[orientation]
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    body = uploads.encoded(upright.transpose(back) if back is not None else upright, exif=exif, quality=95)

    photo = photos.clean_copy(body)

    for content in (photo.content, photo.thumbnail):
        kept = opened(content).convert("RGB")
        assert kept.size == (64, 48)
        red, _green, blue = kept.getpixel((8, 8))  # type: ignore[misc]
        assert red > 200 > 100 > blue


@pytest.mark.parametrize(
    ("size", "kept", "small"),
    [
        ((64, 48), (64, 48), (64, 48)),
        ((4000, 3000), (2560, 1920), (320, 240)),
        ((3000, 4000), (1920, 2560), (240, 320)),
        ((6000, 20), (2560, 9), (320, 1)),
    ],
)
def test_longest_side_is_capped(size: tuple[int, int], kept: tuple[int, int], small: tuple[int, int]) -> None:
    photo = photos.clean_copy(uploads.photo(size=size))

    assert (opened(photo.content).size, opened(photo.thumbnail).size) == (kept, small)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_png_of_any_mode_is_taken(mode: str) -> None:
    image = uploads.picture().convert("L" if mode == "I;16" else mode).convert(mode)

    photo = photos.clean_copy(uploads.encoded(image, "PNG"))

    assert opened(photo.content).mode in ("RGB", "RGBA")
    assert opened(photo.thumbnail).mode == "RGB"


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_jpeg_of_any_mode_is_taken(mode: str) -> None:
    photo = photos.clean_copy(uploads.encoded(uploads.picture().convert(mode)))

    assert opened(photo.content).mode == "RGB"


def test_what_is_transparent_is_white_in_the_thumbnail() -> None:
    photo = photos.clean_copy(uploads.encoded(Image.new("RGBA", (64, 48), (255, 0, 0, 0)), "PNG"))

    assert opened(photo.thumbnail).getpixel((9, 9)) == (255, 255, 255)
    assert opened(photo.content).getpixel((9, 9))[3] == 0  # type: ignore[index]


@pytest.mark.parametrize(
    ("taken", "offset", "instant"),
    [
        ("2025:03:12 10:20:30", "", "2025-03-12T10:20:30+08:00"),
        ("2025:03:12 10:20:30", "+08:00", "2025-03-12T10:20:30+08:00"),
        ("2025:03:12 10:20:30", "+00:00", "2025-03-12T10:20:30+00:00"),
        ("2025:03:12 10:20:30", "-03:30", "2025-03-12T10:20:30-03:30"),
        ("2024:02:29 00:00:00", "", "2024-02-29T00:00:00+08:00"),
        ("", "", None),
        ("0000:00:00 00:00:00", "", None),
        ("0000:03:12 10:20:30", "", None),
        ("1970:01:01 00:00:00", "", None),
        ("2025:02:30 10:20:30", "", None),
        ("2025:03:12 25:61:00", "", None),
        ("    :  :     :  :  ", "", None),
        ("yesterday", "", None),
        ("2025:03:12 10:20:30", "Beijing", None),
        ("2025:03:12 10:20:30", "+99:00", None),
    ],
)
def test_time_is_read_or_left_unsaid(taken: str, offset: str, instant: str | None) -> None:
    found = shot(taken=taken, offset=offset).taken_at

    assert (found and found.isoformat()) == instant


@pytest.mark.parametrize(
    ("place", "found"),
    [
        (SHANGDANG, ("36.020000", "113.050000")),
        (BEIJING, ("39.900000", "116.400000")),
        (("-33.8568", "-70.6483"), ("-33.856800", "-70.648300")),
        (None, None),
        (("95", "113"), None),
        (("36", "200"), None),
        (("0", "0"), None),
    ],
)
def test_place_is_read_or_left_unsaid(place: tuple[str, str] | None, found: tuple[str, str] | None) -> None:
    said = shot(place=place)

    assert (str(said.latitude), str(said.longitude)) == (found or ("None", "None"))


@pytest.mark.parametrize(
    "broken",
    [
        {ExifTags.GPS.GPSLatitude: uploads.in_sixtieths("36")[:2]},
        {ExifTags.GPS.GPSLatitude: (IFDRational(36, 0),) * 3},
        {ExifTags.GPS.GPSLatitudeRef: "北"},
        {ExifTags.GPS.GPSLongitudeRef: ""},
    ],
    ids=["two parts", "divided by zero", "strange letter", "no letter"],
)
def test_broken_place_spoils_neither_photo_nor_time(broken: dict[int, Any]) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2025:03:12 10:20:30"
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(uploads.gps(*SHANGDANG) | broken)

    said = photos.clean_copy(uploads.encoded(uploads.picture(), exif=exif)).shot

    assert (said.latitude, said.longitude) == (None, None)
    assert said.taken_at is not None


def test_garbled_exif_counts_as_none() -> None:
    body = uploads.photo(taken="2025:03:12 10:20:30").replace(b"Exif\0\0MM", b"Exif\0\0XX").replace(b"II*", b"XX*")

    assert photos.clean_copy(body).shot == Shot()
