"""Long lists as people use them: filtered, sorted, with the columns they chose, summed up, printed and exported."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, partial
from http import HTTPStatus
from typing import IO, Any, Generic

from django import forms
from django.db.models import QuerySet
from django.http import FileResponse, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django_filters import FilterSet

from accounts import sheets
from accounts.forms import DropFilterForm, KeepFilterForm, OnceForm
from accounts.models import SavedFilter, User
from accounts.pages import M, Order, Page, SignedInRequest, answer_once, page_of
from accounts.receipts import Answer
from accounts.refusals import Refused
from accounts.services.exports import record_export
from accounts.services.saved_filters import delete_filter, save_filter
from accounts.sheets import Cell, Kind

#: A list is read, and forms on it keep or drop a filter.
METHODS = ["GET", "HEAD", "POST"]
SIZES = (20, 50, 100)
#: Columns that fit beside each other on a usual screen.
MANY = 10
#: Rows that are printed at once; longer lists are exported.
PRINT_ROWS = 1_000
#: Rows that an export holds in memory.
CHUNK = 2_000
#: What an address says about where in the list one is, which neither a new order nor a kept filter takes along.
PLACE = ("after", "before", "no", "export", "print")
#: What an address says about how the list looks.
LOOK = ("sort", "columns", "size")
ENCODING = {"csv": "utf-8", "csv-gb18030": "gb18030"}
EXPORTS = ("xlsx", *ENCODING)


@dataclass(frozen=True)
class Column(Generic[M]):
    """One column that a list can show: `cell` is what stands in it, `sort` the path by which it is sorted, if it is."""

    key: str
    label: str | Promise
    cell: Callable[[M], Cell]
    sort: str = ""
    kind: Kind = "text"
    width: int = 14
    is_shown: bool = True


@dataclass(frozen=True)
class Sum:
    """What the rows of one unit come to."""

    unit: str
    amount: Decimal
    decimals: int

    @property
    def shown(self) -> str:
        return f"{self.amount:,.{self.decimals}f}"


@dataclass(frozen=True)
class Totals:
    """How many rows the filter finds on all pages, and their sums by unit; `note` says what those leave out."""

    count: int
    sums: Sequence[Sum] = ()
    note: str | Promise = ""


def total_of(units: Iterable[tuple[str, int, Decimal | None, int | None]], note: str) -> Totals:
    """The totals of rows grouped by unit: unit, rows, their sum, its decimals; None where nothing is to be summed."""
    found = list(units)
    sums = [Sum(unit, amount, decimals or 0) for unit, _count, amount, decimals in found if amount is not None]
    return Totals(sum(count for _unit, count, *_rest in found), sums, note if sums else "")


@dataclass(frozen=True)
class List(Generic[M]):
    """One list page: `name` is that of its URL and of the filters kept for it."""

    name: str
    title: str | Promise
    columns: tuple[Column[M], ...]
    totals: Callable[[QuerySet[M]], Totals]
    newest_first: bool = True


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

    def __init__(self, what: List[M], found: FilterSet, rows: QuerySet[M], *, params: QueryDict, by: User) -> None:
        self.what, self.found, self.params, self.by = what, found, params, by
        self.rows: QuerySet[M] = found.qs if found.is_valid() else rows.none()
        chosen = {key for text in params.getlist("columns") for key in text.split(",")}
        picked = tuple(column for column in what.columns if column.key in chosen)
        self.columns = picked or tuple(column for column in what.columns if column.is_shown)
        self.size = int(params["size"]) if params.get("size") in map(str, SIZES) else SIZES[1]
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
        return {name.replace("-", "_"): self.url(export=name) for name in EXPORTS}

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
    choices = dict(field.choices) if isinstance(field, forms.ChoiceField) else {}
    return str(choices.get(value, value))


def answer(request: SignedInRequest, listing: Listing[Any], template: str, **context: Any) -> HttpResponseBase:
    """The list as a page or as the file that is asked for; a form on it keeps its filter or drops one."""
    if request.method == "POST":
        return _keep_or_drop(request, listing, template, **context)
    asked = request.GET.get("export")
    if asked in EXPORTS:
        return export(listing, asked, at=timezone.now())
    return _page(request, listing, template, KeepFilterForm(), **context)


def _page(
    request: SignedInRequest, listing: Listing[Any], template: str, form: OnceForm, **context: Any
) -> HttpResponse:
    found = {"filter": listing.found, "list": listing, "page": listing.page, "keep_form": form, "at": timezone.now()}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, template, {**found, **context}, status=status)


def _keep_or_drop(request: SignedInRequest, listing: Listing[Any], template: str, **context: Any) -> HttpResponse:
    is_drop = "drop" in request.POST
    form = DropFilterForm(request.POST) if is_drop else KeepFilterForm(request.POST)
    if form.is_valid():
        try:
            return answer_once(request, form, partial(_drop if is_drop else _keep, listing, form))
        except Refused as refusal:
            form.refuse(refusal)
    return _page(request, listing, template, KeepFilterForm() if is_drop else form, **context)


def _keep(listing: Listing[Any], form: OnceForm) -> Answer:
    name = form.cleaned_data["name"]
    save_filter(by=listing.by, page=listing.what.name, name=name, query=listing.query)
    return {"url": listing.address, "message": _("已保存常用筛选“%(name)s”。") % {"name": name}}


def _drop(listing: Listing[Any], form: OnceForm) -> Answer:
    saved = get_object_or_404(listing.saved, pk=form.cleaned_data["drop"])
    delete_filter(saved=saved, by=listing.by)
    return {"url": listing.address, "message": _("已删除常用筛选“%(name)s”。") % {"name": saved.name}}


def export(listing: Listing[M], form: str, *, at: datetime.datetime) -> FileResponse:
    """All rows that the filter finds, in the order and with the columns of the page."""
    number = sheets.Column(_("序号"), "number", 6)
    columns = [number, *(sheets.Column(str(each.label), each.kind, each.width) for each in listing.columns)]
    rows = ([count, *cells] for count, cells in enumerate(_cells(listing), start=1))
    if form == "xlsx":
        foot = "　".join([totals_in_words(listing.totals), signature(listing.by, at)])
        notes = _("筛选条件：%(words)s") % {"words": listing.words}
        return sent(listing, form, rows, lambda counted: _book(listing, notes, columns, counted, foot), at=at)
    return sent(listing, form, rows, lambda counted: sheets.csv_file(columns, counted, encoding=ENCODING[form]), at=at)


def _book(
    listing: Listing[Any], notes: str, columns: Sequence[sheets.Column], rows: Iterable[sheets.Row], foot: str
) -> IO[bytes]:
    return sheets.workbook(str(listing.what.title), notes, columns, rows, name=str(listing.what.title), foot=foot)


def _cells(listing: Listing[Any]) -> Iterator[list[Cell]]:
    for row in listing.ordered().iterator(chunk_size=CHUNK):
        yield [column.cell(row) for column in listing.columns]


def sent(
    listing: Listing[Any],
    form: str,
    rows: Iterable[Any],
    write: Callable[[Iterable[Any]], IO[bytes]],
    *,
    at: datetime.datetime,
) -> FileResponse:
    """The file that `write` makes of the rows, its export on record with the number of rows that went into it."""
    counter = _Counter(rows)
    file = write(counter)
    record_export(by=listing.by, page=listing.what.name, query=listing.query, form=form, rows=counter.count)
    suffix = "xlsx" if form.endswith("xlsx") else "csv"
    name = f"{listing.what.title}_{timezone.localtime(at):%Y%m%d_%H%M}.{suffix}"
    return FileResponse(file, as_attachment=True, filename=name)


class _Counter:
    """Rows that are counted as they go by."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Any]:
        for row in self.rows:
            self.count += 1
            yield row


def signature(by: User, at: datetime.datetime) -> str:
    """Who took a file from the portal and when, as its foot says."""
    return _("填报单位：%(unit)s　导出人：%(person)s　导出时间：%(at)s") % {
        "unit": by.organisation or _("待补"),
        "person": by,
        "at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}",
    }


def totals_in_words(totals: Totals) -> str:
    sums = [f"{each.shown} {each.unit}" for each in totals.sums]
    said = _("合计：共 %(count)d 条") % {"count": totals.count}
    return "；".join([said, *sums]) + (f"（{totals.note}）" if totals.note else "")
