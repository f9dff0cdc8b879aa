"""Storing files: under random names, with their rows or not at all."""

from __future__ import annotations

import datetime
import hashlib
import re
from importlib import import_module
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from progress.gate import CITY_TIME
from projects.models import Attachment
from projects.services import attachments
from projects.services.attachments import Kept
from tests import factories as make
from tests import uploads

pytestmark = pytest.mark.django_db

AT = datetime.datetime(2025, 3, 31, 12, tzinfo=CITY_TIME)


@pytest.fixture(autouse=True)
def media(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    settings.MEDIA_ROOT = folder
    return folder


def taken(body: bytes | None = None, name: str = "照片.jpg") -> Kept:
    return attachments.take(SimpleUploadedFile(name, uploads.photo() if body is None else body))


def store(kept: Kept) -> Attachment:
    with attachments.following():
        return attachments.store(kept=kept, by=make.user(), at=AT)


def files(below: Path) -> list[str]:
    return sorted(path.relative_to(below).as_posix() for path in below.rglob("*") if path.is_file())


def test_photo_is_stored_with_its_facts_and_a_thumbnail() -> None:
    body = uploads.photo(size=(800, 600), taken="2025:03:12 10:20:30", place=uploads.SHANGDANG)

    stored = store(taken(body))

    stored.refresh_from_db()
    content = stored.file.read()
    assert (stored.name, stored.content_type, stored.size) == ("照片.jpg", "image/jpeg", len(content))
    assert stored.original_sha256 == hashlib.sha256(body).hexdigest()
    assert stored.sha256 == hashlib.sha256(content).hexdigest() != stored.original_sha256
    assert stored.taken_at == datetime.datetime(2025, 3, 12, 10, 20, 30, tzinfo=CITY_TIME)
    assert (str(stored.latitude), str(stored.longitude)) == ("36.020000", "113.050000")
    assert stored.thumbnail.read().startswith(b"\xff\xd8\xff")


def test_paper_is_stored_as_it_came_without_a_thumbnail() -> None:
    stored = store(taken(make.pdf("验收"), "验收单.pdf"))

    assert stored.file.read() == make.pdf("验收")
    assert stored.sha256 == stored.original_sha256
    assert (stored.content_type, stored.is_photo, bool(stored.thumbnail)) == ("application/pdf", False, False)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("北张村.JPG", "北张村.jpg"),
        ("photo.jpg.exe", "photo.jpg.jpg"),
        (r"C:\照片\北张村.jpeg", "北张村.jpg"),
        ("../../../etc/cron.d/evil.jpg", "evil.jpg"),
        ("con.jpg", "con.jpg"),
        ("gnp.\u202ecod\u2066.jpg", "gnp.cod.jpg"),
        ("a\x00b\r\nc\u200b.jpg", "abc.jpg"),
        (".jpg", "jpg.jpg"),
        ("\u202e\u2066.jpg", "file.jpg"),
        ("长" * 255, "长" * 196 + ".jpg"),
    ],
)
def test_name_is_shown_without_tricks_and_ends_as_its_content_does(given: str, shown: str) -> None:
    assert attachments.shown_name(given, ".jpg") == shown


@pytest.mark.parametrize("name", ["../../out.jpg", "/etc/out.jpg", r"..\..\out.jpg", "con.jpg", "长" * 255])
def test_file_lies_under_a_random_name_and_nowhere_else(name: str, media: Path, tmp_path: Path) -> None:
    store(taken(name=name))

    assert all(re.fullmatch(r"media/attachments/[0-9a-f]{32}\.jpg", file) for file in files(tmp_path))
    assert len(files(media)) == 2


def test_failed_transaction_takes_its_files_along(media: Path) -> None:
    store(taken())
    before = files(media)

    with pytest.raises(ArithmeticError), attachments.following(), transaction.atomic():
        store(taken(uploads.photo(2)))
        store(taken(uploads.photo(3)))
        assert len(files(media)) == 6
        raise ArithmeticError

    assert files(media) == before
    assert Attachment.objects.count() == 1


def test_file_that_fails_by_itself_leaves_the_others(media: Path) -> None:
    with attachments.following(), transaction.atomic():
        store(taken())
        with pytest.raises(ArithmeticError), attachments.following():
            store(taken(uploads.photo(2)))
            raise ArithmeticError

    assert len(files(media)) == 2


def test_discarded_attachment_leaves_no_file(
    media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    stored = store(taken())

    with django_capture_on_commit_callbacks(execute=True):
        attachments.discard(stored)

    assert (files(media), Attachment.objects.count()) == ([], 0)


def test_migration_knows_old_files_by_what_is_kept_of_them() -> None:
    old, new = store(taken(make.pdf())), store(taken(uploads.photo()))
    Attachment.objects.filter(pk=old.pk).update(original_sha256="")

    with connection.cursor() as cursor:
        cursor.execute(import_module("projects.migrations.0003_originals_of_old_attachments").FILL)

    old.refresh_from_db()
    assert old.original_sha256 == old.sha256
    assert Attachment.objects.get(pk=new.pk).original_sha256 == new.original_sha256
