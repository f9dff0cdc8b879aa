"""Storing files: checked and cleaned first, known by content, kept under random names."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from projects.models import Attachment, random_path
from projects.refusals import UnfitFile
from projects.services import pdfs, photos
from projects.services.exif import UNSAID, Shot

MAX_BYTES = 10 * 1024 * 1024
NAME_LENGTH = 200
#: First bytes of the kinds of file taken as evidence; the name a user gave proves nothing.
PDF = b"%PDF-"
PHOTOS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF")

#: Paths of the files written by the work under way, which go if it fails.
_written: ContextVar[list[str]] = ContextVar("written")


@dataclass(frozen=True)
class Kept:
    """What is kept of an uploaded file, made before anything is locked or written; a paper has no thumbnail."""

    name: str
    content: bytes
    content_type: str
    suffix: str
    original_sha256: str
    thumbnail: bytes = b""
    shot: Shot = UNSAID


def take(upload: UploadedFile[bytes]) -> Kept:
    """Check an upload and make of it what will be kept. Raises UnfitFile."""
    if not upload.size:
        raise UnfitFile(_("文件是空的，请重新选择。"), field="file")
    if upload.size > MAX_BYTES:
        raise UnfitFile(_("文件过大：单个文件不超过 10 MB。"), field="file")
    upload.seek(0)
    data = upload.read()
    original = hashlib.sha256(data).hexdigest()
    if data.startswith(PDF):
        pdfs.check(data)
        return Kept(shown_name(upload.name or "", ".pdf"), data, "application/pdf", ".pdf", original)
    if not data.startswith(PHOTOS):
        raise UnfitFile(_("只接收 PDF、JPEG、PNG、WebP 文件。"), field="file")
    photo = photos.clean_copy(data)
    name = shown_name(upload.name or "", photo.suffix)
    return Kept(name, photo.content, photo.content_type, photo.suffix, original, photo.thumbnail, photo.shot)


def shown_name(given: str, suffix: str) -> str:
    """The name a person gave, without control and direction marks, ending as its content does."""
    stem = PurePath(given.replace("\\", "/")).stem
    shown = "".join(character for character in stem if character.isprintable()).strip(" .")
    return f"{shown[: NAME_LENGTH - len(suffix)] or 'file'}{suffix}"


def store(*, kept: Kept, by: User, at: datetime.datetime) -> Attachment:
    """Write the row and its files, inside `following` so that they go together."""
    attachment = Attachment(
        name=kept.name,
        content_type=kept.content_type,
        size=len(kept.content),
        sha256=hashlib.sha256(kept.content).hexdigest(),
        original_sha256=kept.original_sha256,
        taken_at=kept.shot.taken_at,
        latitude=kept.shot.latitude,
        longitude=kept.shot.longitude,
        uploaded_by=by,
        uploaded_at=at,
    )
    attachment.file = _write(random_path(attachment, f"file{kept.suffix}"), kept.content)
    if kept.thumbnail:
        attachment.thumbnail = _write(random_path(attachment, "thumbnail.jpg"), kept.thumbnail)
    attachment.save(force_insert=True)
    return attachment


@contextmanager
def following() -> Iterator[None]:
    """Files stored inside follow what happens to their rows: put around a transaction, it deletes them if that fails.

    Inside another one, the outer answers for them as well.
    """
    outer, mine = _written.get([]), list[str]()
    token = _written.set(mine)
    try:
        yield
    except BaseException:
        for path in mine:
            default_storage.delete(path)
        raise
    finally:
        _written.reset(token)
    outer.extend(mine)


def _write(path: str, content: bytes) -> str:
    _written.get().append(path)  # First, for half a file must go as well.
    return default_storage.save(path, ContentFile(content))


def discard(attachment: Attachment) -> None:
    """Delete an attachment that nothing refers to; its files go when the transaction has."""
    attachment.delete()
    for file in (attachment.file, attachment.thumbnail):
        if file:
            transaction.on_commit(partial(file.delete, save=False), robust=True)


def sha256_of(upload: UploadedFile[bytes]) -> str:
    """What the file is known by."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()
