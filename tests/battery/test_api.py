"""REST under fire: any input is answered, a request repeated in parallel takes effect once, no update is lost."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from urllib.parse import quote

import pytest
import time_machine
from django.db import connections

from accounts.models import Role
from progress.models import ProgressEntry
from tests import factories as make
from tests.rest import client_of, send, told

ROUNDS = int(os.environ.get("BATTERY_ROUNDS", "2"))
REQUESTS = 100 * ROUNDS
AT_ONCE = 8

pytestmark = [pytest.mark.battery, pytest.mark.django_db(transaction=True)]

#: Numbers, dates, codes and texts that parsers stumble over.
TEXTS = [
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "\r\n",
        "\x7f",
        "\ufeff",
        "\u202e",
        "𠮷",
        "年",
        "１２",
        "'",
        '"',
        "\\",
        "%",
        "__",
        "../..",
    ),
    *("0", "-1", "1e999", "NaN", "null", "[]", "{}", "9" * 20, "9" * 400, "a" * 9000, "LTk=", "OQ==", "draft"),
    *("1404", "140400", "2025-03", "2025-13", "0000-01", "9999-12", "2025-W01-1", "0001-01-01T00:00:00+14:00"),
]
PATHS = ["regions/", "organisations/", "projects/", "indicators/", "series/", "entries/", "rollups/", "nowhere/", ""]
PARAMETERS = [
    "cursor",
    "limit",
    "region",
    "project",
    "indicator",
    "status",
    "period",
    "search",
    "updated_since",
    "level",
]
FIELDS = ["series", "period", "value", "no_progress_reason", "note", "reason", "is_void"]
STEPS = ["", "submit/", "withdraw/", "review/", "verify/", "return/", "correct/"]


@pytest.fixture(autouse=True)
def _in_the_window() -> Iterator[None]:
    with time_machine.travel("2025-03-31T12:00:00+08:00"):
        yield


def anything(dice: random.Random, depth: int = 0) -> Any:
    """Any JSON value, most of them texts."""
    match dice.randrange(8) if depth < 3 else 7:
        case 0:
            return dice.choice([0, -1, 1, 2**63, 10**30, 1.5, True, False, None])
        case 1:
            return [anything(dice, depth + 1) for _ in range(dice.randrange(3))]
        case 2:
            return {dice.choice(TEXTS + FIELDS): anything(dice, depth + 1) for _ in range(dice.randrange(3))}
    return dice.choice(TEXTS)


def test_any_input_is_answered() -> None:
    entry, person = make.entry(), make.user(Role.CLERK)
    for role in (Role.REVIEWER, Role.VERIFIER):
        make.duty(person, role)
    client, dice = client_of(person), random.Random(ROUNDS)  # noqa: S311 - to be repeated, not secret

    def asked() -> Any:
        path = dice.choice(PATHS) + dice.choice(["", quote(dice.choice(TEXTS), errors="surrogatepass") + "/"])
        texts = (quote(dice.choice(TEXTS), errors="surrogatepass") for _ in range(2))
        return client.get(f"/api/v1/{path}?{'&'.join(f'{dice.choice(PARAMETERS)}={text}' for text in texts)}")

    def sent() -> Any:
        body = {name: anything(dice) for name in FIELDS if dice.random() < 0.3}
        address = dice.choice(["entries/", *(f"entries/{entry.pk}/{step}" for step in STEPS)])
        headers: dict[str, Any] = {"version": dice.choice([None, 0, 1, 2]), "key": dice.choice([None, "a", "\0"])}
        return send(
            client, address, dice.choice([body, anything(dice)]), method=dice.choice(["POST", "PATCH"]), **headers
        )

    answers = [dice.choice([asked, sent])() for _ in range(REQUESTS)]

    assert {told(answer)[0] // 100 for answer in answers if answer.status_code >= 400} == {4}


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """The act done by several threads that start together."""
    gate = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        gate.wait()
        try:
            return act(number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def test_request_repeated_in_parallel_takes_effect_once() -> None:
    person, period = make.user(Role.CLERK), make.period()
    clients = [client_of(person) for _ in range(AT_ONCE)]

    for number in range(ROUNDS):
        body = {"series": make.series().pk, "period": "2025-03", "value": "12.50"}
        answers = at_once(lambda mine: send(clients[mine], "entries/", body, key=f"key-{number}"))  # noqa: B023

        assert [(answer.status_code, answer.json()) for answer in answers] == [(201, answers[0].json())] * AT_ONCE
    assert ProgressEntry.objects.filter(period=period).count() == ROUNDS


def test_of_parallel_changes_one_wins_and_the_others_are_told() -> None:
    person, entry = make.user(Role.CLERK), make.entry()
    clients = [client_of(person) for _ in range(AT_ONCE)]

    for version in range(1, ROUNDS + 1):
        answers = at_once(
            lambda mine: send(clients[mine], f"entries/{entry.pk}/", {"value": mine}, method="PATCH", version=version)  # noqa: B023
        )

        assert sorted(answer.status_code for answer in answers) == [200] + [412] * (AT_ONCE - 1)
        [won] = [answer.json()["value"] for answer in answers if answer.status_code == 200]
        assert {answer.json()["current"]["value"] for answer in answers if answer.status_code == 412} == {won}
