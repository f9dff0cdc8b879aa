"""Desks: what a clerk may open in the grid, a unit and a work line in one period, and which of it owes reports."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, When
from django.db.models.functions import JSONObject, Left
from django.utils.translation import gettext as _

from accounts.models import Duty, Role, User
from accounts.policy import Action
from jurisdictions.models import RegionLevel, WorkLine
from progress.agenda import my_series
from progress.models import EntryStatus, Period, ProgressEntry, Reopening, Series, SeriesOrigin

#: Digits of a county's code: a desk is no wider, so that one county's clerk never types among another's rows.
COUNTY_DIGITS = 6
Day = datetime.date | OuterRef
REPORTED = (EntryStatus.SUBMITTED, EntryStatus.REVIEWED, EntryStatus.VERIFIED)


class NoSuchDesk(LookupError):
    """The clerk has no such period, unit or work line, or may not know of it."""


@dataclass(frozen=True)
class Asked:
    """What the address asks for; what it leaves open is chosen for the clerk. `region` is a code, with all below it."""

    period: int | None = None
    region: str = ""
    line: str = ""


@dataclass(frozen=True)
class Desk:
    """One unit, a region with all below it, on one work line in one period."""

    period: Period
    region: str
    region_name: str
    line: str

    @property
    def query(self) -> str:
        """The desk as an address names it."""
        return urlencode({"period": self.period.pk, "region": self.region, "line": self.line})

    @property
    def line_name(self) -> str:
        return str(WorkLine(self.line).label)


@dataclass(frozen=True)
class Chooser:
    """The desk that is open, and what else the clerk may open: periods, units by code, work lines by value."""

    desk: Desk
    #: Each period with the number of reports it owes on all desks.
    periods: list[tuple[Period, int]]
    regions: dict[str, str]
    lines: dict[str, str]


class _Found(NamedTuple):
    """One county and work line in one period in which the clerk has series, and how many of them owe a report."""

    period: Period
    unit: str
    name: str
    line: str
    owing: int


def chooser(user: User, asked: Asked, *, on: datetime.date) -> Chooser | None:
    """The desk asked for, else the first that owes a report; None where nothing is open to the clerk.

    Two queries. Raises NoSuchDesk.
    """
    periods = {period.pk: period for period in _periods(user, asked.period, on=on)}
    _check_known(user, asked, periods, on=on)
    found = [each for each in _found(periods.values()) if each.period.pk == asked.period or _is_open(each, on)]
    if not found:
        return None
    owing: Counter[int] = Counter()
    for each in found:
        owing[each.period.pk] += each.owing
    regions = _regions(user, found, on=on)
    return Chooser(
        desk=_chosen(asked, found, regions, periods),
        periods=[(periods[pk], count) for pk, count in owing.items()],
        regions=regions,
        lines={line.value: str(line.label) for line in WorkLine if any(each.line == line for each in found)},
    )


def why_nothing(user: User, *, on: datetime.date) -> str:
    """Why no desk is open to the person that day, in a sentence. Up to two queries."""
    if not _clerk_duties(user, on):
        return _("您没有填报职责，不能在此填报。")
    if not my_series(user).exists():
        return _("您的职责范围内没有人工填报的填报项，无须在此填报。")
    if not _periods(user, None, on=on):
        return _("现在没有开放填报的调度期。")
    return _("现在开放的调度期里，没有您应报的填报项。")


def _clerk_duties(user: User, on: datetime.date) -> list[Duty]:
    return [duty for duty in user.duties_on(on) if duty.role == Role.CLERK]


def _check_known(user: User, asked: Asked, periods: Container[int], *, on: datetime.date) -> None:
    """Whoever asks for a period, place or line that is not his is told that there is none. Raises NoSuchDesk."""
    mine = _clerk_duties(user, on)
    is_known = (
        (asked.period is None or asked.period in periods)
        and (not asked.region or any(_overlap(asked.region, duty.region_id) for duty in mine))
        and (not asked.line or any(duty.work_line in ("", asked.line) for duty in mine))
    )
    if not is_known:
        raise NoSuchDesk


def _chosen(asked: Asked, found: list[_Found], regions: dict[str, str], periods: dict[int, Period]) -> Desk:
    """What is asked for, filled up from the first fitting desk that owes; it may be empty where none fits."""
    fitting = [each for each in found if _fits(each, asked)] or found
    first = next((each for each in fitting if each.owing), fitting[0])
    region = asked.region or next((code for code in regions if _overlap(code, first.unit)), first.unit)
    period = periods[asked.period] if asked.period else first.period
    return Desk(period, region, regions.get(region, region), asked.line or first.line)


def _periods(user: User, chosen: int | None, *, on: datetime.date) -> list[Period]:
    """The periods open that day, by their dates or opened again, and the chosen one; what is due first comes first."""
    reopened = Exists(Reopening.objects.filter(period=OuterRef("pk"), until__gte=on))
    periods = Period.objects.filter(Q(opens_on__lte=on, closes_on__gte=on) | reopened | Q(pk=chosen))
    with_desks = periods.annotate(desks=ArraySubquery(_grouped(user)))
    return list(with_desks.order_by("due_on", "pk").prefetch_related("reopenings"))


def _is_open(found: _Found, on: datetime.date) -> bool:
    """Whether the dates or a reopening let somebody type there; the gate judges each cell."""
    reopenings = found.period.reopenings.all()
    return found.period.opens_on <= on <= found.period.closes_on or any(
        each.until >= on and each.work_line == found.line and _overlap(each.region_id, found.unit)
        for each in reopenings
    )


def alive(*, start_on: Day, end_on: Day) -> Q:
    """Series whose project is under way between the days: reports begin and end with their project."""
    has_begun = Q(project__start_on=None) | Q(project__start_on__lte=end_on)
    return has_begun & (Q(project__finished_on=None) | Q(project__finished_on__gte=start_on))


def _grouped(user: User) -> QuerySet[Any, Any]:
    """Per county and work line of the clerk's series in the outer query's period: how many are not reported yet.

    A desk with derived series alone owes nothing, yet shows them.
    """
    reported = ProgressEntry.objects.filter(series=OuterRef("pk"), period=OuterRef(OuterRef("pk")), status__in=REPORTED)
    within = alive(start_on=OuterRef("start_on"), end_on=OuterRef("end_on"))
    mine = Series.objects.in_scope(user, Action.ENTER)
    series = mine.filter(within, frequency=OuterRef("kind")).order_by()
    counted = series.annotate(unit=Left("region_id", COUNTY_DIGITS), name=_county_name(), line=F("project__work_line"))
    is_owed = Q(~Exists(reported), origin=SeriesOrigin.TYPED)
    grouped = counted.values("unit", "name", "line").annotate(owing=Count("pk", filter=is_owed))
    desk = JSONObject(unit="unit", name="name", line="line", owing="owing")
    return grouped.order_by("unit", "line").values(desk=desk)


def _county_name() -> Case:
    """The full name of the county that a series' region lies in, or of the city itself."""
    above = {RegionLevel.VILLAGE: "region__parent__parent", RegionLevel.TOWN: "region__parent"}
    names = (When(region__level=level, then=F(f"{path}__full_name")) for level, path in above.items())
    return Case(*names, default=F("region__full_name"))


def _found(periods: Iterable[Period]) -> Iterator[_Found]:
    for period in periods:
        # Annotated by _periods; None where the scope of the person can match nothing.
        for row in period.desks or ():  # type: ignore[attr-defined]
            yield _Found(period, row["unit"], row["name"], row["line"], row["owing"])


def _regions(user: User, found: Iterable[_Found], *, on: datetime.date) -> dict[str, str]:
    """The units by code: those of the clerk's duties, of a city's duty the counties in which there is something."""
    regions = {}
    for duty in _clerk_duties(user, on):
        if len(duty.region_id) >= COUNTY_DIGITS:
            regions[duty.region_id] = duty.region.full_name
        else:
            regions |= {each.unit: each.name for each in found if each.unit.startswith(duty.region_id)}
    return dict(sorted(regions.items()))


def _overlap(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _fits(found: _Found, asked: Asked) -> bool:
    return (
        asked.period in (None, found.period.pk)
        and asked.line in ("", found.line)
        and (not asked.region or _overlap(asked.region, found.unit))
    )
