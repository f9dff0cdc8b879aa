"""Bad input over REST: a clear message at its field, in the user's language, and never a fault of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import Role
from progress.models import IndicatorKind, ProgressEntry
from tests import factories as make
from tests.rest import client_of, send, told

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_the_window() -> Iterator[None]:
    with time_machine.travel("2025-03-31T12:00:00+08:00"):
        yield


@pytest.fixture
def clerk() -> APIClient:
    make.period()
    return client_of(make.user(Role.CLERK, make.COUNTY))


def enter(clerk: APIClient, **changed: Any) -> Any:
    """A POST of an entry that would be good but for what is changed."""
    body = {"series": None, "period": "2025-03", "value": "1", **changed}
    return send(clerk, "entries/", {**body, "series": body["series"] or make.series().pk})


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("NaN", "“NaN”不是有效的数值"),
        ("Infinity", "“Infinity”不是有效的数值"),
        ("1e999", "“1e999”不是有效的数值"),
        ("0x1F", "“0x1F”不是有效的数值"),
        ("一百", "不要用全角字符或汉字"),
        ("１２", "请用半角数字填写"),
        ("9" * 30, "整数部分最多 14 位"),
        (int("9" * 30), "整数部分最多 14 位"),
        ("0.001", "此指标最多 2 位小数"),
        ("-1", "不能填负数"),
        (-1, "不能填负数"),
        (1.5, "请写成字符串"),
        (True, "请写成字符串"),
        ([], "请写成字符串"),
        ({"amount": "1"}, "请写成字符串"),
    ],
)
def test_amount_that_is_none_is_refused(clerk: APIClient, value: Any, sentence: str) -> None:
    answer = enter(clerk, value=value)

    status, code, [(pointer, _code)] = told(answer)
    assert (status, code, pointer) == (400, "invalid", "#/value")
    assert sentence in answer.json()["errors"][0]["detail"]
    assert not ProgressEntry.objects.exists()


@pytest.mark.parametrize("value", ["", "\0", "\ud800", "1" * 10**6])
def test_text_that_no_amount_can_be_is_refused(clerk: APIClient, value: str) -> None:
    assert told(enter(clerk, value=value))[0] == 400


@pytest.mark.parametrize("note", ["\0", "a\ud800b", "长" * 2001])
def test_note_that_cannot_be_kept_is_refused(clerk: APIClient, note: str) -> None:
    status, code, [(pointer, _code)] = told(enter(clerk, note=note))

    assert (status, code, pointer) == (400, "invalid", "#/note")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b"\xff\xfe", b'{"value": NaN}', b'{"value": -Infinity}', b"9" * 5_000, b"{'a': 1}"],
)
def test_body_that_is_not_json_is_refused(clerk: APIClient, body: bytes) -> None:
    answer = send(clerk, "entries/", body or b" ")

    assert told(answer) == (400, "parse_error", [])
    assert "JSON" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"1", b"null", b"true"])
def test_body_that_is_no_object_is_refused(clerk: APIClient, body: bytes) -> None:
    status, code, _errors = told(send(clerk, "entries/", body))

    assert (status, code) == (400, "invalid")


@pytest.mark.parametrize("name", ["status", "\ud800", "a/b~c", "\0", "__class__"])
def test_unknown_field_is_refused_by_name(clerk: APIClient, name: str) -> None:
    status, _code, [(pointer, code)] = told(enter(clerk, **{name: 1}))

    assert (status, code) == (400, "unknown")
    assert pointer == "#/" + {"\ud800": "\\ud800", "a/b~c": "a~1b~0c"}.get(name, name)


@pytest.mark.parametrize("series", [10**12, 10**30, 2**63])
def test_series_that_is_not_there_is_not_found(clerk: APIClient, series: int) -> None:
    assert told(enter(clerk, series=series)) == (404, "not_found", [])


@pytest.mark.parametrize("series", ["x", -1, 0, [1], {}, "1.5"])
def test_series_that_is_no_number_is_refused(clerk: APIClient, series: Any) -> None:
    make.series()

    answer = send(clerk, "entries/", {"series": series, "period": "2025-03", "value": "1"})

    assert told(answer)[2][0][0] == "#/series"


def test_series_of_another_county_is_not_found(clerk: APIClient) -> None:
    theirs = make.series(region_code=make.OTHER_TOWN)

    answer = enter(clerk, series=theirs.pk)

    assert told(answer) == (404, "not_found", [])
    assert answer.json()["detail"] == "没有这个填报项，或者它不在您的职责范围内。"


@pytest.mark.parametrize(
    "period",
    ["2025", "2025-13", "2025-3", "2025-03-02", "0000-00", "９999-01", "3000-01", "\0", "x" * 11, 202503, None],
)
def test_period_that_is_none_of_the_series_is_refused(clerk: APIClient, period: Any) -> None:
    status, _code, [(pointer, _)] = told(enter(clerk, period=period))

    assert (status, pointer) == (400, "#/period")


def test_closed_period_is_refused_with_the_reason(clerk: APIClient) -> None:
    make.period(2025, 1)

    answer = enter(clerk, period="2025-01")

    assert told(answer) == (409, "period_closed", [("#/period", "period_closed")])
    assert answer.json()["detail"] == "2025年1月已于2025年2月10日截止填报。"


def test_level_above_the_one_after_is_refused(clerk: APIClient) -> None:
    series = make.series(make.indicator(IndicatorKind.STOCK))
    make.verified_entry(series, 20, make.period(2025, 4))

    answer = enter(clerk, series=series.pk, value="20.01")

    assert told(answer) == (422, "level_out_of_order", [("#/value", "level_out_of_order")])
    assert "不能大于下期已核定的20.00 亩" in answer.json()["detail"]


def test_increment_may_be_negative_where_the_indicator_may_fall(clerk: APIClient) -> None:
    falling = make.series(make.indicator(may_fall=True))
    level = make.series(make.indicator(IndicatorKind.STOCK, may_fall=True))

    answers = [enter(clerk, series=series.pk, value="-1") for series in (falling, level)]

    assert [answer.status_code for answer in answers] == [201, 400]


@pytest.mark.parametrize("number", ["0", "9" * 18, "9" * 19, "9" * 400, "１", "x", "1.0", "-1"])
def test_address_of_no_entry_is_not_found(clerk: APIClient, number: str) -> None:
    assert told(clerk.get(f"/api/v1/entries/{number}/")) == (404, "not_found", [])


LISTS = ["regions", "organisations", "projects", "indicators", "series", "targets", "entries"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("cursor=x", "cursor"),
        ("cursor=", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=JyBPUiAx", "cursor"),
        ("cursor=年", "cursor"),
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=-1", "limit"),
        ("limit=１", "limit"),
        ("limit=" + "9" * 5000, "limit"),
        ("page=2", "page"),
        ("ordering=password", "ordering"),
        ("region__users__password=x", "region__users__password"),
    ],
)
def test_list_parameter_that_is_bad_is_refused(clerk: APIClient, path: str, query: str, name: str) -> None:
    status, code, errors = told(clerk.get(f"/api/v1/{path}/?{query}"))

    assert (status, code, [place for place, _ in errors]) == (400, "invalid", [name])


def test_cursor_beyond_all_numbers_ends_the_list(clerk: APIClient) -> None:
    beyond = "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OQ=="

    answers = [clerk.get(f"/api/v1/{path}/?cursor={beyond}") for path in ("series", "entries")]

    assert [(answer.status_code, answer.json()["results"]) for answer in answers] == [(200, []), (200, [])]


@pytest.mark.parametrize(
    ("query", "name"),
    [
        *(
            (f"{path}/?region={code}", "region")
            for path in (*LISTS[:3], *LISTS[4:])
            for code in ("x", "14%00", "１４０４")
        ),
        *((f"{path}/?search=%00", "search") for path in ("regions", "organisations", "projects", "series", "entries")),
        *((f"{path}/?work_line=coal", "work_line") for path in LISTS[2:]),
        ("entries/?status=done", "status"),
        ("entries/?period=2025-13", "period"),
        ("entries/?period=%00", "period"),
        ("entries/?updated_since=yesterday", "updated_since"),
        ("entries/?project=%00", "project"),
        ("regions/?level=%00", "level"),
        ("indicators/?kind=x", "kind"),
        ("rollups/", "region"),
        ("rollups/?region=1404&project=x", "region"),
        ("rollups/?region=14x4", "region"),
        ("rollups/?project=%00", "project"),
        ("rollups/?region=1404&since=2025", "since"),
        ("rollups/?region=1404&until=%00", "until"),
        ("rollups/?region=1404&month=2025-01", "month"),
        ("status/summary/?on=2025-01-01", "on"),
    ],
)
def test_filter_that_is_bad_is_refused_by_name(clerk: APIClient, query: str, name: str) -> None:
    status, code, errors = told(clerk.get(f"/api/v1/{query}"))

    assert (status, code, [place for place, _ in errors]) == (400, "invalid", [name])
