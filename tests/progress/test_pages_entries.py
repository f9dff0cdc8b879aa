"""Entries on pages: the list, one entry's page and its steps."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from progress.gate import CITY_TIME
from progress.models import EntryStatus, ProgressEntry
from progress.services import entries
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

LIST = reverse("entries")


def take(client: Client, entry: ProgressEntry, step: str, **inputs: Any) -> Page:
    form = {"receipt": uuid.uuid4(), "version": entry.version, "reason": "", **inputs}
    return client.post(reverse("entry_step", args=[entry.pk, step]), form)


def offered(client: Client, entry: ProgressEntry) -> dict[str, str]:
    """The steps that the page offers, each with the reason why it is shut."""
    page = client.get(entry.get_absolute_url())
    return {offer.step: str(offer.refusal) for offer in page.context["offers"]}


def listed(client: Client, **query: str) -> list[ProgressEntry]:
    page = client.get(LIST, query)
    rows: list[ProgressEntry] = page.context["page"].rows
    return rows


def test_list_shows_what_the_person_may_see(client: Client) -> None:
    here, _elsewhere = make.entry(), make.entry(make.series(region_code=make.OTHER_TOWN))

    assert listed(signed_in(client, make.user(Role.REVIEWER, make.COUNTY))) == [here]


@pytest.mark.parametrize(
    "query",
    [
        {"status": "submitted"},
        {"work_line": "water"},
        {"period": "2025-02"},
        {"region": make.OTHER_COUNTY},
        {"search": "湿地"},
        {"region": "14042"},
        {"period": "2025-13"},
        {"status": "nonsense"},
    ],
)
def test_list_filter_keeps_what_fits_and_nothing_when_it_is_mangled(client: Client, query: dict[str, str]) -> None:
    make.entry()
    signed_in(client, make.user(Role.LEADER))

    assert listed(client, **query) == []
    assert len(listed(client, region=make.COUNTY, period="2025-03", status="draft", work_line="subsidence")) == 1


def test_list_is_read_by_key_forth_and_back(client: Client) -> None:
    series = make.series()
    made = [make.entry(series, 1, make.period(2020 + n // 12, n % 12 + 1)) for n in range(60)]
    newest_first = made[::-1]
    signed_in(client, make.user(Role.LEADER))

    first = client.get(LIST).context["page"]
    second = client.get(LIST + first.next_url).context["page"]
    back = client.get(LIST + second.previous_url).context["page"]

    assert first.rows + second.rows == newest_first
    assert back.rows == first.rows
    assert (first.previous_url, second.next_url, back.previous_url) == ("", "", "")


def test_entry_of_another_county_is_not_found(client: Client) -> None:
    entry = make.entry(make.series(region_code=make.OTHER_TOWN))
    signed_in(client, make.user(Role.CLERK, make.COUNTY))

    pages = [client.get(entry.get_absolute_url()), take(client, entry, "delete")]

    assert [page.status_code for page in pages] == [HTTPStatus.NOT_FOUND] * 2


def test_page_tells_what_happened_step_by_step(client: Client) -> None:
    team = make.team()
    entry = make.entry(value=10, by=team)
    content = entries.Content(Decimal(12))
    entry = entries.change_draft(entry=entry, version=1, content=content, by=team.clerk, at=make.inside(entry.period))
    make.walk(entry, EntryStatus.VERIFIED, by=team)

    page = signed_in(client, team.verifier).get(entry.get_absolute_url())

    happened = page.context["history"]
    assert [str(each.step) for each in happened] == ["填报", "修改", "报送", "审核通过", "核定"]
    assert [(change.before, change.after) for change in happened[1].changes] == [("10.00", "12.00")]
    assert [line.amount for line in page.context["lines"]] == [12]


def test_corrected_entry_shows_the_reversing_and_the_restating_line(client: Client) -> None:
    team = make.team()
    verified = make.verified_entry(value=10, by=team)
    corrected = make.correction(verified, 8, by=team)

    page = signed_in(client, team.verifier).get(corrected.get_absolute_url())

    assert [line.amount for line in page.context["lines"]] == [-10, 8]
    assert [(pair.stood, pair.stands) for pair in page.context["pairs"]] == [(verified, corrected)]


@pytest.mark.time_machine("2025-03-31 12:00 +0800")
@pytest.mark.parametrize(
    ("status", "who", "steps"),
    [
        (EntryStatus.DRAFT, "clerk", {"edit", "submit", "delete"}),
        (EntryStatus.RETURNED, "clerk", {"edit", "submit"}),
        (EntryStatus.SUBMITTED, "clerk", {"withdraw"}),
        (EntryStatus.SUBMITTED, "reviewer", {"review", "return"}),
        (EntryStatus.REVIEWED, "verifier", {"verify", "return"}),
        (EntryStatus.VERIFIED, "clerk", {"correct"}),
        (EntryStatus.DRAFT, "reviewer", set()),
        (EntryStatus.SUBMITTED, "verifier", set()),
        (EntryStatus.REVIEWED, "reviewer", set()),
        (EntryStatus.VERIFIED, "verifier", set()),
    ],
)
def test_page_offers_the_steps_of_ones_duty(client: Client, status: EntryStatus, who: str, steps: set[str]) -> None:
    team = make.team()
    entry = make.entry(status=status, by=team)

    assert set(offered(signed_in(client, getattr(team, who)), entry)) == steps


def test_derived_figure_is_not_corrected_by_hand(client: Client) -> None:
    team = make.team()
    entry = make.fact(by=team)
    signed_in(client, team.clerk)

    steps, refused = offered(client, entry), take(client, entry, "correct", reason="复核测量")

    assert steps == {}
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "不能手工填报" in refused.content.decode()
    assert ProgressEntry.objects.get() == entry


@pytest.mark.time_machine("2025-03-31 12:00 +0800")
def test_withdrawing_is_not_offered_without_the_duty_to_enter(client: Client) -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)
    team.clerk.duties.update(role=Role.LEADER)

    assert offered(signed_in(client, team.clerk), entry) == {}


@pytest.mark.time_machine("2025-04-12 12:00 +0800")
def test_returned_entry_is_offered_for_mending_after_its_period_closed(client: Client) -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)
    at = datetime.datetime(2025, 4, 10, 12, tzinfo=CITY_TIME)
    entries.return_entry(entry=entry, version=entry.version, by=team.reviewer, at=at, reason="请补依据")
    signed_in(client, team.clerk)

    steps, form = offered(client, entry), client.get(reverse("entry_edit", args=[entry.pk]))

    assert steps == {"edit": "", "submit": ""}
    assert "已退回，请于2025年4月13日前改正并重新报送。" in form.content.decode()


def test_closed_gate_is_given_as_the_reason(client: Client) -> None:
    team = make.team()
    entry = make.entry(by=team)

    assert offered(signed_in(client, team.clerk), entry)["submit"] == "2025年3月已于2025年4月10日截止填报。"


def test_who_typed_is_told_to_leave_the_review_to_others(client: Client) -> None:
    team = make.team()
    make.duty(team.clerk, Role.REVIEWER, make.COUNTY)
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)
    signed_in(client, team.clerk)

    reasons, refused = offered(client, entry), take(client, entry, "review")

    assert "必须由三个人分别完成" in reasons["review"]
    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "必须由三个人分别完成" in refused.content.decode()


def test_superseded_revision_is_not_corrected_again(client: Client) -> None:
    team = make.team()
    verified = make.verified_entry(by=team)
    make.correction(verified, 8, by=team)

    assert offered(signed_in(client, team.clerk), verified) == {}


@pytest.mark.time_machine("2025-03-31 12:00 +0800")
def test_entry_walks_from_draft_to_verified_by_three_people(client: Client) -> None:
    team = make.team()
    entry = make.entry(value=22, by=team)

    for person, step in ((team.clerk, "submit"), (team.reviewer, "review"), (team.verifier, "verify")):
        answer = take(signed_in(client, person), entry, step)
        assert answer.status_code == HTTPStatus.FOUND
        entry.refresh_from_db()

    assert entry.status == EntryStatus.VERIFIED
    assert entry.lines.get().amount == 22


@pytest.mark.time_machine("2025-03-31 12:00 +0800")
def test_step_clicked_twice_is_taken_once(client: Client) -> None:
    team = make.team()
    entry = make.entry(by=team)
    form = {"receipt": uuid.uuid4(), "version": entry.version}
    signed_in(client, team.clerk)

    answers = [client.post(reverse("entry_step", args=[entry.pk, "delete"]), form) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == [LIST, LIST]
    assert not ProgressEntry.objects.exists()


def test_return_needs_a_reason(client: Client) -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)
    signed_in(client, team.reviewer)

    refused, done = take(client, entry, "return"), take(client, entry, "return", reason="请补照片")

    assert "退回必须写明理由" in refused.content.decode()
    assert done["Location"] == reverse("review")
    entry.refresh_from_db()
    assert (entry.status, entry.return_reason) == (EntryStatus.RETURNED, "请补照片")


def test_correction_is_opened_with_its_reason_and_leads_to_its_form(client: Client) -> None:
    team = make.team()
    entry = make.verified_entry(by=team)

    answer = take(signed_in(client, team.clerk), entry, "correct", reason="重复计算", is_void="on")

    opened = ProgressEntry.objects.get(revision=2)
    assert answer["Location"] == reverse("entry_edit", args=[opened.pk])
    assert (opened.is_void, opened.correction_reason) == (True, "重复计算")


def test_stale_step_shows_the_entry_as_it_is_now(client: Client) -> None:
    team = make.team()
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)

    page = take(signed_in(client, team.reviewer), entry, "review", version=1)

    assert page.status_code == HTTPStatus.CONFLICT
    assert "已被他人修改" in page.content.decode()


def test_step_of_somebody_elses_duty_is_forbidden(client: Client) -> None:
    entry = make.entry(status=EntryStatus.SUBMITTED)

    page = take(signed_in(client, make.user(Role.LEADER)), entry, "review")

    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "没有办理此事项的职责" in page.content.decode()


def test_unknown_step_is_not_found_and_a_bare_form_refused(client: Client) -> None:
    entry = make.entry()
    signed_in(client, make.user(Role.LEADER))

    unknown, bare = take(client, entry, "approve"), client.post(reverse("entry_step", args=[entry.pk, "review"]))

    assert (unknown.status_code, bare.status_code) == (HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)


def test_queue_holds_what_the_person_may_review_or_verify(client: Client) -> None:
    team = make.team()
    submitted = make.entry(status=EntryStatus.SUBMITTED, by=team)
    reviewed = make.entry(status=EntryStatus.REVIEWED, by=team)
    make.entry(by=team)

    def queue(person: User) -> list[ProgressEntry]:
        rows: list[ProgressEntry] = signed_in(client, person).get(reverse("review")).context["page"].rows
        return rows

    assert queue(team.reviewer) == [submitted]
    assert queue(team.verifier) == [reviewed]
    assert queue(team.clerk) == []
