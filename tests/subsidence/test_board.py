"""The task board: trials that save nothing, splits that add up, what counts, and the cut-off date."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed
from jurisdictions.models import Region
from progress import figures
from progress.models import Split, Target, TargetVersion
from progress.services import targets
from subsidence.models import CutOff, Origin, Stage
from subsidence.refusals import Invalid
from subsidence.services import board, cut_offs, indicators
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY
from tests.pages import Page, signed_in
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

D, DAY = Decimal, datetime.date
ON = DAY(2026, 3, 2)
BOARD = reverse("board")
COUNTIES = ("140403", COUNTY, "140405", OTHER_COUNTY)


@pytest.fixture
def city() -> Target:
    for code in COUNTIES:
        make.region(code)
    return make.target(make.indicator(), "70897.71", CITY, document="整改方案")


@pytest.fixture
def verifier(client: Client) -> User:
    person = make.user(Role.VERIFIER)
    signed_in(client, person)
    return person


def parts(target: Target, split_by: Split = Split.REGION) -> dict[str | int, Decimal]:
    """The standing values by county or year."""
    standing = TargetVersion.objects.standing().filter(target__parent=target, target__split_by=split_by)
    return {each.target.year or each.target.region_id: each.value for each in standing.select_related("target")}


def soup(page: Page) -> BeautifulSoup:
    return BeautifulSoup(page.content, "html.parser")


def send(client: Client, target: Target, split_by: Split = Split.REGION, /, **typed: Any) -> Page:
    """The split as the page would send it; what is not typed is as the page shows it now."""
    form = soup(client.get(BOARD, {"target": target.code}))
    seen = form.select_one("#region input[name=seen]")
    assert seen
    typed = {"receipt": uuid.uuid4(), "seen": seen["value"], "document": "长政发〔2026〕3号", **typed}
    return client.post(reverse("board_split", args=[target.code, split_by]), typed)


def equally(client: Client, target: Target) -> Page:
    return send(client, target, trial="equal", document="", **{f"take_{code}": "on" for code in COUNTIES})


def cells(page: Page, split_by: Split = Split.REGION) -> dict[str, str]:
    """The amounts that the page shows in the inputs, by key."""
    inputs = soup(page).select(f"#{split_by} input[name^=amount_]")
    return {str(each["name"]).removeprefix("amount_"): str(each.get("value", "")) for each in inputs}


def errors(page: Page, name: str) -> str:
    """The error at a cell."""
    cell = soup(page).select_one(f"input[name={name}]")
    assert isinstance(cell, Tag)
    assert cell.parent
    return cell.parent.get_text(strip=True)


def text(page: Page) -> str:
    return " ".join(soup(page).get_text(" ").split())


# Trials


def test_equal_trial_fills_the_form_to_the_cent_and_saves_nothing(client: Client, city: Target, verifier: User) -> None:
    page = equally(client, city)

    assert list(cells(page).values()) == ["17724.43"] * 3 + ["17724.42"]
    assert "以下为试算，尚未保存" in text(page)
    assert (page.status_code, Target.objects.count()) == (HTTPStatus.OK, 1)


def test_trial_by_stock_weighs_the_ticked_counties_by_what_is_left(
    client: Client, city: Target, verifier: User
) -> None:
    farm.walk(farm.parcel(600), Stage.CLOSED, 200)
    farm.parcel(100, region_code="140423100007", by=make.team(OTHER_COUNTY))
    farm.parcel(999, subsided_on=DAY(2025, 6, 1), surveyed_on=DAY(2025, 7, 1), due_on=DAY(2027, 1, 1))

    page = send(client, city, trial="stock", **{f"take_{COUNTY}": "on", f"take_{OTHER_COUNTY}": "on"})

    assert cells(page)[COUNTY] == "56718.17"
    assert cells(page)[OTHER_COUNTY] == "14179.54"
    assert not city.parts.exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [({"trial": "equal"}, "请先勾选"), ({"trial": "stock", f"take_{COUNTY}": "on"}, "没有存量面积")],
)
def test_trial_over_nothing_says_what_to_do(
    client: Client, city: Target, verifier: User, typed: dict[str, str], said: str
) -> None:
    page = send(client, city, **typed)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in text(page)


# Splitting


def test_what_the_trial_proposed_is_saved_and_adds_up(client: Client, city: Target, verifier: User) -> None:
    proposed = {f"amount_{key}": value for key, value in cells(equally(client, city)).items()}

    page = send(client, city, **proposed, **{f"take_{code}": "on" for code in COUNTIES})

    assert page.status_code == HTTPStatus.FOUND
    assert (len(parts(city)), sum(parts(city).values())) == (4, D("70897.71"))
    shown = text(client.get(BOARD))
    assert "已全部分解，合计与目标一致" in shown
    assert "已勾选 4 个县区；报道：9 个涉煤县区" in shown
    assert "▲ 与报道不一致" in shown


def test_both_splits_have_their_own_remainder(client: Client, city: Target, verifier: User) -> None:
    send(client, city, **{f"take_{COUNTY}": "on", f"amount_{COUNTY}": "20,897.71"})
    years = {f"amount_{year}": "10000" for year in (2025, 2026)}
    send(client, city, Split.YEAR, first="2025", count="4", **years)

    assert parts(city) == {COUNTY: D("20897.71")}
    assert parts(city, Split.YEAR) == {2025: 10000, 2026: 10000}
    shown = text(client.get(BOARD))
    assert "▲ 尚未分解 50,000.00 亩" in shown
    assert "▲ 尚未分解 50,897.71 亩" in shown


def test_years_are_listed_as_asked_while_the_dates_are_unknown(client: Client, city: Target, verifier: User) -> None:
    assert cells(client.get(BOARD), Split.YEAR) == {}

    page = client.get(BOARD, {"target": city.code, "first": "2025", "count": "4"})
    assert list(cells(page, Split.YEAR)) == ["2025", "2026", "2027", "2028"]
    tried = send(client, city, Split.YEAR, trial="equal", first="2025", count="4")
    assert list(cells(tried, Split.YEAR).values()) == ["17724.43"] * 3 + ["17724.42"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({f"take_{COUNTY}": "on", f"amount_{COUNTY}": "一百"}, "请用半角数字填写"),
        ({f"take_{COUNTY}": "on", f"amount_{COUNTY}": "1.005"}, "小数位过多"),
        ({f"take_{COUNTY}": "on", f"amount_{COUNTY}": "-5"}, "不能填负数"),
        ({f"take_{COUNTY}": "on"}, "请填写大于 0 的面积"),
        ({f"take_{COUNTY}": "on", f"amount_{COUNTY}": "0"}, "请填写大于 0 的面积"),
        ({f"amount_{COUNTY}": "5"}, "请勾选“承担任务”"),
    ],
)
def test_wrong_cell_is_told_at_the_cell_and_nothing_is_lost(
    client: Client, city: Target, verifier: User, typed: dict[str, str], said: str
) -> None:
    page = send(client, city, **{**typed, f"take_{OTHER_COUNTY}": "on", f"amount_{OTHER_COUNTY}": "12.5"})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in errors(page, f"amount_{COUNTY}")
    assert cells(page)[OTHER_COUNTY] == "12.5"
    assert cells(page)[COUNTY] == typed.get(f"amount_{COUNTY}", "")
    assert not city.parts.exists()


def test_too_much_without_document_or_outdated_is_refused(client: Client, city: Target, verifier: User) -> None:
    task = {f"take_{COUNTY}": "on", f"amount_{COUNTY}": "70897.72"}
    page = send(client, city, **task)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "超出目标 70,897.71 亩 共 0.01 亩" in text(page)

    task[f"amount_{COUNTY}"] = "1"
    assert "请填写文号" in text(send(client, city, **task, document=""))
    assert send(client, city, **task).status_code == HTTPStatus.FOUND
    page = send(client, city, **{**task, f"amount_{COUNTY}": "2", "seen": "0"})
    assert page.status_code == HTTPStatus.CONFLICT
    assert "已被他人修改" in text(page)
    assert cells(page)[COUNTY] == "2"
    assert parts(city) == {COUNTY: 1}


def test_double_click_splits_once_and_history_tells_each_change(client: Client, city: Target, verifier: User) -> None:
    for amount in ("60", "45.5"):
        key = uuid.uuid4()
        task = {f"take_{COUNTY}": "on", f"amount_{COUNTY}": amount, "receipt": key}
        seen = str(targets.newest(city))
        for _click in range(2):
            assert send(client, city, **task, seen=seen, document=f"文{amount}号").status_code == HTTPStatus.FOUND

    assert TargetVersion.objects.filter(target__parent=city).count() == 2
    history = soup(client.get(BOARD)).select_one("#history tbody tr")
    assert history
    said = " ".join(history.get_text(" ").split())
    assert "60.00 → 45.50" in said
    assert "文45.5号" in said
    assert str(verifier) in said


def test_row_tells_task_share_achieved_and_rate(client: Client, city: Target, verifier: User) -> None:
    make.verified_entry(make.series(city.indicator), "180")
    send(client, city, **{f"take_{COUNTY}": "on", f"amount_{COUNTY}": "7089.77"})

    rows = soup(client.get(BOARD)).select("#region tbody tr")
    told = {row.select_one("th").get_text(strip=True): squeezed(row)[3:7] for row in rows}  # type: ignore[union-attr]

    assert told["上党区"] == ["7,089.77", "10.00%", "180.00", "2.54%"]
    assert told["襄垣县"] == ["—", "—", "—", "无任务"]


def squeezed(row: Tag) -> list[str]:
    return [" ".join(cell.get_text(" ").split()) for cell in row.find_all(["th", "td"])]


# Who sees and who decides


def test_county_sees_its_own_part_and_decides_nothing_of_the_city(client: Client, city: Target, verifier: User) -> None:
    send(client, city, **{f"take_{COUNTY}": "on", f"amount_{COUNTY}": "60"})
    signed_in(client, make.user(Role.CLERK, COUNTY))

    page = client.get(BOARD)

    assert f"任务分解：{city.name}·上党区" in text(page)
    assert "70,897.71" not in text(page)
    assert not soup(page).select("main form[method=post]")
    task = {"receipt": uuid.uuid4(), "seen": "0", "document": "a"}
    for name, args in (("board_split", [city.code, "region"]), ("board_count", [city.code]), ("board_cut_off", [])):
        assert client.post(reverse(name, args=args), task).status_code == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("role", [Role.LEADER, Role.REVIEWER, Role.CLERK, Role.SUPERVISOR])
def test_others_of_the_city_read_the_board(client: Client, city: Target, role: Role) -> None:
    signed_in(client, make.user(role))

    page = client.get(BOARD)

    assert page.status_code == HTTPStatus.OK
    assert not soup(page).select("main form[method=post]")
    address = reverse("board_split", args=[city.code, "region"])
    assert client.post(address, {"receipt": uuid.uuid4()}).status_code == HTTPStatus.NOT_FOUND


def test_board_without_a_target_still_has_the_cut_off(client: Client, verifier: User) -> None:
    page = client.get(BOARD)

    assert "没有登记沉陷区治理目标" in text(page)
    assert soup(page).select_one("#cut-off form")


def test_board_asks_the_same_number_of_queries_however_many_parts(
    client: Client, city: Target, verifier: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for codes in (COUNTIES[:1], COUNTIES):
        send(
            client,
            city,
            **{f"{name}_{code}": value for code in codes for name, value in (("take", "on"), ("amount", 9))},
        )
        with django_assert_num_queries(28):
            client.get(BOARD)


# What counts


def test_stage_of_the_old_debt_is_chosen_and_counts_for_all_parts(client: Client, city: Target, verifier: User) -> None:
    make.verified_entry(make.series(city.indicator), "180")
    send(client, city, **{f"take_{COUNTY}": "on", f"amount_{COUNTY}": "602"})
    land = farm.parcel(602)
    farm.walk(land, Stage.CLOSED, 422)
    address = reverse("board_count", args=[city.code])

    page = client.get(BOARD)
    choices = [str(option["value"]) for option in soup(page).select("#counting option")]
    assert choices == ["", *board.COUNTABLE]
    form = {"receipt": uuid.uuid4(), "stage": Stage.CLOSED.value, "document": "长自然资函〔2026〕1号"}
    assert client.post(address, form).status_code == HTTPStatus.FOUND

    whole, part = figures.target_figures([city, city.parts.get()], on=ON)
    assert (whole.verified, part.verified, part.rate_said) == (422, 422, "70.10%")
    assert whole.indicator == indicators.indicator_of(Stage.CLOSED, Origin.EXISTING)
    assert "销号面积·存量" in text(client.get(BOARD))
    refused = client.post(address, {**form, "receipt": uuid.uuid4()})
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "已是现行计入口径" in text(refused)


def test_newly_subsided_land_never_pays_for_the_old_debt(city: Target, verifier: User) -> None:
    new = farm.parcel(50, subsided_on=DAY(2025, 1, 2), surveyed_on=DAY(2025, 2, 1), due_on=DAY(2027, 1, 1))
    board.count(target=city, stage=Stage.CLOSED, document="a", by=verifier, at=farm.AT)
    farm.walk(new, Stage.CLOSED)

    assert figures.target_figures([city], on=ON)[0].verified is None


@pytest.mark.parametrize("stage", ["", "closed-new", Stage.STARTED.value, Stage.SURVEYED.value])
def test_what_is_not_treated_cannot_count(client: Client, city: Target, verifier: User, stage: str) -> None:
    form = {"receipt": uuid.uuid4(), "stage": stage, "document": "a"}

    page = client.post(reverse("board_count", args=[city.code]), form)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert city.versions.count() == 1


# The cut-off date


def test_cut_off_is_laid_down_by_a_document_and_the_newest_holds(client: Client, verifier: User) -> None:
    assert cut_offs.in_force() is None
    assert "待补" in text(client.get(BOARD))
    for day in ("2025-01-01", "2024-07-01"):
        form = {"receipt": uuid.uuid4(), "on": day, "document": f"{day}号文"}
        assert client.post(reverse("board_cut_off"), form).status_code == HTTPStatus.FOUND

    found = cut_offs.in_force()
    assert found
    assert (found.on, found.document, found.recorded_by) == (DAY(2024, 7, 1), "2024-07-01号文", verifier)
    assert AuditEvent.objects.filter(action="cut_off.record").count() == 2
    shown = soup(client.get(BOARD)).select_one("#cut-off")
    assert shown
    assert [row.get_text(strip=True) for row in shown.select("tbody th")] == ["2024-07-01", "2025-01-01"]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"on": "2026-03-03", "document": "a"}, "分界日期不能晚于今天"),
        ({"on": "昨天", "document": "a"}, "请填写日期"),
        ({"on": "2025-01-01", "document": " "}, "请填写文号"),
    ],
)
def test_wrong_cut_off_is_refused(client: Client, verifier: User, typed: dict[str, str], said: str) -> None:
    page = client.post(reverse("board_cut_off"), {"receipt": uuid.uuid4(), **typed})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in text(page)
    assert not CutOff.objects.exists()


def test_cut_off_takes_a_verifier_of_the_whole_city() -> None:
    for person in (make.user(Role.VERIFIER, COUNTY), make.user(Role.REVIEWER), make.user(Role.VERIFIER, line="water")):
        with pytest.raises(NotAllowed):
            cut_offs.record(on=DAY(2025, 1, 1), document="a", by=person, at=farm.AT)
    with pytest.raises(Invalid):
        cut_offs.record(on=DAY(2027, 1, 1), document="a", by=make.user(Role.VERIFIER), at=farm.AT)


def test_later_cut_off_leaves_what_is_registered_as_it_is(verifier: User) -> None:
    land = farm.parcel(602)
    cut_offs.record(on=DAY(2024, 1, 1), document="a", by=verifier, at=farm.AT + datetime.timedelta(hours=1))

    land.refresh_from_db()
    assert land.origin == Origin.EXISTING
    assert Region.objects.filter(pk=land.region_id).exists()
