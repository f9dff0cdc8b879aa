"""The ledger of parcels as a list, registering and describing parcels, and the page of one."""

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

from accounts.models import Role
from subsidence.models import CutOff, DamageGrade, LandClass, Origin, Parcel, Settlement, Stage, SuitedUse
from subsidence.services import stages, standards
from tests import factories as make
from tests.factories import COUNTY, OTHER_COUNTY, VILLAGE
from tests.pages import Page, signed_in
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

D = Decimal
#: 襄垣县古韩镇
ELSEWHERE = make.OTHER_TOWN
LIST, NEW = reverse("parcels"), reverse("parcel_new")
SITE = {
    "code": "TB-602",
    "mine": "雄山五矿",
    "region": VILLAGE,
    "surveyed_area": "602",
    "area_farm": "422.5",
    "area_forest": "179.5",
    "surveyed_on": "2025-02-01",
    "subsided_on": "2024-06-01",
    "document": "摸底〔2025〕1号",
}


@pytest.fixture
def team() -> make.Team:
    return make.team()


@pytest.fixture
def clerk(client: Client, team: make.Team) -> Client:
    """The clerk of the county, in which 雄山五矿 lies; the cut-off date is known."""
    make.region(VILLAGE)
    make.region(ELSEWHERE)
    farm.mine(name="雄山五矿", code="xiongshan-5")
    farm.cut_off()
    return signed_in(client, team.clerk)


def send(client: Client, address: str = NEW, **changes: Any) -> Page:
    typed = {**SITE, **changes} if address == NEW else changes
    return client.post(address, {"receipt": uuid.uuid4(), **typed})


def found(client: Client, **query: str) -> list[str]:
    return sorted(parcel.code for parcel in client.get(LIST, query).context["page"].rows)


def errors(page: Page) -> dict[str, list[str]]:
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    return {name: list(said) for name, said in page.context["form"].errors.items()}


def test_registering_by_uses_makes_a_parcel_for_each_that_waits_for_approval(clerk: Client) -> None:
    page = send(clerk)

    assert page.headers["Location"] == f"{LIST}?site=TB-602"
    farm_land, forest = Parcel.objects.order_by("code")
    assert [(each.code, each.suited_use) for each in (farm_land, forest)] == [
        ("TB-602-1", SuitedUse.FARM),
        ("TB-602-2", SuitedUse.FOREST),
    ]
    assert [each.requests.get().area for each in (farm_land, forest)] == [D("422.5"), D("179.5")]
    assert {each.surveyed_area for each in (farm_land, forest)} == {0}
    assert farm_land.mine
    assert farm_land.mine.name == "雄山五矿"
    assert farm_land.origin == Origin.EXISTING


def test_registering_with_uses_alone_takes_their_sum_and_with_a_total_alone_leaves_the_use_open(clerk: Client) -> None:
    send(clerk, surveyed_area="")
    send(clerk, code="TB-7", area_farm="", area_forest="")

    by_uses = Parcel.objects.filter(site="TB-602")
    assert sum(parcel.requests.get().area for parcel in by_uses) == 602
    [whole] = Parcel.objects.filter(code="TB-7")
    assert (whole.suited_use, whole.requests.get().area) == (SuitedUse.UNKNOWN, 602)


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"surveyed_area": "602.01"}, "surveyed_area", "相差 0.01 亩"),
        ({"surveyed_area": "", "area_farm": "", "area_forest": ""}, "surveyed_area", "请填写勘测面积"),
        ({"surveyed_area": "６０２"}, "surveyed_area", "半角"),
        ({"area_farm": "-1"}, "area_farm", "不能填负数"),
        ({"mine": "没有这矿"}, "mine", "没有“没有这矿”这座矿井"),
        ({"region": "nowhere"}, "region", "没有“nowhere”这个地区"),
        ({"code": "TB 602"}, "code", "只能由字母、数字、横线和下划线组成"),
        ({"subsided_on": ""}, "subsided_on", "只有历史遗留图斑可以不填"),
        ({"subsided_on": "2025-02-02"}, "subsided_on", "不能晚于摸底日期"),
        ({"subsided_on": "2025-01-01"}, "due_on", "请填写治理期限"),
        ({"subsided_on": "2025-01-01", "mine": "历史遗留"}, "mine", "必须有责任矿井"),
        ({"settlement": "settled"}, "settlement_basis", "请填写稳沉判定的依据"),
        ({"yield_loss": "100.5"}, "yield_loss", "不能超过 100%"),
        ({"surveyed_on": "2026-03-03"}, "surveyed_on", "不能晚于今天"),
    ],
)
def test_what_cannot_be_is_refused_at_its_input_and_nothing_typed_is_lost(
    clerk: Client, typed: dict[str, str], field: str, said: str
) -> None:
    page = send(clerk, **typed)

    assert said in errors(page)[field][0]
    form = page.context["form"]
    for name, text in {**SITE, **typed}.items():
        assert form[name].value() == text
    assert not Parcel.objects.exists()


