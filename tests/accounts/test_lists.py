"""Long lists: sorted pages that miss nothing, headings, columns, numbers of rows, and the filter in words."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import django_filters
import pytest
from django.db.models import QuerySet
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.lists import Column, List, Listing, Sum, Totals, total_of
from accounts.models import User
from accounts.pages import page_of
from jurisdictions.filters import SubtreeFilter
from progress.gate import CITY_TIME
from projects.models import Project
from tests import factories as make

COLUMNS: tuple[Column[User], ...] = (
    Column("username", "用户名", lambda user: user.username, "username"),
    Column("name", "姓名", lambda user: user.display_name, "display_name"),
    Column("seen", "上次登录", lambda user: user.last_login, "last_login", "instant", is_shown=False),
    Column("unit", "单位", lambda user: str(user.organisation), "organisation__name"),
    Column("note", "备注", lambda _user: "=1+1"),
)
PEOPLE: List[User] = List("people", "人员", COLUMNS, lambda rows: Totals(rows.count()))


class PersonFilter(django_filters.FilterSet):  # type: ignore[misc]
    name = django_filters.CharFilter(field_name="display_name", label="姓名")
    is_demo = django_filters.ChoiceFilter(choices=[("True", "演示")], label="账号")
    region = SubtreeFilter("organisation__region__code")

    class Meta:
        model = User
        fields: list[str] = []


def listing(query: str = "", by: User | None = None) -> Listing[User]:
    params, rows = QueryDict(query), User.objects.select_related("organisation")
    return Listing(PEOPLE, PersonFilter(params, rows), rows, params=params, by=by or User(), at=NOW)


def walk(rows: QuerySet[Any], sort: str, *, size: int, newest_first: bool = False) -> tuple[list[Any], list[Any]]:
    """All rows by turning the pages to the last, and all by turning back from there."""
    page = page_of(rows, QueryDict(), size=size, sort=sort, newest_first=newest_first)
    forth = list(page.rows)
    while page.next_url:
        page = page_of(rows, QueryDict(page.next_url[1:]), size=size, sort=sort, newest_first=newest_first)
        forth += page.rows
    back = list(page.rows)
    while page.previous_url:
        page = page_of(rows, QueryDict(page.previous_url[1:]), size=size, sort=sort, newest_first=newest_first)
        back = page.rows + back
    return forth, back


NOW = datetime.datetime(2025, 3, 31, 12, tzinfo=CITY_TIME)
NAMES = st.sampled_from(["", "王", "李", "a:b", "A", "ａ", "&=%+", "10"])
SEEN = st.none() | st.sampled_from([datetime.datetime(2025, 3, day, 9, 0, 0, 123, CITY_TIME) for day in (1, 2)])
MONEY = st.none() | st.sampled_from([Decimal(0), Decimal("0.0001"), Decimal("-3.5"), Decimal(70897)])
UNITS = st.none() | st.sampled_from(["水利局", "林业局"])


class SortedPages(TestCase):
    @given(
        st.lists(st.tuples(NAMES, SEEN, UNITS), max_size=9),
        st.sampled_from(["display_name", "last_login", "organisation__name", ""]),
        st.booleans(),
        st.integers(1, 4),
    )
    @settings(max_examples=40, deadline=None)
    def test_turning_the_pages_shows_each_row_once_in_order(
        self, people: list[tuple[str, datetime.datetime | None, str | None]], path: str, down: bool, size: int
    ) -> None:
        units = {name: make.organisation(name=name) for name in ("水利局", "林业局")}
        made = [
            make.user(display_name=name, last_login=at, organisation=units.get(unit or "")) for name, at, unit in people
        ]
        rows = User.objects.filter(pk__in=[user.pk for user in made]).select_related("organisation")

        forth, back = walk(rows, f"-{path}" if down and path else path, size=size, newest_first=down)

        assert forth == back
        assert sorted(user.pk for user in forth) == sorted(user.pk for user in made)
        values = [value_at(user, path) for user in forth]
        known = [value for value in values if value is not None]
        # Rows without a value come last, whichever way the others go.
        assert values == known + [None] * (len(values) - len(known))
        if path == "last_login":
            assert known == sorted(known, reverse=down)

    @given(st.lists(MONEY, max_size=9), st.booleans(), st.integers(1, 3))
    @settings(max_examples=25, deadline=None)
    def test_amounts_sort_as_numbers(self, amounts: list[Decimal | None], down: bool, size: int) -> None:
        made = [make.project(investment=amount) for amount in amounts]
        rows = Project.objects.filter(pk__in=[project.pk for project in made])

        forth, back = walk(rows, "-investment" if down else "investment", size=size)

        assert forth == back
        known = sorted((amount for amount in amounts if amount is not None), reverse=down)
        assert [project.investment for project in forth] == known + [None] * (len(amounts) - len(known))


def value_at(user: User, path: str) -> Any:
    value: Any = user
    for name in path.split("__") if path else ("pk",):
        value = getattr(value, name, None)
    return value


@pytest.mark.django_db
@pytest.mark.parametrize("mark", ["1:", "1:x", "1:NaN", "1:1e999999999", "1:2025-02-30", "x:1", "1:\0", f"{9**30}:1"])
@pytest.mark.parametrize("sort", ["investment", "-due_on", "name", ""])
def test_mangled_mark_never_breaks_a_sorted_page(mark: str, sort: str) -> None:
    make.project()
    params = QueryDict(mutable=True)
    params["after"] = mark

    assert len(page_of(Project.objects.all(), params, sort=sort).rows) <= 1


@pytest.mark.django_db
def test_row_that_changed_meanwhile_moves_no_page() -> None:
    first, second, third = (make.user(display_name=name) for name in "甲乙丙")
    rows = User.objects.filter(pk__in=[first.pk, second.pk, third.pk])
    page = page_of(rows, QueryDict(), size=1, sort="username")
    User.objects.filter(pk=first.pk).update(username="zzz")

    assert page_of(rows, QueryDict(page.next_url[1:]), size=2, sort="username").rows == [second, third]


def test_columns_are_picked_by_the_address_in_the_order_of_the_list() -> None:
    assert [column.key for column in listing().columns] == ["username", "name", "unit", "note"]
    assert [column.key for column in listing("columns=seen,username").columns] == ["username", "seen"]
    assert [column.key for column in listing("columns=note&columns=name").columns] == ["name", "note"]
    assert [column.key for column in listing("columns=password").columns] == ["username", "name", "unit", "note"]


def test_heading_sorts_and_sorts_back() -> None:
    headings = {heading.column.key: heading for heading in listing("name=李&sort=username&after=7&no=51").headings}

    assert (headings["username"].direction, headings["username"].url) == ("ascending", "?name=%E6%9D%8E&sort=-username")
    assert (headings["name"].direction, headings["name"].url) == ("none", "?name=%E6%9D%8E&sort=name")
    assert headings["note"].url == ""


@pytest.mark.parametrize("query", ["sort=note", "sort=password", "sort=-", "sort=--username", "size=7", "size=1000000"])
def test_what_a_list_does_not_offer_is_passed_over(query: str) -> None:
    assert (listing(query).sort, listing(query).size) == ("", 50)


@pytest.mark.django_db
def test_rows_are_numbered_through_the_pages() -> None:
    for _ in range(45):
        make.user()

    first = listing("size=20")
    second = listing(first.page.next_url[1:])
    third = listing(second.page.next_url[1:])
    back = listing(third.page.previous_url[1:])

    assert [[line.number for line in page.lines][::19] for page in (first, second, back)] == [
        [1, 20],
        [21, 40],
        [21, 40],
    ]
    assert [line.number for line in third.lines] == [41, 42, 43, 44, 45]


@pytest.mark.django_db
def test_filter_is_told_in_words() -> None:
    make.region(make.TOWN)

    assert listing().words == "全部"
    found = listing("name=李&is_demo=True&region=sdq&sort=-username").words
    assert found == "姓名：李；账号：演示；地区：上党区；按用户名降序"


def test_totals_add_up_the_rows_and_keep_units_apart() -> None:
    units = [("亩", 3, Decimal("10.5"), 2), ("吨", 1, None, None), ("公里", 2, Decimal(7), 1)]

    totals = total_of(units, "说明")

    assert (totals.count, totals.note) == (6, "说明")
    assert totals.sums == [Sum("亩", Decimal("10.5"), 2), Sum("公里", Decimal(7), 1)]
    assert [each.shown for each in totals.sums] == ["10.50", "7.0"]
