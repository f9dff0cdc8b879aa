"""The lists of progress: sorting, columns, totals of all pages, the sheet of what is due, and their print."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Role
from jurisdictions.models import WorkLine
from progress.models import EntryStatus, Frequency, IndicatorKind, ProgressEntry, SeriesOrigin, SeriesPeriod
from tests import factories as make
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-03-31 12:00 +0800")]

ENTRIES, LEDGER, PROJECTS = reverse("entries"), reverse("ledger"), reverse("projects")


@pytest.fixture
def leader(client: Client) -> Client:
    return signed_in(client, make.user(Role.LEADER))


def rows(client: Client, address: str, **query: str) -> list[Any]:
    found: list[Any] = client.get(address, query).context["page"].rows
    return found


def cells(client: Client, address: str, **query: str) -> list[list[str]]:
    """The texts of the table's body."""
    soup = BeautifulSoup(client.get(address, query).content, "html.parser")
    body = soup.select("table.list tbody tr")
    return [[" ".join(cell.get_text(" ").split()) for cell in row.find_all(["td", "th"])] for row in body]


def headers(client: Client, address: str, **query: str) -> list[str]:
    soup = BeautifulSoup(client.get(address, query).content, "html.parser")
    return [cell.get_text(" ").split()[0] for cell in soup.select("table.list thead th")]


def test_entries_are_sorted_by_the_headings_with_blank_values_last(leader: Client) -> None:
    silent = make.entry(value=None, no_progress_reason="冬季停工")
    large, small = make.entry(value=100), make.entry(value=9)

    assert rows(leader, ENTRIES, sort="value") == [small, large, silent]
    assert rows(leader, ENTRIES, sort="-value") == [large, small, silent]
    assert rows(leader, ENTRIES) == [small, large, silent]


def test_names_sort_by_their_pinyin(leader: Client) -> None:
    made = {name: make.project(name=name) for name in ("漳泽湖", "北张村", "沁河源", "长治县")}

    assert [project.name for project in rows(leader, PROJECTS, sort="project")] == [
        "北张村",
        "长治县",
        "沁河源",
        "漳泽湖",
    ]
    assert rows(leader, PROJECTS, sort="-project")[0] == made["漳泽湖"]


@pytest.mark.parametrize("address", [ENTRIES, LEDGER, PROJECTS])
def test_every_column_can_be_shown_and_sorted_by(leader: Client, address: str) -> None:
    owner, programme = make.organisation(), make.programme()
    project = make.project(owner=owner, programme=programme, parent=make.project(), investment=Decimal("12.5"))
    make.verified_entry(make.series(on=project))
    make.entry(make.series(on=project), value=None, no_progress_reason="冬季停工", note="说明")
    listed = leader.get(address).context["list"]
    keys = [column.key for column in listed.what.columns]

    found = headers(leader, address, columns=",".join(keys))
    page = leader.get(address, {"columns": ",".join(keys)})

    assert found == ["序号", *(str(column.label) for column in listed.what.columns)]
    assert {line.number for line in page.context["list"].lines} == {1, 2}
    for column in listed.what.columns:
        for sort in (column.key, f"-{column.key}"):
            assert len(rows(leader, address, sort=sort)) == 2
            assert leader.get(address, {"sort": sort, "size": "20"}).status_code == 200


