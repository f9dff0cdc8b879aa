"""Giving programs a key to the REST interface."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from knox.models import AuthToken

from accounts import audit
from accounts.models import Scope, TokenScope, User


@transaction.atomic
def issue_token(*, user: User, by: User | None, scopes: Collection[Scope] = ()) -> str:
    """A new token that acts as the user until somebody revokes it; only its hash is kept, so it is shown once.

    Restricted data is told to it only in the scopes that it is issued with.
    """
    kept, token = AuthToken.objects.create(user=user)
    given = sorted(set(scopes))
    TokenScope.objects.bulk_create([TokenScope(token=kept, scope=scope) for scope in given])
    after = {"token_key": kept.token_key, **({"scopes": given} if given else {})}
    audit.record(by=by, action="token.issue", obj=user, after=after)
    return str(token)
