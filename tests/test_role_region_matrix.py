"""Who gets which answer from which URL: matrix.csv, for every URL pattern, method and kind of person.

A row of the table is an address with its methods; the word in a column is the status of the answer, or `login` or
`admin` for being sent to that sign-in page. The objects lie in 上党区 on the line 国土生态修复; a column named by a
role is about whoever holds it there.
"""

from __future__ import annotations

import csv
import json
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import time_machine
from django.conf import settings
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import get_resolver, path, resolve

from accounts.models import Role, User
from jurisdictions.models import Organisation, Region, WorkLine
from progress.agenda import Report
from progress.grid.sheets import Sheet
from progress.models import EntryStatus
from progress.models.entries import EDITABLE
from projects.models import Project
from subsidence.services.seen import mark_of
from tests import factories as make
from tests.matrix_world import ABOVE, NOW, PEOPLE, Person, Work, World, fill_the_admin, start_work
from tests.pages import Page, signed_in
from tests.test_urls_protected import routes

pytestmark = pytest.mark.django_db

#: The models in the admin, by the rights that the demonstration gives its system administrator.
MODELS: dict[str, list[type[Model]]] = {"people": [User], "places": [Organisation, Region]}
MODELS["business"] = [model for model in admin.site._registry if model not in (User, Organisation, Region)]

