"""Files that are not what they seem: each refused quickly and with a reason, none of it kept."""

from __future__ import annotations

import os
import random
import time
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from projects.refusals import UnfitFile
from projects.services import attachments
from tests import uploads
from tests.projects.hostile import corpus, holding, packed

#: Mutated photos per round.
MUTANTS = 1_000
SECONDS = 2


@pytest.mark.parametrize("body_and_reason", corpus().values(), ids=corpus())
def test_file_is_refused_at_once_with_a_reason(body_and_reason: tuple[bytes, str]) -> None:
    body, reason = body_and_reason
    started = time.monotonic()

    with pytest.raises(UnfitFile, match=reason) as refusal:
        attachments.take(SimpleUploadedFile("验收照片.jpg", body))

    assert time.monotonic() - started < SECONDS
    assert refusal.value.field == "file"


@pytest.mark.parametrize(
    "part",
    [
        b"<< /OpenAction [3 0 R /Fit] >>",
        b"<< /S /URI /URI (https://example) >>",
        b"<< /Launcher true /JavaScriptless true >>",
        b"<< /Type /ObjStm >>\nstream\r\nnot packed at all\nendstream",
        packed(b"<< /Type /Page >>"),
        b"#4A" * 3_000_000,
        b"/J" * 2_000_000,
    ],
    ids=["opens at a page", "link", "names that only begin so", "broken pack", "pack", "numbers", "slashes"],
)
def test_ordinary_paper_is_taken(part: bytes) -> None:
    started = time.monotonic()

    assert attachments.take(SimpleUploadedFile("验收单.pdf", holding(part))).content == holding(part)
    assert time.monotonic() - started < SECONDS


def test_phone_photo_with_a_clip_behind_it_is_taken() -> None:
    """A live photo: its film holds any bytes at all, marks of scans among them."""
    body = uploads.photo(size=(400, 300)) + b"\0\0\0\x18ftypmp42" + b"\xff\xda" * 200

    assert attachments.take(SimpleUploadedFile("live.jpg", body)).content_type == "image/jpeg"


@pytest.mark.battery
def test_mutated_photo_is_taken_or_refused_and_never_breaks_the_server() -> None:
    dice = random.Random(1404)  # noqa: S311 - the same photos each time
    said: dict[str, Any] = {"taken": "2025:03:12 10:00:00", "place": uploads.SHANGDANG, "orientation": 6}
    originals = [uploads.photo(format=name, **said) for name in ("JPEG", "PNG", "WEBP")]
    originals.append(uploads.photo(progressive=True, **said))
    outcomes = {True: 0, False: 0}

    for _ in range(MUTANTS * int(os.environ.get("BATTERY_ROUNDS", "2"))):
        outcomes[is_taken(mutant(dice.choice(originals), dice))] += 1

    assert min(outcomes.values()) > 0


def mutant(body: bytes, dice: random.Random) -> bytes:
    """The file with some bytes changed, lost or added, most often near its beginning."""
    changed = bytearray(body)
    for _ in range(dice.choice((1, 2, 5, 20))):
        at = dice.randrange(dice.choice((40, 400, len(body))))
        changed[at : at + dice.choice((0, 1, 1, 20))] = dice.randbytes(dice.choice((0, 1, 1, 20)))
    return bytes(changed)


def is_taken(body: bytes) -> bool:
    try:
        attachments.take(SimpleUploadedFile("照片.jpg", body))
    except UnfitFile:
        return False
    return True
