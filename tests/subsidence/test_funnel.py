"""The funnel by stage and use, and the places of the counties."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest

from accounts.models import Role
from progress.models import Indicator
from subsidence.figures import funnel, treatment
from subsidence.models import Origin, Parcel, Stage, SuitedUse
from subsidence.services.indicators import ensure_indicators
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY, OTHER_TOWN, VILLAGE
from tests.subsidence import farm

TODAY = datetime.date(2026, 3, 2)

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 12:00 +0800")]


def areas() -> list[funnel.Area]:
    return funnel.areas(Parcel.objects.all(), on=TODAY)


def closing() -> Indicator:
    return ensure_indicators()["subsidence-closed-existing"]


def test_uses_sum_to_the_whole_at_every_stage() -> None:
    uses = [(SuitedUse.FARM, Decimal("400.50")), (SuitedUse.WATER, Decimal("201.50"))]
    farm.registered("602.00", uses=uses)
    farm.walk(farm.parcel(180, uses=[(SuitedUse.FARM, Decimal(180))]), Stage.STARTED, 80)

    found = funnel.funnel(areas(), asked={})

    assert [use.value for use in found.uses] == ["farm", "water"]
    for step in found.steps:
        assert sum(cell.area for cell in step.cells) == step.area
    assert [step.area for step in found.steps[:4]] == [180, 80, 80, 0]


def test_cells_lead_to_the_parcels_behind_them() -> None:
    farm.parcel(10, uses=[(SuitedUse.UNKNOWN, Decimal(10))])

    [cell] = funnel.funnel(areas(), asked={"region": COUNTY}).steps[0].cells

    assert cell.url == f"/subsidence/parcels/?reached=surveyed&suited_use=unknown&region={COUNTY}"


def test_stock_of_either_origin_overdue_duties_and_pending_requests_are_counted() -> None:
    farm.walk(farm.parcel(100), Stage.CLOSED, 40)
    day = datetime.date(2025, 1, 10)
    farm.parcel(30, subsided_on=day, due_on=datetime.date(2026, 3, 1))
    waiting = farm.parcel(20, subsided_on=day, due_on=TODAY)
    farm.ask(waiting, Stage.APPROVED, 5)
    farm.ask(waiting, Stage.APPROVED, 6)

    found = funnel.holding(areas())

    assert found == funnel.Holding(
        parcels=3,
        surveyed=Decimal(150),
        closed=Decimal(40),
        existing=Decimal(60),
        new=Decimal(50),
        overdue=1,
        pending=2,
    )
    assert {area.origin for area in areas()} == {Origin.EXISTING, Origin.NEW}


def test_counties_with_equal_rates_share_a_place_and_those_without_task_have_none() -> None:
    person, indicator = make.user(), closing()
    make.duty(person, Role.LEADER, CITY)
    for code, village in ((COUNTY, VILLAGE), (OTHER_COUNTY, OTHER_TOWN)):
        make.target(indicator, "200", code)
        farm.walk(farm.parcel(100, region_code=village, by=make.team(code)), Stage.CLOSED, 50)
    for code in ("140428", "140429"):
        make.region(code)
        make.target(indicator, "200", code)

    counties = treatment.counties(treatment.line_figures(person, on=TODAY), areas(), seen=[CITY])

    places = {county.code: county.place for county in treatment.ranking(counties)}
    bands = {county.code: county.band for county in counties}
    assert places == {COUNTY: 1, OTHER_COUNTY: 1, "140428": 3, "140429": 3}
    assert (bands[COUNTY], bands["140428"], bands["140403"]) == ("from-25", "blank", "none")
    assert len(counties) == 12


def test_newly_subsided_land_pays_nothing_of_the_old_debt() -> None:
    person = make.user()
    make.duty(person, Role.LEADER, CITY)
    make.target(closing(), "200", COUNTY)
    new = farm.parcel(100, subsided_on=datetime.date(2025, 1, 10), due_on=TODAY)
    farm.walk(new, Stage.CLOSED)

    [figure] = treatment.line_figures(person, on=TODAY)

    assert figure.verified is None
