"""What money (资金) amounts to: planned and paid by source, in 万元, in all and for each 亩."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, Sum

from progress import display
from projects.models import Project
from subsidence.models import Funding, FundingKind, FundingSource, Parcel

ZERO = Decimal(0)
#: Digits of 万元 for one 亩: to the 元.
PER_MU_DECIMALS = 4

#: Σ amounts in 万元 by source and kind; what is absent is 0.
Sums = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True)
class Line:
    """One source, or all of them: 万元 planned and paid, and the areas (亩) that they are held against."""

    name: str
    planned: Decimal
    paid: Decimal
    surveyed: Decimal
    treated: Decimal

    @property
    def planned_per_mu(self) -> Decimal | None:
        """Of the surveyed area; None where there is none."""
        return display.quotient(self.planned, self.surveyed, PER_MU_DECIMALS)

    @property
    def paid_per_mu(self) -> Decimal | None:
        """Of the area that is treated (已完工); None while there is none."""
        return display.quotient(self.paid, self.treated, PER_MU_DECIMALS)

    @property
    def rate(self) -> Decimal | None:
        """What is paid of what is planned (到位率), in percent."""
        return display.rate(self.paid, self.planned)


@dataclass(frozen=True)
class Money:
    """The money of something with an area: a line for each source, and their total."""

    lines: list[Line]
    total: Line

    @property
    def is_empty(self) -> bool:
        return not any(line.planned or line.paid for line in self.lines)


@dataclass(frozen=True)
class Budget:
    """The money of one project beside the investment that the register tells of; None is 待补."""

    project: Project
    money: Money

    @property
    def short(self) -> Decimal | None:
        """The investment less what is planned: below zero where more is planned than invested."""
        invested = self.project.investment
        return None if invested is None else invested - self.money.total.planned

    @property
    def over(self) -> Decimal | None:
        """How much more is planned than invested."""
        return None if self.short is None else -self.short


def money(sums: Sums, *, surveyed: Decimal, treated: Decimal) -> Money:
    from_sources = [_line(str(source.label), [source], sums, surveyed, treated) for source in FundingSource]
    return Money(from_sources, _line("", list(FundingSource), sums, surveyed, treated))


def _line(name: str, sources: Iterable[FundingSource], sums: Sums, surveyed: Decimal, treated: Decimal) -> Line:
    planned, paid = (
        sum((sums.get((source, kind), ZERO) for source in sources), ZERO)
        for kind in (FundingKind.PLANNED, FundingKind.PAID)
    )
    return Line(name, planned, paid, surveyed, treated)


def money_of(funding: QuerySet[Funding], parcels: QuerySet[Parcel]) -> Money:
    """What those rows amount to over the areas of those parcels; two queries."""
    rows = funding.order_by().values_list("source", "kind").annotate(total=Sum("amount"))
    areas = parcels.aggregate(surveyed=Sum("surveyed_area"), treated=Sum("finished_area"))
    sums = {(source, kind): total for source, kind, total in rows}
    return money(sums, surveyed=areas["surveyed"] or ZERO, treated=areas["treated"] or ZERO)


def budgets(projects: QuerySet[Project], parcels: QuerySet[Parcel]) -> list[Budget]:
    """The money of each of the projects; three queries however many there are."""
    found = list(projects)
    sums: defaultdict[int, dict[tuple[str, str], Decimal]] = defaultdict(dict)
    rows = Funding.objects.filter(project__in=found).order_by().values_list("project_id", "source", "kind")
    for project, source, kind, total in rows.annotate(total=Sum("amount")):
        sums[project][source, kind] = total
    summed = parcels.filter(project__in=found).order_by().values_list("project_id")
    areas = {
        project: (surveyed, treated)
        for project, surveyed, treated in summed.annotate(Sum("surveyed_area"), Sum("finished_area"))
    }
    made = []
    for project in found:
        surveyed, treated = areas.get(project.pk, (ZERO, ZERO))
        made.append(Budget(project, money(sums[project.pk], surveyed=surveyed, treated=treated)))
    return made


def summed(found: Iterable[Budget]) -> Money:
    """The money of several projects together, the sum of their lines."""
    rows = [budget.money for budget in found]
    lines = [_added(column) for column in zip(*(row.lines for row in rows), strict=True)]
    return Money(lines, _added([row.total for row in rows]))


def _added(lines: Iterable[Line]) -> Line:
    found = list(lines)
    sums = (sum((getattr(line, name) for line in found), ZERO) for name in ("planned", "paid", "surveyed", "treated"))
    return Line(found[0].name if found else "", *sums)
