"""The reports (报表): 调度表, 月报, 年报, each as a page and a workbook, and the ledger lines behind their figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django.http import FileResponse, Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.lists import signature
from accounts.pages import SignedInRequest, page_of
from accounts.services.exports import record_export
from progress import figures, rollups
from progress.forms.reports import DispatchForm, LedgerForm, MonthForm, PeriodicForm, ReportForm, YearForm
from progress.models import Indicator, Target
from progress.reports import behind, layouts
from progress.reports.dispatch import dispatch
from progress.reports.layouts import Layout
from progress.reports.periodic import indicators_in, month_report, year_report
from progress.reports.places import units_of
from progress.views.overview import LINES_A_PAGE

Form = TypeVar("Form", bound=ReportForm)
#: Makes the page's rows and the layout they are exported in, of a form that is clear.
Fill = Callable[[SignedInRequest, Form], tuple[dict[str, Any], Layout]]


@require_safe
def reports(request: SignedInRequest) -> HttpResponse:
    return redirect("report_dispatch")


@require_safe
def report_dispatch(request: SignedInRequest) -> HttpResponseBase:
    targets = Target.objects.visible_to(request.user)
    form = DispatchForm(request.GET, user=request.user, today=timezone.localdate(), targets=targets)
    return _answer(request, form, _dispatch, "progress/report_dispatch.html")


def _dispatch(request: SignedInRequest, form: DispatchForm) -> tuple[dict[str, Any], Layout]:
    measure, region, month = (form.cleaned_data[name] for name in ("measure", "region", "month"))
    units = units_of(region, form.areas.get(measure.indicator.work_line, []))
    if units is None:
        raise Http404
    if measure.target and not form.targets.promised(as_of=form.look.as_of).filter(pk=measure.target.pk).exists():
        form.refuse(_("这个目标当日还没有登记。以下为今天的数字。"))
    table = dispatch(measure=measure, units=units, month=month, targets=form.targets, look=form.look)
    return {"table": table}, layouts.dispatch_layout(table, region)


@require_safe
def report_month(request: SignedInRequest) -> HttpResponseBase:
    form = MonthForm(request.GET, user=request.user, today=timezone.localdate())
    return _answer(request, form, _month, "progress/report_month.html")


def _month(request: SignedInRequest, form: MonthForm) -> tuple[dict[str, Any], Layout]:
    region, month, indicators = form.cleaned_data["region"], form.cleaned_data["month"], _indicators(form)
    targets = Target.objects.visible_to(request.user)
    rows = month_report(region=region, indicators=indicators, month=month, targets=targets, look=form.look)
    return {"rows": rows}, layouts.month_layout(rows, region, month)


@require_safe
def report_year(request: SignedInRequest) -> HttpResponseBase:
    form = YearForm(request.GET, user=request.user, today=timezone.localdate())
    return _answer(request, form, _year, "progress/report_year.html")


def _year(_request: SignedInRequest, form: YearForm) -> tuple[dict[str, Any], Layout]:
    region, year = form.cleaned_data["region"], form.cleaned_data["year"]
    rows = year_report(region=region, indicators=_indicators(form), year=year, look=form.look)
    return {"rows": rows, "region": region, "year": year, "months": range(1, 13)}, layouts.year_layout(
        rows, region, year
    )


def _indicators(form: PeriodicForm) -> list[Indicator]:
    """The report's rows. Raises Http404 where the person may not see the whole region on any line."""
    if not form.lines:
        raise Http404
    return indicators_in(form.cleaned_data["region"], form.lines)


def _answer(request: SignedInRequest, form: Form, fill: Fill[Form], template: str) -> HttpResponseBase:
    """The report as a page or, if asked for, as a workbook; both are filled from one frozen view of the database."""
    context: dict[str, Any] = {"form": form, "look_form": form, "rows": None, "table": None}
    with rollups.snapshot():
        if form.areas and form.is_clear:
            found, layout = fill(request, form)
            context |= {**found, "layout": layout, "look": form.look}
        else:
            layout = None
    if layout and request.GET.get("export") == "xlsx":
        return _export(request, layout, form)
    return render(request, template, {"look": form.look, **context})


def _export(request: SignedInRequest, layout: Layout, form: ReportForm) -> FileResponse:
    """What the page shows, as a workbook; who took it is kept on record."""
    at = timezone.now()
    file = layout.workbook(look=form.look, foot=signature(request.user, at))
    query = request.GET.urlencode()
    record_export(by=request.user, page=layout.name, query=query, form="xlsx", rows=len(layout.rows))
    filename = f"{layout.title}_{timezone.localtime(at):%Y%m%d_%H%M}.xlsx"
    return FileResponse(file, as_attachment=True, filename=filename)


@require_safe
def report_ledger(request: SignedInRequest) -> HttpResponse:
    """The 依据 of one figure of a report: the ledger lines that add up to it."""
    form = LedgerForm(request.GET, user=request.user, today=timezone.localdate())
    if not form.is_clear:
        raise Http404
    asked, look = form.cleaned_data, form.look
    with rollups.snapshot():
        sums = behind.sums_of(
            indicator=asked["indicator"],
            region=asked["region"].pk if asked["region"] else None,
            project=asked["project"].pk if asked["project"] else None,
            is_own=asked["own"],
            since=asked["since"],
            until=asked["until"],
            look=look,
        )
        context = {
            **asked,
            "look": look,
            "look_form": form,
            "sums": sums,
            "figure": behind.figure_of(asked["indicator"], sums),
            "page": page_of(figures.lines_behind(sums), request.GET, size=LINES_A_PAGE),
        }
        return render(request, "progress/report_ledger.html", context)
