"""Generating periods (调度期) ahead."""

import datetime
from dataclasses import asdict

from progress import schedule
from progress.models import Frequency, Period


def ensure_periods(*, first: datetime.date, last: datetime.date, kinds: tuple[str, ...] = (Frequency.MONTH,)) -> int:
    """Make the periods between two days that are not there yet; existing ones keep their dates. Returns how many."""
    wanted = [Period(kind=kind, **asdict(span)) for kind in kinds for span in schedule.spans(kind, first, last)]
    before = Period.objects.count()
    Period.objects.bulk_create(wanted, ignore_conflicts=True)
    return Period.objects.count() - before


def ensure_ahead(*, on: datetime.date) -> int:
    """Make the periods of the year before, this and the next one."""
    return ensure_periods(
        first=datetime.date(on.year - 1, 1, 1), last=datetime.date(on.year + 1, 12, 31), kinds=tuple(Frequency.values)
    )
