"""Photos: proved to be photos by decoding them, and made anew so that nothing but the picture is kept."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO

from django.utils.translation import gettext_lazy as _
from PIL import Image

from projects.refusals import UnfitFile
from projects.services import exif
from projects.services.exif import Shot

#: Longest side in pixels of what is kept: enough to fill a screen, and to zoom in on a number plate.
LONGEST_SIDE = 2560
THUMBNAIL_SIDE = 320
QUALITY = 85
THUMBNAIL_QUALITY = 78
#: Most pixels by kind, so that decoding takes no more than a quarter of a gigabyte.
MOST_PIXELS = {"JPEG": 6000 * 4000, "MPO": 6000 * 4000, "PNG": 6000 * 4000, "WEBP": 4096 * 3072}
#: Most pixels of a JPEG in one scan, which is decoded at a half or a quarter of its size: a camera of 50 megapixels.
MOST_PIXELS_SCALED = 8192 * 6144
#: Most scans of a JPEG: photos that load in steps have about ten, and a thousand would keep the server for minutes.
MOST_SCANS = 40
#: A mark in a JPEG that has a length; in the picture's own bytes FF is followed by 00 or a restart.
MARK = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
START_OF_SCAN, END_OF_IMAGE = b"\xff\xda", b"\xff\xd9"
TOO_LARGE = _("图片尺寸过大，请缩小后上传。")
#: What Pillow raises over files that are no pictures, or cut short.
UNREADABLE = (OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, OverflowError, struct.error)


@dataclass(frozen=True)
class Photo:
    """A clean copy and a small one (always JPEG), with what the original said of itself."""

    content: bytes
    content_type: str
    suffix: str
    thumbnail: bytes
    shot: Shot


def clean_copy(data: bytes) -> Photo:
    """Decode a JPEG, PNG or WebP and encode its picture again. Raises UnfitFile."""
    try:
        with _open(data) as whole:
            _check(whole, data)
            whole.verify()
        with _open(data) as image:
            shot = exif.shot_of(image)
            return _photo(_picture(image, shot), shot, is_lossless=image.format == "PNG")
    except Image.DecompressionBombError as error:
        raise UnfitFile(TOO_LARGE, field="file") from error
    except UNREADABLE as error:
        raise UnfitFile(_("图片打不开或不完整，请重新拍摄或导出后上传。"), field="file") from error


def _open(data: bytes) -> Image.Image:
    return Image.open(BytesIO(data), formats=("JPEG", "PNG", "WEBP"))


def _check(image: Image.Image, data: bytes) -> None:
    """Only the head of the file has been read so far: nothing large is decoded before its size is known."""
    scans = scans_of(data) if image.format in ("JPEG", "MPO") else 0
    most = MOST_PIXELS_SCALED if scans == 1 else MOST_PIXELS[str(image.format)]
    if image.width * image.height > most or scans > MOST_SCANS:
        raise UnfitFile(TOO_LARGE, field="file")
    # Telephones append a clip or a second view to a photo (MPO): its first picture is the photo.
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise UnfitFile(_("动态图片不能作佐证，请上传静态照片。"), field="file")


def scans_of(jpeg: bytes) -> int:
    """How many passes the first picture of a JPEG is stored in."""
    scans, mark = 0, MARK.search(jpeg, 2)
    while mark and mark[0] != END_OF_IMAGE:
        scans += mark[0] == START_OF_SCAN
        length = int.from_bytes(jpeg[mark.end() : mark.end() + 2], "big")
        mark = MARK.search(jpeg, mark.end() + length)
    return scans


def _picture(image: Image.Image, shot: Shot) -> Image.Image:
    """The picture upright, within LONGEST_SIDE, in a new image that holds pixels and nothing else."""
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if image.mode in ("1", "P"):  # These would be shrunk without smoothing.
        image = image.convert(mode)
    # A gap of 1 lets a large JPEG be decoded at a half or a quarter of its size.
    image.thumbnail(_within(image.size, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=1.0)
    image.load()
    picture = image if shot.turn is None else image.transpose(shot.turn)
    bare = Image.new(mode, picture.size)
    bare.paste(picture if picture.mode == mode else picture.convert(mode))
    return bare


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    """The size with the same proportions, its longest side no longer than that."""
    share = Fraction(longest, max(*size, longest))
    return max(round(size[0] * share), 1), max(round(size[1] * share), 1)


def _photo(picture: Image.Image, shot: Shot, *, is_lossless: bool) -> Photo:
    thumbnail = _on_white(picture)
    small = _jpeg(_shrunk(thumbnail), THUMBNAIL_QUALITY)
    if is_lossless:
        return Photo(_png(picture), "image/png", ".png", small, shot)
    return Photo(_jpeg(thumbnail, QUALITY), "image/jpeg", ".jpg", small, shot)


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode == "RGB":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture)
    return ground


def _shrunk(picture: Image.Image) -> Image.Image:
    small = picture.copy()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    return small


def _jpeg(picture: Image.Image, quality: int) -> bytes:
    file = BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _png(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", compress_level=4)
    return file.getvalue()
