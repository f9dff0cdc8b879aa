"""The life of a parcel: asked for by one, approved by another, posted, and never more than there is."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEvent, Role
from accounts.refusals import NotAllowed, Refused
from progress.models import IndicatorKind, ProgressEntry, Series, SeriesOrigin
from progress.rollups import Ask, totals
from subsidence.models import (
    Movement,
    Parcel,
    ParcelStage,
    RequestStatus,
    Settlement,
    Stage,
    StageRequest,
    StockMovement,
    SuitedUse,
    TreatmentDuty,
)
from subsidence.refusals import (
    AlreadyDecided,
    AreaTooLarge,
    Invalid,
    NoCutOff,
    NotSettled,
    SamePerson,
    StageSkipped,
    StillNeeded,
    SumDiffers,
    TakenCode,
    TooEarly,
)
from subsidence.services import indicators, parcels, stages
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY, VILLAGE
from tests.subsidence import farm
from tests.subsidence.farm import AT, CUT_OFF, DAYS

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

D = Decimal
DAY = datetime.timedelta(days=1)


def posted(stage: Stage, origin: str = "existing", region: str = CITY) -> Decimal:
    """What a region has of a stage, by the same read that every page uses."""
    code = f"subsidence-{stage.value.replace('_', '-')}-{origin}"
    indicator = indicators.ensure_indicators()[code]
    return totals([Ask(indicator=indicator.pk, region=region)])[0].amount


def test_a_parcel_has_no_area_until_another_person_approved_its_survey() -> None:
    team = make.team(COUNTY)
    parcel = farm.registered(602, by=team)
    assert (parcel.surveyed_area, posted(Stage.SURVEYED)) == (0, 0)

    stages.approve(request=StageRequest.objects.get(parcel=parcel), by=team.reviewer, at=AT)

    parcel.refresh_from_db()
    assert (parcel.surveyed_area, posted(Stage.SURVEYED)) == (602, 602)


def test_a_whole_life_moves_every_area_and_the_city_figure() -> None:
    parcel = farm.walk(farm.parcel(602), Stage.CLOSED)

    assert {getattr(parcel, stage.area_field) for stage in Stage if stage != Stage.TENDED} == {602}
    assert posted(Stage.CLOSED) == posted(Stage.CLOSED, region=VILLAGE) == 602
    assert posted(Stage.CLOSED, "new") == 0
    series = Series.objects.get(indicator__code="subsidence-closed-existing")
    assert (series.origin, series.region_id, series.project) == (SeriesOrigin.DERIVED, VILLAGE, parcel.project)
    assert series.indicator.kind == IndicatorKind.FLOW


def test_each_step_is_posted_in_the_month_of_its_day_by_its_two_people() -> None:
    team = make.team(COUNTY)
    parcel = farm.parcel(602, by=team)
    step = farm.step(parcel, Stage.APPROVED, 600, by=team)

    entry = ProgressEntry.objects.get(fact=f"parcel-stage:{step.pk}")
    assert (entry.value, entry.period.end_on) == (600, datetime.date(2025, 3, 31))
    assert (entry.entered_by, entry.verified_by) == (team.clerk, team.verifier)
    assert AuditEvent.objects.filter(action="stage.approve", object_id=str(step.pk)).exists()


def test_as_the_article_has_it_180_are_done_and_422_close_it() -> None:
    parcel = farm.parcel(602)
    farm.step(parcel, Stage.APPROVED, 602)
    for stage in (Stage.STARTED, Stage.FINISHED, Stage.SELF_CHECKED, Stage.ACCEPTED):
        farm.step(parcel, stage, 180)
    for stage in (Stage.STARTED, Stage.FINISHED, Stage.SELF_CHECKED):
        farm.step(parcel, stage, 422, DAYS[Stage.SELF_CHECKED])
    assert posted(Stage.ACCEPTED) == 180

    with pytest.raises(AreaTooLarge, match=r"422\.00"):
        farm.ask(parcel, Stage.ACCEPTED, "422.01")
    farm.step(parcel, Stage.ACCEPTED, "422.00")

    assert posted(Stage.ACCEPTED) == 602


def test_what_others_already_ask_for_is_not_left() -> None:
    parcel = farm.parcel(602)
    farm.ask(parcel, Stage.APPROVED, 500)

    with pytest.raises(AreaTooLarge, match=r"102\.00"):
        farm.ask(parcel, Stage.APPROVED, 103)


def test_a_stage_cannot_be_skipped() -> None:
    parcel = farm.parcel(602)
    with pytest.raises(StageSkipped, match="立项"):
        farm.ask(parcel, Stage.STARTED, 10)


def test_a_stage_cannot_come_before_the_one_before() -> None:
    parcel = farm.parcel(602)
    farm.step(parcel, Stage.APPROVED, 602)
    with pytest.raises(TooEarly, match="2025-03-01") as refused:
        farm.ask(parcel, Stage.STARTED, 10, DAYS[Stage.APPROVED] - DAY)
    assert refused.value.field == "on"


def test_land_is_struck_off_only_after_thirty_days_in_public() -> None:
    parcel = farm.walk(farm.parcel(602), Stage.PUBLISHED)
    first = DAYS[Stage.PUBLISHED] + 30 * DAY
    with pytest.raises(TooEarly, match=f"{first:%F}.*30"):
        farm.ask(parcel, Stage.CLOSED, 602, first - DAY)
    farm.step(parcel, Stage.CLOSED, 602, first)


def test_moving_land_is_not_accepted() -> None:
    parcel = farm.walk(farm.parcel(10, settlement=Settlement.ACTIVE), Stage.SELF_CHECKED)
    with pytest.raises(NotSettled):
        farm.ask(parcel, Stage.ACCEPTED, 10)
    with pytest.raises(IntegrityError), transaction.atomic():
        Parcel.objects.update(accepted_area=10)


@pytest.mark.parametrize(
    ("area", "on", "field"),
    [("0", DAYS[Stage.APPROVED], "area"), ("-5", DAYS[Stage.APPROVED], "area"), ("5", AT.date() + DAY, "on")],
)
def test_what_cannot_be_is_refused_at_its_input(area: str, on: datetime.date, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        farm.ask(farm.parcel(10), Stage.APPROVED, area, on)
    assert refused.value.field == field


def test_whoever_asked_does_not_approve() -> None:
    request = farm.ask(farm.parcel(10), Stage.APPROVED, 10)
    make.duty(request.recorded_by, Role.REVIEWER, COUNTY)
    request.recorded_by.__dict__.pop("_duties", None)

    with pytest.raises(SamePerson):
        stages.approve(request=request, by=request.recorded_by, at=AT)


def test_the_database_refuses_one_person_for_both_too() -> None:
    step = farm.step(farm.parcel(10), Stage.APPROVED, 5)
    alone = {"recorded_by": step.recorded_by, "approved_by": step.recorded_by, "recorded_at": AT}
    with pytest.raises(IntegrityError), transaction.atomic():
        ParcelStage.objects.create(parcel=step.parcel, stage=Stage.APPROVED, on=step.on, area=5, **alone)


def test_the_city_accepts_and_the_county_may_not() -> None:
    team = make.team(COUNTY)
    parcel = farm.walk(farm.parcel(10, by=team), Stage.SELF_CHECKED, by=team)
    request = farm.ask(parcel, Stage.ACCEPTED, 10, by=team.clerk)

    with pytest.raises(NotAllowed):
        stages.approve(request=request, by=team.reviewer, at=AT)
    stages.approve(request=request, by=team.verifier, at=AT)


def test_another_county_can_neither_ask_nor_approve() -> None:
    strangers = make.team(OTHER_COUNTY)
    parcel = farm.parcel(10)
    request = farm.ask(parcel, Stage.APPROVED, 10)

    with pytest.raises(NotAllowed):
        farm.ask(parcel, Stage.APPROVED, 1, by=strangers.clerk)
    with pytest.raises(NotAllowed):
        stages.approve(request=request, by=strangers.reviewer, at=AT)
    assert not Parcel.objects.visible_to(strangers.clerk).exists()


def test_approving_twice_counts_once() -> None:
    team = make.team(COUNTY)
    request = farm.ask(farm.parcel(10, by=team), Stage.APPROVED, 10, by=team.clerk)
    stages.approve(request=request, by=team.reviewer, at=AT)

    with pytest.raises(AlreadyDecided):
        stages.approve(request=request, by=team.verifier, at=AT)
    assert posted(Stage.APPROVED) == 10


def test_returned_and_withdrawn_requests_leave_the_area_free() -> None:
    team = make.team(COUNTY)
    parcel = farm.parcel(10, by=team)
    returned = farm.ask(parcel, Stage.APPROVED, 10, by=team.clerk)
    stages.send_back(request=returned, reason="文号有误", by=team.reviewer, at=AT)
    withdrawn = farm.ask(parcel, Stage.APPROVED, 10, by=team.clerk)
    with pytest.raises(NotAllowed):
        stages.withdraw(request=withdrawn, by=team.reviewer, at=AT)
    stages.withdraw(request=withdrawn, by=team.clerk, at=AT)

    farm.step(parcel, Stage.APPROVED, 10)
    assert set(parcel.requests.filter(stage=Stage.APPROVED).values_list("status", flat=True)) == {
        RequestStatus.RETURNED,
        RequestStatus.WITHDRAWN,
        RequestStatus.APPROVED,
    }


def test_a_reason_is_needed_to_send_back() -> None:
    with pytest.raises(Invalid) as refused:
        request = farm.ask(farm.parcel(10), Stage.APPROVED, 10)
        stages.send_back(request=request, reason=" ", by=make.team(COUNTY).reviewer, at=AT)
    assert refused.value.field == "reason"


def test_a_step_is_taken_back_in_red_and_the_ledger_shows_both() -> None:
    parcel = farm.parcel(10)
    step = farm.step(parcel, Stage.APPROVED, 10)

    farm.reversal(step)

    parcel.refresh_from_db()
    assert (parcel.approved_area, posted(Stage.APPROVED)) == (0, 0)
    values = ProgressEntry.objects.filter(fact__startswith="parcel-stage", series__indicator__code__contains="approved")
    assert set(values.values_list("value", flat=True)) == {-10, 10}
    with pytest.raises(Invalid):
        farm.reversal(step)


def test_a_step_that_later_ones_rest_on_is_not_taken_back() -> None:
    parcel = farm.parcel(10)
    step = farm.step(parcel, Stage.APPROVED, 10)
    farm.step(parcel, Stage.STARTED, 4)
    with pytest.raises(StillNeeded, match="开工"):
        farm.reversal(step)


def test_a_survey_may_find_less_but_not_less_than_was_approved() -> None:
    parcel = farm.parcel(10)
    farm.step(parcel, Stage.APPROVED, 8)
    farm.step(parcel, Stage.SURVEYED, -2, DAYS[Stage.APPROVED])
    with pytest.raises(StillNeeded):
        farm.ask(parcel, Stage.SURVEYED, "-0.01", DAYS[Stage.APPROVED])

    kinds = StockMovement.objects.order_by("step_id").values_list("kind", "area")
    assert list(kinds) == [(Movement.FOUND, 10), (Movement.RESURVEYED, -2)]


def test_the_chain_refuses_to_be_changed() -> None:
    step = farm.step(farm.parcel(10), Stage.APPROVED, 5)
    for change in (lambda: ParcelStage.objects.update(area=6), lambda: step.delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    with pytest.raises(IntegrityError), transaction.atomic():
        StageRequest.objects.update(area=6)


def test_areas_out_of_order_are_refused_by_the_database() -> None:
    farm.parcel(10)
    with pytest.raises(IntegrityError), transaction.atomic():
        Parcel.objects.update(closed_area=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        Parcel.objects.update(approved_area=D("10.0001"))


def test_newly_subsided_land_comes_with_a_duty_until_all_of_it_is_struck_off() -> None:
    due = datetime.date(2026, 6, 30)
    parcel = farm.parcel(10, subsided_on=CUT_OFF, surveyed_on=datetime.date(2025, 2, 1), due_on=due)
    duty = TreatmentDuty.objects.get(parcel=parcel)
    assert (duty.mine, duty.opened_on, duty.due_on, duty.closed_on) == (parcel.mine, CUT_OFF, due, None)

    farm.walk(parcel, Stage.CLOSED)

    duty.refresh_from_db()
    assert duty.closed_on == DAYS[Stage.CLOSED]
    assert (posted(Stage.CLOSED, "new"), posted(Stage.CLOSED)) == (10, 0)


def test_newly_subsided_land_without_a_deadline_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        farm.registered(10, subsided_on=CUT_OFF)
    assert refused.value.field == "due_on"
    assert not Parcel.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_newly_subsided_land_without_a_duty_is_refused_by_the_database() -> None:
    parcel = farm.registered(10, subsided_on=CUT_OFF, due_on=datetime.date(2026, 6, 30))
    with pytest.raises(IntegrityError):
        TreatmentDuty.objects.filter(parcel=parcel).delete()
    assert TreatmentDuty.objects.exists()


def test_the_day_before_the_cut_off_is_existing_stock() -> None:
    assert farm.registered(10, subsided_on=CUT_OFF - DAY).origin == "existing"


def test_without_a_cut_off_nobody_can_say_what_is_new() -> None:
    team = make.team(COUNTY)
    survey = parcels.Survey(D(10), [], AT.date(), "文号")
    with pytest.raises(NoCutOff):
        parcels.register(
            code="TB-1",
            mine=farm.mine(),
            region=make.region(VILLAGE),
            survey=survey,
            subsided_on=CUT_OFF,
            by=team.clerk,
            at=AT,
        )


def test_newly_subsided_land_has_a_mine() -> None:
    with pytest.raises(Invalid) as refused:
        farm.registered(10, is_legacy=True, subsided_on=CUT_OFF, due_on=AT.date())
    assert refused.value.field == "mine"


def test_land_of_unknown_date_is_the_countys_and_existing() -> None:
    parcel = farm.parcel(10, is_legacy=True, subsided_on=None)
    assert (parcel.origin, parcel.holder, parcel.project.code) == (
        "existing",
        "历史遗留",
        f"subsidence-legacy-{COUNTY}",
    )


def test_two_mines_cannot_claim_one_parcel() -> None:
    holder = farm.registered(10, code="TB-1").mine
    with pytest.raises(TakenCode, match=str(holder)):
        farm.registered(10, code="TB-1")


def test_the_parts_by_use_are_parcels_that_sum_to_the_survey() -> None:
    uses = [(SuitedUse.FARM, D("300.01")), (SuitedUse.WATER, D("301.99"))]
    farm.parcel(602, code="TB-9", uses=uses)
    made = Parcel.objects.filter(site="TB-9").order_by("code")
    assert [each.code for each in made] == ["TB-9-1", "TB-9-2"]
    assert sum(each.requests.get().area for each in made) == 602


def test_parts_by_use_that_do_not_sum_are_refused_with_the_difference() -> None:
    with pytest.raises(SumDiffers, match=r"相差 0\.01 亩"):
        farm.registered(602, uses=[(SuitedUse.FARM, D("601.99"))])


@pytest.mark.django_db(transaction=True)
def test_two_people_cannot_both_approve_the_last_of_an_area() -> None:
    """Whatever the order, what was asked for twice by way of two days is taken once."""
    team, others = make.team(COUNTY), make.team(COUNTY)
    parcel = farm.parcel(10, by=team)
    first = farm.ask(parcel, Stage.APPROVED, 10, by=team.clerk)
    stages.withdraw(request=first, by=team.clerk, at=AT)
    wanted = [farm.ask(parcel, Stage.APPROVED, 5, by=team.clerk), farm.ask(parcel, Stage.APPROVED, 5, by=team.clerk)]
    again = [*wanted, *wanted]

    def approve(number: int) -> str:
        try:
            by = (team.reviewer, others.reviewer)[number % 2]
            stages.approve(request=again[number], by=by, at=AT)
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return "approved"

    with ThreadPoolExecutor(4) as pool:
        told = sorted(pool.map(approve, range(4)))

    assert told == ["already_decided", "already_decided", "approved", "approved"]
    assert Parcel.objects.get(pk=parcel.pk).approved_area == 10
