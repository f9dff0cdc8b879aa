"""One desk laid out as a table: projects down, indicators across, a cell for each series of the period's frequency."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policy import Action
from jurisdictions.models import Region
from progress.agenda import ReportState, gate_of
from progress.gate import Gate
from progress.grid.cells import Beside, beside, is_untouched, typed
from progress.grid.desks import Desk, alive
from progress.models import EntryStatus, Indicator, Period, ProgressEntry, Series, SeriesOrigin
from progress.models.entries import EDITABLE
from progress.models.indicators import SeriesQuerySet
from projects.models import Project

#: Projects on one page.
ROWS = 50


@dataclass(frozen=True)
class Cell:
    """One series in the period of the desk; `lock` says why nobody may type there now, '' where one may."""

    beside: Beside
    period: Period
    entry: ProgressEntry | None
    lock: str

    @property
    def series(self) -> Series:
        return self.beside.series

    @property
    def is_derived(self) -> bool:
        return self.series.origin == SeriesOrigin.DERIVED

    @property
    def amount(self) -> Decimal | None:
        """What was typed; of a derived series what the ledger holds."""
        if self.is_derived:
            return self.beside.posted
        return self.entry.value if self.entry else None

    @property
    def typed(self) -> str:
        return typed(self.entry.value) if self.entry else ""

    @property
    def last_typed(self) -> str:
        return typed(self.beside.last.value) if self.beside.last else ""

    @property
    def mark(self) -> str:
        """Symbol and word of what has become of the cell; '' where nothing has."""
        if self.is_derived:
            return f"⊘ {self.series.get_origin_display()}"
        if self.lock:
            return f"⊘ {self.entry.get_status_display() if self.entry else _('锁定')}"
        if self.entry and self.entry.status == EntryStatus.RETURNED:
            return f"↩ {self.entry.get_status_display()}"
        return f"✓ {_('已存')}" if self.is_filled else ""

    @property
    def is_filled(self) -> bool:
        return self.amount is not None or bool(self.entry and self.entry.no_progress_reason)

    @property
    def is_untouched(self) -> bool:
        """Whether it stands as it was sent back, and is still to be mended."""
        return bool(self.entry and not self.lock and is_untouched(self.entry))

    @property
    def is_ready(self) -> bool:
        """Whether it is submitted with the page; evidence is asked for then."""
        return bool(self.entry and self.is_filled and not self.lock and not self.is_untouched)

    @property
    def warning(self) -> str:
        return "" if self.lock else self.beside.warning(self.amount)

    @property
    def url(self) -> str:
        """The page of the entry, or the form that starts or changes it; of a derived series what it is made of."""
        if self.is_derived and self.series.source_url:
            return self.series.source_url
        if self.is_derived:
            query = f"?project={self.series.project.code}&indicator={self.series.indicator.code}"
            return reverse("entries") + query
        if self.entry is None:
            return f"{reverse('entry_new')}?series={self.series.pk}&period={self.period.pk}"
        return self.entry.get_absolute_url() if self.lock else reverse("entry_edit", args=[self.entry.pk])


@dataclass(frozen=True)
class Row:
    """One project in one region; None where it has no series of a column's indicator."""

    project: Project
    region: Region
    cells: list[Cell | None]


@dataclass(frozen=True)
class Sheet:
    """One page of a desk, with the reasons of the gates in front of it and what has become of its reports."""

    columns: list[Indicator]
    rows: list[Row]
    gates: list[Gate]
    counts: list[tuple[str, str, int]]
    number: int
    has_next: bool

    @property
    def ready(self) -> list[ProgressEntry]:
        """The drafts, and the returned entries changed since, that may be submitted as they stand."""
        return [cell.entry for cell in self._cells() if cell.entry and cell.is_ready]

    @property
    def has_untouched(self) -> bool:
        return any(cell.is_untouched for cell in self._cells())

    def _cells(self) -> Iterator[Cell]:
        return (cell for row in self.rows for cell in row.cells if cell)


