"""How stock and treatment went over time, as charts: the waterfall of years, the burn-down, the trend against plan."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from django.utils.translation import gettext as _

from progress import drawing, rollups, schedule
from progress.figures import TargetFigure, planned_at
from progress.figures.asks import asks_of
from progress.models import IndicatorKind
from subsidence.figures.stock import CLOSING, OPENING, Course, Span, basis_url
from subsidence.models import Movement

ZERO = Decimal(0)
#: Years that a waterfall shows, and months that a chart does at most: a plan of four years with some time around it.
YEARS, MONTHS = 4, 84
BAR_WIDTH = 400


@dataclass(frozen=True)
class Fall:
    """One row of a waterfall: a level, or one kind of movement in a year, in 亩, with its bar and its steps."""

    label: str
    amount: Decimal
    url: str
    bar: drawing.Bar
    is_level: bool


def waterfall(course: Course, *, until: datetime.date, asked: dict[str, str]) -> list[Fall]:
    """The stock through the last years up to a month: where it began, what each year brought, and where it came to."""
    rows = list(_falls(course, until, asked))
    changes = [None if kind in (OPENING, CLOSING) else amount for kind, _label, amount, _url in rows]
    bars = drawing.waterfall(changes, start=rows[0][2], width=BAR_WIDTH)
    return [
        Fall(label, amount, url, bar, is_level=kind in (OPENING, CLOSING))
        for (kind, label, amount, url), bar in zip(rows, bars, strict=True)
    ]


def _falls(course: Course, until: datetime.date, asked: dict[str, str]) -> Iterator[tuple[str, str, Decimal, str]]:
    first = max(course.first.year if course.first else until.year, until.year - YEARS + 1)
    for year in range(first, until.year + 1):
        span = Span(datetime.date(year, 1, 1), min(until, datetime.date(year, 12, 1)))
        flow, said = course.flow(span), {"year": year}
        if year == first:
            yield OPENING, _("%(year)d年初存量") % said, flow.opening, basis_url(OPENING, span, asked)
        for kind in Movement:
            if amount := getattr(flow, kind):
                yield kind, f"{_('%(year)d年') % said}{kind.label}", amount, basis_url(kind, span, asked)
        label = _("%(year)d年末存量") if span.until.month == 12 else _("%(year)d年至今存量")
        yield CLOSING, label % said, flow.closing, basis_url(CLOSING, span, asked)


@dataclass(frozen=True)
class Row:
    """One step of a chart as its table says it: a month and the value of each line there."""

    month: datetime.date
    values: list[Decimal | None]


@dataclass(frozen=True)
class Graph:
    """Lines over months with their names, drawn and as a table; `years` are the labels below, `rows` the table."""

    names: list[str]
    drawn: drawing.LineChart
    years: list[tuple[Decimal, int]]
    rows: list[Row]

    @property
    def lines(self) -> list[tuple[str, drawing.Line]]:
        return list(zip(self.names, self.drawn.lines, strict=True))


def _graph(months: Sequence[datetime.date], lines: dict[str, list[Decimal | None]]) -> Graph | None:
    drawn = drawing.line_chart(list(lines.values()))
    if drawn is None:
        return None
    starts = [
        (at, month.year) for n, (at, month) in enumerate(zip(drawn.steps, months, strict=True)) if _begins(n, month)
    ]
    rows = [Row(month, [line[n] for line in lines.values()]) for n, month in enumerate(months)]
    return Graph(list(lines), drawn, starts, rows)


def _begins(step: int, month: datetime.date) -> bool:
    """Whether a year is written there: at each January, and at the first step unless January is close."""
    return month.month == 1 or (step == 0 and month.month < 10)


def burn_down(course: Course, figure: TargetFigure | None, *, until: datetime.date) -> Graph | None:
    """The stock at the end of each month beside what the plan would leave of the target; the future has no stock."""
    months = _months(course.first, figure, until)
    lines = {_("台账存量"): [course.closing(month) if month <= until else None for month in months]}
    if figure and figure.planned is not None:
        lines[_("计划剩余")] = [_left(figure, month) for month in months]
    return _graph(months, lines)


def _left(figure: TargetFigure, month: datetime.date) -> Decimal | None:
    planned = planned_at(figure.version, schedule.month_end(month))
    return None if planned is None else figure.version.value - planned


def trend(figure: TargetFigure, *, until: datetime.date) -> Graph | None:
    """What was achieved by the end of each month beside the plan curve, from the ledger; None for a rate."""
    if figure.indicator.kind == IndicatorKind.RATIO:
        return None
    [ask] = asks_of(figure.version, None)
    found = {total.month: total.amount for total in rollups.months([ask], as_of=figure.as_of)}
    months = _months(min(found, default=None), figure, until)
    base = -figure.version.baseline if figure.indicator.kind == IndicatorKind.STOCK else ZERO
    earlier = sum((amount for month, amount in found.items() if month < months[0]), base)
    reached = accumulate((found.get(month, ZERO) for month in months), initial=earlier)
    next(reached)
    achieved = [value if found and month <= until else None for month, value in zip(months, reached, strict=True)]
    lines: dict[str, list[Decimal | None]] = {_("核定累计"): achieved}
    if figure.planned is not None:
        lines[_("计划累计")] = [planned_at(figure.version, schedule.month_end(month)) for month in months]
    return _graph(months, lines)


def _months(first: datetime.date | None, figure: TargetFigure | None, until: datetime.date) -> list[datetime.date]:
    """The months of a chart: those of the plan and those in which anything stands, the latest of them if too many."""
    version = figure.version if figure else None
    start = version.start_on if version else None
    due = version.due_on.replace(day=1) if version and version.start_on and version.due_on else until
    begin = min(filter(None, (first, start)), default=until)
    return Span(min(begin, until), max(due, until)).months[-MONTHS:]
