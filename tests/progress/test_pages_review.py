"""The review queue and its batches, the steps of an entry as addresses, and its timeline."""

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

from accounts.models import Role, User
from jurisdictions.models import WorkLine
from progress.gate import CITY_TIME
from progress.models import EntryStatus, ProgressEntry
from progress.services import entries
from tests import factories as make
from tests.pages import Page, signed_in
from tests.progress.steps import correct, submit

pytestmark = pytest.mark.django_db

QUEUE, BATCH = reverse("review"), reverse("review_batch")
SUBMITTED, REVIEWED = EntryStatus.SUBMITTED, EntryStatus.REVIEWED


def lines(page: Page) -> dict[int, Any]:
    """The lines of the queue, by the key of their entry."""
    groups = [line for _county, _line, found in page.context["groups"] for line in found]
    return {line.row.entry.pk: line for line in [*groups, *page.context["refused"]]}


def row_of(client: Client, entry: ProgressEntry) -> Any:
    return lines(client.get(QUEUE))[entry.pk].row


def send(client: Client, *rows: dict[str, Any], do: str = "each", query: str = "", **beside: Any) -> Page:
    form: dict[str, Any] = {"receipt": uuid.uuid4(), "do": do, "entry": [], "pick": [], **beside}
    for row in rows:
        key = row["entry"].pk
        form["entry"].append(key)
        form[f"{key}-version"] = row.get("version", row["entry"].version)
        form[f"{key}-decision"] = row.get("decision", "")
        form[f"{key}-opinion"] = row.get("opinion", "")
        if row.get("pick"):
            form["pick"].append(key)
    return client.post(BATCH + query, form)


def statuses(*found: ProgressEntry) -> list[str]:
    return [ProgressEntry.objects.get(pk=entry.pk).status for entry in found]


def test_counts_of_counties_and_lines_filter_the_queue(client: Client) -> None:
    here = make.entry(status=SUBMITTED)
    there = make.entry(make.series(region_code=make.OTHER_TOWN), status=SUBMITTED)
    indicator = make.indicator(work_line=WorkLine.WATER)
    water = make.entry(make.series(indicator, make.project(work_line=WorkLine.WATER)), status=SUBMITTED)
    signed_in(client, make.user(Role.REVIEWER))

    page = client.get(QUEUE)

    counts = {tally.county: (dict(tally.counts), tally.total) for tally in page.context["tallies"]}
    assert counts["上党区"] == ({"subsidence": 1, "water": 1, "pollution": 0, "lowcarbon": 0}, 2)
    assert counts["襄垣县"][1] == 1
    assert [(county, line) for county, line, _found in page.context["groups"]] == [
        ("上党区", "国土生态修复"),
        ("襄垣县", "国土生态修复"),
        ("上党区", "治水兴水节水"),
    ]
    links = [link["href"] for link in BeautifulSoup(page.content, "html.parser").select(".tallies tbody a")]
    assert f"?region={make.COUNTY}&work_line=water" in links
    assert list(lines(client.get(f"{QUEUE}?region={make.COUNTY}&work_line=water"))) == [water.pk]
    assert list(lines(client.get(f"{QUEUE}?region={make.OTHER_COUNTY}"))) == [there.pk]
    assert here.pk in lines(client.get(f"{QUEUE}?search={here.series.project.name}"))