def test_newly_subsided_land_comes_with_its_duty(clerk: Client) -> None:
    send(clerk, subsided_on="2025-01-01", due_on="2026-12-31", area_forest="", area_farm="602")

    [parcel] = Parcel.objects.all()
    assert parcel.origin == Origin.NEW
    assert parcel.duty.due_on == datetime.date(2026, 12, 31)


def test_without_a_cut_off_date_the_message_says_who_lays_it_down(clerk: Client) -> None:
    CutOff.objects.all().delete()

    page = send(clerk)

    assert "分界日期待补" in errors(page)["subsided_on"][0]
    assert "还没有登记" in clerk.get(NEW).content.decode()


def test_legacy_land_of_unknown_date_is_existing(clerk: Client) -> None:
    send(clerk, mine="历史遗留", subsided_on="", area_farm="", area_forest="")

    [parcel] = Parcel.objects.all()
    assert (parcel.mine, parcel.origin) == (None, Origin.EXISTING)


def test_two_mines_that_claim_one_parcel_learn_whose_it_is(clerk: Client) -> None:
    farm.registered(code="TB-602", of=farm.mine(name="常村煤矿"))

    said = errors(send(clerk, area_farm="602", area_forest=""))["code"][0]

    assert "TB-602" in said
    assert "常村煤矿" in said


def test_mine_is_named_in_pinyin_and_an_ambiguous_name_is_answered_with_the_candidates(clerk: Client) -> None:
    farm.mine(name="雄山一矿", code="xiongshan-1")
    farm.mine(region_code=OTHER_COUNTY, name="雄山六矿", code="xiongshan-6")

    assert send(clerk, mine="xswk").status_code == HTTPStatus.FOUND
    said = errors(send(clerk, code="TB-8", mine="雄山"))["mine"][0]

    assert "雄山五矿（xiongshan-5）" in said
    assert "雄山一矿" in said
    assert "雄山六矿" not in said


def test_nobody_registers_outside_his_county(client: Client, clerk: Client) -> None:
    elsewhere = send(clerk, region=ELSEWHERE)
    others = signed_in(Client(), make.user(Role.CLERK, OTHER_COUNTY))

    assert elsewhere.status_code == HTTPStatus.FORBIDDEN
    assert errors(send(others))["mine"]
    for person in (make.user(Role.VERIFIER), make.user(Role.CLERK, line="water")):
        page = signed_in(client, person).get(NEW)
        assert "没有登记图斑的职责" in page.content.decode()
        assert not BeautifulSoup(page.content, "html.parser").select("main form")
    assert not Parcel.objects.exists()


def test_double_click_registers_once(clerk: Client) -> None:
    typed = {**SITE, "receipt": uuid.uuid4()}

    first, second = clerk.post(NEW, typed), clerk.post(NEW, typed)

    assert first.headers["Location"] == second.headers["Location"]
    assert Parcel.objects.count() == 2


def test_describing_changes_what_is_known_and_grades_the_damage(clerk: Client, team: make.Team) -> None:
    standards.load()
    parcel = farm.parcel(by=team, land_before=LandClass.UNKNOWN)
    address = reverse("parcel_edit", args=[parcel.code])
    form = clerk.get(address).context["form"]
    shown = {name: form[name].value() for name in form.fields if name != "receipt"}

    page = send(clerk, address, **{**shown, "land_before": LandClass.DRY, "tilt": "25.5"})

    parcel.refresh_from_db()
    assert page.headers["Location"] == parcel.get_absolute_url()
    assert (parcel.tilt, parcel.damage_grade) == (D("25.5"), DamageGrade.MEDIUM)
    assert "判为中度" in clerk.get(parcel.get_absolute_url()).content.decode()


def test_what_another_changed_meanwhile_is_shown_beside_what_was_typed(clerk: Client, team: make.Team) -> None:
    parcel = farm.parcel(by=team)
    address = reverse("parcel_edit", args=[parcel.code])
    stale = {"version": parcel.version, "suited_use": "water", "settlement": "", "place": "村东"}
    send(clerk, address, **stale)

    page = send(clerk, address, **{**stale, "place": "村西"})

    assert page.status_code == HTTPStatus.CONFLICT
    assert page.context["form"]["place"].value() == "村西"
    assert ("位置说明", "村东") in page.context["stands"]
    assert send(clerk, address, **{**stale, "place": "村西", "version": page.context["form"]["version"].value()})
    parcel.refresh_from_db()
    assert parcel.place == "村西"


