"""Imports: sending a filled sheet, seeing what it would change, saving it, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from http import HTTPStatus

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.policy import Action, holds
from accounts.receipts import Answer
from accounts.refusals import Refused
from progress.forms.imports import ImportForm, ImportStepForm
from progress.models import ImportOutcome, ImportRow, ImportRun, ImportStatus, Period, Series
from progress.rules import HEADERS
from progress.services import imports as service
from progress.services.entries import Content

#: Statuses in which the portal is at work on the file.
BUSY = (ImportStatus.WAITING, ImportStatus.CHECKING, ImportStatus.CONFIRMED)
#: What may be done with a checked or saved import, and what is said when it is done.
STEPS = {
    "confirm": (service.confirm, gettext_lazy("已确认导入。")),
    "recheck": (service.recheck, gettext_lazy("已按现有填报重新检查。")),
    "undo": (service.undo, gettext_lazy("已撤销本次导入，各条填报恢复原样。")),
}


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: SignedInRequest) -> HttpResponse:
    """The person's imports, and the form that sends another file."""
    form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
    if form.is_valid():
        try:
            return answer_once(request, form, partial(_receive, form, request.user))
        except Refused as refusal:
            form.refuse(refusal)
    context = {
        "form": form,
        "may_import": holds(request.user, Action.ENTER),
        "page": page_of(ImportRun.objects.visible_to(request.user), request.GET),
    }
    return render(request, "progress/imports.html", context, status=_status(form))


def _status(form: ImportForm) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK


def _receive(form: ImportForm, by: User) -> Answer:
    run = service.receive(
        upload=form.cleaned_data["file"], by=by, at=timezone.now(), is_submitting=form.cleaned_data["do"] == "submit"
    )
    return {"url": reverse("import_run", args=[run.pk]), "message": _("文件已检查，尚未写入任何数据。")}


@require_safe
def import_run(request: SignedInRequest, pk: int) -> HttpResponse:
    return show_run(request, pk)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell, called as the person's own file calls it: K4, 本期数值."""

    cell: str
    header: str
    message: str


@dataclass(frozen=True)
class Preview:
    """One row of the file beside what it is about; what the row does not name, or would not change, is None."""

    row: ImportRow
    series: Series | None
    period: Period | None
    was: Content | None
    becomes: Content | None
    faults: list[Fault]


def show_run(request: SignedInRequest, pk: int, refusal: Refused | None = None) -> HttpResponse:
    """What is known of one import; after a refused step, with the reason on top."""
    run = get_object_or_404(ImportRun.objects.visible_to(request.user), pk=pk)
    outcome = request.GET.get("outcome", "") or _most_pressing(run)
    page = page_of(run.lines.filter(outcome=outcome), request.GET, newest_first=False)
    context = {
        "run": run,
        "refusal": refusal,
        "is_busy": run.status in BUSY,
        "outcome": outcome,
        "outcomes": [(each.value, each.label, run.counts.get(each, 0)) for each in ImportOutcome],
        "page": page,
        "previews": previews(run, page.rows),
        "step_form": ImportStepForm(),
    }
    return render(
        request, "progress/import_run.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY if refusal else None
    )


def _most_pressing(run: ImportRun) -> str:
    """What a person looks at first: what is wrong, then what would change."""
    order = ("error", "conflict", "new", "changed", "same")
    return next((outcome for outcome in order if run.counts.get(outcome)), "new")


def previews(run: ImportRun, rows: list[ImportRow]) -> list[Preview]:
    """The rows with their series and periods, in two questions."""
    series = Series.objects.select_related("project", "indicator", "region").in_bulk({row.series_id for row in rows})
    periods = Period.objects.in_bulk({row.period_id for row in rows})
    return [
        Preview(row, series.get(row.series_id), periods.get(row.period_id), _was(row), _becomes(row), _faults(run, row))
        for row in rows
    ]


def _faults(run: ImportRun, row: ImportRow) -> list[Fault]:
    return [
        Fault(f"{run.columns.get(error['column'], '')}{row.row}", HEADERS.get(error["column"], ""), error["message"])
        for error in row.errors or ()
    ]


def _was(row: ImportRow) -> Content | None:
    """What stands; of a row that changes nothing, what the row says itself."""
    if row.before is None:
        return _becomes(row) if row.outcome == ImportOutcome.SAME else None
    value = row.before.get("value")
    return Content(Decimal(value) if value else None, row.before["no_progress_reason"], row.before["note"])


def _becomes(row: ImportRow) -> Content | None:
    return None if row.outcome == ImportOutcome.ERROR else Content(row.value, row.no_progress_reason, row.note)


@require_safe
def import_progress(request: SignedInRequest, pk: int) -> HttpResponse:
    """The progress bar, which asks for itself again until the portal is done with the file."""
    run = get_object_or_404(ImportRun.objects.visible_to(request.user), pk=pk)
    answer = render(request, "progress/_import_progress.html", {"run": run})
    if run.status not in BUSY:
        answer["HX-Refresh"] = "true"
    return answer


@require_POST
def import_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    """Save a checked import, check it once more, or take a saved one back."""
    if step not in STEPS:
        raise Http404
    form = ImportStepForm(request.POST)
    if not form.is_valid():
        return show_run(request, pk, Refused(_("页面不完整，请刷新后重试。")))
    try:
        return answer_once(request, form, partial(_take, step, pk, request.user))
    except Refused as refusal:
        return show_run(request, pk, refusal)


def _take(step: str, pk: int, by: User) -> Answer:
    take, said = STEPS[step]
    run = get_object_or_404(ImportRun.objects.visible_to(by), pk=pk)
    take(run=run, by=by, at=timezone.now())
    return {"url": reverse("import_run", args=[run.pk]), "message": str(said)}


@require_safe
def import_errors(request: SignedInRequest, pk: int) -> FileResponse:
    """The person's own rows with a comment in each cell that has to be mended."""
    run = get_object_or_404(ImportRun.objects.visible_to(request.user), pk=pk)
    name = _("%(name)s-问题标注.xlsx") % {"name": run.name.rpartition(".")[0] or run.name}
    return FileResponse(service.error_workbook(run=run), as_attachment=True, filename=name)
