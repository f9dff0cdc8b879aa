"""What a stage requires: photos when it is asked for; every item of quality measured and passed when it is approved."""

from __future__ import annotations

import datetime
from decimal import Decimal
from http import HTTPStatus

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role
from accounts.refusals import NotAllowed
from subsidence.models import (
    LandClass,
    Moment,
    Parcel,
    ParcelPhoto,
    QualityLimit,
    QualityResult,
    Stage,
    StageRequest,
    SuitedUse,
)
from subsidence.panels.works import quality_panel
from subsidence.refusals import AlreadyDecided, Incomplete, Invalid
from subsidence.services import quality, requirements, stages, standards, works
from subsidence.services.quality import NothingToMeasure
from subsidence.services.seen import Overtaken
from subsidence.services.works import Content
from tests import factories as make
from tests.factories import CITY, OTHER_COUNTY, Team
from tests.pages import Page, signed_in
from tests.subsidence import farm
from tests.subsidence.farm import AT, DAYS

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

D = Decimal
#: Every item of dry farmland at its limit.
GOOD = {
    "slope": "25",
    "soil_depth": "80",
    "bulk_density": "1.45",
    "gravel": "10",
    "ph": "8.5",
    "organic": "0.5",
    "ec": "2",
}


@pytest.fixture(autouse=True)
def _standards(db: None) -> None:
    standards.load()


@pytest.fixture
def team(db: None) -> Team:
    return make.team()


def farmland(team: Team, use: SuitedUse = SuitedUse.FARM, **fields: object) -> Parcel:
    return farm.parcel(100, by=team, uses=[(use, D(100))], **fields)


@pytest.fixture
def request_(team: Team) -> StageRequest:
    """That a hundred 亩 of farmland, dry before, be accepted."""
    parcel = farm.walk(farmland(team), Stage.SELF_CHECKED, by=team)
    return farm.ask(parcel, Stage.ACCEPTED, 100, by=team.clerk)


def measure(request: StageRequest, team: Team, **values: str | None) -> list[QualityResult]:
    measured = {item: value and D(value) for item, value in values.items()}
    seen = quality.seen_of(request.results.all())
    return quality.record(request=request, values=measured, seen=seen, by=team.clerk, at=AT)  # type: ignore[arg-type]


def refusal(request: StageRequest, team: Team) -> str:
    with pytest.raises(Incomplete) as refused:
        stages.approve(request=request, by=team.verifier, at=AT)
    return str(refused.value)


# Photos


@pytest.mark.parametrize(
    ("stage", "moment", "said"),
    [
        (Stage.STARTED, Moment.BEFORE, "“开工”须有治理前照片"),
        (Stage.FINISHED, Moment.DURING, "“完工”须有治理中照片"),
        (Stage.SELF_CHECKED, Moment.AFTER, "“县级自验”须有治理后照片"),
        (Stage.ACCEPTED, Moment.AFTER, "“市级验收”须有治理后照片"),
    ],
)
def test_stage_is_not_asked_for_without_its_photo(team: Team, stage: Stage, moment: Moment, said: str) -> None:
    before = list(Stage)[list(Stage).index(stage) - 1]
    parcel = farm.walk(farm.parcel(100, by=team), before, by=team)
    ParcelPhoto.objects.filter(parcel=parcel, moment=moment).delete()

    with pytest.raises(Incomplete, match=said):
        stages.ask(
            parcel=parcel, stage=stage, on=DAYS[stage], area=D(100), document="文〔2025〕1号", by=team.clerk, at=AT
        )


@pytest.mark.parametrize("stage", [Stage.APPROVED, Stage.PUBLISHED, Stage.CLOSED])
def test_other_stages_need_none(team: Team, stage: Stage) -> None:
    assert requirements.missing(farmland(team), stage, D(100)) == []


# Works


def test_land_is_not_finished_whole_while_a_recorded_work_is_open(team: Team) -> None:
    parcel = farm.walk(farmland(team), Stage.STARTED, by=team)
    done, open_ = Content(done_on=datetime.date(2025, 4, 2)), Content(planned_on=datetime.date(2025, 5, 1))
    needless = Content(quantity=D(0), unit="m³", note="不缺土")
    said = {"strip_topsoil": done, "fill": needless, "drainage": open_}
    works.record(parcel=parcel, works=said, seen=works.seen_of({}), by=team.clerk, at=AT)

    assert requirements.missing(parcel, Stage.FINISHED, D(99)) == []
    assert requirements.missing(parcel, Stage.FINISHED, D(100)) == [
        "工序“给水排水”还没有登记实际完成日期，不能全部完工"
    ]


