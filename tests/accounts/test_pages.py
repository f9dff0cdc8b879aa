"""Reading rows by key."""

from __future__ import annotations

import pytest
from django.http import QueryDict

from accounts.models import User
from accounts.pages import page_of
from tests import factories as make

pytestmark = pytest.mark.django_db


def test_page_keeps_the_filter_in_its_links() -> None:
    for _ in range(3):
        make.user()

    page = page_of(User.objects.all(), QueryDict("search=李&after=999999"), size=2)

    assert page.next_url == f"?search=%E6%9D%8E&after={page.rows[-1].pk}"
    assert page.previous_url == f"?search=%E6%9D%8E&before={page.rows[0].pk}"


def test_page_reads_upwards_when_the_oldest_comes_first() -> None:
    people = [make.user() for _ in range(5)]

    first = page_of(User.objects.all(), QueryDict(), newest_first=False, size=2)
    second = page_of(User.objects.all(), QueryDict(first.next_url[1:]), newest_first=False, size=2)
    back = page_of(User.objects.all(), QueryDict(second.previous_url[1:]), newest_first=False, size=2)

    assert (first.rows, second.rows, back.rows) == (people[:2], people[2:4], people[:2])


@pytest.mark.parametrize("mark", ["x", "-1", "1.5", "9" * 5000, "９", "\0", ""])
def test_mangled_mark_never_breaks_the_page(mark: str) -> None:
    params = QueryDict(mutable=True)
    params["after"] = mark

    assert page_of(User.objects.all(), params).previous_url == ""
