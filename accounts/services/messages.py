"""In-app messages (站内信): each person is told of an occasion once, however often and by whomever it is sent."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from accounts.models import Message, User


class Note(NamedTuple):
    """What one person is to be told: `key` names the occasion, `url` is the page of the portal it is about."""

    user_id: int
    key: str
    text: str
    url: str


def send(notes: Iterable[Note], *, at: datetime.datetime) -> None:
    """Put the notes into the inboxes, but for those whose occasion the person was told of before."""
    messages = [Message(**note._asdict(), sent_at=at) for note in notes]
    Message.objects.bulk_create(messages, batch_size=1000, ignore_conflicts=True)


def mark_read(message: Message, *, at: datetime.datetime) -> None:
    """Note when the message was first opened."""
    Message.objects.filter(pk=message.pk, read_at=None).update(read_at=at)


def mark_all_read(*, by: User, through: int, at: datetime.datetime) -> int:
    """Take the person's messages up to that one as read, not those that came since; returns how many."""
    return Message.objects.filter(user=by, pk__lte=through, read_at=None).update(read_at=at)
