"""Knowing a program by its token, and what the token may be told."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication
from knox.models import AuthToken
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import Scope


class Tokens(TokenAuthentication):  # type: ignore[misc]  # knox carries no types
    """Knox's tokens; bytes that no token is made of are an unknown token, not a fault of ours."""

    def authenticate_credentials(self, token: bytes) -> Any:
        if not token.isalnum():
            raise AuthenticationFailed(_("认证令牌无效。"))
        return super().authenticate_credentials(token)


class TokensScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    target_class = "accounts.rest.tokens.Tokens"
    name = "token"


def may_be_told(request: Request, scope: Scope) -> bool:
    """Whether the request came with a token that says so; a session never does, for its person has the pages."""
    token = request.auth
    return isinstance(token, AuthToken) and token.scopes.filter(scope=scope).exists()