def test_list_is_searched_and_filtered(client: Client) -> None:
    signed_in(client, make.user(Role.LEADER))
    xiongshan = farm.mine(name="雄山五矿", code="xiongshan-5")
    started = farm.parcel(of=xiongshan, code="A-1")
    farm.walk(started, Stage.STARTED)
    farm.registered(code="B-2", is_legacy=True, settlement=Settlement.UNKNOWN)
    farm.parcel(
        code="C-3", subsided_on=farm.CUT_OFF, due_on=datetime.date(2026, 1, 31), uses=[(SuitedUse.FARM, D(602))]
    )
    farm.parcel(code="D-4", region_code=ELSEWHERE, by=make.team(OTHER_COUNTY))

    assert found(client, search="xswk") == ["A-1"]
    assert found(client, search="b-2") == ["B-2"]
    assert found(client, search="beizhang") == ["A-1", "B-2", "C-3"]
    assert found(client, region=OTHER_COUNTY) == ["D-4"]
    assert found(client, mine="xiongshan-5") == ["A-1"]
    assert found(client, mine="legacy") == ["B-2"]
    assert found(client, origin="new") == ["C-3"]
    assert found(client, suited_use="farm") == ["C-3"]
    assert found(client, stage="started") == ["A-1"]
    assert found(client, stage="surveyed") == ["C-3", "D-4"]
    assert found(client, stage="unknown") == ["B-2"]
    assert found(client, settlement="unknown") == ["B-2"]
    assert found(client, damage_grade="unknown") == ["A-1", "B-2", "C-3", "D-4"]
    assert found(client, pending="yes") == ["B-2"]
    assert found(client, pending="no") == ["A-1", "C-3", "D-4"]
    assert found(client, duty="overdue") == ["C-3"]
    assert found(client, duty="closed") == []


def test_list_adds_up_what_the_filter_finds(client: Client, team: make.Team) -> None:
    signed_in(client, team.clerk)
    farm.walk(farm.parcel(602, by=team), Stage.CLOSED, 180, by=team)
    farm.walk(farm.parcel("100.5", by=team), Stage.STARTED, by=team)
    farm.parcel(1000, region_code=ELSEWHERE, by=make.team(OTHER_COUNTY))

    totals = client.get(LIST).context["list"].totals

    assert totals.count == 2
    assert [(each.label, each.shown) for each in totals.sums] == [
        ("勘测", "702.50"),
        ("开工", "280.50"),
        ("完工", "180.00"),
        ("验收", "180.00"),
        ("销号", "180.00"),
    ]


def test_every_column_can_be_shown_sorted_and_exported(client: Client, team: make.Team) -> None:
    signed_in(client, team.clerk)
    farm.parcel(by=team, subsided_on=farm.CUT_OFF, due_on=datetime.date(2026, 1, 31), place="村东")
    farm.registered(by=team, is_legacy=True, subsided_on=None)
    keys = [column.key for column in client.get(LIST).context["list"].what.columns]
    shown = ",".join(keys)

    for key in keys:
        for sort in (key, f"-{key}"):
            page = client.get(LIST, {"columns": shown, "sort": sort})
            assert len(page.context["page"].rows) == 2
    table = BeautifulSoup(page.content, "html.parser").select_one("table.list")
    text = b"".join(client.get(LIST, {"columns": shown, "export": "csv"}))

    assert table
    assert "已逾期" in table.get_text()
    header, *rows = text.decode("utf-8-sig").splitlines()
    assert header.count(",") == len(keys)
    assert len(rows) == 2
    assert "602.00" in text.decode()


def test_parcel_page_tells_its_whole_life(client: Client, team: make.Team) -> None:
    signed_in(client, team.clerk)
    parcel = farm.walk(farm.parcel(602, by=team), Stage.CLOSED, 180, by=team)
    farm.reversal(farm.step(parcel, Stage.APPROVED, 22, by=team), by=team)
    farm.ask(parcel, Stage.APPROVED, 100, by=team.clerk)

    page = client.get(parcel.get_absolute_url())

    life = page.context["life"]
    bars = {bar.stage: bar for bar in life.bars}
    assert (bars[Stage.CLOSED].area, bars[Stage.CLOSED].share) == (180, D("29.90"))
    assert (bars[Stage.APPROVED].left, bars[Stage.APPROVED].asked) == (322, 100)
    assert (bars[Stage.TENDED].left, bars[Stage.TENDED].held) == (0, 180)
    assert bars[Stage.TENDED].free_on == life.tended_until == datetime.date(2030, 12, 15)
    [pair] = [link for link in life.links if link.reversal]
    assert (pair.step.area, pair.reversal.area) == (22, -22)
    assert client.get(bars[Stage.CLOSED].url).context["page"].rows == [life.links[-1].entry]
    soup = BeautifulSoup(page.content, "html.parser")
    assert "29.90%" in soup.select_one(".bars").get_text()  # type: ignore[union-attr]
    assert soup.select_one("#chain del")
    assert "2030年12月15日" in soup.get_text() or "2030-12-15" in soup.get_text()


def test_parcel_of_another_county_or_line_is_not_found(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(by=team)

    for person in (make.user(Role.CLERK, OTHER_COUNTY), make.user(Role.CLERK, COUNTY, line="water"), make.user()):
        signed_in(client, person)
        for name in ("parcel", "parcel_edit"):
            assert client.get(reverse(name, args=[parcel.code])).status_code == HTTPStatus.NOT_FOUND
        assert found(client) == []


def test_page_offers_nothing_to_whoever_only_looks(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(by=team)
    signed_in(client, make.user(Role.LEADER))

    page = client.get(parcel.get_absolute_url())

    assert not BeautifulSoup(page.content, "html.parser").select("main form")
    assert stages.steps_of(parcel)
