"""Points and their readings: recorded on pages, refused where they cannot be, and what they say of the parcel."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterator
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed
from subsidence.forms.readings import UnfitLine, read_line
from subsidence.models import Reading, Rule, Settlement, SubsidencePoint
from subsidence.refusals import Invalid
from subsidence.services import points, watch
from subsidence.services.points import Place
from tests import factories as make
from tests.pages import Page, signed_in
from tests.subsidence import farm, ground

pytestmark = pytest.mark.django_db

LIST, NEW = reverse("subsidence_points"), reverse("point_new")
#: Inside 上党区.
LATITUDE, LONGITUDE = "36.05", "113.05"


@pytest.fixture(autouse=True)
def _on_the_day() -> Iterator[None]:
    with time_machine.travel(farm.AT, tick=False):
        yield


@pytest.fixture
def clerk() -> User:
    return make.user(Role.CLERK, make.COUNTY)


def post(client: Client, url: str, **inputs: Any) -> Page:
    return client.post(url, {"receipt": uuid.uuid4(), **inputs})


def text(page: Page) -> str:
    return page.content.decode()


def test_rows_and_pasted_lines_are_recorded_together_and_judge_the_parcel(client: Client, clerk: User) -> None:
    ground.limits()
    parcel = farm.parcel(40, settlement=Settlement.UNKNOWN)
    point = ground.point(parcel)
    pasted = "日期\t累计下沉\t倾斜\n2025/3/1\t1,000.00\t0.8\n2025年9月1日\t1,029.5\n\n"
    form = {"receipt": uuid.uuid4(), "on_1": "2025-06-01", "sink_1": "1011.5", "tilt_1": "0.9", "pasted": pasted}

    answers = [signed_in(client, clerk).post(point.get_absolute_url(), form) for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [HTTPStatus.FOUND] * 2
    kept = list(point.readings.order_by("on").values_list("on", "sink", "tilt"))
    assert kept == [
        (datetime.date(2025, 3, 1), Decimal("1000.00"), Decimal("0.80")),
        (datetime.date(2025, 6, 1), Decimal("1011.50"), Decimal("0.90")),
        (datetime.date(2025, 9, 1), Decimal("1029.50"), None),
    ]
    parcel.refresh_from_db()
    assert parcel.settlement == Settlement.UNKNOWN  # judged six months after the newest reading
    ground.read(point, by=clerk, d20260301="1059.5")
    parcel.refresh_from_db()
    assert parcel.settlement == Settlement.SETTLED
    assert parcel.settlement_basis == f"1个观测点均稳沉，下沉最多的{point}：2025-09-01至2026-03-01下沉30.00 mm"
    event = ground.event("parcel.judge")
    assert (event.actor_id, event.before["settlement"], event.after["settlement"]) == (clerk.pk, "", "settled")


def test_one_moving_point_makes_the_parcel_active_and_silence_leaves_it() -> None:
    ground.limits()
    parcel = farm.parcel(40)
    quiet, moving = ground.point(parcel), ground.point(parcel)
    version = parcel.version

    ground.read(moving, d20250901="0")
    parcel.refresh_from_db()
    assert (parcel.settlement, parcel.version) == (Settlement.SETTLED, version)
    ground.read(moving, d20260301="30.01")
    parcel.refresh_from_db()
    assert (parcel.settlement, parcel.version) == (Settlement.ACTIVE, version + 1)
    assert parcel.settlement_basis == f"观测点{moving}未稳沉：2025-09-01至2026-03-01下沉30.01 mm"

    ground.read(quiet, d20250901="0", d20260301="1")
    parcel.refresh_from_db()
    assert (parcel.settlement, parcel.version) == (Settlement.ACTIVE, version + 1)


def test_nightly_look_follows_a_new_rule_and_names_nobody() -> None:
    ground.limits()
    parcel = farm.parcel(40)
    ground.read(ground.point(parcel), d20250901="0", d20260301="25")
    Rule.objects.filter(kind="settled_sink").update(value=20)

    watch.watch(at=farm.AT)
    watch.watch(at=farm.AT)

    parcel.refresh_from_db()
    assert parcel.settlement == Settlement.ACTIVE
    event = ground.event("parcel.judge")
    assert (event.actor_id, event.after["settlement"]) == (None, "active")
    assert AuditEvent.objects.filter(action="parcel.judge").count() == 2


def test_page_says_what_is_so_and_hides_coordinates_from_those_who_do_not_enter_there(
    client: Client, clerk: User
) -> None:
    ground.limits()
    place = Place(farm.mine(), make.region(make.VILLAGE), None, Decimal(LATITUDE), Decimal(LONGITUDE))
    point = points.register(code="GC-1", place=place, by=clerk, at=farm.AT)
    ground.read(point, d20250901="0", d20260101="40", d20260111="60", d20260301="61.5")

    own = text(signed_in(client, clerk).get(point.get_absolute_url()))
    other = text(signed_in(client, make.user(Role.LEADER)).get(point.get_absolute_url()))

    for page in (own, other):
        assert "2025-09-01至2026-03-01下沉61.50 mm，大于6个月30.00 mm，未稳沉（某规范）。" in page
        assert page.count("超速") == 1
        assert "<title" in page and "共 4 次观测" in page
    assert (LATITUDE in own, 'name="sink_1"' in own) == (True, True)
    assert (LATITUDE in other, 'name="sink_1"' in other, "更正" in other) == (False, False, False)
    assert signed_in(client, make.user(Role.CLERK, make.OTHER_COUNTY)).get(point.get_absolute_url()).status_code == 404


def test_without_limits_nothing_is_judged_and_the_page_says_so(client: Client, clerk: User) -> None:
    Rule.objects.all().delete()
    parcel = farm.parcel(40)
    point = ground.point(parcel)

    ground.read(point, d20250901="0", d20260301="99")

    page = text(signed_in(client, clerk).get(point.get_absolute_url()))
    assert "稳沉判定的限值待补，不作判定。" in page
    parcel.refresh_from_db()
    assert parcel.settlement == Settlement.SETTLED


@pytest.mark.parametrize(
    ("inputs", "field", "said"),
    [
        (
            {"on_1": "2026-03-03", "sink_1": "1", "pasted": "2026-02-20 5"},
            "on_1",
            "第1行：观测日期2026-03-03晚于今天。",
        ),
        ({"on_2": "1949-12-31", "sink_2": "1"}, "on_2", "第2行：观测日期早于1950年，请核对年份。"),
        ({"on_1": "2026-01-01", "sink_1": "1"}, "on_1", "第1行：2026-01-01已有观测，同一天只能登记一次。"),
        ({"pasted": "2026-02-01 1\n2026-02-01 2"}, "pasted", "第2行：2026-02-01已有观测，同一天只能登记一次。"),
        ({"on_1": "2026-02-01", "sink_1": "100000.01"}, "on_1", "第1行：累计下沉超过100米，请核对单位是否为mm。"),
        ({"on_1": "2026-02-01", "sink_1": "1", "tilt_1": "1001"}, "on_1", "第1行：倾斜须在0至1000 mm/m之间。"),
        ({"on_1": "2026-02-01", "sink_1": "十二"}, "sink_1", "请用半角数字填写，例如 120.50，不要用全角字符或汉字。"),
        ({"on_1": "2026-02-01", "sink_1": "1.234"}, "sink_1", "小数位过多：此指标最多 2 位小数。"),
        ({"on_1": "2026-02-01"}, "sink_1", "请填写累计下沉。"),
        ({"sink_3": "1"}, "on_3", "请填写观测日期。"),
        ({"pasted": "2026-02-30 1"}, "pasted", "第1行：“2026-02-30”不是日期，请写成 2025-03-31。"),
        ({"pasted": "2026-02-01 1 2 3"}, "pasted", "第1行：应为日期、累计下沉，以及可缺的倾斜。"),
        ({"pasted": "1 " * 401 + "\n" + "1\n" * 401}, "pasted", "一次最多粘贴400行。"),
        ({}, "__all__", "请至少填写一行观测。"),
    ],
)
def test_what_cannot_be_is_refused_at_its_input_and_nothing_is_kept(
    client: Client, clerk: User, inputs: dict[str, str], field: str, said: str
) -> None:
    point = ground.point()
    ground.read(point, d20260101="0")

    page = post(signed_in(client, clerk), point.get_absolute_url(), **inputs)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page.context["form"].errors[field][0] == said
    assert point.readings.count() == 1


@pytest.mark.parametrize(
    "line", ["2026-02-01\t1,250.5\t0.8", "2026/2/1 1250.5 0.8", "2026.02.01，1250.5，0.8", "2026年2月1日;1250.5;0.80"]
)
def test_pasted_line_is_read_as_people_write_it(line: str) -> None:
    found = read_line(1, line)

    assert (found.on, found.sink, found.tilt) == (datetime.date(2026, 2, 1), Decimal("1250.5"), Decimal("0.8"))


def test_uplift_is_read_and_steepness_below_zero_is_not() -> None:
    assert read_line(1, "2026-02-01 -3.5").sink == Decimal("-3.5")
    with pytest.raises(UnfitLine):
        read_line(1, "2026-02-01 1 -2")


def test_correction_is_audited_with_what_stood_before_and_judges_anew(client: Client, clerk: User) -> None:
    ground.limits()
    parcel = farm.parcel(40)
    point = ground.point(parcel)
    ground.read(point, d20250901="0", d20260301="99")
    reading = point.readings.get(sink=99)
    url = reverse("reading_edit", args=[point.code, reading.pk])
    typed = {"version": "1", "on": "2026-03-01", "sink": "9.9", "reason": "小数点错位"}

    assert signed_in(client, clerk).get(url).context["form"].initial["sink"] == "99.00"
    assert post(client, url, **typed | {"reason": ""}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert post(client, url, **typed | {"on": "2025-09-01"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert post(client, url, **typed).status_code == HTTPStatus.FOUND
    stale = post(client, url, **typed | {"sink": "8"})

    assert stale.status_code == HTTPStatus.CONFLICT
    assert (stale.context["form"]["sink"].value(), stale.context["reading"].sink) == ("8", Decimal("9.90"))
    assert stale.context["form"]["version"].value() == 2
    event = ground.event("reading.change")
    assert (event.before["sink"], event.after["sink"], event.reason) == ("99.00", "9.90", "小数点错位")
    parcel.refresh_from_db()
    assert parcel.settlement == Settlement.SETTLED


def test_reading_of_another_point_is_taken_out_once(client: Client, clerk: User) -> None:
    point = ground.point()
    ground.read(point, d20250901="7")
    url = reverse("reading_remove", args=[point.code, point.readings.get().pk])
    form = {"receipt": uuid.uuid4(), "version": "1", "reason": "登记错了点"}

    answers = [signed_in(client, clerk).post(url, form) for _twice in range(2)]

    assert [answer["Location"] for answer in answers] == [point.get_absolute_url()] * 2
    assert not Reading.objects.exists()
    event = ground.event("reading.remove")
    assert (event.before["sink"], event.reason) == ("7.00", "登记错了点")


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.VERIFIER, Role.LEADER, Role.SUPERVISOR])
def test_only_clerks_record(role: Role) -> None:
    point = ground.point()

    with pytest.raises(NotAllowed):
        ground.read(point, by=make.user(role), d20250901="7")


def test_clerk_registers_a_point_and_moves_it_to_its_parcel(client: Client, clerk: User) -> None:
    ground.limits()
    parcel = farm.parcel(40, settlement=Settlement.UNKNOWN)
    typed = {"code": "GC-01", "mine": str(parcel.mine), "region": make.VILLAGE, "latitude": LATITUDE}

    half = post(signed_in(client, clerk), NEW, **typed)
    assert half.context["form"].errors == {"longitude": ["经度和纬度须同时填写。"]}
    swapped = post(client, NEW, **typed | {"latitude": LONGITUDE, "longitude": LATITUDE})
    assert "是否写反" in swapped.context["form"].errors["latitude"][0]
    made = post(client, NEW, **typed, longitude=LONGITUDE)
    point = SubsidencePoint.objects.get()
    assert made["Location"] == point.get_absolute_url()
    again = post(client, NEW, **typed, longitude=LONGITUDE)
    assert again.context["form"].errors == {"code": ["观测点编号 GC-01 已登记。"]}
    ground.read(point, by=clerk, d20250901="0", d20260301="3")

    url = reverse("point_edit", args=["GC-01"])
    kept = client.get(url).context["form"].initial
    assert (kept["mine"], kept["latitude"]) == (str(parcel.mine), LATITUDE)
    assert post(client, url, **kept | {"parcel": parcel.code}).status_code == HTTPStatus.FOUND
    parcel.refresh_from_db()
    assert parcel.settlement == Settlement.SETTLED
    stale = post(client, url, **kept | {"parcel": ""})
    assert (stale.status_code, stale.context["is_stale"]) == (HTTPStatus.CONFLICT, True)
    assert "修改观测点" in text(stale)


def test_point_lies_with_its_mine_and_on_its_mines_land(clerk: User) -> None:
    parcel, legacy = farm.parcel(40), farm.parcel(10, is_legacy=True)
    village, other = make.region(make.VILLAGE), farm.mine()

    for place in (Place(farm.mine(make.OTHER_COUNTY), village), Place(other, village, parcel)):
        with pytest.raises(Invalid):
            points.register(code="GC-1", place=place, by=clerk, at=farm.AT)
    with pytest.raises(NotAllowed):
        points.register(code="GC-1", place=Place(other, make.region(make.OTHER_TOWN)), by=clerk, at=farm.AT)
    assert points.register(code="GC-1", place=Place(other, village, legacy), by=clerk, at=farm.AT).parcel == legacy


def test_condition_goes_along_when_a_point_changes_its_mine(clerk: User) -> None:
    ground.limits()
    point, mine = ground.point(), farm.mine()
    ground.read(point, d20260101="0", d20260110="90")

    points.describe(point=point, version=1, place=Place(mine, point.region), by=clerk, at=farm.AT)

    told = mine.subject.conditions.get(until=None)
    assert (told.kind, point.mine.subject.conditions.filter(until=None).count()) == (watch.FAST, 0)


def test_list_tells_states_and_alerts_without_coordinates(client: Client, clerk: User) -> None:
    ground.limits()
    settled, active, unread = (ground.point() for _count in range(3))
    ground.read(settled, d20250901="0", d20260301="3")
    ground.read(active, d20250901="0", d20260201="10", d20260301="80")

    def codes(**asked: str) -> set[str]:
        page = signed_in(client, clerk).get(LIST, asked)
        return {line.row.code for line in page.context["list"].lines}

    assert codes() == {settled.code, active.code, unread.code}
    assert codes(state="settled") == {settled.code}
    assert codes(state="active") == codes(fast="yes") == {active.code}
    assert codes(state="unknown") == {unread.code}
    assert codes(fast="no") == {settled.code, unread.code}
    assert codes(search=active.mine.name) == {active.code}
    page = text(client.get(LIST))
    assert "超速" in page
    assert "纬度" not in page and "经度" not in page
    assert signed_in(client, make.user(Role.LEADER, make.OTHER_COUNTY)).get(LIST).context["list"].page.rows == []


def test_list_costs_the_same_queries_for_one_row_and_three(
    client: Client, clerk: User, django_assert_num_queries: Any
) -> None:
    ground.limits()
    signed_in(client, clerk)
    for added in (1, 2):
        for _count in range(added):
            ground.read(ground.point(farm.parcel(3)), by=clerk, d20250901="0", d20260301="3")
        with django_assert_num_queries(10):
            client.get(LIST)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_type_the_same_day_the_second_is_told() -> None:
    point = ground.point()
    people = [make.team().clerk for _count in range(2)]

    refused = ground.at_once(*[lambda by=by: ground.read(point, by=by, d20250901="7") for by in people])

    assert [type(each) for each in refused if each] == [Invalid]
    assert point.readings.count() == 1
