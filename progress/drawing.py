"""Charts and maps drawn in SVG: scales, ticks and paths; lengths are in its user units, to a tenth of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import pairwise

Point = tuple[Decimal, Decimal]
ZERO, TENTH = Decimal(0), Decimal("0.1")
#: Between two ticks lie so many units, times a power of ten.
STEPS = (Decimal(1), Decimal(2), Decimal(5), Decimal(10))
#: The cosine of 36.4° north, the middle of the city: a degree of longitude is so much of one of latitude there.
NARROWING = Decimal("0.8049")


@dataclass(frozen=True)
class Scale:
    """Lays the values from `low` to `high` on the lengths from `start` to `end`; either may run backwards."""

    low: Decimal
    high: Decimal
    start: Decimal
    end: Decimal

    def __call__(self, value: Decimal) -> Decimal:
        if self.high == self.low:
            return self.start.quantize(TENTH)
        share = (value - self.low) / (self.high - self.low)
        return (self.start + share * (self.end - self.start)).quantize(TENTH)


def ticks(low: Decimal, high: Decimal, *, about: int = 5) -> list[Decimal]:
    """About so many round values from at most `low` to at least `high`; two of them where both are the same."""
    step = _step((high - low) / about or Decimal(1))
    first, last = (low / step).to_integral_value(ROUND_FLOOR), (high / step).to_integral_value(ROUND_CEILING)
    return [number * step for number in range(int(first), int(max(last, first + 1)) + 1)]


def _step(width: Decimal) -> Decimal:
    """The smallest round step that is no less than the width."""
    power = Decimal(1).scaleb(width.adjusted())
    return next(step * power for step in STEPS if step * power >= width)


def path(points: Iterable[Point | None], *, closed: bool = False) -> str:
    """The path through the points; a missing one leaves a gap."""
    drawn, verb = [], "M"
    for point in points:
        if point is not None:
            drawn.append(f"{verb}{point[0]:f} {point[1]:f}")
        verb = "M" if point is None else "L"
    return "".join(drawn) + ("Z" if closed and drawn else "")


@dataclass(frozen=True)
class Canvas:
    """A map of so many units by so many, north up, on which points of longitude and latitude are placed."""

    width: Decimal
    height: Decimal
    across: Scale
    up: Scale

    @classmethod
    def fit(cls, points: Sequence[Point], *, width: int, margin: int = 4) -> Canvas:
        """The map of that width on which all the points lie."""
        west, east = min(point[0] for point in points), max(point[0] for point in points)
        south, north = min(point[1] for point in points), max(point[1] for point in points)
        edge, room = Decimal(margin), Decimal(width - 2 * margin)
        tall = (north - south) / ((east - west) * NARROWING) * room
        height = (tall + 2 * edge).quantize(Decimal(1), ROUND_CEILING)
        return cls(Decimal(width), height, Scale(west, east, edge, edge + room), Scale(north, south, edge, edge + tall))

    def place(self, point: Point) -> Point:
        return self.across(point[0]), self.up(point[1])

    def outline(self, rings: Iterable[Iterable[Point]]) -> str:
        """The path around all the rings."""
        return "".join(path(map(self.place, ring), closed=True) for ring in rings)


@dataclass(frozen=True)
class Tick:
    """One line across a chart, or one label below it: where it stands and the value it stands for."""

    at: Decimal
    value: Decimal


@dataclass(frozen=True)
class Mark:
    """One value of a line: where it stands, and at which step of the chart."""

    x: Decimal
    y: Decimal
    step: int
    value: Decimal


@dataclass(frozen=True)
class Line:
    """One line of a chart: its path, and its values where it has any."""

    path: str
    marks: list[Mark]

    @property
    def last(self) -> Mark | None:
        return self.marks[-1] if self.marks else None


@dataclass(frozen=True)
class LineChart:
    """Lines over equal steps; the frame of the plot, the ticks of its values, and where each step stands."""

    width: int
    height: int
    left: Decimal
    right: Decimal
    top: Decimal
    bottom: Decimal
    ticks: list[Tick]
    steps: list[Decimal]
    lines: list[Line]


def line_chart(
    rows: Sequence[Sequence[Decimal | None]], *, width: int = 720, height: int = 280, left: int = 84, right: int = 16
) -> LineChart | None:
    """One line a row, all with a value or None for each step; None when there is not one value."""
    values = [value for row in rows for value in row if value is not None]
    if not values:
        return None
    top, bottom, start, end = Decimal(14), Decimal(height - 30), Decimal(left), Decimal(width - right)
    found = ticks(min(ZERO, *values), max(ZERO, *values))
    up = Scale(found[0], found[-1], bottom, top)
    across = Scale(ZERO, Decimal(max(len(rows[0]) - 1, 1)), start, end)
    return LineChart(
        width=width,
        height=height,
        left=start,
        right=end,
        top=top,
        bottom=bottom,
        ticks=[Tick(up(value), value) for value in found],
        steps=[across(Decimal(step)) for step in range(len(rows[0]))],
        lines=[_line(row, across, up) for row in rows],
    )


def _line(row: Sequence[Decimal | None], across: Scale, up: Scale) -> Line:
    marks = [Mark(across(Decimal(n)), up(value), n, value) for n, value in enumerate(row) if value is not None]
    where = {mark.step: (mark.x, mark.y) for mark in marks}
    return Line(path(where.get(step) for step in range(len(row))), marks)


@dataclass(frozen=True)
class Bar:
    """One bar along a row: where it begins and how long it is; `is_fall` where the value lies below zero."""

    x: Decimal
    width: Decimal
    is_fall: bool = False


def waterfall(changes: Sequence[Decimal | None], *, start: Decimal, width: int) -> list[Bar]:
    """One bar a row: each change hangs on where the one before ended; None stands for the level reached so far."""
    levels = [start]
    for change in changes:
        levels.append(levels[-1] + (change or ZERO))
    scale = Scale(min(ZERO, *levels), max(ZERO, *levels), ZERO, Decimal(width))
    return [
        _bar(scale, ZERO if change is None else before, after)
        for change, (before, after) in zip(changes, pairwise(levels), strict=True)
    ]


def shares(amounts: Sequence[Decimal], whole: Decimal, *, width: int) -> list[Bar]:
    """Bars side by side in one row, each as long as its amount's share of the whole."""
    scale, bars, reached = Scale(ZERO, whole, ZERO, Decimal(width)), [], ZERO
    for amount in amounts:
        bars.append(_bar(scale, reached, reached + amount))
        reached += amount
    return bars


def _bar(scale: Scale, before: Decimal, after: Decimal) -> Bar:
    low, high = sorted((scale(before), scale(after)))
    return Bar(low, high - low, is_fall=after < before)
