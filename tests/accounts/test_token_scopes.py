"""What a token may be told beyond the rest, from its issue to its end."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command
from knox.models import AuthToken

from accounts.models import AuditEvent, Role, Scope, TokenScope
from accounts.services.tokens import issue_token
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_token_has_the_scope_it_was_issued_with() -> None:
    person = make.user(Role.LEADER)

    call_command("issue_token", person.username, "--scope", "coordinates", stdout=io.StringIO())

    [scope] = TokenScope.objects.all()
    assert (scope.token.user, scope.scope) == (person, Scope.COORDINATES)
    told = AuditEvent.objects.get(action="token.issue").after
    assert told is not None
    assert told["scopes"] == ["coordinates"]


def test_token_without_a_word_has_no_scope() -> None:
    call_command("issue_token", make.user().username, stdout=io.StringIO())

    assert AuthToken.objects.count() == 1
    assert not TokenScope.objects.exists()


def test_scope_asked_for_twice_is_one() -> None:
    issue_token(user=make.user(), by=None, scopes=[Scope.COORDINATES, Scope.COORDINATES])

    assert TokenScope.objects.count() == 1


def test_unknown_scope_issues_nothing() -> None:
    with pytest.raises(CommandError):
        call_command("issue_token", make.user().username, "--scope", "everything", stdout=io.StringIO())

    assert not AuthToken.objects.exists()


def test_scope_ends_with_its_token() -> None:
    person = make.user()
    issue_token(user=person, by=None, scopes=[Scope.COORDINATES])
    kept = issue_token(user=person, by=None, scopes=[Scope.COORDINATES])

    AuthToken.objects.exclude(token_key=kept[:15]).delete()

    assert [scope.token.token_key for scope in TokenScope.objects.select_related("token")] == [kept[:15]]
