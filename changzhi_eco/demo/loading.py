"""Making the demonstration: a start and a plan for the city's target, and progress towards it."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate

from django.db import transaction

from accounts import audit
from accounts.models import Duty, Role, User
from changzhi_eco.demo.plan import DUE, START, achieved, plan_by_month
from jurisdictions.models import Region, WorkLine
from progress.gate import CITY_TIME
from progress.models import EntryStatus, Frequency, Indicator, Period, ProgressEntry, Series, Target, TargetVersion
from progress.services import entries, targets
from progress.services.entries import Content
from progress.services.periods import ensure_periods
from projects.services.register import register_project

CITY = "1404"
TARGET = "subsidence-city"
BASIS = "演示数据：起始日期、逐月计划与进度均为演示假定，报道没有写；起始日期之前完成的面积不计入。"
#: The counties the article names for their mines; the nine that share the target it does not name.
COUNTIES = ("140403", "140404", "140405", "140428")
PROJECTS_EACH = 3
#: How far the entries of the month that is not over yet have come.
UNDERWAY = (EntryStatus.SUBMITTED, EntryStatus.REVIEWED, EntryStatus.RETURNED)
TIME_OF_DAY = datetime.time(16)


@dataclass(frozen=True)
class People:
    """Those who walk the demonstration's entries through the steps; nobody can sign in as them."""

    clerk: User
    reviewer: User
    verifier: User


@transaction.atomic
def load_demo(*, at: datetime.datetime) -> int:
    """Give the city's target a start, a plan and progress up to `at`; returns how many entries were made.

    What is there already stays, so a later run adds the months gone by since.
    """
    target = Target.objects.select_related("indicator").get(code=TARGET)
    plan = set_plan(target, at)
    people = People(*(person(role) for role in (Role.CLERK, Role.REVIEWER, Role.VERIFIER)))
    places = [place(target.indicator, county, n) for county in COUNTIES for n in range(1, PROJECTS_EACH + 1)]
    known = set(ProgressEntry.objects.filter(series__in=places).values_list("series", "period"))
    made = 0
    for period in past_and_present(at):
        for number, series in enumerate(places):
            if (series.pk, period.pk) not in known:
                content = invented(series, period, plan[period.start_on] / len(places))
                report(series, period, content, people, at, UNDERWAY[number % len(UNDERWAY)])
                made += 1
    return made


def set_plan(target: Target, at: datetime.datetime) -> dict[datetime.date, Decimal]:
    """Record the demonstration's version of the target unless it stands; returns what each month is to bring."""
    standing = TargetVersion.objects.filter(target=target).order_by("-n")[0]
    plan = plan_by_month(standing.value)
    # A real version recorded since is not put under the demonstration's again.
    if not TargetVersion.objects.filter(target=target, is_demo=True).exists():
        # As if it had been on record from the start, so that a look back has a plan to hold its figures against.
        targets.record_version(
            target=target,
            value=standing.value,
            by=None,
            at=min(at, datetime.datetime.combine(START, TIME_OF_DAY, CITY_TIME)),
            plan=dict(zip(plan, accumulate(plan.values()), strict=True)),
            start_on=START,
            due_on=DUE,
            document=standing.document,
            basis=f"{BASIS}\n{standing.basis}",
            is_demo=True,
        )
    return plan


def person(role: Role) -> User:
    found, is_new = User.objects.get_or_create(
        username=f"demo-data-{role}",
        defaults={"display_name": f"演示数据{role.label}", "is_demo": True, "is_active": False, "password": "!"},
    )
    if is_new:
        Duty.objects.create(user=found, role=role, region_id=CITY, valid_from=START)
        audit.record(by=None, action="demo.person", obj=found, after={"role": role})
    return found


def place(indicator: Indicator, county: str, number: int) -> Series:
    """The series of one demonstration project."""
    region = Region.objects.get(pk=county)
    project = register_project(
        code=f"demo-{county}-{number}",
        by=None,
        name=f"演示项目：{region.name}沉陷区治理{number}",
        work_line=WorkLine.SUBSIDENCE,
        region=region,
        basis=BASIS,
        is_demo=True,
    )
    key = {"project": project, "indicator": indicator, "region": region}
    series, _is_new = Series.objects.get_or_create(**key, defaults={"is_demo": True})
    return series


def past_and_present(at: datetime.datetime) -> list[Period]:
    today = at.astimezone(CITY_TIME).date()
    last = min(today, DUE)
    ensure_periods(first=START, last=last)
    return list(Period.objects.filter(kind=Frequency.MONTH, start_on__range=(START, last)).order_by("start_on"))


def invented(series: Series, period: Period, planned: Decimal) -> Content:
    value = achieved(series.project.code, period.start_on, planned)
    return Content(no_progress_reason="演示：冻土期停工") if value is None else Content(value, note="演示数据")


def report(
    series: Series,
    period: Period,
    content: Content,
    people: People,
    at: datetime.datetime,
    underway: EntryStatus,
) -> None:
    """Take one entry through the real steps: to its end in a month that is over, else as far as `underway`."""
    closing = datetime.datetime.combine(period.end_on, TIME_OF_DAY, CITY_TIME)
    until = EntryStatus.VERIFIED if closing <= at else underway
    when = min(closing, at)
    entry = entries.create_draft(series=series, period=period, content=content, by=people.clerk, at=when)
    entry = entries.submit(entry=entry, version=entry.version, by=people.clerk, at=when)
    if until == EntryStatus.SUBMITTED:
        return
    entry = entries.review(entry=entry, version=entry.version, by=people.reviewer, at=when)
    if until == EntryStatus.RETURNED:
        reason = "演示：请补充现场照片"
        entries.return_entry(entry=entry, version=entry.version, by=people.verifier, at=when, reason=reason)
    elif until == EntryStatus.VERIFIED:
        entries.verify(entry=entry, version=entry.version, by=people.verifier, at=when)
