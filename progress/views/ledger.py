"""The sheet of what is due (填报台账): looked at as a list, downloaded to be filled in."""

from __future__ import annotations

import datetime

from django.http import FileResponse, QueryDict
from django.http.response import HttpResponseBase
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import sheets
from accounts.lists import CHUNK, METHODS, Listing, answer, sent, signature
from accounts.pages import SignedInRequest
from accounts.policy import Action, holds
from progress import schedule
from progress.columns import LEDGER, sheet_columns, sheet_rows
from progress.filters import SeriesPeriodFilter
from progress.models import Frequency, Period, SeriesPeriod

#: The sheet to be filled in, by format: its encoding as CSV, None for a workbook.
SHEETS = {"fill-xlsx": None, "fill-csv": "utf-8", "fill-csv-gb18030": "gb18030"}


@require_http_methods(METHODS)
def ledger(request: SignedInRequest) -> HttpResponseBase:
    at = timezone.now()
    params = _with_month(request.GET, timezone.localdate(at))
    visible = SeriesPeriod.objects.visible_to(request.user).with_labels().with_cumulative()
    found = SeriesPeriodFilter(params, visible)
    listing = Listing(LEDGER, found, visible, params=params, by=request.user, at=at)
    asked = request.GET.get("export", "")
    if request.method != "POST" and asked in SHEETS:
        return _sheet(listing, asked)
    fills = {name.replace("-", "_"): listing.url(export=name) for name in SHEETS}
    return answer(request, listing, "progress/ledger.html", fills=fills, may_enter=holds(request.user, Action.ENTER))


def _with_month(params: QueryDict, on: datetime.date) -> QueryDict:
    """The query string with the month that is being reported, unless it names another."""
    params = params.copy()
    if not params.get("period"):
        typed = Period.objects.filter(kind=Frequency.MONTH, opens_on__lte=on, closes_on__gte=on).order_by("end_on")
        first = typed.first()
        params["period"] = f"{first.end_on if first else on:%Y-%m}"
    return params


def _sheet(listing: Listing[SeriesPeriod], form: str) -> FileResponse:
    """The sheet in the language of its headers, which an upload reads back."""
    with translation.override("zh-hans"):
        columns, rows = sheet_columns(), sheet_rows(listing.ordered().iterator(chunk_size=CHUNK))
        encoding = SHEETS[form]
        if encoding:
            flat = ([cell.cell if isinstance(cell, sheets.Locked) else cell for cell in row] for row in rows)
            return sent(listing, form, flat, lambda found: sheets.csv_file(columns, found, encoding=encoding))
        month = listing.found.form.cleaned_data.get("period")
        title = (schedule.label("month", month) if month else "") + _("生态治理进展填报台账")
        notes = "　".join([_("单位见各行。黄色格可填，其余已锁定。"), listing.words, signature(listing.by, listing.at)])
        return sent(listing, form, rows, lambda found: sheets.workbook(title, notes, columns, found, protect=True))
