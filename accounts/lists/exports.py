"""A list as a file: all rows of its filter, in the order and with the columns of the page."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import IO, Any

from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import sheets
from accounts.lists.columns import Totals
from accounts.lists.listing import Listing
from accounts.models import User
from accounts.pages import M
from accounts.services.exports import record_export
from accounts.sheets import Cell

#: Rows that an export holds in memory.
CHUNK = 2_000
ENCODING = {"csv": "utf-8", "csv-gb18030": "gb18030"}


def export(listing: Listing[M], form: str) -> FileResponse:
    """All rows that the filter finds, in the order and with the columns of the page."""
    number = sheets.Column(_("序号"), "number", 6)
    columns = [number, *(sheets.Column(str(each.label), each.kind, each.width) for each in listing.columns)]
    rows = ([count, *cells] for count, cells in enumerate(_cells(listing), start=1))
    if form == "xlsx":
        foot = "　".join([totals_in_words(listing.totals), signature(listing.by, listing.at)])
        notes = _("筛选条件：%(words)s") % {"words": listing.words}
        return sent(listing, form, rows, lambda counted: _book(listing, notes, columns, counted, foot))
    return sent(listing, form, rows, lambda counted: sheets.csv_file(columns, counted, encoding=ENCODING[form]))


def _book(
    listing: Listing[Any], notes: str, columns: Sequence[sheets.Column], rows: Iterable[sheets.Row], foot: str
) -> IO[bytes]:
    return sheets.workbook(str(listing.what.title), notes, columns, rows, name=str(listing.what.title), foot=foot)


def _cells(listing: Listing[Any]) -> Iterator[list[Cell]]:
    for row in listing.ordered().iterator(chunk_size=CHUNK):
        yield [column.cell(row) for column in listing.columns]


def sent(
    listing: Listing[Any],
    form: str,
    rows: Iterable[Any],
    write: Callable[[Iterable[Any]], IO[bytes]],
) -> FileResponse:
    """The file that `write` makes of the rows, its export on record with the number of rows that went into it."""
    counter = _Counter(rows)
    file = write(counter)
    record_export(by=listing.by, page=listing.what.name, query=listing.query, form=form, rows=counter.count)
    suffix = "xlsx" if form.endswith("xlsx") else "csv"
    name = f"{listing.what.title}_{timezone.localtime(listing.at):%Y%m%d_%H%M}.{suffix}"
    return FileResponse(file, as_attachment=True, filename=name)


class _Counter:
    """Rows that are counted as they go by."""

    def __init__(self, rows: Iterable[Any]) -> None:
        self.rows, self.count = rows, 0

    def __iter__(self) -> Iterator[Any]:
        for row in self.rows:
            self.count += 1
            yield row


def signature(by: User, at: datetime.datetime) -> str:
    """Who took a file from the portal and when, as its foot says."""
    return _("填报单位：%(unit)s　导出人：%(person)s　导出时间：%(at)s") % {
        "unit": by.organisation or _("待补"),
        "person": by,
        "at": f"{timezone.localtime(at):%Y-%m-%d %H:%M}",
    }


def totals_in_words(totals: Totals) -> str:
    sums = [f"{each.label} {each.shown} {each.unit}".lstrip() for each in totals.sums]
    said = _("合计：共 %(count)d 条") % {"count": totals.count}
    return "；".join([said, *sums]) + (f"（{totals.note}）" if totals.note else "")