def test_who_has_waited_longest_comes_first_whatever_was_typed_first(client: Client) -> None:
    team, series = make.team(), make.series()
    periods = [make.period(2020 + n // 12, n % 12 + 1) for n in range(52)]
    # Each is submitted within its period, but the latest was typed first.
    found = [make.entry(series, 1, when, status=SUBMITTED, by=team) for when in reversed(periods)]
    signed_in(client, team.reviewer)

    first = client.get(QUEUE)
    second = client.get(QUEUE + first.context["page"].next_url)

    assert list(lines(first)) + list(lines(second)) == [entry.pk for entry in reversed(found)]


def test_row_holds_the_figure_against_what_stands(client: Client) -> None:
    team, series = make.team(), make.series()
    for month, value in ((1, 30), (2, "12.5")):
        make.verified_entry(series, value, make.period(2025, month), by=team)
    entry = make.entry(series, 10, status=SUBMITTED, by=team)
    signed_in(client, team.reviewer)

    row = row_of(client, entry)

    assert (row.previous.value, row.difference, row.cumulative) == (Decimal("12.5"), Decimal("-2.5"), Decimal("42.5"))
    html = client.get(QUEUE).content.decode()
    assert "-2.50" in html
    assert "42.50" in html


def test_correction_is_held_against_what_it_corrects(client: Client) -> None:
    team, series = make.team(), make.series()
    make.verified_entry(series, 30, make.period(2025, 2), by=team)
    verified = make.verified_entry(series, 10, by=team)
    entry = make.correction(verified, 8, status=SUBMITTED, by=team)

    row = row_of(signed_in(client, team.reviewer), entry)

    assert (row.previous, row.difference, row.cumulative, row.is_late) == (verified, -2, 30, False)


def test_row_shows_reason_note_and_evidence(client: Client, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    team = make.team()
    entry = make.entry(value=None, no_progress_reason="冬季停工", note="设备已进场", by=team)
    make.evidence(entry, team.clerk)
    submit(entry, team.clerk)

    page = signed_in(client, team.reviewer).get(QUEUE)

    row = lines(page)[entry.pk].row
    assert (row.evidence, row.difference, row.previous) == (1, None, None)
    assert all(words in page.content.decode() for words in ("冬季停工", "设备已进场", "佐证 1 件", str(team.clerk)))


@pytest.mark.parametrize(("day", "is_late"), [(5, False), (6, True)])
def test_late_report_is_marked(client: Client, day: int, *, is_late: bool) -> None:
    team = make.team()
    draft = make.entry(by=team)
    at = datetime.datetime(2025, 4, day, 23, 59, tzinfo=CITY_TIME)
    entry = entries.submit(entry=draft, version=draft.version, by=team.clerk, at=at)

    assert row_of(signed_in(client, team.reviewer), entry).is_late is is_late


def test_batch_passes_returns_and_says_how_many(client: Client) -> None:
    team = make.team()
    first, second = make.entry(status=SUBMITTED, by=team), make.entry(status=SUBMITTED, by=team)
    signed_in(client, team.reviewer)
    rows = ({"entry": first, "decision": "pass"}, {"entry": second, "decision": "return", "opinion": "缺照片"})

    answer = send(client, *rows, query=f"?region={make.COUNTY}")

    assert answer["Location"] == f"{QUEUE}?region={make.COUNTY}"
    assert statuses(first, second) == [REVIEWED, EntryStatus.RETURNED]
    assert "通过 1 条，退回 1 条；未办理 0 条" in client.get(answer["Location"]).content.decode()


def test_buttons_rule_on_what_is_ticked_and_leave_the_rest(client: Client) -> None:
    team = make.team()
    first, second, third, fourth = (make.entry(status=SUBMITTED, by=team) for _ in range(4))
    signed_in(client, team.reviewer)
    rows: list[dict[str, Any]] = [
        {"entry": first, "pick": True},
        {"entry": second},
        {"entry": third, "pick": True, "opinion": "数据有误"},
        {"entry": fourth, "pick": True, "decision": "pass"},
    ]

    send(client, *rows, do="return", opinion="请补依据")

    assert statuses(first, second, third, fourth) == ["returned", "submitted", "returned", "reviewed"]
    reasons = ProgressEntry.objects.filter(pk__in=[first.pk, third.pk]).order_by("pk")
    assert list(reasons.values_list("return_reason", flat=True)) == ["请补依据", "数据有误"]


def test_refused_rows_come_back_with_the_reason_and_what_was_typed(client: Client) -> None:
    team = make.team()
    good, stale, silent = (make.entry(status=SUBMITTED, by=team) for _ in range(3))
    signed_in(client, team.reviewer)

    page = send(
        client,
        {"entry": good, "decision": "pass"},
        {"entry": stale, "decision": "return", "opinion": "面积不符", "version": stale.version - 1},
        {"entry": silent, "decision": "return"},
    )

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "通过 1 条，退回 0 条；未办理 2 条" in page.content.decode()
    found = lines(page)
    assert good.pk not in found
    assert "已被他人修改" in found[stale.pk].refusal
    assert (found[stale.pk].decision, found[stale.pk].opinion) == ("return", "面积不符")
    assert found[silent.pk].refusal == "退回必须写明理由。"
    # What comes back carries the present version, so that it can be sent again.
    again = send(client, {"entry": stale, "decision": "return", "opinion": "面积不符"})
    assert again.status_code == HTTPStatus.FOUND


def test_refused_row_that_waits_no_more_only_says_so(client: Client) -> None:
    team = make.team()
    entry = make.entry(status=REVIEWED, by=team)

    page = send(signed_in(client, team.reviewer), {"entry": entry, "decision": "pass", "version": entry.version - 1})

    line = lines(page)[entry.pk]
    assert not line.is_open
    assert line.refusal.startswith(f"{team.reviewer}已于" if entry.reviewed_by != team.reviewer else "您已于")
    assert "审核这条填报" in line.refusal
    assert line.row.previous is None
    assert "data-submit" not in page.content.decode()


def test_entry_verified_in_another_tab_is_not_held_against_itself(client: Client) -> None:
    team, series = make.team(), make.series()
    before = make.verified_entry(series, 3, make.period(2025, 2), by=team)
    entry = make.verified_entry(series, 5, make.period(2025, 3), by=team)

    page = send(signed_in(client, team.verifier), {"entry": entry, "decision": "pass", "version": entry.version - 1})

    line = lines(page)[entry.pk]
    assert line.refusal.startswith("您已于")
    assert "核定这条填报" in line.refusal
    assert line.row.previous == before


def test_batch_sent_twice_takes_effect_once_and_is_answered_alike(client: Client) -> None:
    team = make.team()
    good, silent = make.entry(status=SUBMITTED, by=team), make.entry(status=SUBMITTED, by=team)
    signed_in(client, team.reviewer)
    rows = [{"entry": good, "decision": "pass"}, {"entry": silent, "decision": "return"}]
    receipt = uuid.uuid4()

    pages = [send(client, *rows, receipt=receipt) for _ in range(2)]
    other = send(client, {"entry": silent, "decision": "pass"}, receipt=receipt)

    assert all("通过 1 条，退回 0 条；未办理 1 条" in page.content.decode() for page in pages)
    assert "此提交凭据已用于另一份内容" in other.content.decode()
    assert statuses(good, silent) == [REVIEWED, SUBMITTED]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "没有选择任何一条"),
        ({"entry": "x"}, "没有选择任何一条"),
        ({"entry": "1"}, "页面不完整"),
        ({"entry": "1", "1-version": "1", "1-decision": "nonsense"}, "页面不完整"),
        ({"entry": [str(n) for n in range(101)]}, "一次最多办理100条"),
        ({"receipt": ""}, "页面不完整"),
    ],
)
def test_mangled_batch_is_refused_in_words(client: Client, form: dict[str, Any], words: str) -> None:
    signed_in(client, make.user(Role.REVIEWER))

    page = client.post(BATCH, {"receipt": uuid.uuid4(), **form})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page.content.decode()