# Quality


def test_nothing_is_accepted_unmeasured(request_: StageRequest, team: Team) -> None:
    said = refusal(request_, team).split("；")

    assert len(said) == 7
    assert said[0] == "地面坡度未检测（须 ≤ 25 °）"


def test_accepted_once_every_item_is_measured_and_at_least_at_its_limit(request_: StageRequest, team: Team) -> None:
    measure(request_, team, **GOOD)

    stages.approve(request=request_, by=team.verifier, at=AT)

    assert Parcel.objects.get(pk=request_.parcel_id).accepted_area == 100


def test_failed_items_are_listed_to_be_put_right(request_: StageRequest, team: Team) -> None:
    measure(request_, team, **{**GOOD, "organic": "0.499", "ph": "8.6", "ec": None})

    said = refusal(request_, team)

    assert "有机质 0.499 %，不合格（须 ≥ 0.5 %，依据：TD/T 1036-2013" in said
    assert "pH 8.6，不合格（须 6–8.5，依据" in said
    assert "电导率未检测（须 ≤ 2 dS/m）" in said
    assert request_.results.count() == 6


def test_limits_are_kept_as_they_were_that_day(request_: StageRequest, team: Team) -> None:
    measure(request_, team, **GOOD)
    stages.approve(request=request_, by=team.verifier, at=AT)
    QualityLimit.objects.filter(item="ph").update(at_most=D("8.0"), source="新标准")

    [check] = quality_panel(request_.parcel, team.clerk)["checks"]
    ph = next(item for item in check.items if item.name == "pH")
    assert (ph.limits, ph.result and ph.result.is_passed, "TD/T 1036-2013" in ph.source) == ("6–8.5", True, True)
    assert (check.passed, check.failed, check.unmeasured) == (7, 0, 0)


def test_other_limits_meanwhile_ask_for_another_look(request_: StageRequest, team: Team) -> None:
    measure(request_, team, **GOOD)
    QualityLimit.objects.filter(land="dry", item="ph").update(at_most=D("8.0"))

    assert refusal(request_, team) == "pH的要求在检测登记后有变，请重新保存检测结果"
    measure(request_, team, **GOOD)
    assert "pH 8.5" in refusal(request_, team)


@pytest.mark.parametrize(
    ("use", "land", "items"),
    [
        (SuitedUse.FARM, LandClass.IRRIGATED, 5),
        (SuitedUse.ORCHARD, LandClass.DRY, 3),
        (SuitedUse.FOREST, LandClass.FOREST, 4),
        (SuitedUse.GRASS, LandClass.GRASS, 2),
        (SuitedUse.WATER, LandClass.DRY, 0),
        (SuitedUse.BUILT, LandClass.BUILT, 0),
    ],
)
def test_each_use_is_measured_by_its_own_items(team: Team, use: SuitedUse, land: LandClass, items: int) -> None:
    request = StageRequest(parcel=farmland(team, use, land_before=land), stage=Stage.ACCEPTED, on=DAYS[Stage.ACCEPTED])
    farm.photograph(request.parcel, team.clerk)
    request.pk = 0

    assert len(requirements.missing(request.parcel, Stage.ACCEPTED, D(100), request=request)) == items


def test_land_of_unknown_use_is_not_accepted_until_its_use_is_said(team: Team) -> None:
    parcel = farm.walk(farmland(team, SuitedUse.UNKNOWN), Stage.SELF_CHECKED, by=team)

    with pytest.raises(Incomplete, match="适宜用途待补"):
        farm.ask(parcel, Stage.ACCEPTED, 100, by=team.clerk)


def test_without_limits_in_force_nothing_is_accepted(request_: StageRequest, team: Team) -> None:
    QualityLimit.objects.all().delete()

    assert refusal(request_, team) == "当日没有施行的质量要求，无法判定是否合格"


# Who measures, and when


