"""Asking for stages on the page of a parcel, deciding on them there and in the queue, many at once."""

from __future__ import annotations

import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from subsidence.models import Parcel, ParcelStage, RequestStatus, Settlement, Stage, StageRequest
from tests import factories as make
from tests.factories import CITY, COUNTY, OTHER_COUNTY, OTHER_TOWN
from tests.pages import Page, signed_in
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2026-03-02 10:00 +0800")]

D = Decimal
QUEUE, BATCH = reverse("parcel_requests"), reverse("parcel_requests_batch")


@pytest.fixture
def team() -> make.Team:
    return make.team()


@pytest.fixture
def clerk(client: Client, team: make.Team) -> Client:
    return signed_in(client, team.clerk)


def send(client: Client, of: Parcel, way: str = "ask", **typed: Any) -> Page:
    address = reverse(f"stage_{way}", args=[of.code])
    return client.post(address, {"receipt": uuid.uuid4(), "document": "文〔2025〕1号", **typed})


def step(client: Client, request: StageRequest, name: str, **typed: Any) -> Page:
    return client.post(reverse("request_step", args=[request.pk, name]), {"receipt": uuid.uuid4(), **typed})


def rule(client: Client, *rows: tuple[StageRequest, str, str], do: str = "each", **beside: Any) -> Page:
    """Send the queue with a decision and an opinion for each request."""
    form: dict[str, Any] = {"receipt": uuid.uuid4(), "do": do, "entry": [], **beside}
    for request, decision, opinion in rows:
        form["entry"].append(request.pk)
        form[f"{request.pk}-decision"], form[f"{request.pk}-opinion"] = decision, opinion
    return client.post(BATCH, form)


def waiting(client: Client, **query: str) -> list[StageRequest]:
    groups = client.get(QUEUE, query).context["groups"]
    return [line.request for _county, lines in groups for line in lines]


def statuses(*requests: StageRequest) -> list[str]:
    return [StageRequest.objects.get(pk=request.pk).status for request in requests]


def offered(client: Client, parcel: Parcel) -> dict[str, Decimal]:
    return {ask.bar.stage: ask.bar.left for ask in client.get(parcel.get_absolute_url()).context["asks"] if ask.form}


def test_only_stages_that_there_is_land_for_are_offered_with_what_is_left(clerk: Client, team: make.Team) -> None:
    parcel = farm.parcel(602, by=team)
    assert offered(clerk, parcel) == {Stage.APPROVED: 602}

    farm.step(parcel, Stage.APPROVED, 422, by=team)
    assert offered(clerk, parcel) == {Stage.APPROVED: 180, Stage.STARTED: 422}

    farm.ask(parcel, Stage.STARTED, 100, by=team.clerk)
    assert offered(clerk, parcel) == {Stage.APPROVED: 180, Stage.STARTED: 322}


def test_what_waits_for_its_thirty_days_or_for_settled_ground_says_so(clerk: Client, team: make.Team) -> None:
    moving = farm.walk(farm.parcel(by=team, settlement=Settlement.UNKNOWN), Stage.SELF_CHECKED, by=team)
    public = farm.walk(farm.parcel(by=team), Stage.ACCEPTED, by=team)
    farm.step(public, Stage.PUBLISHED, 602, farm.AT.date(), by=team)

    assert offered(clerk, moving) == {}
    assert "尚未判定为稳沉" in clerk.get(moving.get_absolute_url()).content.decode()
    assert offered(clerk, public) == {}
    [closed] = [bar for bar in clerk.get(public.get_absolute_url()).context["life"].bars if bar.stage == Stage.CLOSED]
    assert (closed.held, f"{closed.free_on:%F}") == (602, "2026-04-01")


def test_asking_and_approving_takes_two_people(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(602, by=team)
    signed_in(client, team.clerk)
    assert send(client, parcel, stage="approved", on="2025-03-01", area="602").status_code == HTTPStatus.FOUND
    request = StageRequest.objects.get(stage=Stage.APPROVED)
    assert step(client, request, "approve").status_code == HTTPStatus.FORBIDDEN

    page = step(signed_in(client, team.reviewer), request, "approve")

    assert page.headers["Location"] == parcel.get_absolute_url()
    assert statuses(request) == [RequestStatus.APPROVED]
    assert Parcel.objects.get().approved_area == 602


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"stage": "started", "area": "422.01"}, "area", "最多还可申报 422.00 亩"),
        ({"stage": "started", "area": "0"}, "area", "面积不能为 0"),
        ({"stage": "started", "area": "1.005"}, "area", "小数位过多"),
        ({"stage": "started", "on": "2025-02-28"}, "on", "最早为 2025-03-01"),
        ({"stage": "started", "on": "2026-03-03"}, "on", "不能晚于今天"),
        ({"stage": "finished"}, "stage", "环节不能跳过"),
        ({"stage": "started", "document": " "}, "document", "必填项"),
    ],
)
def test_what_cannot_be_asked_is_refused_and_kept_as_typed(
    clerk: Client, team: make.Team, typed: dict[str, str], field: str, said: str
) -> None:
    parcel = farm.parcel(602, by=team)
    farm.step(parcel, Stage.APPROVED, 422, by=team)
    farm.photograph(parcel, team.clerk)
    asked: dict[str, Any] = {"on": "2025-04-01", "area": "100", "note": "先行开工", **typed}

    page = send(clerk, parcel, **asked)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert said in str(page.context["refusal"])
    [kept] = [ask.form for ask in page.context["asks"] if ask.form and ask.form.is_bound] or [None]
    assert kept
    assert said in kept.errors[field][0]
    assert kept["note"].value() == "先行开工"
    assert not StageRequest.objects.filter(status=RequestStatus.PENDING).exists()


