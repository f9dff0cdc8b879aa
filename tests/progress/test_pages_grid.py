"""The grid page, and submitting the drafts on it."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role, User
from progress.models import EntryStatus, ProgressEntry, Series
from progress.rules import COMMON_REASONS
from progress.services import entries
from tests import factories as make
from tests.pages import Page, signed_in
from tests.progress.steps import change

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800")]


@pytest.fixture
def clerk(client: Client) -> User:
    """A clerk of the county, signed in."""
    person = make.user(Role.CLERK, make.COUNTY)
    signed_in(client, person)
    return person


def cell_of(page: Page, series: Series) -> Any:
    return BeautifulSoup(page.content, "html.parser").select_one(f"#cell-{series.pk}")


def words(element: Any) -> str:
    return " ".join(element.get_text().split())


# The page


def test_page_shows_what_stands_beside_each_cell(client: Client, clerk: User) -> None:
    series = make.series()
    make.verified_entry(series, 10, make.period(2025, 2))
    entry = make.entry(series, "1234.5")
    make.target(series.indicator, "100", make.COUNTY)

    cell = cell_of(client.get(reverse("grid")), series)

    assert words(cell) == "1,234.50 ✓ 已存 上次 10.00"
    assert cell.select_one("a")["href"] == reverse("entry_edit", args=[entry.pk])
    data = {name.removeprefix("data-"): value for name, value in cell.attrs.items() if name.startswith("data-")}
    assert data == {
        "series": str(series.pk),
        "entry": str(entry.pk),
        "version": "1",
        "status": "draft",
        "value": "1234.5",
        "reason": "",
        "last": "10",
        "last-shown": "10.00",
        "last-period": "2025年2月",
        "cumulative": "10.00",
        "remaining": "90.00",
        "warning": f"超过近1期最大值 10.00 的 10 倍，请核对；超出距目标的余量 90.00 {series.indicator.unit}，请核对",
    }


def test_blank_zero_and_no_progress_look_different(client: Client, clerk: User) -> None:
    blank, zero, none = (make.series() for _ in range(3))
    make.entry(zero, 0)
    make.entry(none, None, no_progress_reason="冬季停工")

    page = client.get(reverse("grid"))

    assert [words(cell_of(page, series)) for series in (blank, zero, none)] == ["—", "0.00 ✓ 已存", "无进展 ✓ 已存"]


def test_blank_cell_leads_to_the_form_without_a_script(client: Client, clerk: User) -> None:
    series, period = make.series(), make.period()

    link = cell_of(client.get(reverse("grid")), series).select_one("a")["href"]

    assert link == f"{reverse('entry_new')}?series={series.pk}&period={period.pk}"
    assert client.get(link).status_code == HTTPStatus.OK


def test_locked_cell_says_why(client: Client, clerk: User) -> None:
    series = make.series()
    make.entry(series, status=EntryStatus.SUBMITTED)

    cell = cell_of(client.get(reverse("grid")), series)

    assert (cell["data-lock"], cell["aria-readonly"]) == ("已报送，等待审核；要修改请先在填报页撤回。", "true")


def test_gate_stands_on_top(client: Client, clerk: User) -> None:
    make.series()
    make.period()

    assert "2025年3月开放填报，请于2025年4月5日前报送。" in client.get(reverse("grid")).content.decode()


def test_common_reasons_are_offered(client: Client, clerk: User) -> None:
    make.series()
    make.period()

    options = BeautifulSoup(client.get(reverse("grid")).content, "html.parser").select("#grid-reasons option")

    assert [option["value"] for option in options] == list(COMMON_REASONS)


def test_desk_is_chosen_by_the_address(client: Client, clerk: User) -> None:
    make.period()
    make.series()
    april = make.period(2025, 4)

    page = client.get(reverse("grid"), {"period": str(april.pk), "region": make.COUNTY, "line": "subsidence"})

    assert "2025年4月尚未开放填报" in page.content.decode()


@pytest.mark.parametrize(
    "query", [{"period": "x"}, {"period": "9" * 30}, {"region": "1"}, {"line": "nowhere"}, {"page": "0"}]
)
def test_mangled_address_is_not_found(client: Client, clerk: User, query: dict[str, str]) -> None:
    make.period()
    make.series()

    assert client.get(reverse("grid"), query).status_code == HTTPStatus.NOT_FOUND


def test_person_without_a_duty_to_type_is_told_so(client: Client) -> None:
    make.period()
    make.series()

    page = signed_in(client, make.user(Role.REVIEWER, make.COUNTY)).get(reverse("grid"))

    assert "没有填报职责" in page.content.decode()


#: Two are the session and its person, one the person's duties, one what the menu counts.
GRID_QUERIES = 8


@pytest.mark.parametrize(("projects", "indicators"), [(1, 1), (40, 12)])
def test_page_asks_eight_queries_however_many_cells_it_has(
    client: Client, clerk: User, django_assert_num_queries: DjangoAssertNumQueries, projects: int, indicators: int
) -> None:
    fill(projects, indicators)

    with django_assert_num_queries(GRID_QUERIES):
        page = client.get(reverse("grid"))

    assert page.content.count(b"data-series=") == projects * indicators


def fill(projects: int, indicators: int) -> None:
    """So many cells, half of them with an entry, with a past, and with targets of the county."""
    march, february, team = make.period(), make.period(2025, 2), make.team()
    measured = [make.indicator() for _ in range(indicators)]
    make.target(measured[0], "1000", make.COUNTY)
    places = [make.project() for _ in range(projects)]
    rows = Series.objects.bulk_create(
        Series(project=project, indicator=indicator, region=project.region)
        for project in places
        for indicator in measured
    )
    make.verified_entry(rows[0], 10, february, by=team)
    at = make.inside(march)
    typed = {"value": 7, "entered_by": team.clerk, "entered_at": at, "changed_at": at}
    ProgressEntry.objects.bulk_create(ProgressEntry(series=series, period=march, **typed) for series in rows[::2])


# Submitting


def submit(client: Client, *drafts: ProgressEntry, **inputs: Any) -> Page:
    named = " ".join(f"{draft.pk}:{draft.version}" for draft in drafts)
    return client.post(reverse("grid_submit"), {"receipt": uuid.uuid4(), "drafts": named, **inputs}, follow=True)


def test_drafts_of_the_page_are_submitted_together(client: Client, clerk: User) -> None:
    drafts = [
        make.entry(),
        make.entry(value=None, no_progress_reason="冬季停工"),
        make.entry(status=EntryStatus.RETURNED),
    ]

    page = submit(client, *drafts)

    assert "已报送 3 条，等待县级审核。" in page.content.decode()
    assert set(ProgressEntry.objects.values_list("status", "submitted_by")) == {(EntryStatus.SUBMITTED, clerk.pk)}


def test_page_names_the_drafts_that_are_ready(client: Client, clerk: User) -> None:
    ready = make.entry()
    make.entry(value=None)
    make.entry(status=EntryStatus.SUBMITTED)
    returned = make.entry(status=EntryStatus.RETURNED)

    page = client.get(reverse("grid"))

    assert page.context["form"]["drafts"].value() == f"{ready.pk}:1"
    assert cell_of(page, returned.series)["data-untouched"] == "yes"
    assert "退回的须先修改，才随本页报送；只补佐证的，请在填报页报送。" in page.content.decode()


def test_refused_drafts_are_listed_and_the_others_go_through(client: Client, clerk: User) -> None:
    fine, empty, stale = make.entry(), make.entry(value=None), make.entry()
    proof = make.entry(make.series(make.indicator(evidence_required=True)))
    change(stale, make.user(Role.CLERK))

    page = submit(client, fine, empty, stale, proof)

    listed = [words(each) for each in BeautifulSoup(page.content, "html.parser").select("[role=alert] li")]
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "已报送 1 条，未报送 3 条。" in page.content.decode()
    assert listed == [
        f"{empty.series}：请填写本期数值；确无进展的，请写明“本期无进展”的原因。",
        f"{stale.series}：这条填报已被他人修改，请核对最新内容后再办理。",
        f"{proof.series}：此指标须附佐证材料（照片或文件），请先添加再报送。",
    ]
    assert list(ProgressEntry.objects.filter(status=EntryStatus.SUBMITTED)) == [fine]


def test_drafts_sent_twice_are_submitted_once(client: Client, clerk: User) -> None:
    draft, receipt = make.entry(), uuid.uuid4()

    pages = [submit(client, draft, receipt=receipt) for _ in range(2)]

    assert ["已报送 1 条" in page.content.decode() for page in pages] == [True, True]
    assert AuditEvent.objects.filter(action="entry.submit").count() == 1


def test_receipt_of_other_drafts_is_refused(client: Client, clerk: User) -> None:
    first, second, receipt = make.entry(), make.entry(), uuid.uuid4()
    submit(client, first, receipt=receipt)

    page = submit(client, second, receipt=receipt)

    assert "此提交凭据已用于另一份内容" in page.content.decode()
    assert ProgressEntry.objects.get(pk=second.pk).status == EntryStatus.DRAFT


def test_draft_deleted_meanwhile_is_said(client: Client, clerk: User) -> None:
    draft, gone = make.entry(), make.entry()
    entries.delete_draft(entry=gone, version=1, by=clerk)

    assert "另有 1 条草稿已不存在。" in submit(client, draft, gone).content.decode()


def test_drafts_of_others_are_not_there(client: Client, clerk: User) -> None:
    draft = make.entry(make.series(region_code=make.OTHER_TOWN))

    assert submit(client, draft).status_code == HTTPStatus.NOT_FOUND
    draft.refresh_from_db()
    assert draft.status == EntryStatus.DRAFT


@pytest.mark.parametrize(
    ("drafts", "sentence"), [("", "没有可以报送的草稿。"), ("x", "页面不完整"), (f"{'9' * 19}:1", "页面不完整")]
)
def test_nothing_or_nonsense_is_said(client: Client, clerk: User, drafts: str, sentence: str) -> None:
    assert sentence in submit(client, drafts=drafts).content.decode()


def test_desk_stays_open_after_submitting(client: Client, clerk: User) -> None:
    draft, query = make.entry(), "?period=1&region=140404"

    page = client.post(
        reverse("grid_submit") + query, {"receipt": uuid.uuid4(), "drafts": f"{draft.pk}:{draft.version}"}
    )

    assert page.headers["Location"] == reverse("grid") + query
