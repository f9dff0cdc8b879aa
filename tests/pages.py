"""Reading pages in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.test import Client

from accounts.models import User

if TYPE_CHECKING:
    from django.test.client import _MonkeyPatchedWSGIResponse as Page
else:
    Page = HttpResponse

__all__ = ["Page", "signed_in"]


def signed_in(client: Client, person: User) -> Client:
    """The client, in the person's name."""
    client.force_login(person)
    return client
