"""Giving programs a key to the REST interface."""

from __future__ import annotations

from django.db import transaction
from knox.models import AuthToken

from accounts import audit
from accounts.models import User


@transaction.atomic
def issue_token(*, user: User, by: User | None) -> str:
    """A new token that acts as the user until somebody revokes it; only its hash is kept, so it is shown once."""
    kept, token = AuthToken.objects.create(user=user)
    audit.record(by=by, action="token.issue", obj=user, after={"token_key": kept.token_key})
    return str(token)
