"""The tables of progress, one module per noun."""

from progress.models.entries import EntryOrigin, EntryStatus, Evidence, ProgressEntry
from progress.models.indicators import Frequency, Indicator, IndicatorKind, Series, SeriesOrigin
from progress.models.ledger import LedgerLine, PendingDelta, ProjectRollup, RegionRollup
from progress.models.periods import Period
from progress.models.targets import LightRule, PlanPoint, Target, TargetVersion

__all__ = [
    "EntryOrigin",
    "EntryStatus",
    "Evidence",
    "Frequency",
    "Indicator",
    "IndicatorKind",
    "LedgerLine",
    "LightRule",
    "PendingDelta",
    "Period",
    "PlanPoint",
    "ProgressEntry",
    "ProjectRollup",
    "RegionRollup",
    "Series",
    "SeriesOrigin",
    "Target",
    "TargetVersion",
]