def test_what_was_typed_survives_a_batch_without_a_choice(client: Client) -> None:
    team = make.team()
    entry = make.entry(status=SUBMITTED, by=team)

    page = send(signed_in(client, team.reviewer), {"entry": entry, "pick": True}, opinion="共同意见")

    assert lines(page)[entry.pk].is_picked
    assert "共同意见" in page.content.decode()


def test_batch_tells_nothing_of_another_county(client: Client) -> None:
    entry = make.entry(make.series(make.indicator(name="越界指标"), region_code=make.OTHER_TOWN), status=SUBMITTED)

    page = send(signed_in(client, make.user(Role.REVIEWER, make.COUNTY)), {"entry": entry, "decision": "pass"})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "越界指标" not in page.content.decode()
    assert statuses(entry) == [SUBMITTED]


@pytest.mark.parametrize("address", [BATCH, "/entries/{pk}/verify/", "/entries/{pk}/return/"])
def test_address_of_a_step_opened_by_hand_leads_back(client: Client, address: str) -> None:
    entry = make.entry()
    signed_in(client, make.user(Role.VERIFIER))

    answer = client.get(address.format(pk=entry.pk))

    assert answer.status_code == HTTPStatus.FOUND
    assert client.get(answer["Location"]).status_code == HTTPStatus.OK


