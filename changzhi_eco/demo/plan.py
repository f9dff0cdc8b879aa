"""The demonstration's plan curve and what its projects achieve of it: pure, and the same in every run."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

from progress import schedule

START, DUE = datetime.date(2025, 1, 1), datetime.date(2028, 12, 31)
#: Earthworks rest in the frost: what a winter month is worth beside a full one.
FULL_MONTH = 10
WINTER = {12: 4, 1: 2, 2: 3}
#: Percent of its plan that a project achieves in a month: from, to.
ACHIEVED = (70, 112)


def plan_by_month(total: Decimal) -> dict[datetime.date, Decimal]:
    """What each month from START to DUE is to bring; together exactly the total."""
    months = [schedule.add_months(START, number) for number in range(schedule.months_between(START, DUE))]
    weights = [WINTER.get(month.month, FULL_MONTH) for month in months]
    return dict(zip(months, shares(total, weights), strict=True))


def shares(total: Decimal, weights: list[int]) -> list[Decimal]:
    """The total cut in proportion to the weights, to 0.01 and exactly: what is left goes to the largest remainders."""
    cuts = [divmod(int(total * 100) * weight, sum(weights)) for weight in weights]
    left = int(total * 100) - sum(whole for whole, _remainder in cuts)
    favoured = sorted(range(len(cuts)), key=lambda place: -cuts[place][1])[:left]
    return [Decimal(whole + (place in favoured)) / 100 for place, (whole, _remainder) in enumerate(cuts)]


def achieved(project: str, month: datetime.date, planned: Decimal) -> Decimal | None:
    """What a project achieves of its plan in a month; None where it rests, as one in three does in January."""
    chance = random.Random(f"{project} {month}")  # noqa: S311 - repeatable, not secret
    percent = chance.randint(*ACHIEVED)
    if month.month == 1 and chance.randrange(3) == 0:
        return None
    return (planned * percent / 100).quantize(Decimal("0.01"))
