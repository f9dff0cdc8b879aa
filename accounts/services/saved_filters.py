"""Filters that a person keeps under a name."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import SavedFilter, User
from accounts.refusals import Refused

#: Filters of one list that a person may keep, and the characters of one.
MOST, LONGEST = 30, 1000


class TooManyFilters(Refused):
    """The person keeps as many filters of the list as there is room for."""

    code = "too_many_filters"
    message = _("这个列表的常用筛选已达 %(most)d 个，请先删除不用的。") % {"most": MOST}


class FilterTooLong(Refused):
    """The filter asks for more than can be kept."""

    code = "filter_too_long"
    message = _("筛选条件过长，无法保存。")


@transaction.atomic
def save_filter(*, by: User, page: str, name: str, query: str) -> SavedFilter:
    """Keep a filter under a name; one that has the name already is replaced. Raises TooManyFilters, FilterTooLong."""
    if len(query) > LONGEST:
        raise FilterTooLong
    mine = SavedFilter.objects.select_for_update().filter(user=by, page=page)
    before = {each.name: each.query for each in mine}
    if name not in before and len(before) >= MOST:
        raise TooManyFilters(field="name")
    saved, _is_new = SavedFilter.objects.update_or_create(user=by, page=page, name=name, defaults={"query": query})
    facts = {"page": page, "name": name, "query": query}
    audit.record(
        by=by,
        action="filter.save",
        obj=saved,
        before={"query": before[name]} if name in before else None,
        after=facts,
    )
    return saved


@transaction.atomic
def delete_filter(*, saved: SavedFilter, by: User) -> None:
    """Drop a filter."""
    facts = {"page": saved.page, "name": saved.name, "query": saved.query}
    audit.record(by=by, action="filter.delete", obj=saved, before=facts)
    saved.delete()
