"""The stock–flow ledger (存量增量台账) as a page and a file, and the movements behind each of its numbers."""

from __future__ import annotations

from typing import Any

from django.http import FileResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import sheets
from accounts.lists import METHODS, Listing, answer, signature
from accounts.pages import SignedInRequest
from accounts.policy import Action, areas
from accounts.services.exports import record_export
from progress import rollups
from progress.figures import TargetFigure
from subsidence.columns.stock import BASIS, ledger_columns, ledger_rows
from subsidence.figures import courses, stock, treatment
from subsidence.figures.stock import HolderFlow
from subsidence.filters.stock import MovementFilter
from subsidence.forms.stock import StockForm
from subsidence.models import StockMovement
from subsidence.models.scopes import LINE


@require_safe
def stock_page(request: SignedInRequest) -> HttpResponseBase:
    """What each holder's stock began with, what moved it, and what it came to, from month to month."""
    form = StockForm(request.GET, user=request.user, today=timezone.localdate())
    rows = form.narrow(StockMovement.objects.visible_to(request.user))
    with rollups.snapshot():
        lines = stock.by_holder(rows, form.span, form.asked)
        if request.GET.get("export") == "xlsx" and form.is_valid():
            return _export(request, form, lines)
        return render(request, "subsidence/stock.html", _context(request, form, rows, lines))


def _context(request: SignedInRequest, form: StockForm, rows: Any, lines: list[HolderFlow]) -> dict[str, Any]:
    span, asked = form.span, form.asked
    course = stock.Course(rows, until=span.until)
    total = stock.total_of(lines)
    figure = None if "mine" in asked else _planned(request, asked.get("region"))
    return {
        "form": form,
        "span": span,
        "lines": lines,
        "total": total,
        "totals": stock.amounts(total, span, asked),
        "waterfall": courses.waterfall(course, until=span.until, asked=asked) if course.first else [],
        "figure": figure,
        "burn_down": courses.burn_down(course, figure, until=span.until) if course.first else None,
    }


def _planned(request: SignedInRequest, region: str | None) -> TargetFigure | None:
    """The target whose plan the stock is held against: the first of the region asked for, else of all one sees."""
    on = timezone.localdate()
    seen = [region] if region else areas(request.user, Action.VIEW, line=LINE)
    heads = treatment.heads(treatment.line_figures(request.user, on=on), seen, year=on.year)
    return heads[0] if heads else None


def _export(request: SignedInRequest, form: StockForm, lines: list[HolderFlow]) -> FileResponse:
    """The ledger as a workbook; who took it is kept on record."""
    at, title = timezone.now(), _("存量增量台账")
    notes = _("%(since)s 至 %(until)s；期初+存量入账+新增沉陷±复测−销号=期末") % {
        "since": f"{form.span.since:%Y-%m}",
        "until": f"{form.span.until:%Y-%m}",
    }
    foot = signature(request.user, at)
    file = sheets.workbook(title, notes, ledger_columns(), ledger_rows(lines), name=title, foot=foot)
    query = request.GET.urlencode()
    record_export(by=request.user, page="stock", query=query, form="xlsx", rows=len(lines) + 1)
    filename = f"{title}_{timezone.localtime(at):%Y%m%d_%H%M}.xlsx"
    return FileResponse(file, as_attachment=True, filename=filename)


@require_http_methods(METHODS)
def stock_basis(request: SignedInRequest) -> HttpResponseBase:
    """The 依据 of one number of the ledger: the movements that add up to it."""
    visible = stock.movements(StockMovement.objects.visible_to(request.user))
    found = MovementFilter(request.GET, visible)
    listing = Listing(BASIS, found, visible, params=request.GET, by=request.user, at=timezone.now())
    return answer(request, listing, "subsidence/stock_basis.html")
