"""The tables of progress, one module per noun."""

from progress.models.checks import Draw, SpotCheck, SpotCheckResult
from progress.models.entries import EntryOrigin, EntryStatus, Evidence, EvidenceStage, ProgressEntry
from progress.models.imports import ImportOutcome, ImportRow, ImportRun, ImportStatus
from progress.models.indicators import Frequency, Indicator, IndicatorKind, Series, SeriesOrigin
from progress.models.ledger import LedgerLine, LineNature, PendingDelta, ProjectRollup, RegionRollup
from progress.models.periods import Period, Reopening
from progress.models.series_periods import SeriesPeriod
from progress.models.targets import LightRule, PlanPoint, Split, Target, TargetVersion

__all__ = [
    "Draw",
    "EntryOrigin",
    "EntryStatus",
    "Evidence",
    "EvidenceStage",
    "Frequency",
    "ImportOutcome",
    "ImportRow",
    "ImportRun",
    "ImportStatus",
    "Indicator",
    "IndicatorKind",
    "LedgerLine",
    "LightRule",
    "LineNature",
    "PendingDelta",
    "Period",
    "PlanPoint",
    "ProgressEntry",
    "ProjectRollup",
    "RegionRollup",
    "Reopening",
    "Series",
    "SeriesOrigin",
    "SeriesPeriod",
    "Split",
    "SpotCheck",
    "SpotCheckResult",
    "Target",
    "TargetVersion",
]
