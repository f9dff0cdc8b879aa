"""The stock–flow ledger (存量增量台账): opening + found + subsided ± resurveyed − closed = closing, for whoever asks.

Every number is a plain sum of StockMovement rows, so that a table's total is the sum of its rows, and a closing stock
is the next month's opening one.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, Q, Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from progress import display, schedule
from subsidence.models import Movement
from subsidence.models.stock import StockMovementQuerySet

ZERO = Decimal(0)
#: The holder of land that no mine answers for: its county (历史遗留).
LEGACY = "legacy"
OPENING, CLOSING = "opening", "closing"


@dataclass(frozen=True)
class Span:
    """The months from the first of one to the last of another; both are named by their first days."""

    since: datetime.date
    until: datetime.date

    @property
    def before(self) -> datetime.date:
        """The month before the span, at whose end its opening stock stands."""
        return schedule.add_months(self.since, -1)

    @property
    def months(self) -> list[datetime.date]:
        count = schedule.months_between(self.since, self.until)
        return [schedule.add_months(self.since, n) for n in range(count)]

    def of_year(self, year: int) -> Span:
        """The months of a year that lie in the span."""
        first, last = datetime.date(year, 1, 1), datetime.date(year, 12, 1)
        return Span(max(self.since, first), min(self.until, last))


@dataclass(frozen=True)
class Flow:
    """What moved a stock of untreated land over a span, in 亩; what is closed lies below zero."""

    opening: Decimal = ZERO
    found: Decimal = ZERO
    subsided: Decimal = ZERO
    resurveyed: Decimal = ZERO
    closed: Decimal = ZERO

    @property
    def closing(self) -> Decimal:
        return self.opening + self.found + self.subsided + self.resurveyed + self.closed

    @property
    def treated(self) -> Decimal:
        return -self.closed

    @property
    def increment_rate(self) -> Decimal | None:
        """New ÷ treated in percent; None where nothing was treated."""
        return display.rate(self.subsided, self.treated)

    @property
    def is_moved(self) -> bool:
        return any((self.found, self.subsided, self.resurveyed, self.closed))

    def __add__(self, other: Flow) -> Flow:
        return Flow(
            self.opening + other.opening,
            self.found + other.found,
            self.subsided + other.subsided,
            self.resurveyed + other.resurveyed,
            self.closed + other.closed,
        )

    def amounts(self) -> Iterator[tuple[str, Decimal]]:
        """The numbers in the order in which they balance, each with its kind."""
        yield OPENING, self.opening
        for kind in Movement:
            yield kind, getattr(self, kind)
        yield CLOSING, self.closing


@dataclass(frozen=True)
class Amount:
    """One number of a flow, and the address of the steps that add up to it (依据)."""

    kind: str
    value: Decimal
    url: str


def amounts(flow: Flow, span: Span, asked: dict[str, str]) -> list[Amount]:
    """The flow's numbers with their basis, for the holder and place that are asked for."""
    return [Amount(kind, value, basis_url(kind, span, asked)) for kind, value in flow.amounts()]


def basis_url(kind: str, span: Span, asked: dict[str, str]) -> str:
    """The list of the movements behind one number: a level is all that moved up to its month."""
    query = dict(asked)
    if kind in Movement.values:
        query |= {"kind": kind, "since": f"{span.since:%Y-%m}"}
    query["until"] = f"{span.before if kind == OPENING else span.until:%Y-%m}"
    return f"{reverse('stock_basis')}?{urlencode(query)}"


@dataclass(frozen=True)
class Holder:
    """Who holds a stock in a county: a mine, or for 历史遗留 the county itself; `asked` is how the ledger is asked."""

    name: str
    url: str
    county: str
    asked: dict[str, str]


@dataclass(frozen=True)
class HolderFlow:
    """One line of the ledger: a holder with what moved its stock."""

    holder: Holder
    flow: Flow
    amounts: list[Amount]


def by_holder(rows: StockMovementQuerySet, span: Span, asked: dict[str, str]) -> list[HolderFlow]:
    """One line a holder and county, in one query; of those that hold or held anything by the end of the span.

    `asked` is what the rows were narrowed by, and so are the lists behind the numbers.
    """
    within = Q(month__gte=span.since)
    found = (
        rows.filter(month__lte=span.until)
        .values("county_id", "mine__code", "mine__name", county_name=F("county__name"))
        .annotate(
            opening=Sum("area", filter=~within, default=ZERO),
            **{kind.value: Sum("area", filter=within & Q(kind=kind), default=ZERO) for kind in Movement},
        )
        .order_by("county_id", F("mine__code").asc(nulls_last=True))
    )
    return [_line(dict(row), span, asked) for row in found]


def _line(row: dict[str, Any], span: Span, asked: dict[str, str]) -> HolderFlow:
    flow = Flow(**{name: row[name] for name in (OPENING, *Movement.values)})
    holder = _holder(row["mine__code"], row["mine__name"], row["county_id"], row["county_name"])
    return HolderFlow(holder, flow, amounts(flow, span, asked | holder.asked))


def _holder(code: str | None, name: str, county: str, county_name: str) -> Holder:
    if code is None:
        return Holder(_("历史遗留"), "", county_name, {"mine": LEGACY, "county": county})
    shown = name or _("待补（%(code)s）") % {"code": code}
    return Holder(shown, reverse("mine", args=[code]), county_name, {"mine": code, "county": county})


def total_of(lines: Iterable[HolderFlow]) -> Flow:
    return sum((line.flow for line in lines), Flow())


class Course:
    """How a stock went from month to month, read once, in one query."""

    def __init__(self, rows: StockMovementQuerySet, *, until: datetime.date) -> None:
        found = rows.filter(month__lte=until).values_list("month", "kind").annotate(Sum("area")).order_by("month")
        self.moved: defaultdict[datetime.date, defaultdict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for month, kind, area in found:
            self.moved[month][kind] += area

    @property
    def first(self) -> datetime.date | None:
        """The first month in which anything moved."""
        return min(self.moved, default=None)

    def closing(self, month: datetime.date) -> Decimal:
        """The stock at the end of a month."""
        return sum((sum(kinds.values(), ZERO) for when, kinds in self.moved.items() if when <= month), ZERO)

    def flow(self, span: Span) -> Flow:
        moved = {kind.value: self._sum(kind, span) for kind in Movement}
        return Flow(opening=self.closing(span.before), **moved)

    def _sum(self, kind: str, span: Span) -> Decimal:
        return sum((kinds[kind] for when, kinds in self.moved.items() if span.since <= when <= span.until), ZERO)


@dataclass(frozen=True)
class MonthFlow:
    """What moved in one month, with the steps behind each number."""

    month: datetime.date
    flow: Flow
    amounts: list[Amount]


def months_of(course: Course, asked: dict[str, str]) -> list[MonthFlow]:
    """The months in which something moved, the newest first."""
    found = []
    for month in sorted(course.moved, reverse=True):
        span = Span(month, month)
        flow = course.flow(span)
        found.append(MonthFlow(month, flow, amounts(flow, span, asked)))
    return found


def movements(rows: StockMovementQuerySet) -> StockMovementQuerySet:
    """The rows joined with what a list of them prints."""
    return rows.select_related("step", "parcel__region", "mine", "county")
