"""The answer to whoever asks for a list: a page, a file, or a filter kept or dropped."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from accounts.forms import DropFilterForm, KeepFilterForm, OnceForm
from accounts.lists.exports import export
from accounts.lists.listing import FORMATS, Listing
from accounts.pages import SignedInRequest, answer_once
from accounts.receipts import Answer
from accounts.refusals import Refused
from accounts.services.saved_filters import delete_filter, save_filter

#: A list is read, and forms on it keep or drop a filter.
METHODS = ["GET", "HEAD", "POST"]


def answer(request: SignedInRequest, listing: Listing[Any], template: str, **context: Any) -> HttpResponseBase:
    """The list as a page or as the file that is asked for; a form on it keeps its filter or drops one."""
    if request.method == "POST":
        return _keep_or_drop(request, listing, template, **context)
    asked = request.GET.get("export")
    if asked in FORMATS:
        return export(listing, asked)
    return _page(request, listing, template, KeepFilterForm(), **context)


def _page(
    request: SignedInRequest, listing: Listing[Any], template: str, form: OnceForm, **context: Any
) -> HttpResponse:
    found = {"filter": listing.found, "list": listing, "page": listing.page, "keep_form": form}
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
