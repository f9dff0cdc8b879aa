"""Typing an entry in the browser: what is taken, and what is refused with a sentence and nothing lost."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User
from progress.gate import CITY_TIME
from progress.models import EntryStatus, Frequency, IndicatorKind, Period, ProgressEntry, Series
from progress.services import corrections, entries
from progress.services.entries import Content
from tests import factories as make
from tests.pages import Page, signed_in

pytestmark = pytest.mark.django_db

MARCH = datetime.datetime(2025, 3, 31, 12, tzinfo=CITY_TIME)


@pytest.fixture(autouse=True)
def in_march() -> Any:
    """Noon of the last day of March 2025, when March may be typed."""
    with time_machine.travel(MARCH, tick=False):
        yield


def as_clerk(client: Client, person: User | None = None) -> Client:
    return signed_in(client, person or make.user(Role.CLERK, make.COUNTY))


def address(series: Series, period: Period) -> str:
    return f"{reverse('entry_new')}?series={series.pk}&period={period.pk}"


def typed(**inputs: Any) -> dict[str, Any]:
    """A form as the browser sends it."""
    return {"receipt": uuid.uuid4(), "value": "", "no_progress_reason": "", "note": "", "do": "save", **inputs}


def start(client: Client, series: Series, period: Period | None = None, **inputs: Any) -> Page:
    return client.post(address(series, period or make.period()), typed(**inputs))


def edit(client: Client, entry: ProgressEntry, **inputs: Any) -> Page:
    return client.post(reverse("entry_edit", args=[entry.pk]), typed(**{"version": entry.version, **inputs}))


def test_draft_is_saved_and_shown(client: Client) -> None:
    series = make.series()

    page = as_clerk(client).post(address(series, make.period()), typed(value="1,234.50"), follow=True)

    entry = ProgressEntry.objects.get()
    assert (entry.status, entry.value) == (EntryStatus.DRAFT, Decimal("1234.50"))
    assert page.redirect_chain == [(entry.get_absolute_url(), HTTPStatus.FOUND)]
    assert "已保存草稿。" in page.content.decode()


def test_entry_is_saved_and_submitted_in_one_step(client: Client) -> None:
    start(as_clerk(client), make.series(), value="12", do="submit")

    assert ProgressEntry.objects.get().status == EntryStatus.SUBMITTED


def test_no_progress_is_kept_apart_from_zero(client: Client) -> None:
    start(as_clerk(client), make.series(), no_progress_reason="冬季停工", do="submit")

    entry = ProgressEntry.objects.get()
    assert (entry.value, entry.no_progress_reason) == (None, "冬季停工")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("NaN", "“NaN”不是有效的数值"),
        ("Infinity", "“Infinity”不是有效的数值"),
        ("∞", "“∞”不是有效的数值"),
        ("１２３", "请用半角数字填写"),
        ("一百二十", "请用半角数字填写"),
        ("9" * 30, "数值过大"),
        ("1.234", "小数位过多"),
        ("-5", "此指标不能填负数"),
        ("1e5", "“1e5”不是有效的数值"),
        ("1,23", "“1,23”不是有效的数值"),
    ],
)
def test_bad_number_is_refused_and_stays_in_its_input(client: Client, text: str, sentence: str) -> None:
    page = start(as_clerk(client), make.series(), value=text, note="已填的说明")

    html = page.content.decode()
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in html
    assert f'value="{text}"' in html
    assert "已填的说明" in html
    assert not ProgressEntry.objects.exists()


def test_decrement_is_taken_where_the_indicator_may_fall(client: Client) -> None:
    start(as_clerk(client), make.series(make.indicator(may_fall=True)), value="-5")

    assert ProgressEntry.objects.get().value == Decimal(-5)


def test_nothing_typed_may_be_kept_as_a_draft_and_not_submitted(client: Client) -> None:
    series = make.series()
    as_clerk(client)

    refused = start(client, series, do="submit")
    kept = start(client, series)

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "请填写本期数值" in refused.content.decode()
    assert kept.status_code == HTTPStatus.FOUND


def test_value_and_reason_together_are_refused(client: Client) -> None:
    page = start(as_clerk(client), make.series(), value="3", no_progress_reason="停工")

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "请保留其一" in page.content.decode()


@pytest.mark.parametrize(
    ("value", "sentence"), [("9", "不能小于上期已核定的10.00"), ("31", "不能大于下期已核定的30.00")]
)
def test_level_that_may_not_fall_stays_between_its_neighbours(client: Client, value: str, sentence: str) -> None:
    series = make.series(make.indicator(IndicatorKind.STOCK))
    make.verified_entry(series, 10, make.period(2025, 2))
    make.verified_entry(series, 30, make.period(2025, 4))

    page = start(as_clerk(client), series, value=value)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in page.content.decode()


def test_level_below_zero_is_refused_even_where_it_may_fall(client: Client) -> None:
    series = make.series(make.indicator(IndicatorKind.STOCK, may_fall=True))

    page = start(as_clerk(client), series, value="-1")

    assert "此指标不能填负数" in page.content.decode()


def test_closed_period_says_since_when(client: Client) -> None:
    page = start(as_clerk(client), make.series(), make.period(2025, 1), value="3")

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "2025年1月已于2025年2月10日截止填报。" in page.content.decode()


def test_choice_shows_open_periods_and_why_the_others_are_closed(client: Client) -> None:
    series, march, _february = make.series(), make.period(), make.period(2025, 2)

    html = as_clerk(client).get(reverse("entry_new")).content.decode()

    assert f"series={series.pk}&amp;period={march.pk}" in html
    assert "2025年2月已于2025年3月10日截止填报。" in html


def test_series_of_another_county_is_not_found(client: Client) -> None:
    series, period = make.series(region_code=make.OTHER_TOWN), make.period()
    as_clerk(client)

    pages = [client.get(address(series, period)), start(client, series, period, value="3")]

    assert [page.status_code for page in pages] == [HTTPStatus.NOT_FOUND] * 2


@pytest.mark.parametrize(
    "query", ["series=x&period=1", "series=1", f"series={'9' * 30}&period=1", "series=%00&period=1"]
)
def test_mangled_address_is_not_found(client: Client, query: str) -> None:
    assert as_clerk(client).get(f"{reverse('entry_new')}?{query}").status_code == HTTPStatus.NOT_FOUND


def test_period_of_another_frequency_is_not_found(client: Client) -> None:
    quarter = make.period(2025, 1, Frequency.QUARTER)

    assert as_clerk(client).get(address(make.series(), quarter)).status_code == HTTPStatus.NOT_FOUND


def test_double_click_makes_one_entry_and_leads_to_it_twice(client: Client) -> None:
    series, period, form = make.series(), make.period(), typed(value="7", do="submit")
    as_clerk(client)

    answers = [client.post(address(series, period), form) for _ in range(2)]

    assert [answer["Location"] for answer in answers] == [ProgressEntry.objects.get().get_absolute_url()] * 2


def test_changed_form_under_a_used_receipt_is_refused_with_a_new_one(client: Client) -> None:
    series, period, form = make.series(), make.period(), typed(value="7")
    as_clerk(client).post(address(series, period), form)

    page = client.post(address(series, period), {**form, "value": "8"})

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert page.context["form"]["receipt"].value() != form["receipt"]
    assert ProgressEntry.objects.get().value == 7


def test_used_receipt_is_refused_for_another_series(client: Client) -> None:
    series, other, period, form = make.series(), make.series(), make.period(), typed(value="7")
    as_clerk(client).post(address(series, period), form)

    page = client.post(address(other, period), form)

    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert ProgressEntry.objects.get().series == series


def test_second_entry_for_a_period_points_to_the_first(client: Client) -> None:
    existing = make.entry()
    as_clerk(client)

    shown = client.get(address(existing.series, existing.period))
    refused = start(client, existing.series, existing.period, value="8")

    assert shown["Location"] == existing.get_absolute_url()
    assert "本期已有填报" in refused.content.decode()
    assert f'href="{existing.get_absolute_url()}"' in refused.content.decode()


def test_form_shows_what_stands_before(client: Client) -> None:
    series = make.series()
    make.verified_entry(series, 180, make.period(2025, 1))
    make.verified_entry(series, 20, make.period(2025, 2))

    page = as_clerk(client).get(address(series, make.period()))

    assert page.context["previous"].value == 20
    assert page.context["cumulative"] == 200


def test_draft_is_changed(client: Client) -> None:
    entry = make.entry()

    edit(as_clerk(client), entry, value="11", note="补充")

    entry.refresh_from_db()
    assert (entry.value, entry.note, entry.version) == (Decimal(11), "补充", 2)


def test_stale_form_shows_both_values_and_goes_on_from_the_current_one(client: Client) -> None:
    team = make.team()
    entry = make.entry(by=team)
    content = Content(Decimal(21), note="先保存的")
    entries.change_draft(entry=entry, version=1, content=content, by=team.clerk, at=MARCH)
    as_clerk(client)

    conflict = edit(client, entry, value="22", note="我填的")
    again = edit(client, entry, value="22", note="我填的", version=conflict.context["form"]["version"].value())

    html = conflict.content.decode()
    assert conflict.status_code == HTTPStatus.CONFLICT
    assert all(text in html for text in ("21.00", "先保存的", "22", "我填的"))
    assert again.status_code == HTTPStatus.FOUND
    entry.refresh_from_db()
    assert (entry.value, entry.version) == (Decimal(22), 3)


def test_stale_form_of_a_submitted_entry_offers_nothing_to_go_on_with(client: Client) -> None:
    team = make.team()
    entry = make.entry(by=team)
    make.walk(entry, EntryStatus.SUBMITTED, by=team)

    page = edit(as_clerk(client), entry, value="22")

    assert page.status_code == HTTPStatus.CONFLICT
    assert page.context["may_go_on"] is False


def test_form_of_a_submitted_entry_leads_to_its_page(client: Client) -> None:
    entry = make.entry(status=EntryStatus.SUBMITTED)

    page = as_clerk(client).get(reverse("entry_edit", args=[entry.pk]))

    assert page["Location"] == entry.get_absolute_url()


def test_correction_form_shows_what_it_corrects(client: Client) -> None:
    team = make.team()
    verified = make.verified_entry(value=10, by=team)
    opened = corrections.open_correction(entry=verified, by=team.clerk, at=MARCH, reason="复核测量")

    page = as_clerk(client, team.clerk).get(reverse("entry_edit", args=[opened.pk]))

    assert page.context["corrected"] == verified
    assert "复核测量" in page.content.decode()


def test_voiding_correction_asks_for_no_value(client: Client) -> None:
    team = make.team()
    verified = make.verified_entry(value=10, by=team)
    opened = corrections.open_correction(entry=verified, by=team.clerk, at=MARCH, reason="重复", is_void=True)
    as_clerk(client, team.clerk)

    page = client.get(reverse("entry_edit", args=[opened.pk]))
    edit(client, opened, note="与另一条重复", do="submit")

    opened.refresh_from_db()
    assert "value" not in page.context["form"].fields
    assert opened.status == EntryStatus.SUBMITTED


def test_page_without_receipt_is_refused(client: Client) -> None:
    page = start(as_clerk(client), make.series(), value="3", receipt="")

    assert "请刷新后重试" in page.content.decode()
    assert not ProgressEntry.objects.exists()
