"""The pages on which a ledger of parcels is sent, previewed, confirmed and taken back."""

from __future__ import annotations

import io
import uuid
from http import HTTPStatus

import openpyxl
import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role
from subsidence.models import Mine, Parcel, ParcelImport
from tests import factories as make
from tests.factories import VILLAGE, Team
from tests.pages import signed_in
from tests.subsidence import farm, ledgers
from tests.subsidence.ledgers import received, row, saved

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]


@pytest.fixture
def team() -> Team:
    farm.cut_off()
    make.region(VILLAGE)
    return make.team()


@pytest.fixture
def mine() -> Mine:
    return farm.mine(code="heron")


def test_clerk_sends_looks_confirms_and_takes_back(client: Client, team: Team, mine: Mine) -> None:
    signed_in(client, team.clerk)
    file = ledgers.upload(ledgers.as_xlsx([row("TB-1", mine), row("TB-2")]))

    sent = client.post(reverse("parcel_imports"), {"receipt": uuid.uuid4(), "file": file}, follow=True)
    assert "TB-1" in sent.content.decode()
    assert not Parcel.objects.exists()

    run = ParcelImport.objects.get()
    for step, count in (("recheck", 0), ("confirm", 2), ("undo", 0)):
        answer = client.post(reverse("parcel_import_step", args=[run.pk, step]), {"receipt": uuid.uuid4()})
        assert answer.headers["Location"] == reverse("parcel_import", args=[run.pk])
        assert Parcel.objects.count() == count


def test_confirming_twice_registers_once(client: Client, team: Team, mine: Mine) -> None:
    run, receipt = received([row("TB-1", mine)], team.clerk), uuid.uuid4()
    signed_in(client, team.clerk)

    answers = [
        client.post(reverse("parcel_import_step", args=[run.pk, "confirm"]), {"receipt": receipt}) for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [HTTPStatus.FOUND] * 2
    assert Parcel.objects.count() == 1


def test_faults_are_called_as_the_file_calls_them(client: Client, team: Team, mine: Mine) -> None:
    run = received([row("TB-1", mine), row("TB-2", mine, surveyed_area="")], team.clerk)
    signed_in(client, team.clerk)

    page = client.get(reverse("parcel_import", args=[run.pk]))
    refused = client.post(reverse("parcel_import_step", args=[run.pk, "confirm"]), {"receipt": uuid.uuid4()})

    text = BeautifulSoup(page.content, "html.parser").select_one("td.reason")
    assert text is not None and "E5 勘测面积（亩）" in text.get_text()
    assert "确认导入" not in page.content.decode()
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "还有 1 行有误或冲突" in refused.content.decode()


def test_change_is_shown_beside_what_stands(client: Client, team: Team, mine: Mine) -> None:
    saved([row("TB-1", mine, suited_use="宜水")], team.clerk)
    run = received([row("TB-1", mine, suited_use="宜林", tilt="3.50")], team.clerk)

    page = signed_in(client, team.clerk).get(reverse("parcel_import", args=[run.pk])).content

    changes = [line.get_text(strip=True) for line in BeautifulSoup(page, "html.parser").select("td.reason div")]
    assert changes == ["适宜用途：宜水→宜林", "倾斜（mm/m）：待补→3.5"]


def test_unfit_file_is_told_at_its_field(client: Client, team: Team) -> None:
    signed_in(client, team.clerk)
    file = ledgers.upload(b"a,b\n1,=2\n", "图斑.xls")

    page = client.post(reverse("parcel_imports"), {"receipt": uuid.uuid4(), "file": file})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "XLS" in page.context["form"].errors["file"][0]


@pytest.mark.parametrize(
    ("query", "codes"), [("", []), ("?filled", ["TB-1", "TB-2"]), ("?filled&search=TB-2", ["TB-2"])]
)
def test_sheet_comes_empty_or_filled(client: Client, team: Team, mine: Mine, query: str, codes: list[str]) -> None:
    saved([row("TB-1", mine), row("TB-2", mine)], team.clerk)

    answer = signed_in(client, team.clerk).get(reverse("parcel_import_sheet") + query)

    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    assert [line[0].value for line in book.active.iter_rows(min_row=4) if line[0].value] == codes
    assert AuditEvent.objects.filter(action="export").count() == bool(query)


def test_errors_come_as_a_workbook(client: Client, team: Team) -> None:
    run = received([row("TB-1", surveyed_area="")], team.clerk)

    answer = signed_in(client, team.clerk).get(reverse("parcel_import_errors", args=[run.pk]))

    assert "filename*=utf-8''" in answer.headers["Content-Disposition"]
    assert answer.getvalue().startswith(b"PK")


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_ask_the_same_number_of_queries_for_three_rows(
    client: Client, team: Team, mine: Mine, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    signed_in(client, team.clerk)
    for _ in range(rows):
        saved([row(f"TB-{number}", mine, place=str(_)) for number in range(rows)], team.clerk)
    run = received([row(f"TB-{number}", mine, place="x") for number in range(rows)], team.clerk)

    with django_assert_num_queries(5):
        client.get(reverse("parcel_imports"))
    with django_assert_num_queries(6):
        client.get(reverse("parcel_import", args=[run.pk]))


def test_others_know_nothing_of_an_import(client: Client, team: Team) -> None:
    run = received([row("TB-1")], team.clerk)
    signed_in(client, make.user(Role.VERIFIER))

    for name in ("parcel_import", "parcel_import_errors"):
        assert client.get(reverse(name, args=[run.pk])).status_code == HTTPStatus.NOT_FOUND
    assert client.get(reverse("parcel_imports")).context["may_import"] is False


def test_sheet_is_filled_with_what_one_may_change(client: Client, team: Team, mine: Mine) -> None:
    saved([row("TB-1", mine)], team.clerk)

    answer = signed_in(client, team.verifier).get(reverse("parcel_import_sheet") + "?filled")

    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    assert book.active["A4"].value is None
