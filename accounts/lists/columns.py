"""What a list can show and what its rows come to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic

from django.db.models import QuerySet
from django.utils.functional import Promise

from accounts.pages import M
from accounts.sheets import Cell, Kind


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
    """What the rows of one unit come to; `label` says of what, where a unit has several sums."""

    unit: str
    amount: Decimal
    decimals: int
    label: str | Promise = ""

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