def test_double_click_asks_and_approves_once(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(602, by=team)
    typed: dict[str, Any] = {"stage": "approved", "on": "2025-03-01", "area": "602", "receipt": uuid.uuid4()}
    signed_in(client, team.clerk)
    assert {send(client, parcel, **typed).status_code for _ in range(2)} == {HTTPStatus.FOUND}
    [request] = StageRequest.objects.filter(stage=Stage.APPROVED)

    signed_in(client, team.reviewer)
    receipt = uuid.uuid4()
    assert {step(client, request, "approve", receipt=receipt).status_code for _ in range(2)} == {HTTPStatus.FOUND}
    again = step(client, request, "approve")

    assert "已办结" in str(again.context["refusal"])
    assert ParcelStage.objects.filter(stage=Stage.APPROVED).count() == 1


def test_sent_back_with_a_reason_and_withdrawn_by_whoever_asked(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(602, by=team)
    first, second = (farm.ask(parcel, Stage.APPROVED, 100, by=team.clerk) for _ in range(2))
    signed_in(client, team.reviewer)

    silent = step(client, first, "return", reason=" ")
    assert "请填写退回理由" in str(silent.context["refusal"])
    step(client, first, "return", reason="缺批复")
    signed_in(client, team.clerk)
    step(client, second, "withdraw")

    assert statuses(first, second) == [RequestStatus.RETURNED, RequestStatus.WITHDRAWN]
    assert "缺批复" in client.get(parcel.get_absolute_url()).content.decode()


def test_step_taken_back_in_red_stands_beside_what_it_takes_back(client: Client, team: make.Team) -> None:
    parcel = farm.walk(farm.parcel(602, by=team), Stage.STARTED, by=team)
    approved, started = (parcel.stages.get(stage=stage) for stage in (Stage.APPROVED, Stage.STARTED))
    signed_in(client, team.clerk)

    needed = send(client, parcel, "reverse", reverses=approved.pk, note="误报")
    assert "请先冲销后面的环节" in str(needed.context["refusal"])
    assert [each.form.is_bound for each in needed.context["reversals"]].count(True) == 1
    send(client, parcel, "reverse", reverses=started.pk, note="误报")
    again = send(client, parcel, "reverse", reverses=started.pk, note="误报")
    assert "正在申报冲销" in str(again.context["refusal"])
    step(signed_in(client, team.reviewer), StageRequest.objects.get(reverses=started), "approve")

    page = client.get(parcel.get_absolute_url())
    [pair] = [link for link in page.context["life"].links if link.reversal]
    assert (pair.step, pair.reversal.area) == (started, -602)
    assert Parcel.objects.get().started_area == 0


def test_resurvey_asks_for_the_difference_to_what_was_seen(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(602, by=team)
    typed = {"seen": "602.0000", "area": "610.25", "on": "2025-06-01", "note": "复测"}
    signed_in(client, team.clerk)
    send(client, parcel, "resurvey", **typed)
    request = StageRequest.objects.get(stage=Stage.SURVEYED, status=RequestStatus.PENDING)
    assert request.area == D("8.25")
    assert client.get(parcel.get_absolute_url()).context["resurvey"] is None

    step(signed_in(client, team.reviewer), request, "approve")
    stale = send(signed_in(client, team.clerk), parcel, "resurvey", **typed)

    assert stale.status_code == HTTPStatus.CONFLICT
    assert stale.context["resurvey"]["area"].value() == "610.25"
    assert Parcel.objects.get().surveyed_area == D("610.25")


def test_queue_holds_what_the_person_may_decide_and_did_not_ask(client: Client, team: make.Team) -> None:
    here = farm.ask(farm.parcel(by=team), Stage.APPROVED, 602, by=team.clerk)
    checked = farm.walk(farm.parcel(by=team), Stage.SELF_CHECKED, by=team)
    citys = farm.ask(checked, Stage.ACCEPTED, 602, by=team.clerk)
    others = make.team(OTHER_COUNTY)
    there = farm.ask(farm.parcel(region_code=OTHER_TOWN, by=others), Stage.APPROVED, 602, by=others.clerk)
    make.duty(team.clerk, Role.REVIEWER, COUNTY)

    assert waiting(signed_in(client, team.reviewer)) == [here]
    assert waiting(signed_in(client, team.verifier)) == [here, citys, there]
    assert waiting(client, county=OTHER_COUNTY) == [there]
    tallies = client.get(QUEUE).context["tallies"]
    assert [(tally.code, tally.count) for tally in tallies] == [(COUNTY, 2), (OTHER_COUNTY, 1)]
    assert waiting(signed_in(client, team.clerk)) == []
    assert waiting(signed_in(client, make.user(Role.LEADER))) == []


def test_many_are_decided_at_once_and_what_is_refused_comes_back_as_typed(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(602, by=team)
    first, second = (farm.ask(parcel, Stage.APPROVED, area, by=team.clerk) for area in (180, 422))
    settled = farm.ask(farm.parcel(by=team), Stage.APPROVED, 602, by=team.clerk)
    gone = farm.ask(farm.parcel(by=team), Stage.APPROVED, 602, by=team.clerk)
    step(signed_in(client, team.clerk), gone, "withdraw")
    signed_in(client, team.reviewer)

    page = rule(client, (first, "pass", ""), (second, "return", "缺批复"), (settled, "return", ""), (gone, "pass", ""))

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "通过 1 条，退回 1 条；未办理 2 条" in page.context["sent"].said
    refused = {line.request: line for line in page.context["refused"]}
    assert "请填写退回理由" in refused[settled].refusal
    assert (refused[settled].decision, refused[settled].is_open) == ("return", True)
    assert ("已办结" in refused[gone].refusal, refused[gone].is_open) == (True, False)
    expected = [RequestStatus.APPROVED, RequestStatus.RETURNED, RequestStatus.PENDING, RequestStatus.WITHDRAWN]
    assert statuses(first, second, settled, gone) == expected


def test_ticked_rows_are_decided_by_the_button(client: Client, team: make.Team) -> None:
    requests = [farm.ask(farm.parcel(by=team), Stage.APPROVED, 602, by=team.clerk) for _ in range(3)]
    signed_in(client, team.reviewer)
    rows = [(request, "", "") for request in requests]

    assert rule(client, *rows).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    rule(client, *rows, do="pass", pick=[requests[0].pk])
    rule(client, *rows, do="return", opinion="缺批复", pick=[requests[1].pk])

    assert statuses(*requests) == [RequestStatus.APPROVED, RequestStatus.RETURNED, RequestStatus.PENDING]


def test_nobody_decides_out_of_his_scope(client: Client, team: make.Team) -> None:
    parcel = farm.parcel(by=team)
    request = farm.ask(parcel, Stage.APPROVED, 602, by=team.clerk)
    checked = farm.walk(farm.parcel(by=team), Stage.SELF_CHECKED, by=team)
    citys = farm.ask(checked, Stage.ACCEPTED, 602, by=team.clerk)

    signed_in(client, make.user(Role.REVIEWER, OTHER_COUNTY))
    assert step(client, request, "approve").status_code == HTTPStatus.NOT_FOUND
    assert send(client, parcel, stage="approved", on="2025-03-01", area="1").status_code == HTTPStatus.NOT_FOUND
    page = rule(client, (request, "pass", ""))
    assert "未办理 1 条" in page.context["sent"].said
    assert page.context["refused"] == []
    signed_in(client, team.reviewer)
    assert step(client, citys, "approve").status_code == HTTPStatus.FORBIDDEN
    assert send(client, parcel, stage="approved", on="2025-03-01", area="1").status_code == HTTPStatus.FORBIDDEN
    signed_in(client, make.user(Role.LEADER, CITY))
    assert step(client, citys, "approve").status_code == HTTPStatus.FORBIDDEN

    assert statuses(request, citys) == [RequestStatus.PENDING] * 2


def test_deputy_of_whoever_asked_may_not_approve(client: Client, team: make.Team) -> None:
    request = farm.ask(farm.parcel(by=team), Stage.APPROVED, 602, by=team.clerk)
    make.duty(team.reviewer, Role.CLERK, COUNTY, deputises_for=team.clerk)
    signed_in(client, team.reviewer)

    page = client.get(request.parcel.get_absolute_url())
    [waits] = page.context["waiting"]

    assert [(each.step, bool(each.refusal)) for each in waits.decisions] == [("approve", True)]
    assert not BeautifulSoup(page.content, "html.parser").select("article.request form")
    assert waiting(client) == []


def test_addresses_of_forms_lead_back_when_they_are_opened(clerk: Client, team: make.Team) -> None:
    request = farm.registered(by=team).requests.get()
    parcel = request.parcel.get_absolute_url()

    for way in ("ask", "reverse", "resurvey"):
        assert clerk.get(reverse(f"stage_{way}", args=[request.parcel.code])).headers["Location"] == parcel
    assert clerk.get(reverse("request_step", args=[request.pk, "approve"])).headers["Location"] == parcel
    assert clerk.get(reverse("request_step", args=[request.pk, "forget"])).status_code == HTTPStatus.NOT_FOUND
    assert clerk.get(BATCH).headers["Location"].startswith(QUEUE)
