from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from knox.models import AuthToken
from rest_framework.test import APIClient

from accounts.models import AuditEvent, Role
from tests import factories as make

pytestmark = pytest.mark.django_db


def issued(username: str) -> str:
    printed = io.StringIO()
    call_command("issue_token", username, stdout=printed)
    return printed.getvalue().strip()


def test_token_is_printed_once_and_opens_the_interface() -> None:
    person = make.user(Role.CLERK)

    token = issued(person.username)

    client = APIClient(headers={"Authorization": f"Token {token}"})
    assert client.get("/api/v1/entries/").status_code == 200
    assert not AuthToken.objects.filter(digest=token).exists()


def test_token_is_audited_without_being_told() -> None:
    person = make.user()

    token = issued(person.username)

    event = AuditEvent.objects.get(action="token.issue")
    assert (event.object_id, event.after) == (str(person.pk), {"token_key": token[:15]})


def test_revoked_token_opens_nothing() -> None:
    person = make.user(Role.CLERK)
    client = APIClient(headers={"Authorization": f"Token {issued(person.username)}"})

    AuthToken.objects.filter(user=person).delete()

    assert client.get("/api/v1/entries/").status_code == 401


@pytest.mark.parametrize("active", [None, False])
def test_account_that_is_not_there_or_disabled_gets_none(active: bool | None) -> None:
    if active is not None:
        make.user(username="somebody", is_active=active)

    with pytest.raises(CommandError, match="somebody"):
        issued("somebody")
