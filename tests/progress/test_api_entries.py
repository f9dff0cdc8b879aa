"""The main job over REST: the steps of an entry, its version, and the same request sent twice."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from accounts.models import Receipt, Role
from progress import rollups
from progress.models import EntryStatus, IndicatorKind, LedgerLine, ProgressEntry
from tests import factories as make
from tests.rest import client_of, send, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_window() -> Iterator[None]:
    """The last day of March 2025, when its report may be typed."""
    with time_machine.travel("2025-03-31T12:00:00+08:00"):
        yield


@pytest.fixture
def team() -> make.Team:
    return make.team()


def test_entry_walks_from_draft_to_verified(team: make.Team) -> None:
    series, period = make.series(), make.period()
    clerk, reviewer, verifier = (client_of(person) for person in (team.clerk, team.reviewer, team.verifier))

    draft = send(clerk, "entries/", {"series": series.pk, "period": "2025-03", "value": "12.50", "note": "整治"})
    address = f"entries/{draft.json()['id']}"
    submitted = send(clerk, f"{address}/submit/", version=1)
    reviewed = send(reviewer, f"{address}/review/", version=2)
    verified = send(verifier, f"{address}/verify/", version=3)

    answers = [draft, submitted, reviewed, verified]
    assert [answer.status_code for answer in answers] == [201, 200, 200, 200]
    assert [answer.json()["status"] for answer in answers] == ["draft", "submitted", "reviewed", "verified"]
    assert [answer.headers["ETag"] for answer in answers] == ['"1"', '"2"', '"3"', '"4"']
    assert verified.json() == client_of(team.clerk).get(f"/api/v1/{address}/").json()
    [total] = rollups.totals([rollups.Ask(series.indicator_id, region=make.CITY)])
    assert (str(total.amount), total.last_month) == ("12.5000", period.month)


def test_entry_is_told_with_unit_place_and_period(team: make.Team) -> None:
    entry = make.entry(make.series(), "70897.71", by=team)

    told_entry = client_of(team.clerk).get(f"/api/v1/entries/{entry.pk}/").json()

    assert told_entry["value"] == "70897.71"
    assert told_entry["indicator"]["unit"] == "亩"
    assert told_entry["region"] == {"code": "140404202", "full_name": "上党区北呈乡"}
    assert told_entry["period"] == {
        "code": "2025-03",
        "kind": "month",
        "start_on": "2025-03-01",
        "end_on": "2025-03-31",
        "name": "2025年3月",
    }


@pytest.mark.parametrize(
    ("content", "value", "reason"),
    [({}, None, ""), ({"value": "0"}, "0", ""), ({"value": None, "no_progress_reason": "冬歇"}, None, "冬歇")],
)
def test_blank_zero_and_no_progress_stay_three_things(
    team: make.Team, content: dict[str, str], value: str | None, reason: str
) -> None:
    series = make.series()
    make.period()

    draft = send(client_of(team.clerk), "entries/", {"series": series.pk, "period": "2025-03", **content})

    assert (draft.json()["value"], draft.json()["no_progress_reason"]) == (value, reason)


def test_change_keeps_what_is_left_out(team: make.Team) -> None:
    entry = make.entry(value=10, note="整治", by=team)

    changed = send(client_of(team.clerk), f"entries/{entry.pk}/", {"value": 11}, method="PATCH", version=1)

    assert changed.status_code == 200
    assert {key: changed.json()[key] for key in ("value", "note", "version")} == {
        "value": "11",
        "note": "整治",
        "version": 2,
    }


def test_submitted_entry_is_withdrawn_by_its_clerk(team: make.Team) -> None:
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)

    withdrawn = send(client_of(team.clerk), f"entries/{entry.pk}/withdraw/", version=2)

    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "draft")


def test_return_carries_its_reason(team: make.Team) -> None:
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)
    reviewer = client_of(team.reviewer)

    silent = send(reviewer, f"entries/{entry.pk}/return/", {}, version=2)
    returned = send(reviewer, f"entries/{entry.pk}/return/", {"reason": "请补依据"}, version=2)

    assert told(silent) == (400, "invalid", [("#/reason", "required")])
    assert (returned.json()["status"], returned.json()["return_reason"]) == ("returned", "请补依据")


def test_correction_is_the_next_revision(team: make.Team) -> None:
    entry = make.verified_entry(value=10, by=team)
    clerk = client_of(team.clerk)

    opened = send(clerk, f"entries/{entry.pk}/correct/", {"reason": "复核测量"}, version=4)
    again = send(clerk, f"entries/{entry.pk}/correct/", {"reason": "复核测量"}, version=4)

    assert (opened.status_code, opened.json()["revision"], opened.json()["status"]) == (201, 2, "draft")
    assert told(again) == (409, "already_entered", [("#/period", "already_entered")])
    assert again.json()["existing"] == opened.json()["id"]


def test_derived_figure_is_not_corrected_by_hand(team: make.Team) -> None:
    entry = make.fact(by=team)

    answer = send(client_of(team.clerk), f"entries/{entry.pk}/correct/", {"reason": "复核测量"}, version=entry.version)

    assert told(answer) == (409, "wrong_status", [("#/series", "wrong_status")])
    assert ProgressEntry.objects.get() == entry


def test_draft_is_deleted(team: make.Team) -> None:
    entry = make.entry(by=team)

    answer = send(client_of(team.clerk), f"entries/{entry.pk}/", method="DELETE", version=1)

    assert answer.status_code == 204
    assert not ProgressEntry.objects.exists()


def test_same_key_is_answered_again_and_not_done_again(team: make.Team) -> None:
    series, clerk = make.series(), client_of(team.clerk)
    make.period()
    body = {"series": series.pk, "period": "2025-03", "value": "12.50"}

    first, second = (send(clerk, "entries/", body, key="a") for _ in range(2))
    without_key = send(clerk, "entries/", body)

    assert (second.status_code, second.json(), second.headers["ETag"]) == (201, first.json(), '"1"')
    assert told(without_key)[:2] == (409, "already_entered")
    assert ProgressEntry.objects.count() == 1


def test_same_key_with_another_body_is_refused(team: make.Team) -> None:
    series, clerk = make.series(), client_of(team.clerk)
    make.period()
    send(clerk, "entries/", {"series": series.pk, "period": "2025-03", "value": "12.50"}, key="a")

    answer = send(clerk, "entries/", {"series": series.pk, "period": "2025-03", "value": "12.51"}, key="a")

    assert told(answer) == (422, "idempotency_key_reused", [])


def test_same_key_for_another_entry_is_refused(team: make.Team) -> None:
    one, other, clerk = make.entry(by=team), make.entry(by=team), client_of(team.clerk)
    send(clerk, f"entries/{one.pk}/submit/", version=1, key="a")

    answer = send(clerk, f"entries/{other.pk}/submit/", version=1, key="a")

    assert told(answer) == (422, "idempotency_key_reused", [])


def test_keys_of_two_people_never_meet(team: make.Team) -> None:
    entry = make.entry(by=team)
    send(client_of(team.clerk), f"entries/{entry.pk}/submit/", version=1, key="a")

    reviewed = send(client_of(team.reviewer), f"entries/{entry.pk}/review/", version=2, key="a")

    assert reviewed.json()["status"] == "reviewed"


def test_step_replayed_with_its_key_posts_once(team: make.Team) -> None:
    entry = make.entry(status=EntryStatus.REVIEWED, by=team)
    verifier = client_of(team.verifier)

    first, second = (send(verifier, f"entries/{entry.pk}/verify/", version=3, key="a") for _ in range(2))

    assert (second.status_code, second.json()) == (first.status_code, first.json())
    assert LedgerLine.objects.count() == 1


def test_refused_request_may_use_its_key_again(team: make.Team) -> None:
    entry, clerk = make.entry(value=None, by=team), client_of(team.clerk)

    refused = send(clerk, f"entries/{entry.pk}/submit/", version=1, key="a")

    assert told(refused) == (422, "incomplete", [("#/value", "incomplete")])
    assert not Receipt.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "年", "a" * 256])
def test_unfit_key_is_refused(team: make.Team, key: str) -> None:
    entry = make.entry(by=team)

    answer = send(client_of(team.clerk), f"entries/{entry.pk}/submit/", version=1, key=key)

    assert told(answer)[:2] == (400, "parse_error")


def test_stale_version_is_told_the_current_entry(team: make.Team) -> None:
    entry, clerk = make.entry(value=10, by=team), client_of(team.clerk)
    send(clerk, f"entries/{entry.pk}/", {"value": "11"}, method="PATCH", version=1)

    answer = send(clerk, f"entries/{entry.pk}/", {"value": "12"}, method="PATCH", version=1)

    assert told(answer) == (412, "stale_version", [])
    assert answer.headers["ETag"] == '"2"'
    assert answer.json()["current"] == clerk.get(f"/api/v1/entries/{entry.pk}/").json()
    assert answer.json()["current"]["value"] == "11"


@pytest.mark.parametrize("header", ['"2"', "1", 'W/"1"', "*", '"1", "2"', '"１"', '"' + "9" * 99 + '"'])
def test_if_match_must_name_the_version_read(team: make.Team, header: str) -> None:
    entry, clerk = make.entry(by=team), client_of(team.clerk)

    answer = clerk.post(f"/api/v1/entries/{entry.pk}/submit/", headers={"If-Match": header})

    assert told(answer)[:2] == (412, "stale_version")


@pytest.mark.parametrize(
    ("method", "step"),
    [
        ("PATCH", ""),
        ("DELETE", ""),
        *(("POST", step) for step in ("submit/", "withdraw/", "review/", "verify/", "return/", "correct/")),
    ],
)
def test_change_without_if_match_is_refused(team: make.Team, method: str, step: str) -> None:
    entry = make.entry(by=team)

    answer = send(client_of(team.clerk), f"entries/{entry.pk}/{step}", {}, method=method)

    assert told(answer) == (428, "version_missing", [])


def test_unchanged_entry_is_not_sent_again(team: make.Team) -> None:
    entry, clerk = make.entry(by=team), client_of(team.clerk)

    answer = clerk.get(f"/api/v1/entries/{entry.pk}/", headers={"If-None-Match": '"1"'})

    assert (answer.status_code, answer.content) == (304, b"")


def test_entering_reviewing_and_verifying_take_three_people(team: make.Team) -> None:
    make.duty(team.clerk, Role.REVIEWER, make.COUNTY)
    entry = make.entry(status=EntryStatus.SUBMITTED, by=team)

    answer = send(client_of(team.clerk), f"entries/{entry.pk}/review/", version=2)

    assert told(answer) == (409, "same_person", [])


def test_step_outside_ones_duty_is_refused(team: make.Team) -> None:
    entry = make.entry(status=EntryStatus.REVIEWED, by=team)

    answer = send(client_of(team.clerk), f"entries/{entry.pk}/verify/", version=3)

    assert told(answer) == (403, "not_allowed", [])


def test_step_out_of_turn_is_refused(team: make.Team) -> None:
    entry = make.entry(by=team)

    answer = send(client_of(team.verifier), f"entries/{entry.pk}/verify/", version=1)

    assert told(answer) == (409, "wrong_status", [])


def test_entry_of_another_county_is_not_there(team: make.Team) -> None:
    entry = make.entry(make.series(region_code=make.OTHER_TOWN))
    own, clerk = make.entry(by=team), client_of(team.clerk)

    answers = [
        clerk.get(f"/api/v1/entries/{entry.pk}/"),
        *(send(clerk, f"entries/{entry.pk}/{step}/", {}, version=1) for step in ("submit", "verify", "correct")),
        send(clerk, f"entries/{entry.pk}/", {"value": "1"}, method="PATCH", version=1),
        send(clerk, f"entries/{entry.pk}/", method="DELETE", version=1),
    ]

    assert [told(answer) for answer in answers] == [(404, "not_found", [])] * 6
    assert [row["id"] for row in clerk.get("/api/v1/entries/").json()["results"]] == [own.pk]


@pytest.mark.parametrize("sent", [{"status": "verified"}, {"version": 9}, {"verified_by": 1}, {"region": "1404"}])
def test_field_that_is_not_the_clients_is_refused(team: make.Team, sent: dict[str, object]) -> None:
    entry = make.entry(by=team)

    answer = send(client_of(team.clerk), f"entries/{entry.pk}/", sent, method="PATCH", version=1)

    assert told(answer) == (400, "invalid", [(f"#/{next(iter(sent))}", "unknown")])
    entry.refresh_from_db()
    assert (entry.status, entry.version) == ("draft", 1)


def test_level_below_the_one_before_is_refused_at_its_field(team: make.Team) -> None:
    series = make.series(make.indicator(IndicatorKind.STOCK))
    make.verified_entry(series, 20, make.period(2025, 2), by=team)
    make.period()

    answer = send(client_of(team.clerk), "entries/", {"series": series.pk, "period": "2025-03", "value": "19.99"})

    assert told(answer) == (422, "level_out_of_order", [("#/value", "level_out_of_order")])
    assert "20.00 亩" in answer.json()["detail"]
