"""Reading one target's figures on a day in April 2025."""

from __future__ import annotations

import datetime
from typing import Any

from progress import figures
from progress.figures import TargetFigure
from progress.models import Target

D = datetime.date
#: March was due on 5 April; April is not due before 5 May.
ON = D(2025, 4, 20)
FOUR_YEARS: dict[str, Any] = {"start_on": D(2025, 1, 1), "due_on": D(2028, 12, 31)}


def figure(target: Target, on: datetime.date = ON) -> TargetFigure:
    return figures.target_figures([target], on=on)[0]