def test_paging_keeps_order_and_columns(leader: Client) -> None:
    series = make.series()
    made = [make.entry(series, 60 - n, make.period(2020 + n // 12, n % 12 + 1)) for n in range(25)]

    first = leader.get(ENTRIES, {"sort": "-value", "columns": "project,value", "size": "20"})
    second = leader.get(ENTRIES + first.context["page"].next_url)

    assert first.context["page"].rows + second.context["page"].rows == made
    assert [column.key for column in second.context["list"].columns] == ["project", "value"]
    assert [line.number for line in second.context["list"].lines] == [21, 22, 23, 24, 25]


def test_totals_are_of_all_pages_by_unit_and_of_increments_only(leader: Client) -> None:
    mu, ton = make.indicator(), make.indicator(unit="吨", decimals=0)
    level = make.indicator(IndicatorKind.STOCK, unit="亩")
    series = make.series(mu)
    for month in range(1, 13):
        make.entry(series, "10.25", make.period(2024, month))
    make.entry(make.series(ton), 7)
    make.entry(make.series(level), 5_000)
    make.entry(make.series(mu), None, no_progress_reason="冬季停工")

    totals = leader.get(ENTRIES, {"size": "20"}).context["list"].totals

    assert totals.count == 15
    assert [(each.unit, each.shown) for each in totals.sums] == [("亩", "123.00"), ("吨", "7")]
    assert leader.get(ENTRIES, {"status": "verified"}).context["list"].totals.sums == []


def test_what_was_corrected_counts_once_in_the_totals(leader: Client) -> None:
    entry = make.verified_entry(value=10)
    make.correction(entry, 12)
    make.correction(make.verified_entry(value=100), status=EntryStatus.VERIFIED)

    def amounts(**query: str) -> list[Decimal]:
        return [each.amount for each in leader.get(ENTRIES, query).context["list"].totals.sums]

    assert amounts() == [12]
    assert amounts(status="verified") == [12]


def test_correction_is_marked_on_the_list(leader: Client) -> None:
    entry = make.verified_entry(value=10)
    make.correction(entry, 12)

    newer, older = cells(leader, ENTRIES, columns="status")

    assert "已更正为" in older[1]
    assert "10.00" in newer[1]


def test_ledger_has_a_row_for_each_series_and_period_of_the_month_reported_or_not(leader: Client) -> None:
    monthly, yearly = make.series(), make.series(frequency=Frequency.YEAR)
    ten_days = make.series(frequency=Frequency.TEN_DAYS)
    make.series(origin=SeriesOrigin.DERIVED)
    make.period(2025, 2)
    months = [make.period(kind=kind) for kind in (Frequency.MONTH, Frequency.YEAR, Frequency.TEN_DAYS)]
    make.period(2025, 12, Frequency.MONTH)
    entry = make.entry(monthly, 12, months[0])

    found: list[SeriesPeriod] = rows(leader, LEDGER)

    assert [(row.series, row.period, row.entry) for row in found] == [
        (monthly, months[0], entry),
        (ten_days, months[2], None),
    ]
    december: list[SeriesPeriod] = rows(leader, LEDGER, period="2025-12")
    assert {row.series for row in december} == {monthly, yearly}


def test_ledger_shows_what_stood_before_and_the_newest_revision(leader: Client) -> None:
    series = make.series()
    make.verified_entry(series, "10.5", make.period(2025, 1))
    february = make.verified_entry(series, 7, make.period(2025, 2))
    make.correction(february, "8.25")
    make.period()

    [march] = cells(leader, LEDGER, columns="cumulative,value,status,version")
    [corrected] = cells(leader, LEDGER, columns="cumulative,value,status,version", period="2025-02")

    assert march == ["1", "18.75", "—", "未报", "—"]
    assert corrected[:3] == ["1", "10.50", "8.25"]
    assert "更正" in corrected[3]


def test_ledger_is_filtered_and_kept_to_ones_scope(client: Client) -> None:
    here, there = make.series(), make.series(region_code=make.OTHER_TOWN)
    make.series(on=make.project(work_line=WorkLine.WATER), measured=make.indicator(work_line=WorkLine.WATER))
    entry = make.entry(here)
    signed_in(client, make.user(Role.LEADER))

    def found(**query: str) -> list[Any]:
        return [row.series for row in rows(client, LEDGER, **query)]

    assert found(status="draft") == [here]
    assert there in found(status="unreported")
    assert here not in found(status="unreported")
    assert found(region=make.OTHER_COUNTY) == [there]
    assert found(work_line="water", frequency="month") == found(work_line="water")
    assert found(search=str(entry.series.project)) == [here]
    assert found(frequency="xun") == []
    signed_in(client, make.user(Role.CLERK, make.OTHER_COUNTY))
    assert found() == [there]


@pytest.mark.parametrize("query", [{"period": "2025-13"}, {"status": "x"}, {"region": "nowhere"}])
def test_mangled_ledger_filter_finds_nothing(leader: Client, query: dict[str, str]) -> None:
    make.entry()

    assert rows(leader, LEDGER, **query) == []


def test_month_that_is_still_open_is_shown_first(client: Client, time_machine: Any) -> None:
    make.period(2025, 3), make.period(2025, 4)
    leader = make.user(Role.LEADER)

    def month() -> Any:
        return signed_in(client, leader).get(LEDGER).context["list"].params["period"]

    assert month() == "2025-03"
    time_machine.move_to("2025-04-08 12:00 +0800")
    assert month() == "2025-03"
    time_machine.move_to("2025-04-12 12:00 +0800")
    assert month() == "2025-04"


def test_printed_page_has_the_rows_of_all_pages_and_says_which_they_are(leader: Client) -> None:
    series = make.series()
    for month in range(1, 13):
        make.entry(series, 1, make.period(2023, month))
        make.entry(series, 1, make.period(2024, month))

    page = leader.get(ENTRIES, {"print": "1", "size": "20", "region": make.COUNTY, "sort": "-period"})

    assert len(page.context["page"].rows) == 24
    html = page.content.decode()
    assert "筛选条件：地区：上党区；按调度期降序" in html.replace("\n", "").replace("  ", "")
    assert "data-print" in html
    assert "data-print" not in leader.get(ENTRIES).content.decode()


def test_lists_name_the_region_by_its_full_path(leader: Client) -> None:
    make.entry(make.series(region_code=make.VILLAGE))

    for address in (ENTRIES, LEDGER, PROJECTS):
        assert cells(leader, address, columns="region") == [["1", "上党区北呈乡北张村"]]


#: Addresses, and the queries they take: five of every page, the counties to pick from, kept filters, totals, rows;
#: entries look for what was corrected, projects for what they are part of, and the sheet for the month in question.
COUNTS = {
    f"{ENTRIES}?sort=-value&columns=project,value,entered_by,verified_at": 9,
    f"{ENTRIES}?sort=entered_by&size=20&print=1": 9,
    f"{LEDGER}?sort=value&columns=project,cumulative,value,version,note": 9,
    f"{PROJECTS}?sort=owner&columns=project,parent,owner,programme,investment": 9,
}


@pytest.mark.parametrize("address", COUNTS)
def test_list_takes_one_number_of_queries_however_it_is_shown(
    leader: Client, django_assert_num_queries: DjangoAssertNumQueries, address: str
) -> None:
    for more in (1, 2):
        for _ in range(more):
            owner, parent = make.organisation(), make.project()
            project = make.project(owner=owner, parent=parent, programme=make.programme(), investment=3)
            make.correction(make.verified_entry(make.series(on=project)), 11)
        with django_assert_num_queries(COUNTS[address]):
            leader.get(address)


def test_value_and_no_progress_and_blank_are_three_things(leader: Client) -> None:
    entries: list[ProgressEntry] = [
        make.entry(value=0),
        make.entry(value=None, no_progress_reason="冬季停工"),
        make.entry(value=None),
    ]

    assert [row[1] for row in cells(leader, ENTRIES, columns="value")] == ["—", "本期无进展", "0.00"]
    assert len(entries) == 3
