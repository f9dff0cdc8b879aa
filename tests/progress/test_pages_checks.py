"""Spot checks on pages: drawing, the lists of draws and checks, and the result on the page of an entry."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from progress.models import Draw, EntryStatus, ProgressEntry, SpotCheck
from progress.sampling import sample
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

LIST, NEW = reverse("checks"), reverse("check_draw")


def supervisor(region_code: str = make.CITY) -> User:
    return make.user(Role.SUPERVISOR, region_code)


def asked(**inputs: Any) -> dict[str, Any]:
    return {
        "receipt": uuid.uuid4(),
        "period": make.period().pk,
        "work_line": "subsidence",
        "region": "140400",
        "number": "2",
        "measure": "entries",
        **inputs,
    }


def record(client: Client, entry: ProgressEntry, **inputs: Any) -> Page:
    form = {"receipt": uuid.uuid4(), "version": entry.version, "result": "confirmed", "finding": "", **inputs}
    return client.post(reverse("entry_step", args=[entry.pk, "check"]), form)


def test_supervisor_draws_with_a_seed_of_the_servers_own(client: Client) -> None:
    for n in range(4):
        make.verified_entry(value=n)
    form = asked()

    answers = [signed_in(client, supervisor()).post(NEW, form)]
    answers.append(client.post(NEW, form))

    found = Draw.objects.get()
    assert [answer["Location"] for answer in answers] == [found.get_absolute_url()] * 2
    assert len(found.seed) == 32
    page = client.get(found.get_absolute_url())
    assert [check.entry_id for check in page.context["page"].rows] == sample(found.seed, found.candidates, 2)
    assert (page.context["is_whole"], page.context["is_repeated"]) == (True, True)
    assert found.seed in page.content.decode()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"number": "0"}, "1"),
        ({"number": "101", "measure": "percent"}, "百分比不能大于 100"),
        ({"region": "1499"}, "没有代码为1499的地区"),
        ({"region": "140423"}, "没有可抽取的填报"),
        ({"work_line": "water"}, "没有可抽取的填报"),
        ({"period": "999999"}, "有效"),
    ],
)
def test_draw_that_cannot_be_is_refused_at_its_input(client: Client, inputs: dict[str, str], words: str) -> None:
    make.region(make.OTHER_COUNTY)
    make.verified_entry()

    page = signed_in(client, supervisor()).post(NEW, asked(**inputs))

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page.content.decode()
    assert not Draw.objects.exists()


def test_only_periods_with_something_to_draw_are_offered(client: Client) -> None:
    make.period(2025, 2)
    make.verified_entry(make.series(region_code=make.OTHER_TOWN), when=make.period(2025, 1))
    make.verified_entry()
    signed_in(client, supervisor(make.COUNTY))

    assert list(client.get(NEW).context["form"].fields["period"].queryset) == [make.period()]
    make.draw()
    assert list(client.get(NEW).context["form"].fields["period"].queryset) == []


def test_whoever_may_not_check_draws_nothing(client: Client) -> None:
    make.verified_entry()
    signed_in(client, make.user(Role.VERIFIER))

    page, refused = client.get(NEW), client.post(NEW, asked())

    assert "只有督查员可以抽查" in page.content.decode()
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Draw.objects.exists()


def test_county_sees_its_own_checks_of_a_draw_of_the_city_and_their_counts(client: Client) -> None:
    here, there = make.verified_entry(), make.verified_entry(make.series(region_code=make.OTHER_TOWN))
    found = make.draw()
    record(signed_in(client, supervisor()), there)

    page = signed_in(client, make.user(Role.CLERK, make.COUNTY)).get(found.get_absolute_url())

    assert [check.entry for check in page.context["page"].rows] == [here]
    assert not page.context["is_whole"]
    listed = client.get(LIST).context["page"].rows[0]
    assert (listed.drawn, listed.confirmed, listed.faulty) == (1, 0, 0)
    assert there.series.project.name not in page.content.decode()


def test_draw_of_another_county_is_not_found(client: Client) -> None:
    make.verified_entry()
    found = make.draw(region_code=make.COUNTY)
    signed_in(client, make.user(Role.SUPERVISOR, make.OTHER_COUNTY))

    assert client.get(found.get_absolute_url()).status_code == HTTPStatus.NOT_FOUND
    assert client.get(LIST).context["page"].rows == []
    assert record(client, ProgressEntry.objects.get()).status_code == HTTPStatus.NOT_FOUND


def test_result_is_recorded_on_the_page_of_the_entry(client: Client) -> None:
    entry = make.verified_entry()
    found = make.draw()
    signed_in(client, supervisor())

    offered = [offer.step for offer in client.get(entry.get_absolute_url()).context["offers"]]
    answer = record(client, entry, result="faulty", finding="现场只有 6 亩")

    assert offered == ["check"]
    assert answer["Location"] == found.get_absolute_url()
    opened = ProgressEntry.objects.get(revision=2)
    assert (opened.status, opened.correction_reason) == (EntryStatus.DRAFT, "现场只有 6 亩")
    for address in (entry.get_absolute_url(), opened.get_absolute_url(), found.get_absolute_url()):
        html = client.get(address).content.decode()
        assert "✗ 不实" in html
        assert "现场只有 6 亩" in html
    assert "抽查不实" in str([each.step for each in client.get(entry.get_absolute_url()).context["history"]][-1])


@pytest.mark.parametrize(
    ("inputs", "words"),
    [({"result": ""}, "请选择“属实”或“不实”。"), ({"result": "faulty"}, "不实的，必须写明核查情况。")],
)
def test_incomplete_result_is_refused_and_keeps_what_was_typed(
    client: Client, inputs: dict[str, str], words: str
) -> None:
    entry = make.verified_entry()
    make.draw()

    page = record(signed_in(client, supervisor()), entry, **inputs)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page.content.decode()
    assert SpotCheck.objects.get().result == ""


def test_who_took_part_is_told_to_leave_the_check_to_others(client: Client) -> None:
    team = make.team()
    make.duty(team.verifier, Role.SUPERVISOR)
    entry = make.verified_entry(by=team)
    make.draw()
    signed_in(client, team.verifier)

    page, refused = client.get(entry.get_absolute_url()), record(client, entry)

    assert {offer.step: str(offer.refusal) for offer in page.context["offers"]}["check"].startswith(
        "您（或您代理的人）"
    )
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY


def test_entry_that_was_not_drawn_takes_no_result(client: Client) -> None:
    entry = make.verified_entry()

    assert record(signed_in(client, supervisor()), entry).status_code == HTTPStatus.NOT_FOUND


def test_correction_that_a_check_opened_is_not_offered_for_deletion(client: Client) -> None:
    entry, clerk = make.verified_entry(), make.user(Role.CLERK, make.COUNTY)
    make.draw()
    record(signed_in(client, supervisor()), entry, result="faulty", finding="现场只有 6 亩")
    opened = ProgressEntry.objects.get(revision=2)

    offers = signed_in(client, clerk).get(opened.get_absolute_url()).context["offers"]

    refusals = {offer.step: str(offer.refusal) for offer in offers}
    assert (refusals["edit"], refusals["submit"]) == ("", "")
    assert "不能删除" in refusals["delete"]
