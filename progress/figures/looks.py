"""The day figures are told for: today, or a past one as it was known then."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from progress.gate import CITY_TIME


@dataclass(frozen=True)
class Look:
    """The day figures are told for; in a look back (回看) `as_of` is the last instant known, that day's end in Beijing.

    Without `as_of` the day is today and everything on record counts.
    """

    on: datetime.date
    as_of: datetime.datetime | None = None

    @classmethod
    def back(cls, day: datetime.date) -> Look:
        return cls(day, end_of_day(day))

    @property
    def query(self) -> str:
        """What keeps the look in an address; empty for today."""
        return f"as_of={self.on.isoformat()}" if self.as_of else ""


def end_of_day(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time.max, CITY_TIME)
