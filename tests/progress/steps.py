"""The steps of an entry as tests take them: at the entry's present version, while its period is open."""

from __future__ import annotations

from decimal import Decimal

from accounts.models import User
from progress.models import ProgressEntry
from progress.services import corrections, entries
from progress.services.entries import Content
from tests import factories as make


def change(entry: ProgressEntry, by: User, content: Content = Content(Decimal(12))) -> ProgressEntry:  # noqa: B008
    at = make.inside(entry.period)
    return entries.change_draft(entry=entry, version=entry.version, content=content, by=by, at=at)


def delete(entry: ProgressEntry, by: User) -> None:
    entries.delete_draft(entry=entry, version=entry.version, by=by)


def submit(entry: ProgressEntry, by: User) -> ProgressEntry:
    return entries.submit(entry=entry, version=entry.version, by=by, at=make.inside(entry.period))


def withdraw(entry: ProgressEntry, by: User) -> ProgressEntry:
    return entries.withdraw(entry=entry, version=entry.version, by=by, at=make.inside(entry.period))


def review(entry: ProgressEntry, by: User) -> ProgressEntry:
    return entries.review(entry=entry, version=entry.version, by=by, at=make.inside(entry.period))


def send_back(entry: ProgressEntry, by: User, reason: str = "数据与照片不符") -> ProgressEntry:
    at = make.inside(entry.period)
    return entries.return_entry(entry=entry, version=entry.version, by=by, at=at, reason=reason)


def verify(entry: ProgressEntry, by: User) -> ProgressEntry:
    return entries.verify(entry=entry, version=entry.version, by=by, at=make.inside(entry.period))


def correct(entry: ProgressEntry, by: User, reason: str = "复核测量") -> ProgressEntry:
    return corrections.open_correction(entry=entry, by=by, at=make.inside(entry.period), reason=reason)
