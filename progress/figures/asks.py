"""Which sums a figure is made of."""

from __future__ import annotations

import datetime

from progress.models import Indicator, IndicatorKind, TargetVersion
from progress.rollups import Ask


def parts(indicator: Indicator) -> list[Indicator]:
    """The additive indicators a figure is summed from: itself, or a ratio's numerator and denominator."""
    if indicator.numerator and indicator.denominator:
        return [indicator.numerator, indicator.denominator]
    return [indicator]


def asks_of(version: TargetVersion, compared_on: datetime.date | None) -> tuple[Ask, ...]:
    """One for each part; a level is summed from the beginning of time, an increment from the target's start."""
    target = version.target
    return tuple(
        Ask(
            indicator=part.pk,
            region=target.region_id,
            project=target.project_id,
            since=version.start_on if part.kind == IndicatorKind.FLOW else None,
            due=compared_on.replace(day=1) if compared_on else None,
            until=version.until.replace(day=1) if version.until else None,
        )
        for part in parts(version.measured)
    )