def sheet(desk: Desk, *, by: User, at: datetime.datetime, number: int = 1) -> Sheet:
    """The desk's page of that number, in two queries; to be called inside `rollups.snapshot()`."""
    asked = _on_page(_series(desk, by), number)
    locks = _Locks(desk.period, by, at)
    cells = [
        Cell(found, desk.period, entry, locks.lock(found.series, entry))
        for found, entry in beside(asked, desk.period, by=by)
    ]
    projects = list(dict.fromkeys(cell.series.project_id for cell in cells))
    shown = set(projects[:ROWS])
    cells = [cell for cell in cells if cell.series.project_id in shown]
    columns = sorted({cell.series.indicator for cell in cells}, key=lambda indicator: indicator.pk)
    return Sheet(columns, _rows(cells, columns), locks.gates, _counts(cells), number, len(projects) > ROWS)


def _series(desk: Desk, by: User) -> SeriesQuerySet:
    """The clerk's series at the desk: those of projects under way, and whatever has an entry already."""
    period = desk.period
    mine = Series.objects.in_scope(by, Action.ENTER).filter(
        region__code__startswith=desk.region, project__work_line=desk.line, frequency=period.kind
    )
    has_entry = Exists(ProgressEntry.objects.filter(series=OuterRef("pk"), period=period))
    return mine.filter(alive(start_on=period.start_on, end_on=period.end_on) | Q(has_entry))


def _on_page(series: SeriesQuerySet, number: int) -> SeriesQuerySet:
    """The series of the page's projects and of one more, which says whether there is a next page."""
    projects = Project.objects.filter(Exists(series.filter(project=OuterRef("pk")))).order_by("region_id", "code")
    first = (number - 1) * ROWS
    return series.filter(project__in=projects.values("pk")[first : first + ROWS + 1])


class _Locks:
    """Why a cell is locked; the gate is asked once for all cells that it cannot tell apart."""

    def __init__(self, period: Period, by: User, at: datetime.datetime) -> None:
        self.period, self.by, self.at = period, by, at
        self._gates: dict[tuple[str, datetime.datetime | None], Gate] = {}

    @property
    def gates(self) -> list[Gate]:
        """The different answers of the gate, those to returned entries left out."""
        return list(dict.fromkeys(gate for (_region, returned), gate in self._gates.items() if returned is None))

    def lock(self, series: Series, entry: ProgressEntry | None) -> str:
        gate = self._gate(series, entry)
        if series.origin == SeriesOrigin.DERIVED:
            return _("由业务环节自动生成，不在此填报。")
        if entry and entry.is_correction and entry.status in EDITABLE:
            return _("红字更正请在填报页办理。")
        if entry and entry.status not in EDITABLE:
            return _locked_by(entry)
        return "" if gate.is_open else gate.reason

    def _gate(self, series: Series, entry: ProgressEntry | None) -> Gate:
        # No date holds a correction up, and none is typed here: the gate in front of the others is asked.
        mine = entry if entry and not entry.is_correction else None
        key = (series.region_id, mine.returned_at if mine else None)
        if key not in self._gates:
            self._gates[key] = gate_of(series, self.period, by=self.by, at=self.at, entry=mine)
        return self._gates[key]


def _locked_by(entry: ProgressEntry) -> str:
    match entry.status:
        case EntryStatus.SUBMITTED:
            return _("已报送，等待审核；要修改请先在填报页撤回。")
        case EntryStatus.REVIEWED:
            return _("已审核，等待核定，不能修改。")
    return _("已核定；数值有误的，请在填报页发起更正。")


def _rows(cells: Iterable[Cell], columns: list[Indicator]) -> list[Row]:
    places = {indicator.pk: place for place, indicator in enumerate(columns)}
    rows: dict[tuple[int, str], Row] = {}
    for cell in cells:
        series = cell.series
        key = (series.project_id, series.region_id)
        row = rows.setdefault(key, Row(series.project, series.region, [None] * len(columns)))
        row.cells[places[series.indicator_id]] = cell
    return list(rows.values())


def _counts(cells: Iterable[Cell]) -> list[tuple[str, str, int]]:
    """Per state of a report its value, its name and how many typed cells are in it."""
    states = Counter(cell.entry.status if cell.entry else ReportState.MISSING for cell in cells if not cell.is_derived)
    return [(state.value, str(state.label), states[state]) for state in ReportState]
