"""A request changes what it asks for and nothing else, though it names every column of an entry."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse

from progress.gate import CITY_TIME
from progress.models import EntryOrigin, EntryStatus, ProgressEntry
from tests import factories as make
from tests.pages import signed_in
from tests.rest import client_of, send, told

pytestmark = pytest.mark.django_db

#: A quarter of an hour after the factories made their entries.
NOW = datetime.datetime(2025, 3, 31, 12, 15, tzinfo=CITY_TIME)
THEN = "2020-01-01T00:00:00+08:00"
NO_SUCH_ID = 999_999
STEPS = ("entered", "submitted", "reviewed", "verified", "returned")
CONTENT = {"value": "999", "no_progress_reason": "伪造", "note": "伪造"}

Columns = dict[str, Any]


class Way(NamedTuple):
    """One request that changes an entry: the status it starts from, whose step it is, and what it asks for."""

    step: str
    status: EntryStatus
    who: str
    asked: dict[str, str]


WAYS = (
    Way("edit", EntryStatus.DRAFT, "clerk", {"value": "12", "note": "整治"}),
    Way("submit", EntryStatus.DRAFT, "clerk", {}),
    Way("withdraw", EntryStatus.SUBMITTED, "clerk", {}),
    Way("review", EntryStatus.SUBMITTED, "reviewer", {}),
    Way("return", EntryStatus.SUBMITTED, "reviewer", {"reason": "请补依据"}),
    Way("verify", EntryStatus.REVIEWED, "verifier", {}),
    Way("correct", EntryStatus.VERIFIED, "clerk", {"reason": "复核测量"}),
)
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.step)


@pytest.fixture(autouse=True)
def _in_march() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def team() -> make.Team:
    return make.team()


@pytest.fixture
def forged() -> Columns:
    """A believable value for every column that is not content; none is the one that an entry here has."""
    stranger = make.user()
    return {
        "id": NO_SUCH_ID,
        "series": make.series().pk,
        "period": make.period(2025, 2).pk,
        "fact": "伪造",
        "revision": 7,
        "origin": EntryOrigin.ARTICLE.value,
        "status": EntryStatus.VERIFIED.value,
        "version": 77,
        "basis": "伪造",
        "is_void": True,
        "correction_reason": "伪造",
        "return_reason": "伪造",
        "is_demo": True,
        "changed_at": THEN,
        **{f"{step}_at": THEN for step in STEPS},
        **{f"{step}_by": stranger.pk for step in STEPS},
    }


def beside(way: Way, forged: Columns) -> Columns:
    """What a step has no business with: content too where it has none; but a correction may ask for the voiding."""
    columns = forged if way.step == "edit" else {**forged, **CONTENT}
    return {name: value for name, value in columns.items() if (way.step, name) != ("correct", "is_void")}


def rows() -> list[Columns]:
    return [dict(row) for row in ProgressEntry.objects.order_by("pk").values()]


def left_by(client: Client, address: str, form: Columns) -> list[Columns]:
    """The rows that a form leaves, without the keys, of which none is given twice; afterwards all is as before."""
    with transaction.atomic():
        answer = client.post(address, {"receipt": uuid.uuid4(), **form})
        left = rows()
        transaction.set_rollback(True)
    assert answer.status_code == HTTPStatus.FOUND
    assert all(row.pop("id") != NO_SUCH_ID for row in left)
    return left


def test_every_column_is_forged(forged: Columns) -> None:
    assert forged.keys() | CONTENT.keys() == {field.name for field in ProgressEntry._meta.concrete_fields}


def test_form_of_a_new_entry_takes_its_content_only(client: Client, team: make.Team, forged: Columns) -> None:
    signed_in(client, team.clerk)
    address = f"{reverse('entry_new')}?series={make.series().pk}&period={make.period().pk}"
    content = {"value": "12", "note": "整治"}

    plain = left_by(client, address, content)

    assert left_by(client, address, {**forged, **content}) == plain


@every_way
def test_form_takes_what_its_step_asks_for_only(client: Client, team: make.Team, forged: Columns, way: Way) -> None:
    entry = make.entry(status=way.status, by=team)
    signed_in(client, getattr(team, way.who))
    address = reverse("entry_edit", args=[entry.pk])
    if way.step != "edit":
        address = reverse("entry_step", args=[entry.pk, way.step])
    asked = {**way.asked, "version": entry.version}

    plain = left_by(client, address, asked)

    assert left_by(client, address, {**beside(way, forged), **asked}) == plain


def test_new_content_changes_no_column_but_its_own_and_the_traces(
    client: Client, team: make.Team, forged: Columns
) -> None:
    entry = make.entry(by=team)
    [before] = rows()
    form = {**forged, "value": "12", "note": "整治", "version": entry.version, "receipt": uuid.uuid4()}

    signed_in(client, team.clerk).post(reverse("entry_edit", args=[entry.pk]), form)

    [after] = rows()
    changed = {name for name, value in after.items() if value != before[name]}
    assert changed == {"value", "note", "version", "entered_at", "changed_at"}
    assert after["version"] == before["version"] + 1


def test_forged_version_is_a_stale_one(client: Client, team: make.Team, forged: Columns) -> None:
    entry, before = make.entry(by=team), rows()
    form = {"value": "12", "version": forged["version"], "receipt": uuid.uuid4()}

    page = signed_in(client, team.clerk).post(reverse("entry_edit", args=[entry.pk]), form)

    assert page.status_code == HTTPStatus.CONFLICT
    assert rows() == before


def test_api_refuses_every_other_column_of_a_new_entry(team: make.Team, forged: Columns) -> None:
    given = {"series": make.series().pk, "period": "2025-03", "value": "12"}
    make.period()

    answer = send(client_of(team.clerk), "entries/", {**forged, **given})

    unknown = sorted(forged.keys() - given.keys())
    assert told(answer) == (400, "invalid", [(f"#/{name}", "unknown") for name in unknown])
    assert rows() == []


@every_way
def test_api_refuses_every_column_that_a_step_does_not_ask_for(team: make.Team, forged: Columns, way: Way) -> None:
    entry, columns = make.entry(status=way.status, by=team), beside(way, forged)
    before = rows()
    address, method = f"entries/{entry.pk}/{way.step}/", "POST"
    if way.step == "edit":
        address, method = f"entries/{entry.pk}/", "PATCH"

    person = client_of(getattr(team, way.who))
    answer = send(person, address, {**columns, **way.asked}, method=method, version=entry.version)

    assert told(answer) == (400, "invalid", [(f"#/{name}", "unknown") for name in sorted(columns)])
    assert rows() == before
