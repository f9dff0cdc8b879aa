"""The register of mines, the page of one and what a clerk says of it, and the list of duties."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role
from accounts.refusals import NotAllowed
from jurisdictions.models import OrganisationKind
from progress.gate import CITY_TIME
from projects.models import ConditionLevel
from projects.services.conditions import open_condition
from subsidence.models import Mine, Stage, TreatmentDuty
from subsidence.services import mines
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY, OTHER_TOWN
from tests.pages import signed_in
from tests.subsidence import farm

SUBSIDED = datetime.date(2025, 1, 10)
OVERDUE, AHEAD = datetime.date(2026, 2, 28), datetime.date(2026, 3, 12)
LISTS = {"mines": 8, "duties": 8, "stock_basis": 8}

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 12:00 +0800")]


def owed(due_on: datetime.date = AHEAD, of: Mine | None = None) -> TreatmentDuty:
    return farm.parcel(30, of, subsided_on=SUBSIDED, due_on=due_on).duty


def slot(**fields: Any) -> Mine:
    facts: dict[str, Any] = {
        "code": "mine-104",
        "name": "",
        "operator": None,
        "region": make.region(CITY),
        "basis": "全市111座煤矿",
    }
    return mines.register(**{**facts, **fields})


def rows(client: Client, name: str, /, **asked: str) -> list[str]:
    return [str(row) for row in client.get(reverse(name), asked).context["page"].rows]


def test_unnamed_slot_is_to_be_filled_in_and_stays_one_mine() -> None:
    mine = slot()

    assert str(mine) == "待补（mine-104）"
    assert (mine.subject.name, mine.subject.url) == ("待补（mine-104）", "/subsidence/mines/mine-104/")
    assert slot(name="另一个名字") == mine
    assert Mine.objects.get().name == ""


def test_description_reaches_subject_and_project_and_is_on_record() -> None:
    mine, clerk = slot(region=make.region(COUNTY)), make.user(Role.CLERK, COUNTY)
    farm.parcel(10, mine)
    operator = make.organisation(name="潞矿集团", kind=OrganisationKind.ENTERPRISE)

    mines.describe(
        mine=mine,
        version=1,
        name="雄山五矿",
        operator=operator,
        region=make.region(COUNTY),
        status="operating",
        by=clerk,
    )

    found = Mine.objects.select_related("subject", "project").get()
    assert (found.version, found.pinyin) == (2, "xiongshanwukuang")
    assert (found.subject.name, found.subject.organisation) == ("雄山五矿", operator)
    assert (found.project and found.project.name, found.project and found.project.owner) == (
        "雄山五矿采煤沉陷区治理",
        operator,
    )
    event = AuditEvent.objects.get(action="mine.describe")
    assert (event.before or {})["name"] == ""


def test_description_is_refused_to_outsiders_on_old_versions_and_where_parcels_lie_elsewhere() -> None:
    mine, clerk = farm.mine(), make.user(Role.CLERK, CITY)
    farm.parcel(10, mine)
    facts: dict[str, Any] = {"mine": mine, "version": 1, "name": "甲矿", "operator": None, "status": ""}
    county, other = make.region(COUNTY), make.region(OTHER_COUNTY)

    with pytest.raises(NotAllowed):
        mines.describe(**facts, region=county, by=make.user(Role.CLERK, OTHER_COUNTY))
    with pytest.raises(mines.BadPlace):
        mines.describe(**facts, region=other, by=clerk)
    with pytest.raises(mines.BadPlace):
        mines.describe(**facts, region=make.region(make.TOWN), by=clerk)
    mines.describe(**facts, region=county, by=clerk)
    with pytest.raises(mines.StaleMine):
        mines.describe(**facts, region=county, by=clerk)


def test_county_clerk_cannot_move_a_mine_out_of_his_county() -> None:
    with pytest.raises(mines.BadPlace):
        mines.describe(
            mine=farm.mine(),
            version=1,
            name="甲矿",
            operator=None,
            region=make.region(OTHER_COUNTY),
            status="",
            by=make.user(Role.CLERK, COUNTY),
        )


def test_clerk_describes_a_mine_on_its_page(client: Client) -> None:
    mine = farm.mine(name="")
    client = signed_in(client, make.user(Role.CLERK, COUNTY))
    edit = reverse("mine_edit", args=[mine.code])
    said = {"receipt": str(uuid.uuid4()), "version": "1", "name": "甲矿", "region": "上党区", "status": "operating"}

    assert edit in client.get(mine.get_absolute_url()).content.decode()
    assert client.post(edit, said).status_code == 302
    assert client.post(edit, said).status_code == 302  # sent twice, done once
    assert Mine.objects.get().name == "甲矿"

    stale = client.post(edit, {**said, "receipt": str(uuid.uuid4()), "name": "乙矿"})
    assert stale.status_code == 409
    assert "甲矿" in stale.content.decode()
    assert 'value="乙矿"' in stale.content.decode()
    wrong = client.post(edit, {**said, "receipt": str(uuid.uuid4()), "version": "2", "region": "火星"})
    assert wrong.status_code == 422


def test_mine_page_tells_duties_areas_stock_and_conditions(client: Client) -> None:
    mine = farm.mine(name="甲矿")
    farm.walk(farm.parcel(100, mine), Stage.CLOSED, 40)
    owed(OVERDUE, mine)
    at = datetime.datetime(2026, 3, 1, 6, tzinfo=CITY_TIME)
    level = ConditionLevel.WARNING
    open_condition(subject=mine.subject, kind="duty.overdue", key="1", level=level, sentence="逾期", facts={}, at=at)

    answer = signed_in(client, make.user(Role.LEADER)).get(mine.get_absolute_url())

    page = answer.content.decode()
    assert "逾期 2 天" in page
    assert answer.context["stock"] == Decimal(90)
    assert [(each.month.isoformat(), each.flow.closing) for each in answer.context["months"]] == [
        ("2025-12-01", 90),
        ("2025-02-01", 130),
    ]
    assert "没有未消除的预警" not in page


def test_mines_are_found_by_pinyin_county_status_and_duty(client: Client) -> None:
    known = farm.mine(name="雄山五矿", status="operating")
    slot(code="mine-7")
    owed(OVERDUE, known)
    client = signed_in(client, make.user(Role.LEADER))

    for asked in (
        {"search": "xswk"},
        {"region": COUNTY},
        {"status": "operating"},
        {"duty": "overdue"},
        {"name": "named"},
    ):
        assert rows(client, "mines", **asked) == ["雄山五矿"], asked
    assert rows(client, "mines", status="unknown") == ["待补（mine-7）"]
    assert len(rows(client, "mines")) == 2


def test_duties_are_listed_by_state_with_the_days_left(client: Client) -> None:
    overdue, ahead = owed(OVERDUE), owed(AHEAD)
    done = owed()
    farm.walk(done.parcel, Stage.CLOSED)
    client = signed_in(client, make.user(Role.LEADER))

    assert rows(client, "duties", state="overdue") == [str(overdue)]
    assert rows(client, "duties", state="open", sort="due_on") == [str(overdue), str(ahead)]
    assert rows(client, "duties", state="closed") == [str(done)]
    assert rows(client, "duties", mine=ahead.mine.code) == [str(ahead)]
    page = client.get(reverse("duties")).content.decode()
    assert "逾期 2 天" in page
    assert "10 天" in page


@pytest.mark.parametrize("name", LISTS)
def test_lists_ask_the_same_number_of_queries_for_three_rows(
    name: str, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(client, make.user(Role.CLERK))
    for count in (1, 2):
        for _ in range(count):
            owed()
        with django_assert_num_queries(LISTS[name]):
            client.get(reverse(name))


def test_mine_page_asks_the_same_number_of_queries_for_three_parcels(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    mine, client = farm.mine(), signed_in(client, make.user(Role.CLERK))
    for count in (1, 2):
        for _ in range(count):
            owed(of=mine)
        with django_assert_num_queries(13):
            client.get(mine.get_absolute_url())


@pytest.mark.parametrize("name", LISTS)
def test_other_counties_stay_out_of_sight(name: str, client: Client) -> None:
    farm.parcel(30, region_code=OTHER_TOWN, by=make.team(OTHER_COUNTY), subsided_on=SUBSIDED, due_on=AHEAD)

    assert rows(signed_in(client, make.user(Role.LEADER, COUNTY)), name) == []


def test_page_of_a_mine_elsewhere_is_not_found(client: Client) -> None:
    mine = farm.mine(OTHER_COUNTY)
    client = signed_in(client, make.user(Role.CLERK, COUNTY))

    assert client.get(mine.get_absolute_url()).status_code == 404
    assert client.get(reverse("mine_edit", args=[mine.code])).status_code == 404
