"""Storing files: known by content, kept under random names."""

from __future__ import annotations

import datetime
import hashlib
from functools import partial
from pathlib import PurePath

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.refusals import Refused
from projects.models import Attachment

MAX_BYTES = 10 * 1024 * 1024
NAME_LENGTH = 200
#: First bytes of the kinds of file taken as evidence; the name a user gave proves nothing.
SIGNATURES = {
    b"%PDF-": ("application/pdf", ".pdf"),
    b"\xff\xd8\xff": ("image/jpeg", ".jpg"),
    b"\x89PNG\r\n\x1a\n": ("image/png", ".png"),
}


class UnfitFile(Refused):
    """The file is empty, too large or of a kind that is not taken."""

    code = "unfit_file"


def store(*, upload: UploadedFile[bytes], by: User, at: datetime.datetime) -> Attachment:
    """Keep an uploaded file. Raises UnfitFile."""
    if not upload.size:
        raise UnfitFile(_("文件是空的，请重新选择。"), field="file")
    if upload.size > MAX_BYTES:
        raise UnfitFile(_("文件过大：单个文件不超过 10 MB。"), field="file")
    content_type, suffix = _kind(upload)
    attachment = Attachment(
        name=PurePath(upload.name or "").name[-NAME_LENGTH:] or f"file{suffix}",
        content_type=content_type,
        size=upload.size,
        sha256=sha256_of(upload),
        uploaded_by=by,
        uploaded_at=at,
    )
    attachment.file.save(f"file{suffix}", upload, save=False)
    attachment.save(force_insert=True)
    return attachment


def discard(attachment: Attachment) -> None:
    """Delete an attachment that nothing refers to; its file goes when the transaction has."""
    attachment.delete()
    transaction.on_commit(partial(attachment.file.delete, save=False), robust=True)


def _kind(upload: UploadedFile[bytes]) -> tuple[str, str]:
    upload.seek(0)
    head = upload.read(16)
    for signature, kind in SIGNATURES.items():
        if head.startswith(signature):
            return kind
    raise UnfitFile(_("只接收 PDF、JPEG、PNG 文件。"), field="file")


def sha256_of(upload: UploadedFile[bytes]) -> str:
    """What the file is known by."""
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    return digest.hexdigest()