def test_opinion_of_a_step_stands_in_the_timeline_with_the_organisation(client: Client) -> None:
    team = make.team()
    User.objects.filter(pk=team.reviewer.pk).update(organisation=make.organisation(name="上党区自然资源局"))
    entry = make.entry(status=SUBMITTED, by=team)
    form = {"receipt": uuid.uuid4(), "version": entry.version, "opinion": "与验收单相符"}

    signed_in(client, team.reviewer).post(reverse("entry_step", args=[entry.pk, "review"]), form)

    happened = client.get(entry.get_absolute_url()).context["history"][-1]
    assert (happened.reason, happened.organisation, happened.deputises_for) == ("与验收单相符", "上党区自然资源局", "")


def test_timeline_says_in_whose_stead_a_step_was_taken(client: Client) -> None:
    team, absent = make.team(), make.user(display_name="李主任")
    deputy = make.user()
    make.duty(deputy, Role.REVIEWER, make.COUNTY, deputises_for=absent)
    make.duty(deputy, Role.CLERK, make.COUNTY)
    entry = make.entry(status=REVIEWED, by=make.Team(team.clerk, deputy, team.verifier))

    page = signed_in(client, team.verifier).get(entry.get_absolute_url())

    assert [each.deputises_for for each in page.context["history"]] == ["", "", "李主任"]
    assert "代李主任" in page.content.decode()


def test_refused_step_keeps_what_was_typed(client: Client) -> None:
    team = make.team()
    entry = make.entry(status=SUBMITTED, by=team)
    form = {"receipt": uuid.uuid4(), "version": entry.version - 1, "reason": "面积与图斑不符"}

    page = signed_in(client, team.reviewer).post(reverse("entry_step", args=[entry.pk, "return"]), form)

    assert page.status_code == HTTPStatus.CONFLICT
    [fold] = BeautifulSoup(page.content, "html.parser").select("details#return")
    assert fold.has_attr("open")
    assert fold.select_one("[name=reason]")["value"] == "面积与图斑不符"  # type: ignore[index]
    assert fold.select_one("[name=version]")["value"] == str(entry.version)  # type: ignore[index]


def test_old_form_of_an_entry_that_was_verified_meanwhile_offers_its_correction(client: Client) -> None:
    team = make.team()
    entry = make.verified_entry(by=team)
    form = {"receipt": uuid.uuid4(), "version": 1, "value": "12"}

    page = signed_in(client, team.clerk).post(reverse("entry_edit", args=[entry.pk]), form)

    assert page.status_code == HTTPStatus.CONFLICT
    assert [offer.step for offer in page.context["offers"]] == ["correct"]
    assert "确认发起更正" in page.content.decode()


def test_conflict_page_of_a_superseded_revision_offers_nothing(client: Client) -> None:
    team = make.team()
    entry = make.verified_entry(by=team)
    correct(entry, team.clerk)
    form = {"receipt": uuid.uuid4(), "version": 1, "value": "12"}

    page = signed_in(client, team.clerk).post(reverse("entry_edit", args=[entry.pk]), form)

    assert page.context["offers"] == []
