"""What figures say and what they are made of: of a target, behind it, on its way, and as it was known on a past day."""

from progress.figures.asks import parts
from progress.figures.basis import Sum, ledger_lines, lines_behind, sums_behind
from progress.figures.divisions import Division, divisions_of
from progress.figures.in_flight import Movement, movements
from progress.figures.looks import Look, end_of_day
from progress.figures.pairs import Pair, pair_up, pairs_of
from progress.figures.targets import TargetFigure, planned_at, target_figures

__all__ = [
    "Division",
    "Look",
    "Movement",
    "Pair",
    "Sum",
    "TargetFigure",
    "divisions_of",
    "end_of_day",
    "ledger_lines",
    "lines_behind",
    "movements",
    "pair_up",
    "pairs_of",
    "parts",
    "planned_at",
    "sums_behind",
    "target_figures",
]
