"""One cell of the grid as its script sends it: saved, refused, locked, or shown beside another's value."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Receipt, Role, User
from progress.models import EntryStatus, ProgressEntry, Series
from tests import factories as make
from tests.pages import Page, signed_in
from tests.progress.steps import change, delete

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800")]

Send = Callable[..., Page]


@pytest.fixture
def clerk(client: Client) -> User:
    """A clerk of the county, signed in."""
    person = make.user(Role.CLERK, make.COUNTY)
    signed_in(client, person)
    return person


@pytest.fixture
def send(client: Client, clerk: User) -> Send:
    """Send one cell as the page's script does; `by` is the person the page was made for."""

    def sent(series: Series, *, by: User = clerk, **cell: Any) -> Page:
        body = {"receipt": str(uuid.uuid4()), "series": series.pk, "period": make.period().pk, "version": None}
        body = {**body, "value": "", "no_progress_reason": "", "note": None, **cell}
        headers = {"X-Portal-User": str(by.pk)}
        return client.post(reverse("grid_cell"), json.dumps(body), "application/json", headers=headers)

    return sent


def told(answer: Page, *names: str) -> list[Any]:
    """The status and those facts of a JSON answer."""
    facts = answer.json()
    return [answer.status_code, *(facts[name] for name in names)]


def test_cell_is_saved_and_answered_with_all_it_shows(send: Send, clerk: User) -> None:
    series = make.series()
    make.verified_entry(series, 10, make.period(2025, 2))
    make.target(series.indicator, "100", make.COUNTY)

    answer = send(series, value="1,234.50")

    entry = ProgressEntry.objects.get(period=make.period())
    assert (entry.value, entry.status, entry.entered_by) == (Decimal("1234.5"), EntryStatus.DRAFT, clerk)
    assert answer.json() == {
        "state": "saved",
        "entry": entry.pk,
        "url": reverse("entry_edit", args=[entry.pk]),
        "version": 1,
        "status": "draft",
        "status_name": "草稿",
        "is_untouched": False,
        "value": "1234.5",
        "shown": "1,234.50",
        "no_progress_reason": "",
        "cumulative": "10.00",
        "remaining": "90.00",
        "warning": f"超过近1期最大值 10.00 的 10 倍，请核对；超出距目标的余量 90.00 {series.indicator.unit}，请核对",
    }


def test_cell_is_changed_and_its_note_stays(send: Send) -> None:
    entry = make.entry(note="北张村完成覆土")

    answer = send(entry.series, version=1, value="", no_progress_reason="冬季停工")

    entry.refresh_from_db()
    assert told(answer, "state", "version", "value", "shown") == [200, "saved", 2, "", "—"]
    assert (entry.value, entry.no_progress_reason, entry.note) == (None, "冬季停工", "北张村完成覆土")


def test_note_is_changed_when_it_is_given(send: Send) -> None:
    entry = make.entry(note="北张村完成覆土")

    send(entry.series, version=1, value="12", note="")

    entry.refresh_from_db()
    assert entry.note == ""


def test_emptied_cell_is_blank_and_not_zero(send: Send) -> None:
    entry = make.entry()

    answer = send(entry.series, version=1)

    entry.refresh_from_db()
    assert told(answer, "state", "value") == [200, "saved", ""]
    assert (entry.value, entry.no_progress_reason, entry.status) == (None, "", EntryStatus.DRAFT)


def test_jump_is_told_and_saved_all_the_same(send: Send) -> None:
    series = make.series()
    for month in range(8, 13):
        make.verified_entry(series, 12, make.period(2024, month))

    assert told(send(series, value="111.6"), "state", "warning") == [
        200,
        "saved",
        "比近5期中位数 12.00 高 8.3 倍，请核对",
    ]


def test_cell_sent_twice_is_saved_once(send: Send) -> None:
    series, receipt = make.series(), str(uuid.uuid4())

    first, second = (send(series, receipt=receipt, value="12") for _ in range(2))

    assert first.json() == second.json()
    assert AuditEvent.objects.filter(action="entry.create").count() == 1


@pytest.mark.parametrize("other", [{"value": "13"}, {"note": ""}])
def test_receipt_of_another_content_is_refused(send: Send, other: dict[str, str]) -> None:
    series, receipt = make.series(), str(uuid.uuid4())
    send(series, receipt=receipt, value="12")

    answer = send(series, **{"receipt": receipt, "value": "12", **other})

    assert told(answer, "state", "code") == [422, "refused", "idempotency_key_reused"]


@pytest.mark.parametrize(
    ("cell", "field", "sentence"),
    [
        ({"value": "１２"}, "value", "请用半角数字填写，例如 120.50，不要用全角字符或汉字。"),
        ({"value": "-1"}, "value", "此指标不能填负数。"),
        ({"value": "1.234"}, "value", "小数位过多：此指标最多 2 位小数。"),
        ({"value": 1e30}, "value", "“1e+30”不是有效的数值，请填写数字，例如 120.50。"),
        ({"value": ["1"]}, "value", "“['1']”不是有效的数值，请填写数字，例如 120.50。"),
        ({"value": "1", "no_progress_reason": "停工"}, "no_progress_reason", None),
        ({"receipt": "x", "value": "1"}, "receipt", None),
        ({"receipt": 7, "value": "1"}, "receipt", None),
        ({"version": "x", "value": "1"}, "version", None),
    ],
)
def test_cell_that_cannot_be_is_refused_with_the_reason(
    send: Send, cell: dict[str, Any], field: str, sentence: str | None
) -> None:
    answer = send(make.series(), **cell)

    assert told(answer, "state", "field") == [422, "refused", field]
    assert answer.json()["message"] == sentence or sentence is None
    assert not ProgressEntry.objects.exists()


