"""What pages share: who asks, rows read by key a page at a time, and forms that take effect once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.contrib import messages
from django.db.models import Model, QuerySet
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


def page_of(rows: QuerySet[M], params: QueryDict, *, newest_first: bool = True, size: int = SIZE) -> Page[M]:
    """The rows that `after` or `before` in the query string asks for, by primary key.

    Reading by key costs the same on every page, and no row is skipped or shown twice while others are added.
    """
    before, after = _key(params, "before"), _key(params, "after")
    is_descending = newest_first == (before is None)
    mark = after if before is None else before
    if mark is not None:
        rows = rows.filter(**{"pk__lt" if is_descending else "pk__gt": mark})
    found = list(rows.order_by("-pk" if is_descending else "pk")[: size + 1])
    has_more, found = len(found) > size, found[:size]
    if before is not None:
        found.reverse()
    has_previous, has_next = (has_more, True) if before is not None else (after is not None, has_more)
    return Page(
        found,
        _url(params, "before", found[0]) if found and has_previous else "",
        _url(params, "after", found[-1]) if found and has_next else "",
    )


def _key(params: QueryDict, name: str) -> int | None:
    """The key in a parameter; a mangled one counts as absent."""
    text = params.get(name, "")
    return int(text) if text.isdecimal() and len(text) <= KEY_DIGITS else None


def _url(params: QueryDict, direction: str, row: Model) -> str:
    query = params.copy()
    query.pop("before", None)
    query.pop("after", None)
    query[direction] = str(row.pk)
    return f"?{query.urlencode()}"


def answer_once(request: SignedInRequest, form: OnceForm, act: Callable[[], Answer]) -> HttpResponse:
    """Do what a valid form asks and lead to the `url` of the answer with its `message`; refusals are raised."""
    body = request.get_full_path().encode() + form.body
    answer = once(by=request.user, key=form.key, body=body, act=act)
    messages.success(request, answer["message"])
    return redirect(answer["url"])
