"""Money: amounts by source that are only ever added to or taken back, in all and for each 亩."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed
from projects.models import Project
from subsidence.figures.money import Money, budgets, money, summed
from subsidence.models import Funding, FundingKind, FundingSource, Parcel, Stage
from subsidence.panels.money import mine_panel, panel
from subsidence.refusals import Invalid
from subsidence.services import funding
from subsidence.services.funding import Payment
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY, VILLAGE
from tests.pages import Page, signed_in
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

D = Decimal
ON = datetime.date(2026, 3, 2)
LIST = reverse("funding_list")
PLANNED, PAID = FundingKind.PLANNED, FundingKind.PAID
ENTERPRISE, BUDGET, FUND = FundingSource
amounts = st.integers(0, 10**9).map(lambda number: D(number) / 10000)


@pytest.fixture
def land() -> Parcel:
    return farm.parcel(600)


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, COUNTY)


def record(of: Project | Parcel, by: User, amount: str | int = 300, **fields: Any) -> Funding:
    """An amount for a project or a parcel: planned from the enterprise unless told otherwise."""
    parcel = of if isinstance(of, Parcel) else None
    told = {"source": ENTERPRISE, "kind": PLANNED, "on": ON, "document": "长财资〔2026〕1号", **fields}
    project = fields.pop("project", parcel.project if parcel else of)
    told.pop("project", None)
    payment = Payment(amount=D(amount), **told)
    return funding.record(project=project, parcel=parcel, payment=payment, by=by, at=farm.AT)


def post(client: Client, address: str, **typed: Any) -> Page:
    form = {"kind": "planned", "source": "budget", "amount": "12.5", "on": "2026-03-01", "document": "a"}
    return client.post(address, {"receipt": uuid.uuid4(), **form, **typed})


def text(page: Page) -> str:
    return " ".join(BeautifulSoup(page.content, "html.parser").get_text(" ").split())


# Recording


def test_amounts_add_up_by_source_and_are_on_record(land: Parcel, clerk: User) -> None:
    made = record(land, clerk, "300.5")
    record(land, clerk, 100, kind=PAID)
    record(land, clerk, 60, source=FUND)

    found: Money = panel(land, clerk)["money"]

    assert [(line.planned, line.paid) for line in found.lines] == [(D("300.5"), 100), (0, 0), (60, 0)]
    assert (found.total.planned, found.total.paid, found.total.rate) == (D("360.5"), 100, D("27.74"))
    assert (made.recorded_by, made.parcel, made.project) == (clerk, land, land.project)
    assert AuditEvent.objects.filter(action="funding.record").count() == 3


def test_what_was_recorded_is_taken_back_but_never_more(land: Parcel, clerk: User) -> None:
    record(land, clerk, 100, kind=PAID)
    record(land.project, clerk, 50, kind=PAID)

    with pytest.raises(Invalid, match="不能冲减更多") as refused:
        record(land, clerk, "-100.01", kind=PAID)
    assert refused.value.field == "amount"
    record(land, clerk, -100, kind=PAID)
    assert panel(land, clerk)["money"].is_empty


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"amount": 0}, "amount"),
        ({"document": " "}, "document"),
        ({"kind": PAID, "on": datetime.date(2026, 3, 3)}, "on"),
    ],
)
def test_what_cannot_be_is_refused_at_its_input(land: Parcel, clerk: User, fields: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        record(land, clerk, **fields)
    assert refused.value.field == field
    assert not Funding.objects.exists()


def test_parcel_of_another_project_is_refused(land: Parcel, clerk: User) -> None:
    with pytest.raises(Invalid, match="不属于"):
        record(land, clerk, project=make.project())


def test_only_a_clerk_of_the_place_records(land: Parcel) -> None:
    people = [make.user(role) for role in (Role.VERIFIER, Role.LEADER, Role.REVIEWER)]
    elsewhere = [make.user(Role.CLERK, OTHER_COUNTY), make.user(Role.CLERK, line="water")]
    for person in (*people, *elsewhere):
        with pytest.raises(NotAllowed):
            record(land, person)
    # A town's clerk answers for the parcel that lies in his town, not for the county's project.
    town = make.user(Role.CLERK, VILLAGE[:9])
    record(land, town)
    with pytest.raises(NotAllowed):
        record(land.project, town)


# For each 亩


def test_planned_is_divided_by_what_was_surveyed_and_paid_by_what_is_treated(clerk: User) -> None:
    land = farm.parcel(600)
    record(land, clerk, 200)
    record(land, clerk, 100, kind=PAID)
    before = panel(land, clerk)["money"].total
    assert (before.planned_per_mu, before.paid_per_mu) == (D("0.3333"), None)

    farm.walk(land, Stage.FINISHED, 150)

    after = panel(land, clerk)["money"].total
    assert (after.planned_per_mu, after.paid_per_mu) == (D("0.3333"), D("0.6667"))


@given(st.lists(st.lists(amounts, min_size=6, max_size=6), min_size=1, max_size=5), amounts, amounts)
def test_total_is_the_sum_of_sources_and_of_projects(rows: list[list[D]], surveyed: D, treated: D) -> None:
    keys = [(source, kind) for source in FundingSource for kind in FundingKind]
    found = [money(dict(zip(keys, row, strict=True)), surveyed=surveyed, treated=treated) for row in rows]

    for each in found:
        assert each.total.planned == sum(line.planned for line in each.lines)
        assert each.total.paid == sum(line.paid for line in each.lines)
        if surveyed:
            assert each.total.planned_per_mu is not None
            assert abs(each.total.planned_per_mu * surveyed - each.total.planned) <= surveyed * D("0.00005")
        else:
            assert each.total.planned_per_mu is None


# Pages


def test_page_of_a_mine_tells_its_money_beside_the_investment_of_its_project(
    land: Parcel, clerk: User, client: Client
) -> None:
    record(land, clerk, 300)
    record(land.project, clerk, 200, source=FUND)
    assert land.mine
    assert mine_panel(land.mine, clerk)["budget"].money.total.planned == 500
    signed_in(client, clerk)
    address = reverse("funding", args=[land.project.code])
    assert "项目投资 待补" in text(client.get(address))

    for invested, said in (
        ("600", "计划比投资少 100.00 万元"),
        ("450", "计划超出投资 50.00 万元"),
        ("500", "与计划一致"),
    ):
        Project.objects.filter(pk=land.project_id).update(investment=D(invested))
        assert said in text(client.get(address))


def test_mine_without_a_project_has_no_money(clerk: User) -> None:
    assert mine_panel(farm.mine(), clerk) == {"budget": None, "funding": [], "may_fund": False}


@pytest.mark.parametrize("name", ["funding", "parcel_funding"])
def test_amount_is_typed_once_and_a_wrong_one_is_told_at_its_input(
    land: Parcel, clerk: User, client: Client, name: str
) -> None:
    signed_in(client, clerk)
    address = reverse(name, args=[land.project.code if name == "funding" else land.code])
    key = uuid.uuid4()
    for _click in range(2):
        assert post(client, address, receipt=key).status_code == HTTPStatus.FOUND
    made = Funding.objects.get()
    assert (made.amount, made.source, made.parcel) == (D("12.5"), "budget", land if name == "parcel_funding" else None)
    assert "12.50" in text(client.get(address))

    for typed, said in (
        ({"amount": "１２"}, "请用半角数字"),
        ({"amount": "-13"}, "不能冲减更多"),
        ({"amount": ""}, "必填"),
    ):
        page = post(client, address, **typed, document="某文号")
        assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert said in text(page)
        assert "某文号" in page.content.decode()
    assert Funding.objects.count() == 1


def test_others_read_and_those_out_of_scope_find_nothing(land: Parcel, client: Client) -> None:
    addresses = [reverse("funding", args=[land.project.code]), reverse("parcel_funding", args=[land.code])]
    signed_in(client, make.user(Role.LEADER))
    for address in addresses:
        page = client.get(address)
        assert page.status_code == HTTPStatus.OK
        assert not BeautifulSoup(page.content, "html.parser").select("main form[method=post]")
        assert post(client, address).status_code == HTTPStatus.NOT_FOUND
    signed_in(client, make.user(Role.CLERK, OTHER_COUNTY))
    for address in addresses:
        assert client.get(address).status_code == HTTPStatus.NOT_FOUND
    assert land.project.name not in text(client.get(LIST))


def test_list_sums_the_projects_of_the_line(land: Parcel, client: Client) -> None:
    city_clerk = make.user(Role.CLERK, CITY)
    other = farm.parcel(100, is_legacy=True)
    make.project(work_line="water")
    record(land, city_clerk, 300)
    record(other.project, city_clerk, 50, kind=PAID)

    page = signed_in(client, city_clerk).get(LIST)

    total: Money = page.context["total"]
    assert (total.total.planned, total.total.paid, total.total.surveyed) == (300, 50, 700)
    assert [budget.project for budget in page.context["budgets"]] == sorted(
        (land.project, other.project), key=lambda project: (project.region_id, project.code)
    )


def test_list_asks_the_same_number_of_queries_for_three_projects(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    signed_in(client, make.user(Role.LEADER))
    for more in (1, 2):
        for _ in range(more):
            record(farm.parcel(), make.user(Role.CLERK, COUNTY))
        with django_assert_num_queries(7):
            client.get(LIST)


def test_nothing_sums_to_nothing() -> None:
    assert budgets(Project.objects.none(), Parcel.objects.none()) == []
    assert summed([]).total.planned == 0