@pytest.mark.parametrize("body", ["", "{", "[]", "7", '"x"', "[" * 100_000, '{"value": "\\ud800"}', b"\xff"])
def test_what_is_no_cell_is_not_found(client: Client, clerk: User, body: str | bytes) -> None:
    headers = {"X-Portal-User": str(clerk.pk)}

    answer = client.post(reverse("grid_cell"), body, "application/json", headers=headers)

    assert told(answer, "state", "code") == [404, "refused", "not_found"]


def test_text_that_no_database_keeps_is_not_taken(send: Send) -> None:
    series = make.series()

    told_of = [send(series, no_progress_reason=reason).status_code for reason in ("\ud800", "\0")]

    assert told_of == [404, 422]


def test_series_of_others_and_derived_ones_are_not_there(send: Send) -> None:
    elsewhere = make.series(region_code=make.OTHER_TOWN)
    derived = make.fact().series

    assert [send(series, value="1").status_code for series in (elsewhere, derived)] == [404, 404]


def test_cell_changed_meanwhile_shows_both_values(send: Send) -> None:
    team = make.team()
    entry = make.entry(by=team)
    change(entry, team.clerk)

    answer = send(entry.series, version=1, value="15")

    assert told(answer, "state", "code", "yours", "theirs") == [
        409,
        "conflict",
        "stale_version",
        {"value": "15", "no_progress_reason": ""},
        {
            "version": 2,
            "status": "draft",
            "status_name": "草稿",
            "is_untouched": False,
            "value": "12",
            "shown": "12.00",
            "no_progress_reason": "",
            "entry": entry.pk,
            "url": reverse("entry_edit", args=[entry.pk]),
            "by": str(team.clerk),
            "at": "2025年3月31日 12:00",
            "may_change": True,
        },
    ]


def test_cell_started_meanwhile_shows_both_values(send: Send) -> None:
    entry = make.entry(status=EntryStatus.SUBMITTED)

    theirs = told(send(entry.series, value="15"), "code", "theirs")

    assert theirs[:2] == [409, "already_entered"]
    assert (theirs[2]["value"], theirs[2]["version"], theirs[2]["may_change"]) == ("10", 2, False)


def test_draft_deleted_meanwhile_may_be_started_anew(send: Send) -> None:
    team = make.team()
    entry = make.entry(by=team)
    delete(entry, team.clerk)

    answer = send(entry.series, version=1, value="15")

    assert told(answer, "state", "code") == [409, "conflict", "draft_gone"]
    assert answer.json()["theirs"]["version"] is None
    assert send(entry.series, value="15").status_code == HTTPStatus.OK


def test_closed_period_locks_the_cell(send: Send) -> None:
    series, january = make.series(), make.period(2025, 1)

    answer = send(series, period=january.pk, value="12")

    assert told(answer, "state", "message") == [403, "locked", "2025年1月已于2025年2月10日截止填报。"]


@pytest.mark.parametrize("status", [EntryStatus.SUBMITTED, EntryStatus.VERIFIED])
def test_entry_on_its_way_locks_the_cell(send: Send, status: EntryStatus) -> None:
    entry = make.entry(status=status)

    assert told(send(entry.series, version=entry.version, value="12"), "state", "code") == [
        403,
        "locked",
        "wrong_status",
    ]


def test_correction_is_not_written_in_the_grid(send: Send) -> None:
    correction = make.correction(make.verified_entry(), 11, status=EntryStatus.DRAFT)

    assert told(send(correction.series, version=correction.version, value="12"), "state") == [403, "locked"]


def test_cell_is_never_saved_in_another_name(send: Send, client: Client) -> None:
    typist = make.user(Role.CLERK, make.COUNTY)

    answer = send(make.series(), by=typist, value="12")

    assert told(answer, "state", "code") == [409, "signed_out", "other_user"]
    assert not ProgressEntry.objects.exists()
    assert not Receipt.objects.exists()


def test_cell_takes_its_content_only(send: Send, clerk: User) -> None:
    forged = {
        "id": 999_999,
        "fact": "伪造",
        "revision": 7,
        "status": "verified",
        "is_demo": True,
        "entered_by": 999_999,
    }

    send(make.series(), value="12", do="submit", **forged)

    entry = ProgressEntry.objects.get()
    assert (entry.fact, entry.revision, entry.status) == ("", 1, EntryStatus.DRAFT)
    assert (entry.is_demo, entry.entered_by) == (False, clerk)


def test_cell_of_nobody_is_told_to_sign_in(send: Send, client: Client) -> None:
    client.logout()

    assert told(send(make.series(), value="12"), "state") == [401, "signed_out"]


def test_cell_takes_a_post_only(client: Client, clerk: User) -> None:
    assert client.get(reverse("grid_cell")).status_code == HTTPStatus.METHOD_NOT_ALLOWED
