"""Asking the REST interface in tests, as a program does: with a token."""

from __future__ import annotations

import json
from typing import Any

from rest_framework.test import APIClient

from accounts.models import User
from accounts.services.tokens import issue_token


def client_of(user: User) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {issue_token(user=user, by=None)}")
    return client


def send(
    client: APIClient,
    path: str,
    body: Any = None,
    *,
    method: str = "POST",
    version: int | None = None,
    key: str | None = None,
) -> Any:
    """A request with its If-Match and Idempotency-Key."""
    headers = {"If-Match": None if version is None else f'"{version}"', "Idempotency-Key": key}
    sent = {name: value for name, value in headers.items() if value is not None}
    data: Any = body if isinstance(body, bytes) else json.dumps(body or {})
    return client.generic(method, f"/api/v1/{path}", data, "application/json", headers=sent)


def told(answer: Any) -> tuple[int, str, list[tuple[str, str]]]:
    """What a problem comes down to: status, code, and each error's place with its code."""
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    return (
        problem["status"],
        problem["code"],
        [(error.get("pointer") or error["parameter"], error["code"]) for error in problem["errors"]],
    )
