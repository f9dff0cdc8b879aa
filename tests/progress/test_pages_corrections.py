"""A corrected figure shows the pair wherever it stands, and every page of figures looks back on a past day."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, NamedTuple

import pytest
import time_machine
from bs4 import BeautifulSoup, Tag
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from progress.gate import CITY_TIME
from progress.models import EntryStatus, IndicatorKind, ProgressEntry, Target
from tests import factories as make
from tests.pages import Page, signed_in
from tests.progress.reading import D

pytestmark = pytest.mark.django_db

APRIL_10 = datetime.datetime(2025, 4, 10, 9, tzinfo=CITY_TIME)


@pytest.fixture(autouse=True)
def _in_april() -> Iterator[None]:
    with time_machine.travel(datetime.datetime(2025, 4, 20, 12, tzinfo=CITY_TIME), tick=False):
        yield


@pytest.fixture
def leader(client: Client) -> Client:
    return signed_in(client, make.user(Role.LEADER))


class Corrected(NamedTuple):
    """10 for March, posted on its last day, and what it was corrected to on 10 April, over a target of 100."""

    first: ProgressEntry
    second: ProgressEntry
    target: Target
    team: make.Team


def corrected(value: str | None = "12.5", **asked: Any) -> Corrected:
    series, team = make.series(make.indicator(**asked)), make.team()
    target = make.target(series.indicator, "100")
    first = make.verified_entry(series, 10, make.period(2025, 3), by=team)
    return Corrected(first, make.correction(first, value, by=team, at=APRIL_10), target, team)


def soup(page: Page) -> Tag:
    found = BeautifulSoup(page.content, "html.parser").main
    assert isinstance(found, Tag)
    return found


def squeezed(tag: Tag | None) -> str:
    assert tag is not None
    return " ".join(tag.get_text(" ").split())


def halves(page: Page) -> list[list[list[str]]]:
    """Per pair and half, the ledger lines: what they do, the month, the amount and when they were posted."""
    return [
        [[squeezed(row) for row in half.select("tbody tr")] for half in pair.select(".halves > div")]
        for pair in soup(page).select(".correction")
    ]


# The pair


@pytest.mark.parametrize("revision", [0, 1])
def test_entry_page_shows_what_stood_and_what_stands_side_by_side(leader: Client, revision: int) -> None:
    found = corrected()

    page = leader.get(found[revision].get_absolute_url())  # type: ignore[union-attr]

    assert halves(page) == [
        [["冲销 2025年3月 -10.00 亩 2025年4月10日 09:00"], ["更正 2025年3月 12.50 亩 2025年4月10日 09:00"]]
    ]
    said = squeezed(soup(page).select_one(".correction"))
    for words in ("第 1 版 → 第 2 版", "更正理由：复核测量", str(found.team.clerk), str(found.team.verifier)):
        assert words in said


def test_void_is_said_and_only_takes_back(leader: Client) -> None:
    page = leader.get(corrected(None).first.get_absolute_url())

    assert halves(page) == [[["冲销 2025年3月 -10.00 亩 2025年4月10日 09:00"], []]]
    assert "作废：只冲销，不另入账" in squeezed(soup(page).select_one(".correction"))


def test_level_that_stays_is_shown_as_levelled(leader: Client) -> None:
    series, team = make.series(make.indicator(IndicatorKind.STOCK, may_fall=True)), make.team()
    first = make.verified_entry(series, 10, make.period(2025, 2), by=team)
    make.verified_entry(series, 30, make.period(2025, 3), by=team)
    make.correction(first, 14, by=team, at=APRIL_10)

    [[taken_back, stated]] = halves(leader.get(first.get_absolute_url()))

    assert [line.split()[0] for line in (*taken_back, *stated)] == ["冲销", "更正", "调平"]
    assert [line.split()[2] for line in stated] == ["14.00", "-4.00"]


def test_void_that_is_stated_anew_takes_nothing_back(leader: Client) -> None:
    found = corrected(None)
    make.correction(found.second, 7, by=found.team, at=APRIL_10)

    [_void, [taken_back, stated]] = halves(leader.get(found.first.get_absolute_url()))

    assert [line.split()[:3:2] for line in (*taken_back, *stated)] == [["冲销", "0.00"], ["更正", "7.00"]]


def test_correction_on_its_way_has_no_lines_yet(leader: Client) -> None:
    entry, team = make.verified_entry(), make.team()
    make.correction(entry, 12, by=team, status=EntryStatus.SUBMITTED)

    page = leader.get(entry.get_absolute_url())

    assert halves(page) == [[[], []]]
    assert "拟更正为" in squeezed(soup(page).select_one(".correction"))


def test_entry_never_corrected_shows_no_pair(leader: Client) -> None:
    assert not soup(leader.get(make.verified_entry().get_absolute_url())).select(".correction")


def test_basis_page_marks_the_line_taken_back_and_the_one_stated_anew(leader: Client) -> None:
    rows = soup(leader.get(corrected().target.get_absolute_url())).select("#verified .table-scroll tbody tr")

    marks = {(squeezed(row.select_one(".tag")), squeezed(row.select_one(".amount"))) for row in rows}
    assert marks == {("入账", "10.00 亩"), ("冲销", "-10.00 亩"), ("更正", "12.50 亩")}


def test_project_page_lists_the_corrections_with_old_and_new(leader: Client) -> None:
    found = corrected()

    page = leader.get(found.first.series.project.get_absolute_url())

    [row] = soup(page).select("#corrections tbody tr")
    assert squeezed(row.select_one("del")) == "10.00 亩"
    assert [word in squeezed(row) for word in ("12.50", "复核测量", str(found.team.verifier))] == [True] * 3
    marks = [squeezed(mark) for mark in soup(page).select(".change")]
    assert marks == ["10.00 亩 → 12.50 亩", "已更正为 12.50 亩"]


# The look back


def headline(page: Page) -> list[str]:
    """The project page's totals and every page's target figures: verified and in flight."""
    return [squeezed(cell) for cell in soup(page).select(".targets tbody tr td")[2:4]]


@pytest.mark.parametrize("day", ["2025-04-09", "2025-04-10"])
def test_pages_of_figures_look_back_and_say_so(leader: Client, day: str) -> None:
    found = corrected()
    make.entry(found.first.series, 3, make.period(2025, 4), by=found.team, status=EntryStatus.SUBMITTED)
    verified = {"2025-04-09": "10.00", "2025-04-10": "12.50"}[day]
    project = found.first.series.project

    pages = [leader.get(url, {"as_of": day}) for url in (reverse("overview"), project.get_absolute_url())]
    basis = leader.get(found.target.get_absolute_url(), {"as_of": day})

    assert headline(pages[0]) == [verified, "— 不追溯"]
    assert [total.amount for _series, total in pages[1].context["series"]] == [basis.context["figure"].verified]
    assert f"{basis.context['figure'].verified:.2f}" == verified
    assert sum(line.amount for line in basis.context["page"].rows) == basis.context["figure"].verified
    for page in (*pages, basis):
        assert f"截至2025年4月{int(day[-2:])}日的口径" in squeezed(soup(page))
    links = [str(link["href"]) for link in soup(pages[0]).select(".targets a.figure")]
    assert links[1].endswith(f"?as_of={day}#verified")


@pytest.mark.parametrize("day", ["", "2025-04-09"])
def test_total_of_a_project_leads_to_the_lines_that_add_up_to_it(leader: Client, day: str) -> None:
    found = corrected()
    make.verified_entry(make.series(found.target.indicator), 99, make.period(2025, 3))

    page = leader.get(found.first.series.project.get_absolute_url(), {"as_of": day})
    [link] = soup(page).select('a[href^="/reports/ledger/"]')
    behind = leader.get(str(link["href"])).context

    assert link.get_text() == f"{behind['figure'].value:.2f}" == ("10.00" if day else "12.50")
    assert sum(line.amount for line in behind["page"].rows) == behind["figure"].value


def test_project_page_of_a_past_day_lists_what_was_verified_by_then(leader: Client) -> None:
    found = corrected()
    make.entry(found.first.series, 3, make.period(2025, 4), by=found.team)

    context = leader.get(found.first.series.project.get_absolute_url(), {"as_of": "2025-04-09"}).context

    assert (context["entries"], context["corrections"]) == ([found.first], [])
    assert context["entries"][0].stands is None


@pytest.mark.parametrize("day", ["2025-04-20", "2025-05-01", "20250409", "2025-02-30", "昨天"])
def test_day_that_cannot_be_is_refused_at_its_field_with_todays_figures(leader: Client, day: str) -> None:
    found = corrected()

    for url in (reverse("overview"), found.target.get_absolute_url(), found.first.series.project.get_absolute_url()):
        page = leader.get(url, {"as_of": day})
        assert page.status_code == HTTPStatus.OK
        assert "以下为今天的数字" in squeezed(soup(page).select_one(".errorlist"))
        assert "12.50" in squeezed(soup(page))
        assert not soup(page).select(".look-back")


def test_target_recorded_since_is_told_as_of_today_with_the_reason(leader: Client) -> None:
    target = make.target()

    page = leader.get(target.get_absolute_url(), {"as_of": "2025-01-20"})
    overview = leader.get(reverse("overview"), {"as_of": "2025-01-20"})

    assert "当日还没有登记" in squeezed(soup(page).select_one(".errorlist"))
    assert not soup(page).select(".look-back")
    assert str(target) not in squeezed(soup(overview))


def test_versions_recorded_since_are_not_listed(leader: Client) -> None:
    found = corrected()

    page = leader.get(found.target.get_absolute_url(), {"as_of": "2025-04-09"})

    assert [version.n for version in page.context["versions"]] == [1]
    assert page.context["movements"] == []
    assert D(2025, 4, 9) == page.context["look"].on
