"""Two clerks on one cell of the grid at the same moment: one of them wins, the other is shown both values."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from threading import Barrier
from typing import Any

import pytest
import time_machine
from django.db import connections
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role, User
from progress.models import ProgressEntry
from tests import factories as make
from tests.pages import Page, signed_in

#: Half of the rounds begin with a blank cell, half with a draft that both have before them.
ROUNDS = 2 * int(os.environ.get("BATTERY_ROUNDS", "2"))

pytestmark = [pytest.mark.battery, pytest.mark.django_db(transaction=True)]

Pair = list[tuple[User, Client]]


@pytest.fixture(autouse=True)
def _in_the_window() -> Iterator[None]:
    with time_machine.travel("2025-03-31T12:00:00+08:00"):
        yield


@pytest.fixture
def pair() -> Pair:
    """Two clerks of the same county, each at a browser."""
    people = [make.user(Role.CLERK, make.COUNTY) for _ in range(2)]
    return [(person, signed_in(Client(), person)) for person in people]


def send(person: User, client: Client, cell: dict[str, Any]) -> Page:
    body = {"receipt": str(uuid.uuid4()), "no_progress_reason": "", "note": None, **cell}
    headers = {"X-Portal-User": str(person.pk)}
    return client.post(reverse("grid_cell"), json.dumps(body), "application/json", headers=headers)


def at_once(pair: Pair, cells: list[dict[str, Any]]) -> list[Page]:
    """What both are answered who press the key together."""
    gate = Barrier(2)

    def run(number: int) -> Page:
        gate.wait()
        try:
            return send(*pair[number], cells[number])
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, range(2)))


def test_one_of_two_clerks_wins_and_the_other_sees_both_values(pair: Pair) -> None:
    period = make.period()
    for number in range(ROUNDS):
        series = make.series()
        version = make.entry(series, 5).version if number % 2 else None
        seen = {"series": series.pk, "period": period.pk, "version": version}
        values = (f"{number}.25", f"{number}.75")

        answers = at_once(pair, [{**seen, "value": value} for value in values])

        statuses = [answer.status_code for answer in answers]
        assert sorted(statuses) == [HTTPStatus.OK, HTTPStatus.CONFLICT]
        won, lost = statuses.index(HTTPStatus.OK), statuses.index(HTTPStatus.CONFLICT)
        both, entry = answers[lost].json(), ProgressEntry.objects.get(series=series)
        assert (both["yours"]["value"], both["theirs"]["value"]) == (values[lost], values[won])
        assert both["theirs"]["by"] == str(pair[won][0])
        assert (f"{entry.value:.2f}", entry.entered_by) == (values[won], pair[won][0])
        # Whoever insists does so upon the value that was shown.
        again = {**seen, "version": both["theirs"]["version"], "value": values[lost]}
        assert send(*pair[lost], again).status_code == HTTPStatus.OK
    assert AuditEvent.objects.filter(action="entry.create").count() == ROUNDS
    assert AuditEvent.objects.filter(action="entry.change").count() == ROUNDS + ROUNDS // 2
