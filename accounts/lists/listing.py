"""One list as one person asked for it: its filter, order, columns and page."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _
from django_filters import FilterSet

from accounts.forms import DropFilterForm
from accounts.lists.columns import Column, List, Totals
from accounts.models import SavedFilter, User
from accounts.pages import M, Order, Page, page_of
from accounts.sheets import Cell

SIZES = (20, 50, 100)
#: Columns that fit beside each other on a usual screen.
MANY = 10
#: Rows that are printed at once; longer lists are exported.
PRINT_ROWS = 1_000
#: What an address says about where in the list one is, which neither a new order nor a kept filter takes along.
PLACE = ("after", "before", "no", "export", "print")
#: What an address says about how the list looks.
LOOK = ("sort", "columns", "size")
#: The files that a list is exported as.
FORMATS = ("xlsx", "csv", "csv-gb18030")


@dataclass(frozen=True)
class Heading:
    """A column's heading, with the address that sorts by it; `direction` is how it sorts now, in words of ARIA."""

    column: Column[Any]
    url: str
    direction: str


@dataclass(frozen=True)
class Line(Generic[M]):
    """One row with its number in the list and its cells."""

    number: int
    row: M
    cells: list[tuple[Column[M], Cell]]


class Listing(Generic[M]):
    """One list as one person asked for it."""

    def __init__(
        self, what: List[M], found: FilterSet, rows: QuerySet[M], *, params: QueryDict, by: User, at: datetime.datetime
    ) -> None:
        self.what, self.found, self.params, self.by, self.at = what, found, params, by, at
        self.rows: QuerySet[M] = found.qs if found.is_valid() else rows.none()
        chosen = {key for text in params.getlist("columns") for key in text.split(",")}
        picked = tuple(column for column in what.columns if column.key in chosen)
        self.columns = picked or tuple(column for column in what.columns if column.is_shown)
        self.size = next((size for size in SIZES if str(size) == params.get("size")), SIZES[1])
        self.is_print = "print" in params

    @cached_property
    def sort(self) -> str:
        """The path to sort by, as `page_of` takes it; empty for the list's own order."""
        asked = self.params.get("sort", "")
        path = {column.key: column.sort for column in self.what.columns}.get(asked.removeprefix("-"), "")
        return f"-{path}" if path and asked.startswith("-") else path

    @cached_property
    def page(self) -> Page[M]:
        size = PRINT_ROWS if self.is_print else self.size
        page = page_of(self.rows, self.params, newest_first=self.what.newest_first, size=size, sort=self.sort)
        previous_url, next_url = page.previous_url, page.next_url
        return dataclasses.replace(
            page,
            previous_url=previous_url and _numbered(previous_url, max(1, self.first - self.size)),
            next_url=next_url and _numbered(next_url, self.first + self.size),
        )

    @cached_property
    def first(self) -> int:
        """The number of the page's first row in the list."""
        text = self.params.get("no", "")
        is_further = "after" in self.params or "before" in self.params
        return int(text) if is_further and text.isascii() and text.isdecimal() and len(text) <= 9 else 1

    @property
    def lines(self) -> Iterator[Line[M]]:
        for number, row in enumerate(self.page.rows, start=self.first):
            yield Line(number, row, [(column, column.cell(row)) for column in self.columns])

    @cached_property
    def totals(self) -> Totals:
        return self.what.totals(self.rows)

    @property
    def headings(self) -> Iterator[Heading]:
        asked = self.params.get("sort", "")
        for column in self.columns:
            is_up, is_down = asked == column.key, asked == f"-{column.key}"
            url = self.url(sort=f"-{column.key}" if is_up else column.key) if column.sort else ""
            yield Heading(column, url, "ascending" if is_up else "descending" if is_down else "none")

    @property
    def width(self) -> int:
        """How many cells a row has, its number included."""
        return len(self.columns) + 1

    @property
    def is_wide(self) -> bool:
        return len(self.columns) > MANY

    @property
    def look(self) -> list[tuple[str, str]]:
        """How the list looks, as inputs that a form about something else takes along."""
        return [(name, value) for name in LOOK for value in self.params.getlist(name)]

    @property
    def asked(self) -> list[tuple[str, str]]:
        """What the list is asked for, as inputs that a form about its columns takes along."""
        return [pair for pair in _pairs(self.kept) if pair[0] != "columns"]

    @property
    def kept(self) -> QueryDict:
        """The address without the place in the list: filter, order and columns."""
        query = self.params.copy()
        for name in PLACE:
            query.pop(name, None)
        return query

    def url(self, **changes: str) -> str:
        query = self.kept
        for name, value in changes.items():
            query[name] = value
        return f"?{query.urlencode()}"

    @property
    def query(self) -> str:
        return self.kept.urlencode()

    @property
    def address(self) -> str:
        return reverse(self.what.name) + self.url()

    @property
    def sizes(self) -> list[tuple[int, str]]:
        return [(size, self.url(size=str(size))) for size in SIZES]

    @property
    def exports(self) -> dict[str, str]:
        """The addresses of the exports, by their format with underscores."""
        return {name.replace("-", "_"): self.url(export=name) for name in FORMATS}

    @property
    def print_url(self) -> str:
        return self.url(print="1")

    @property
    def is_cut(self) -> bool:
        """Whether the list is printed without its end."""
        return self.is_print and bool(self.page.next_url)

    @property
    def plain_url(self) -> str:
        """The address with the list's own columns."""
        query = self.kept
        query.pop("columns", None)
        return f"?{query.urlencode()}"

    @property
    def saved(self) -> QuerySet[SavedFilter]:
        """The person's own filters of this list."""
        return SavedFilter.objects.filter(user=self.by, page=self.what.name).order_by("name")

    @property
    def drops(self) -> Iterator[tuple[SavedFilter, DropFilterForm]]:
        """The same, each with the form that drops it."""
        for saved in self.saved:
            yield saved, DropFilterForm(auto_id=f"drop_{saved.pk}_%s", initial={"drop": saved.pk})

    @property
    def is_narrowed(self) -> bool:
        return self.words != _("全部")

    @cached_property
    def words(self) -> str:
        """The filter and the order as a reader of the printed list needs them."""
        said = [f"{label}：{text}" for label, text in _in_words(self.found.form)]
        said += [
            _("按%(column)s%(direction)s")
            % {"column": heading.column.label, "direction": _direction(heading.direction)}
            for heading in self.headings
            if self.sort and heading.direction != "none"
        ]
        return "；".join(said) or _("全部")

    def ordered(self) -> QuerySet[M]:
        """All rows in the order of the pages."""
        order = Order(self.sort.removeprefix("-"), self.sort.startswith("-") if self.sort else self.what.newest_first)
        return order.of(self.rows)


def _direction(direction: str) -> str:
    return _("升序") if direction == "ascending" else _("降序")


def _numbered(url: str, first: int) -> str:
    query = QueryDict(url[1:], mutable=True)
    query["no"] = str(first)
    return f"?{query.urlencode()}"


def _pairs(query: QueryDict) -> list[tuple[str, str]]:
    return [(name, value) for name, values in query.lists() for value in values if isinstance(value, str)]


def _in_words(form: forms.Form) -> Iterator[tuple[str, str]]:
    """The label and the value of each input that was filled in."""
    cleaned = form.cleaned_data if form.is_valid() else {}
    for name, field in form.fields.items():
        value = cleaned.get(name)
        if value not in field.empty_values:
            yield str(field.label), _said(field, value)


def _said(field: forms.Field, value: Any) -> str:
    """A cleaned value as people say it; a field that cleans a name to a code has a `said` of its own."""
    if hasattr(field, "said"):
        return str(field.said(value))
    choices: Any = field.choices if isinstance(field, forms.ChoiceField) else ()
    return str(dict(choices).get(value, value))
