"""What a row of a report is held against: its target, and how far that has come by the end of a month."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from progress import display, lights
from progress.figures import Look, parts, planned_at
from progress.figures.targets import achieved, comparable, reached
from progress.models import IndicatorKind, Target, TargetVersion
from progress.reports.book import Book, Place


@dataclass(frozen=True)
class Held:
    """A target with what is achieved of it by the end of a month, in percent, and its light at that time."""

    target: Target
    version: TargetVersion
    achieved: Decimal | None
    rate: Decimal | None
    light: lights.Light
    look: Look

    @property
    def rate_said(self) -> str:
        return display.completion(self.rate, self.version.value)

    @property
    def url(self) -> str:
        """The address of what stands behind the target, as it was looked at."""
        address = self.target.get_absolute_url()
        return f"{address}?{self.look.query}" if self.look.as_of else address


def standing(target: Target) -> TargetVersion:
    """The version in force of a target that `figures.with_versions` has read."""
    version: TargetVersion = target.standing[0]  # type: ignore[attr-defined]
    return version


def hold(
    target: Target, book: Book, *, month: datetime.date, due: Mapping[str, datetime.date], rule: lights.Rule
) -> Held:
    """`due` is the end of the last period due of each frequency, of those over by the end of the month."""
    version = standing(target)
    compared_on = comparable(version, due.get(target.frequency))
    done = achieved(version, _amounts(target, book, month))
    until = compared_on.replace(day=1) if compared_on else month
    inputs = lights.Inputs(
        planned=planned_at(version, compared_on),
        achieved=achieved(version, _amounts(target, book, until)),
        compared_on=compared_on,
        data_month=reached(book.last_month(part, _place(target), until) for part in parts(version.measured)),
        decimals=version.measured.decimals,
        has_task=version.has_task,
    )
    return Held(target, version, done, display.rate(done, version.value), lights.judge(inputs, rule), book.look)


def _place(target: Target) -> Place:
    return Place(target.region.name, (target.region_id,))


def _amounts(target: Target, book: Book, until: datetime.date) -> Sequence[Decimal | None]:
    """The sums of the achievement: a level from the beginning of time, an increment from the target's start."""
    version = standing(target)
    until = min(until, version.until) if version.until else until
    return [
        book.amount(part, _place(target), version.start_on if part.kind == IndicatorKind.FLOW else None, until)
        for part in parts(version.measured)
    ]
