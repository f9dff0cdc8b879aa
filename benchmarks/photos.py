"""E1 and E2: what making a photo of 12 megapixels anew costs against encoding it as it is, and its memory."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from statistics import median

from PIL import Image

from benchmarks.ledger import Row
from projects.services import photos

SIZE = (4000, 3000)
ROUNDS = 11
#: Pillow keeps four bytes of a pixel.
PIXELS_MIB = SIZE[0] * SIZE[1] * 4 / 2**20


def rows() -> Iterator[Row]:
    body = _photo()
    floor, ours = _seconds(lambda: _encode_again(body)), _seconds(lambda: photos.clean_copy(body))
    yield Row(
        "E1",
        f"12-megapixel JPEG of {len(body) / 1e6:.1f} MB made anew with its thumbnail",
        "s",
        f"{floor:.3f} s",
        f"{ours:.3f} s",
        ours / floor,
        "<= 2 s",
    )
    memory = _mebibytes(body)
    yield Row(
        "E2",
        "memory that takes, against the pixels alone",
        "MiB",
        f"{PIXELS_MIB:.0f} MiB",
        f"{memory:.0f} MiB",
        memory / PIXELS_MIB,
        "<= 256 MiB",
    )


def _photo() -> bytes:
    """A JPEG with the detail of a landscape: noise of several sizes."""
    grain = (Image.effect_noise((SIZE[0] // part, SIZE[1] // part), 60).resize(SIZE) for part in (2, 8, 32))
    file = BytesIO()
    Image.merge("RGB", list(grain)).save(file, "JPEG", quality=90)
    return file.getvalue()


def _encode_again(body: bytes) -> None:
    with Image.open(BytesIO(body)) as image:
        image.save(BytesIO(), "JPEG", quality=photos.QUALITY)


def _seconds(work: Callable[[], object]) -> float:
    """The median of several rounds."""
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return median(taken)


def _mebibytes(body: bytes) -> float:
    """By how much the peak memory of a process of its own grows; Linux tells it."""
    command = [
        sys.executable,
        "-c",
        "import django; django.setup(); from benchmarks import photos; photos.report_growth()",
    ]
    told = subprocess.run(command, input=body, stdout=subprocess.PIPE, check=True)  # noqa: S603 - ourselves
    return int(told.stdout) / 1024


def report_growth() -> None:
    body = sys.stdin.buffer.read()
    before = _peak_kibibytes()
    photos.clean_copy(body)
    sys.stdout.write(str(_peak_kibibytes() - before))


def _peak_kibibytes() -> int:
    [peak] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(peak)