#: What a survey found, as a program reports it.
SURVEYED = {"surveyed_area": "7", "surveyed_on": "2025-02-01", "subsided_on": "2024-06-01", "document": "摸底"}

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; "
    "font-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def table() -> list[dict[str, str]]:
    with Path(__file__).with_name("matrix.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


@pytest.fixture
def world(caplog: pytest.LogCaptureFixture) -> Iterator[World]:
    caplog.set_level("CRITICAL", "django")  # Each refusal is logged, and thousands are asked for.
    with time_machine.travel(NOW, tick=False):
        above = make.project(make.CITY, code=ABOVE, name=f"{ABOVE}治理", programme=make.programme())
        here = start_work("heron", make.TOWN, WorkLine.SUBSIDENCE, above)
        fill_the_admin(here)
        county = start_work("osprey", make.OTHER_TOWN, WorkLine.SUBSIDENCE, above)
        line = start_work("kestrel", make.TOWN, WorkLine.WATER, above)
        yield {"here": here, "other county": county, "other line": line}


class Question(NamedTuple):
    """One request for one cell of each column, and the version of the entry that it is about."""

    row: dict[str, str]
    method: str
    address: str
    version: int


def questions(world: World) -> list[Question]:
    here = world["here"]
    places: dict[str, object] = {
        "project": here.project.code,
        "target": here.target.code,
        "indicator": here.target.indicator.code,
        "region": make.COUNTY,
        "organisation": make.organisation().pk,
        "blank": here.blank.pk,
        "period": here.entries[EntryStatus.DRAFT].period_id,
        "attachment": here.evidence.attachment_id,
        "reopening": here.reopening.pk,
        "draw": here.draw.pk,
        "run": here.run.pk,
        **(
            {
                "parcel": here.land.parcel.code,
                "asked": here.land.request.pk,
                "photo": here.land.photo.pk,
                "owed": here.land.owed.code,
                "point": here.land.reading.point.code,
                "reading": here.land.reading.pk,
                "ledger": here.land.ledger.pk,
                "mine": here.mark,
            }
            if here.land
            else {}
        ),
        "message": here.people[Role.CLERK].inbox.latest("pk").pk,
        "on_site": f"{ContentType.objects.get_for_model(Project).pk}/{here.project.pk}",
        **{status.value: entry.pk for status, entry in here.entries.items()},
    }
    versions = {f"{{{status}}}": entry.version for status, entry in here.entries.items()}
    return [
        Question(row, method, address, sum(versions[word] for word in versions if word in row["address"]))
        for row in table()
        for address in addresses(row["address"], places)
        for method in row["methods"].split()
    ]


def addresses(template: str, places: dict[str, object]) -> Iterator[str]:
    """The address filled in; one of the admin, for each model that its placeholder stands for."""
    group = next((name for name in MODELS if f"{{{name}}}" in template), None)
    if group is None:
        yield template.format(**places)
        return
    for model in MODELS[group]:
        label = f"{model._meta.app_label}/{model._meta.model_name}"
        yield template.format(**{**places, group: label, "pk": model._default_manager.all()[0].pk})


def ask(client: Client, question: Question, world: World) -> Page:
    """The answer to a request that says all it must, so that nothing but who asks can stand against it."""
    row, method, address, version = question
    if address.startswith("/api/"):
        body = {
            "entries": {"series": world["here"].blank.pk, "period": "2025-03", "value": "7"},
            "{draft}": {"value": "7"},
            "return": {"reason": "请补依据"},
            "correct": {"reason": "复核测量"},
            "parcels": {**SURVEYED, "mine": world["here"].mark, "code": "TB-1", "region": make.TOWN},
            "{parcel}": {"place": "村东"},
            "stages": {"stage": "surveyed", "on": "2025-03-31", "area": "7", "document": "复测"},
        }.get(row["address"].rstrip("/").rpartition("/")[2], {})
        # What is no entry was never changed since it was made.
        seen = {"If-Match": f'"{version or 1}"'}
        return client.generic(method, address, json.dumps(body), "application/json", headers=seen)
    if method == "GET":
        return client.get(address)
    here = world["here"]
    draft = here.entries[EntryStatus.DRAFT]
    if address == "/grid/cell/":
        cell = {"receipt": str(uuid.uuid4()), "series": here.blank.pk, "period": draft.period_id, "value": "7"}
        typist = {"X-Portal-User": client.session.get("_auth_user_id", "")}
        return client.post(address, json.dumps(cell), "application/json", headers=typist)
    form = {"receipt": uuid.uuid4(), "version": version, "value": "7", "reason": "请补依据", "result": "confirmed"}
    form["drafts"] = f"{draft.pk}:{draft.version}"
    if here.land:
        form |= {"photo": here.land.photo.pk, "seen": mark_of([]), "stage": "before"}
    file = SimpleUploadedFile("验收单.pdf", make.pdf())
    return client.post(address, {**form, "evidence": here.evidence.pk, "file": file})


def answers(person: Person, world: World) -> Iterator[tuple[Question, Page]]:
    """What the person is answered, each time as if nothing had been asked before."""
    client, user = Client(), person.user(world)
    if user:
        client.force_login(user)
    cookies = {name: morsel.value for name, morsel in client.cookies.items()}
    for question in questions(world):
        client.cookies = SimpleCookie(cookies)
        with transaction.atomic():
            answer = ask(client, question, world)
            transaction.set_rollback(True)
        yield question, answer


def wrong_cells(person: Person, world: World) -> Iterator[str]:
    """The cells where the answer is not the table's, tells of what is hidden, or lacks a security header."""
    hidden = person.hidden(world)
    for question, answer in answers(person, world):
        cell = f"{person.where} {person.role}: {question.method} {question.address}"
        right = question.row[person.column]
        told, location = answer.getvalue().decode(errors="replace"), answer.headers.get("Location", "")
        word = {"/login/": "login", "/admin/login/": "admin"}.get(location.partition("?")[0])
        if word is None:
            # Whoever is sent to sign in hears no more than the address he came with.
            word, told = str(answer.status_code), told + location
        if word != right:
            yield f"{cell}: {word}, not {right}"
        yield from (f"{cell}: {word}, tells of {mark}" for mark in hidden if mark in told)
        for name, value in HEADERS.items():
            if set(answer.headers.get(name, "").split("; ")) != set(value.split("; ")):
                yield f"{cell}: {name} is {answer.headers.get(name)}"


@pytest.mark.ignore_template_errors  # Django's own page of a person leaves one undefined
@pytest.mark.parametrize("where", PEOPLE)
def test_every_cell_is_as_the_table_says(world: World, where: str) -> None:
    wrong = [cell for role in PEOPLE[where] for cell in wrong_cells(Person(role, where), world)]

    assert not wrong, "\n".join(wrong)


def test_table_forbids_nothing_that_it_should_hide() -> None:
    outside = ("other county", "other line", "no duty", "staff")
    pages = [row for row in table() if not row["address"].startswith("/admin/")]

    assert not [row["address"] for row in pages if "403" in [row[column] for column in outside]]


def missing_cells(world: World) -> set[str]:
    """The methods and names of URL patterns that no row of the table asks for."""
    matches = [(method, resolve(address.partition("?")[0])) for _row, method, address, _version in questions(world)]
    asked = {(method, match.func, match.url_name) for method, match in matches}
    return {
        f"{method} {route.name}"
        for route in routes(get_resolver())
        for match in [resolve(route.path)]
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if method in ("GET", "POST") or method.lower() in getattr(match.func, "actions", ())
        if (method, match.func, match.url_name) not in asked
    }


def forgotten(request: HttpRequest, pk: int) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("forgotten/<int:pk>/", forgotten, name="forgotten"), *get_resolver().url_patterns]


def test_table_has_a_row_for_every_url_and_method(world: World) -> None:
    assert missing_cells(world) == set()


@pytest.mark.urls(__name__)
def test_url_without_a_row_is_caught(world: World) -> None:
    assert missing_cells(world) == {"GET forgotten", "POST forgotten"}


