"""Imports of parcels: the ledger to fill in, sending it, seeing what it would change, saving it, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import User
from accounts.pages import SignedInRequest, answer_once, page_of
from accounts.policy import Action, areas
from accounts.receipts import Answer
from accounts.refusals import Refused
from accounts.services.exports import record_export
from progress.models import ImportOutcome
from subsidence.filters.parcels import ParcelFilter
from subsidence.forms.parcel_imports import ParcelImportForm, ParcelImportStepForm
from subsidence.models import Mine, Parcel, ParcelImport, ParcelImportRow
from subsidence.models.scopes import LINE
from subsidence.services import parcel_imports as service
from subsidence.services.parcel_imports import HEADERS, Change

#: What may be done with a checked or saved import, and what is said when it is done.
STEPS = {
    "confirm": (service.confirm, gettext_lazy("已导入；新登记的图斑摸底面积等待他人审批。")),
    "recheck": (service.recheck, gettext_lazy("已按现有图斑重新检查。")),
    "undo": (service.undo, gettext_lazy("已撤销本次导入：新登记的图斑已删除，其余恢复原样。")),
}
#: Columns of a row that the preview shows beside its number and what is said of it.
SHOWN = ("code", "mine", "region_name", "surveyed_area", "surveyed_on", "subsided_on", "due_on", "suited_use")


def enters(user: User) -> bool:
    """Whether the person registers parcels anywhere."""
    return bool(areas(user, Action.ENTER, line=LINE))


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: SignedInRequest) -> HttpResponse:
    """The person's imports, and the form that sends another file."""
    form = ParcelImportForm(request.POST, request.FILES) if request.method == "POST" else ParcelImportForm()
    if form.is_valid():
        try:
            return answer_once(request, form, partial(_receive, form, request.user))
        except Refused as refusal:
            form.refuse(refusal)
    context = {
        "form": form,
        "may_import": enters(request.user),
        "page": page_of(ParcelImport.objects.visible_to(request.user), request.GET),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "subsidence/parcel_imports.html", context, status=status)


def _receive(form: ParcelImportForm, by: User) -> Answer:
    run = service.receive(upload=form.cleaned_data["file"], by=by, at=timezone.now())
    return {"url": reverse("parcel_import", args=[run.pk]), "message": _("文件已检查，尚未写入任何数据。")}


@require_safe
def sheet(request: SignedInRequest) -> FileResponse:
    """The ledger to fill in: empty, or with `filled` the parcels that the filter finds where the person registers."""
    rows = Parcel.objects.none()
    if "filled" in request.GET:
        rows = ParcelFilter(request.GET, Parcel.objects.in_scope(request.user, Action.ENTER), request=request).qs
        query = request.GET.urlencode()
        record_export(by=request.user, page="parcel_import_sheet", query=query, form="xlsx", rows=rows.count())
    mines = Mine.objects.visible_to(request.user).order_by("code")
    return FileResponse(service.workbook(rows, mines), as_attachment=True, filename=_("沉陷图斑台账.xlsx"))


@require_safe
def import_page(request: SignedInRequest, pk: int) -> HttpResponse:
    return show(request, pk)


@dataclass(frozen=True)
class Fault:
    """What is wrong with one cell, called as the person's own file calls it: E4, 勘测面积（亩）."""

    cell: str
    header: str
    message: str


@dataclass(frozen=True)
class Preview:
    """One row of the file: its cells, what it would change, and what is wrong with it."""

    row: ParcelImportRow
    cells: list[str]
    changes: list[Change]
    faults: list[Fault]


def show(request: SignedInRequest, pk: int, refusal: Refused | None = None) -> HttpResponse:
    """What is known of one import; after a refused step, with the reason on top."""
    run = get_object_or_404(ParcelImport.objects.visible_to(request.user), pk=pk)
    outcome = request.GET.get("outcome", "") or _most_pressing(run)
    lines = run.lines.filter(outcome=outcome).select_related("parcel")
    page = page_of(lines, request.GET, newest_first=False)
    context = {
        "run": run,
        "refusal": refusal,
        "outcome": outcome,
        "outcomes": [(each.value, each.label, run.counts.get(each, 0)) for each in ImportOutcome],
        "page": page,
        "headers": [HEADERS[name] for name in SHOWN],
        "previews": [_preview(run, row) for row in page.rows],
        "step_form": ParcelImportStepForm(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refusal else HTTPStatus.OK
    return render(request, "subsidence/parcel_import.html", context, status=status)


def _most_pressing(run: ParcelImport) -> str:
    """What a person looks at first: what is wrong, then what would change."""
    order = ("error", "conflict", "new", "changed", "same")
    return next((outcome for outcome in order if run.counts.get(outcome)), "new")


def _preview(run: ParcelImport, row: ParcelImportRow) -> Preview:
    faults = [
        Fault(f"{run.columns.get(error['column'], '')}{row.row}", HEADERS.get(error["column"], ""), error["message"])
        for error in row.errors
    ]
    # Whoever gives a place by its code alone finds it in the same column.
    texts = {**row.texts, "region_name": row.texts["region_name"] or row.texts["region"]}
    return Preview(row, [texts[name] for name in SHOWN], service.changes_of(row.texts, row.before), faults)


@require_POST
def import_step(request: SignedInRequest, pk: int, step: str) -> HttpResponse:
    """Save a checked import, check it once more, or take a saved one back."""
    if step not in STEPS:
        raise Http404
    form = ParcelImportStepForm(request.POST)
    if not form.is_valid():
        return show(request, pk, Refused(_("页面不完整，请刷新后重试。")))
    try:
        return answer_once(request, form, partial(_take, step, pk, request.user))
    except Refused as refusal:
        return show(request, pk, refusal)


def _take(step: str, pk: int, by: User) -> Answer:
    take, said = STEPS[step]
    run = get_object_or_404(ParcelImport.objects.visible_to(by), pk=pk)
    arguments: dict[str, Any] = {"run": run, "by": by, "at": timezone.now()}
    take(**arguments)
    return {"url": reverse("parcel_import", args=[run.pk]), "message": str(said)}


@require_safe
def import_errors(request: SignedInRequest, pk: int) -> FileResponse:
    """The person's own rows with a comment in each cell that has to be mended."""
    run = get_object_or_404(ParcelImport.objects.visible_to(request.user), pk=pk)
    name = _("%(name)s-问题标注.xlsx") % {"name": run.name.rpartition(".")[0] or run.name}
    return FileResponse(service.error_workbook(run=run), as_attachment=True, filename=name)
