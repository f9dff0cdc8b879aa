"""How a target is split into parts (分解): by region, by year, each way held against the whole by itself."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from progress import display
from progress.figures.targets import TargetFigure, target_figures
from progress.models import Split, TargetVersion


@dataclass(frozen=True)
class Division:
    """One way in which a target is split: its parts with their figures, those taken back as well."""

    split_by: Split
    whole: TargetVersion
    parts: list[TargetFigure]

    @property
    def total(self) -> Decimal:
        """Σ parts; never more than the whole."""
        return sum((part.version.value for part in self.parts), Decimal(0))

    @property
    def unallocated(self) -> Decimal:
        """What no part has taken yet (尚未分解)."""
        return self.whole.value - self.total

    @property
    def shares(self) -> Iterable[tuple[TargetFigure, str]]:
        """Each part with its share of the whole (占比)."""
        for part in self.parts:
            yield part, display.percent(display.rate(part.version.value, self.whole.value))


def divisions_of(figure: TargetFigure, *, on: datetime.date) -> list[Division]:
    """The ways in which the target is split, as known when its figure was; to be called inside `rollups.snapshot()`."""
    promised = figure.target.parts.promised(as_of=figure.as_of).select_related("indicator", "region", "project")
    found = list(promised.order_by("region_id", "year"))
    parts = target_figures(found, on=on, as_of=figure.as_of) if found else []
    by_way = {way: [part for part in parts if part.target.split_by == way] for way in Split}
    return [Division(way, figure.version, found) for way, found in by_way.items() if found]
