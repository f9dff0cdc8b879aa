"""Guards and conveniences that hold for every test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from tests import factories as make

NEAR = ("127.", "::1", "localhost")


def stay_here(event: str, args: tuple[Any, ...]) -> None:
    """Refuse every connection and look-up beyond loopback and UNIX sockets: the portal works on an island."""
    if event in ("socket.connect", "socket.sendto"):
        host = args[1][0] if isinstance(args[1], tuple) else None
    else:
        host = args[0] if event == "socket.getaddrinfo" else None
    if host and not str(host).startswith(NEAR):
        raise AssertionError(f"a test tried to reach {host}")


sys.addaudithook(stay_here)


@pytest.fixture(autouse=True, scope="session")
def _quick_passwords() -> Iterator[None]:
    """Hash passwords cheaply: the real hasher takes a third of a second on purpose."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(autouse=True)
def _rule_of_the_lights(request: pytest.FixtureRequest) -> None:
    """Make the first rule again, which a migration made and the flush of real transactions takes away."""
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        make.light_rule()