def shown(client: Client) -> dict[str, Any]:
    """The keys in the lists of pages and API, and the counts."""

    def page(address: str, key: str = "pk") -> list[Any]:
        return sorted(getattr(row, key) for row in client.get(address).context["page"].rows)

    def api(name: str, key: str) -> list[Any]:
        return sorted(row[key] for row in client.get(f"/api/v1/{name}/").json()["results"])

    def owed(reports: list[Report]) -> list[int]:
        return sorted(report.series.pk for report in reports)

    def cells(sheet: Sheet | None) -> list[int]:
        return sorted(cell.series.pk for row in sheet.rows for cell in row.cells if cell) if sheet else []

    home, overview = client.get("/").context, client.get("/overview/").context["lines"]
    lines = client.get("/api/v1/status/summary/").json()["work_lines"]
    return {
        "projects": [page("/projects/", "code"), api("projects", "code")],
        "entries": [page("/entries/"), api("entries", "id")],
        "ledger": page("/ledger/", "series_id"),
        "targets": [[figure.target.code for _line, found in overview for figure in found], api("targets", "code")],
        "series": [page("/entries/new/"), api("series", "id")],
        "waiting": [page("/review/"), home["to_review"], home["to_verify"]],
        "typing": home["typing"] and [home["typing"]["waiting"], owed(home["typing"]["reports"])],
        "tasks": owed(client.get("/tasks/?state=all").context["reports"]),
        "grid": cells(client.get("/grid/").context["sheet"]),
        "reopened": [each.reopening.pk for each in client.get("/periods/").context["standing"]],
        "summary": {
            line["work_line"]: [len(line["targets"]), *line["entries"].values()]
            for line in lines
            if line["targets"] or any(line["entries"].values())
        },
    }


def due(person: Person, work: Work | None) -> dict[str, Any]:
    """What `shown` should come to: of one's own work all, one entry in each status, and nothing else."""
    nothing: dict[str, Any] = {name: [[], []] for name in ("projects", "entries", "targets", "series")}
    if work is None:
        nothing |= {"ledger": [], "grid": []}
        return nothing | {"waiting": [[], None, None], "typing": None, "tasks": [], "reopened": [], "summary": {}}
    is_clerk, entries = person.role == Role.CLERK, work.entries
    series = sorted([work.blank.pk, *(entry.series_id for entry in entries.values())])
    desk = [entries[status].series_id for status in EDITABLE]
    waiting: dict[str, list[Any]] = {
        Role.REVIEWER: [[entries[EntryStatus.SUBMITTED].pk], 1, None],
        Role.VERIFIER: [[entries[EntryStatus.REVIEWED].pk], None, 1],
    }
    return {
        "projects": [[work.mark]] * 2,
        "entries": [sorted(entry.pk for entry in entries.values())] * 2,
        "ledger": series,
        "targets": [[work.target.code]] * 2,
        "series": [series if is_clerk else [], series],
        "waiting": waiting.get(person.role, [[], None, None]),
        "typing": [3, sorted([work.blank.pk, *desk])] if is_clerk else None,
        "tasks": series if is_clerk else [],
        "grid": series if is_clerk else [],
        "reopened": [work.reopening.pk],
        "summary": {work.project.work_line: [1] * (1 + len(EntryStatus))},
    }


def test_lists_and_counts_hold_what_is_visible_and_no_more(world: World, client: Client) -> None:
    for person in [Person(role, where) for where, roles in PEOPLE.items() for role in roles]:
        if user := person.user(world):
            assert shown(signed_in(client, user)) == due(person, world.get(person.where)), person


def test_amounts_of_a_county_are_those_of_ones_own_line(world: World, client: Client) -> None:
    for work in (world["here"], world["other line"]):
        answer = signed_in(client, work.people[Role.LEADER]).get(f"/api/v1/rollups/?region={make.COUNTY}").json()

        assert [line["indicator"]["code"] for line in answer["results"]] == [work.target.indicator.code]


def test_no_url_takes_a_change_without_its_own_token(world: World) -> None:
    client = signed_in(Client(enforce_csrf_checks=True), world["here"].people[Role.CLERK])
    client.get("/")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    elsewhere = {"X-CSRFToken": token, "Origin": "https://elsewhere.example"}

    taken = [
        f"{question.method} {question.address} {headers}"
        for question in questions(world)
        for headers in ({}, {"X-CSRFToken": "x" * len(token)}, elsewhere)
        if question.method != "GET"
        if client.generic(question.method, question.address, headers=headers).status_code != HTTPStatus.FORBIDDEN
    ]
    own = client.post("/i18n/", headers={"X-CSRFToken": token})

    assert taken == []
    assert own.status_code == HTTPStatus.FOUND


def test_nothing_read_by_a_signed_in_person_may_be_stored(world: World, client: Client) -> None:
    signed_in(client, world["here"].people[Role.CLERK])
    pages = [question.address for question in questions(world) if question.method == "GET"]

    stored = [page for page in pages if "no-store" not in client.get(page).headers.get("Cache-Control", "")]

    assert stored == []
