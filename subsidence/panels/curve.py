"""The sink of a point over time as a curve: days from left to right, sink downwards over the range that was read."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from progress.drawing import Mark, Scale, Tick, path, ticks
from progress.schedule import add_months, months_between
from subsidence.models import Reading
from subsidence.panels.monitoring import Watched

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = Decimal(64), Decimal(704), Decimal(14), Decimal(230)
#: Labels that fit below the curve.
LABELS = 8
ZERO = Decimal(0)


@dataclass(frozen=True)
class Curve:
    """The path and its readings, the ticks of mm, where months begin, and from where to where was judged."""

    path: str
    marks: list[Mark]
    ticks: list[Tick]
    months: list[tuple[Decimal, datetime.date]]
    judged: tuple[Decimal, Decimal] | None
    width: int = WIDTH
    height: int = HEIGHT
    left: Decimal = LEFT
    right: Decimal = RIGHT
    top: Decimal = TOP
    bottom: Decimal = BOTTOM

    @property
    def depth(self) -> Decimal:
        return self.bottom - self.top


def curve_of(found: Watched) -> Curve | None:
    """The curve of all readings; None while there are fewer than two."""
    readings = found.readings
    if len(readings) < 2:
        return None
    first, last = readings[0].on, readings[-1].on
    across = Scale(ZERO, Decimal((last - first).days), LEFT, RIGHT)

    def place(day: datetime.date) -> Decimal:
        return across(Decimal((max(day, first) - first).days))

    sinks = [reading.sink for reading in readings]
    levels = ticks(min(sinks), max(sinks))
    down = Scale(levels[0], levels[-1], TOP, BOTTOM)
    marks = [Mark(place(each.on), down(each.sink), n, each.sink) for n, each in enumerate(readings)]
    window = found.judgement.window
    return Curve(
        path=path((mark.x, mark.y) for mark in marks),
        marks=marks,
        ticks=[Tick(down(level), level) for level in levels],
        months=[(place(month), month) for month in _months(readings)],
        judged=(place(window[0]), place(window[1]) - place(window[0])) if window else None,
    )


def _months(readings: Sequence[Reading]) -> list[datetime.date]:
    """The first days of months between the first and the last reading, so many that their labels fit."""
    first, last = readings[0].on, readings[-1].on
    begun = add_months(first, 0 if first.day == 1 else 1)
    count = months_between(begun, last)
    return [add_months(begun, number) for number in range(0, count, -(-count // LABELS) or 1)]
