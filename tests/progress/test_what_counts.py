"""What counts for a target (计入口径): decided by a document, from then on followed by every figure."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed, Refused
from jurisdictions.models import WorkLine
from progress import figures
from progress.agenda import my_series
from progress.figures import Look, TargetFigure
from progress.gate import CITY_TIME
from progress.grid.cells import beside
from progress.grid.desks import Asked, chooser
from progress.grid.sheets import sheet
from progress.models import (
    EntryStatus,
    Frequency,
    Indicator,
    IndicatorKind,
    Series,
    SeriesOrigin,
    Split,
    Target,
    TargetVersion,
)
from progress.reports.dispatch import Measure, dispatch
from progress.reports.periodic import indicators_in, month_report
from progress.reports.places import units_of
from progress.services import targets
from progress.services.targets import UnfitIndicator
from tests import factories as make
from tests.factories import CITY, COUNTY
from tests.pages import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.time_machine("2025-04-20 12:00 +0800")]

D, DAY = Decimal, datetime.date
AT = datetime.datetime(2025, 4, 20, 11, tzinfo=CITY_TIME)
ON, MARCH = AT.date(), DAY(2025, 3, 1)
YEAR: dict[str, Any] = {"start_on": DAY(2025, 1, 1), "due_on": DAY(2025, 12, 31)}


@pytest.fixture
def verifier() -> User:
    return make.user(Role.VERIFIER)


@pytest.fixture
def closed() -> Indicator:
    return make.indicator(name="销号面积·存量", may_fall=True)


def count(target: Target, indicator: Indicator, by: User, **asked: Any) -> TargetVersion:
    return targets.count(
        **{"target": target, "indicator": indicator, "document": "长自然资发〔2025〕9号", "by": by, "at": AT, **asked}
    )


def figure(target: Target, **look: Any) -> TargetFigure:
    return figures.target_figures([Target.objects.get(pk=target.pk)], on=ON, **look)[0]


def test_figures_are_of_what_counts_from_the_decision_on(verifier: User, closed: Indicator) -> None:
    target = make.target(value="1000", **YEAR)
    typed, derived = make.series(target.indicator), make.series(closed, origin=SeriesOrigin.DERIVED)
    make.verified_entry(typed, 400)
    make.fact(derived, "180")
    make.entry(typed, 9, make.period(2025, 4), status=EntryStatus.SUBMITTED)
    assert (figure(target).verified, figure(target).in_flight) == (400, 9)

    made = count(target, closed, verifier)

    assert (made.n, made.value, made.counted, made.document) == (2, 1000, closed, "长自然资发〔2025〕9号")
    found = figure(target)
    assert (found.indicator, found.verified, found.in_flight, found.rate) == (closed, 180, None, 18)
    [behind] = figures.sums_behind(found)
    assert (behind.indicator, behind.total) == (closed, 180)
    assert [line.series for line in figures.lines_behind([behind])] == [derived]
    assert AuditEvent.objects.filter(action="target.version", actor_id=verifier.pk).count() == 1


def test_look_back_shows_what_counted_then(verifier: User, closed: Indicator) -> None:
    target = make.target(value="1000", **YEAR)
    make.verified_entry(make.series(target.indicator), 400)
    make.fact(make.series(closed, origin=SeriesOrigin.DERIVED), 180)
    count(target, closed, verifier)

    then = figure(target, as_of=figures.end_of_day(DAY(2025, 4, 19)))

    assert (then.indicator, then.verified, figure(target).verified) == (target.indicator, 400, 180)


def test_promise_and_plan_stay_and_parts_count_the_same(verifier: User, closed: Indicator) -> None:
    target = make.target(value="1000", plan={MARCH: D(300)}, basis="原文", **YEAR)
    targets.split(
        target=target, split_by=Split.REGION, parts={make.region(COUNTY): D(600)}, document="a", by=verifier, at=AT
    )

    made = count(target, closed, verifier)

    assert ([(each.month, each.cumulative) for each in made.plan_points.all()], made.basis) == ([(MARCH, 300)], "原文")
    [part] = target.parts.all()
    standing = targets.standing(part)
    assert standing
    assert (standing.n, standing.value, standing.measured) == (2, 600, closed)
    [later] = targets.split(target=target, split_by=Split.YEAR, parts={2025: D(1000)}, document="a", by=verifier, at=AT)
    assert later.counted == closed


@pytest.mark.parametrize(
    "other",
    [{"unit": "公顷"}, {"work_line": WorkLine.WATER}, {"kind": IndicatorKind.STOCK}],
)
def test_what_measures_something_else_cannot_count(verifier: User, other: dict[str, Any]) -> None:
    with pytest.raises(UnfitIndicator):
        count(make.target(), make.indicator(**other), verifier)


def test_deciding_takes_a_document_a_verifier_and_a_change(verifier: User, closed: Indicator) -> None:
    target = make.target()
    with pytest.raises(NotAllowed):
        count(target, closed, make.user(Role.REVIEWER))
    with pytest.raises(NotAllowed):
        count(target, closed, make.user(Role.VERIFIER, COUNTY))
    with pytest.raises(Refused, match="文号"):
        count(target, closed, verifier, document="")
    count(target, closed, verifier)
    with pytest.raises(Refused, match="已是现行计入口径"):
        count(target, closed, verifier)


def test_pages_print_beside_the_figure_what_counts(verifier: User, closed: Indicator, client: Client) -> None:
    target = make.target(value="1000", **YEAR)
    signed_in(client, verifier)
    address = target.get_absolute_url()
    for page in (reverse("overview"), address):
        assert "计入口径： 待补" in text(client, page)

    count(target, closed, verifier)

    for page in (reverse("overview"), address):
        assert "计入口径： 销号面积·存量" in text(client, page)
    told = client.get(f"/api/v1/targets/{target.code}/").json()
    assert (told["counted"]["code"], told["indicator"]["code"]) == (closed.code, target.indicator.code)


def text(client: Client, address: str) -> str:
    return " ".join(BeautifulSoup(client.get(address).content, "html.parser").get_text(" ").split())


def test_reports_follow_what_counts(verifier: User, closed: Indicator) -> None:
    target = make.target(value="1000", **YEAR)
    make.fact(make.series(closed, origin=SeriesOrigin.DERIVED), 180)
    count(target, closed, verifier)
    city, look = make.region(CITY), Look(ON)
    units = units_of(city, [CITY])
    assert units

    measure = Measure(target.indicator, target)
    table = dispatch(measure=measure, units=units, month=MARCH, targets=Target.objects.all(), look=look)
    assert (table.measure.indicator, table.total.total.value, table.total.rate) == (closed, 180, 18)

    rows = month_report(
        region=city,
        indicators=indicators_in(city, [WorkLine.SUBSIDENCE]),
        month=MARCH,
        targets=Target.objects.all(),
        look=look,
    )
    held = {row.indicator: row.held for row in rows}
    assert held[target.indicator] is None
    assert held[closed]
    counted = next(row.counted for row in rows if row.indicator == closed)
    assert counted
    assert (held[closed].rate, counted.value) == (18, 180)  # type: ignore[union-attr]


def test_grid_holds_a_cell_against_the_target_that_counts_it(verifier: User, closed: Indicator) -> None:
    target = make.target(value="1000", **YEAR)
    typed, other = make.series(target.indicator), make.series(closed)
    period, clerk = make.period(), make.user(Role.CLERK, COUNTY)

    def remaining() -> dict[Series, Decimal | None]:
        found = beside(Series.objects.all(), period, by=make.user(Role.CLERK))
        return {each.series: each.remaining for each, _entry in found}

    assert remaining() == {typed: 1000, other: None}
    count(target, closed, verifier)
    assert remaining() == {typed: None, other: 1000}
    assert clerk


# Derived series


def test_derived_cell_is_read_only_and_leads_to_its_parcels() -> None:
    address = "/subsidence/parcels/?region=140404202215&project=p"
    series = make.series(origin=SeriesOrigin.DERIVED, source_url=address)
    make.fact(series, 12)
    clerk = make.user(Role.CLERK, COUNTY)

    opened = chooser(clerk, Asked(), on=DAY(2025, 3, 31))
    assert opened
    [cell] = [cell for row in sheet(opened.desk, by=clerk, at=AT).rows for cell in row.cells if cell]

    assert (cell.amount, cell.url, cell.lock) == (12, address, "由业务环节自动生成，不在此填报。")
    assert [owing for _period, owing in opened.periods] == [0]
    assert not my_series(clerk).exists()


def test_project_page_links_a_derived_series_to_its_rows(client: Client) -> None:
    series = make.series(origin=SeriesOrigin.DERIVED, source_url="/subsidence/parcels/?project=p")

    page = signed_in(client, make.user(Role.CLERK, COUNTY)).get(series.project.get_absolute_url())

    assert 'href="/subsidence/parcels/?project=p"' in page.content.decode()


def test_tasks_never_list_a_derived_series(client: Client) -> None:
    make.period(kind=Frequency.MONTH)
    series = make.series(origin=SeriesOrigin.DERIVED)

    page = signed_in(client, make.user(Role.CLERK, COUNTY)).get(reverse("tasks")).content.decode()

    assert series.indicator.name not in page
