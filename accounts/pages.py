"""What pages share: who asks, rows read by key a page at a time, and forms that take effect once."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import F, Field, Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect

from accounts.forms import OnceForm
from accounts.models import User
from accounts.receipts import Answer, once

M = TypeVar("M", bound=Model)
SIZE = 50
#: Digits that a primary key can have.
KEY_DIGITS = 18


class SignedInRequest(HttpRequest):
    """A request that passed the login wall."""

    user: User


@dataclass(frozen=True)
class Page(Generic[M]):
    """Some rows, and the query strings that lead to the rows before and after them; empty at either end."""

    rows: list[M]
    previous_url: str
    next_url: str


def page_of(
    rows: QuerySet[M], params: QueryDict, *, newest_first: bool = True, size: int = SIZE, sort: str = ""
) -> Page[M]:
    """The rows that `after` or `before` in the query string asks for: by primary key, or by `sort` and then by key.

    `sort` is a path to a column, with a minus before it when the highest comes first; rows without a value come last.
    Reading by key costs the same on every page, and no row is skipped or shown twice while others are added.
    """
    order = Order(sort.removeprefix("-"), is_descending=sort.startswith("-") if sort else newest_first)
    before, after = (Mark.read(params.get(name, ""), rows, order) for name in ("before", "after"))
    mark, is_back = (after, False) if before is None else (before, True)
    if mark is not None:
        rows = rows.filter(order.beyond(mark, is_back=is_back))
    found = list(order.of(rows, is_back=is_back)[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if is_back:
        found.reverse()
    has_previous, has_next = (has_more, True) if is_back else (after is not None, has_more)
    return Page(
        found,
        _url(params, "before", order.mark_of(found[0])) if found and has_previous else "",
        _url(params, "after", order.mark_of(found[-1])) if found and has_next else "",
    )


@dataclass(frozen=True)
class Mark:
    """Where a page begins or ends: the key of a row and, where rows are sorted, its value; None where it has none."""

    key: int
    value: Any = None

    @classmethod
    def read(cls, text: str, rows: QuerySet[Any], order: Order) -> Mark | None:
        """The mark in a parameter, written 123 or 123:value; a mangled one counts as absent."""
        digits, colon, said = text.partition(":")
        if not digits.isdecimal() or not digits.isascii() or len(digits) > KEY_DIGITS or "\0" in said:
            return None
        if not colon:
            return cls(int(digits))
        try:
            return cls(int(digits), order.field(rows.model).clean(said, None)) if order.path else None
        except ValidationError:
            return None

    def __str__(self) -> str:
        said = self.value.isoformat() if isinstance(self.value, datetime.date) else self.value
        return str(self.key) if said is None else f"{self.key}:{said}"


@dataclass(frozen=True)
class Order:
    """How rows follow each other: by the column at `path` if there is one, those without a value last, then by key."""

    path: str
    is_descending: bool

    def field(self, model: Any) -> Field[Any, Any]:
        """The column that the path leads to from the model."""
        *relations, name = self.path.split("__")
        for relation in relations:
            model = model._meta.get_field(relation).related_model
        found: Field[Any, Any] = model._meta.get_field(name)
        return found

    def of(self, rows: QuerySet[M], *, is_back: bool = False) -> QuerySet[M]:
        """The rows in order, or in the opposite one."""
        goes_down = self.is_descending != is_back
        key = F("pk").desc() if goes_down else F("pk").asc()
        if not self.path:
            return rows.order_by(key)
        ends = {"nulls_first": True} if is_back else {"nulls_last": True}
        return rows.order_by(F(self.path).desc(**ends) if goes_down else F(self.path).asc(**ends), key)

    def beyond(self, mark: Mark, *, is_back: bool) -> Q:
        """The rows that follow the mark, or that precede it."""
        lookup = "lt" if self.is_descending != is_back else "gt"
        later = Q(**{f"pk__{lookup}": mark.key})
        if not self.path:
            return later
        is_blank = Q(**{f"{self.path}__isnull": True})
        if mark.value is None:
            return is_blank & later | ~is_blank if is_back else is_blank & later
        further = Q(**{f"{self.path}__{lookup}": mark.value}) | Q(**{self.path: mark.value}) & later
        return further if is_back else further | is_blank

    def mark_of(self, row: Model) -> Mark:
        value: Any = row
        for name in self.path.split("__") if self.path else ():
            value = getattr(value, name, None)
        return Mark(row.pk, value if self.path else None)


def _url(params: QueryDict, direction: str, mark: Mark) -> str:
    query = params.copy()
    query.pop("before", None)
    query.pop("after", None)
    query[direction] = str(mark)
    return f"?{query.urlencode()}"


def answer_once(request: SignedInRequest, form: OnceForm, act: Callable[[], Answer]) -> HttpResponse:
    """Do what a valid form asks and lead to the `url` of the answer with its `message`; refusals are raised."""
    body = request.get_full_path().encode() + form.body
    answer = once(by=request.user, key=form.key, body=body, act=act)
    messages.success(request, answer["message"])
    return redirect(answer["url"])
