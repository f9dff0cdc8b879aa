"""The ledger by month of some indicators over some places, read once; every layout is filled from it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from urllib.parse import urlencode

from django.urls import reverse

from progress import display, rollups
from progress.figures import Look, parts
from progress.models import Indicator, IndicatorKind
from progress.rollups import Ask

ZERO = Decimal(0)


@dataclass(frozen=True)
class Place:
    """What a row or table is about: the regions `codes` with all below them, less those of `less`.

    What a region has of its own (本级), in none of the units below it, is that region less all of these.
    """

    name: str
    codes: tuple[str, ...]
    less: tuple[str, ...] = ()

    @property
    def is_own(self) -> bool:
        return bool(self.less)

    @property
    def query(self) -> dict[str, str]:
        """How the ledger page is asked for it; empty for a sum of several regions."""
        if len(self.codes) != 1:
            return {}
        return {"region": self.codes[0], **({"own": "on"} if self.is_own else {})}

    def covers(self, region: str) -> bool:
        """Whether that region, by its code, lies in the place."""
        return region.startswith(self.codes) and not region.startswith(self.less)


@dataclass(frozen=True)
class Figure:
    """One number of a report, in the indicator's unit; None where no report stands, which is not zero.

    `amounts` are the sums it is made of: itself, or a ratio's numerator and denominator. `url` leads to the ledger
    lines that add up to it; empty for a sum of rows that stand in the same table.
    """

    value: Decimal | None
    amounts: tuple[Decimal | None, ...]
    indicator: Indicator
    url: str

    def blank(self) -> Figure:
        return replace(self, value=None, amounts=())


class Book:
    """Σ ledger and standing reports by indicator, region and month, up to a last month, in ONE statement."""

    def __init__(
        self, indicators: Iterable[Indicator], codes: Iterable[str], *, until: datetime.date, look: Look
    ) -> None:
        self.look = look
        additive = dict.fromkeys(part.pk for indicator in indicators for part in parts(indicator))
        asks = [Ask(pk, region=code, due=until) for pk in additive for code in dict.fromkeys(codes)]
        self._months: defaultdict[tuple[int, str | None], list[rollups.MonthTotal]] = defaultdict(list)
        for total in rollups.months(asks, as_of=look.as_of):
            self._months[total.ask.indicator, total.ask.region].append(total)

    def amount(
        self, indicator: Indicator, place: Place, since: datetime.date | None, until: datetime.date
    ) -> Decimal | None:
        """Σ of an additive indicator over the months from `since` to `until`; None where no report stands in them."""
        amount, reports = ZERO, 0
        for sign, codes in ((1, place.codes), (-1, place.less)):
            for code in codes:
                for total in self._months[indicator.pk, code]:
                    if (since is None or since <= total.month) and total.month <= until:
                        amount += sign * total.amount
                        reports += sign * total.reports
        return amount if reports else None

    def figure(self, indicator: Indicator, place: Place, since: datetime.date | None, until: datetime.date) -> Figure:
        """What the months brought: increments added up, the rise of a level, or the quotient of both for a ratio.

        A ratio's part that is a level is taken as it stands at the end, whenever it was reported.
        """
        is_ratio = indicator.kind == IndicatorKind.RATIO
        amounts = tuple(
            self.amount(part, place, None if is_ratio and part.kind == IndicatorKind.STOCK else since, until)
            for part in parts(indicator)
        )
        value = display.rate(*amounts) if is_ratio else amounts[0]
        return Figure(value, amounts, indicator, self._url(indicator, place, since, until))

    def last_month(self, indicator: Indicator, place: Place, until: datetime.date) -> datetime.date | None:
        """The last month up to `until` in which a report on the additive indicator stands."""
        return max((total.month for total in self._standing(indicator, place) if total.month <= until), default=None)

    def is_reported(self, indicator: Indicator, place: Place, month: datetime.date) -> bool:
        """Whether a report on the indicator, or on a part of it, stands in the month."""
        return any(self.amount(part, place, month, month) is not None for part in parts(indicator))

    def _standing(self, indicator: Indicator, place: Place) -> Iterable[rollups.MonthTotal]:
        return (total for code in place.codes for total in self._months[indicator.pk, code] if total.reports)

    def _url(self, indicator: Indicator, place: Place, since: datetime.date | None, until: datetime.date) -> str:
        if not place.query:
            return ""
        span = {"since": f"{since:%Y-%m}"} if since else {}
        query = urlencode({"indicator": indicator.code, **place.query, **span, "until": f"{until:%Y-%m}"})
        return f"{reverse('report_ledger')}?{'&'.join(filter(None, [query, self.look.query]))}"