def test_only_its_clerk_measures_and_only_while_it_is_pending(request_: StageRequest, team: Team) -> None:
    for person in (team.reviewer, team.verifier, make.user(Role.CLERK, OTHER_COUNTY)):
        with pytest.raises(NotAllowed):
            quality.record(request=request_, values={}, seen=quality.seen_of([]), by=person, at=AT)
    stages.withdraw(request=request_, by=team.clerk, at=AT)
    with pytest.raises(AlreadyDecided):
        measure(request_, team, **GOOD)


def test_other_stages_uses_and_items_have_nothing_to_measure(request_: StageRequest, team: Team) -> None:
    started = farm.parcel(100, by=team)
    other = farm.ask(started, Stage.APPROVED, 100, by=team.clerk)

    with pytest.raises(NothingToMeasure):
        measure(other, team, ph="7")
    with pytest.raises(Invalid):
        measure(request_, team, canopy="0.3")


def test_measurements_are_on_record_and_not_overwritten_unseen(request_: StageRequest, team: Team) -> None:
    measure(request_, team, ph="7")
    measure(request_, team, ph="7.2", ec="1.5")

    told = AuditEvent.objects.filter(action="quality.record").order_by("pk").last()
    assert told and told.before == {"ph": {"value": "7.000", "is_passed": True}}
    with pytest.raises(Overtaken):
        quality.record(request=request_, values={}, seen=quality.seen_of([]), by=team.clerk, at=AT)


# The page


def sent(page: Page) -> dict[str, str]:
    inputs = BeautifulSoup(page.content, "html.parser").select("main form input")
    return {str(each["name"]): str(each.get("value", "")) for each in inputs if each["name"] != "csrfmiddlewaretoken"}


def test_clerk_measures_on_the_page_of_the_request(request_: StageRequest, team: Team, client: Client) -> None:
    url = reverse("request_quality", args=[request_.pk])
    signed_in(client, team.clerk)
    form = sent(client.get(url))

    wrong = client.post(url, {**form, **GOOD, "ph": "七"})
    huge = client.post(url, {**form, **GOOD, "ph": "10000000"})
    saved = client.post(url, {**form, **GOOD, "organic": "0.3"}, follow=True)
    page = BeautifulSoup(saved.content, "html.parser")

    assert (wrong.status_code, huge.status_code) == (HTTPStatus.UNPROCESSABLE_ENTITY,) * 2
    assert sent(wrong)["ec"] == "2"
    assert "已保存7项检测结果，其中不合格1项。" in page.text
    assert [tag.text.split()[-1] for tag in page.select("tbody .tag.returned")] == ["不合格"]


def test_overtaken_measurements_show_both(request_: StageRequest, team: Team, client: Client) -> None:
    url = reverse("request_quality", args=[request_.pk])
    form = sent(signed_in(client, team.clerk).get(url))
    measure(request_, team, ph="6.6")

    page = client.post(url, {**form, "ph": "7.7"})

    assert page.status_code == HTTPStatus.CONFLICT
    assert "6.6" in page.text and sent(page)["ph"] == "7.7"
    assert client.post(url, sent(page)).status_code == HTTPStatus.FOUND
    assert request_.results.get().value == D("7.7")


def test_others_read_the_page_and_strangers_do_not(request_: StageRequest, team: Team, client: Client) -> None:
    url = reverse("request_quality", args=[request_.pk])

    read = signed_in(client, team.verifier).get(url)
    tried = client.post(url, {**sent(read), "receipt": "0" * 32, "seen": quality.seen_of([])})
    strange = signed_in(client, make.user(Role.CLERK, OTHER_COUNTY)).get(url)

    assert (read.status_code, tried.status_code, strange.status_code) == (200, 403, 404)
    assert not BeautifulSoup(read.content, "html.parser").select("main form")


def test_panel_tells_what_will_be_measured_and_why_the_damage_is_what_it_is(team: Team) -> None:
    panel = quality_panel(farmland(team), make.user(Role.LEADER, CITY))

    assert [item.name for item in panel["quality_items"]][:2] == ["地面坡度", "有效土层厚度"]
    assert (panel["checks"], panel["may_measure"], panel["damage_differs"]) == ([], False, False)
    assert "均未测" in panel["damage"].reason
