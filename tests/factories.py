"""Rows for tests, made through the services wherever a service makes them; every argument has a default."""

from __future__ import annotations

import copy
import datetime
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import Duty, Role, User
from jurisdictions import codes
from jurisdictions.models import Organisation, OrganisationKind, Region, WorkLine
from jurisdictions.services import REGIONS_CSV, read_regions
from progress import schedule
from progress.gate import CITY_TIME
from progress.models import (
    Draw,
    EntryStatus,
    Evidence,
    Frequency,
    Indicator,
    IndicatorKind,
    LightRule,
    Period,
    ProgressEntry,
    Series,
    SeriesOrigin,
    Target,
)
from progress.services import checks, corrections, entries, facts, targets
from progress.services.entries import Content
from progress.services.evidence import add_evidence
from progress.services.periods import ensure_periods
from projects.models import Programme, Project
from projects.services import attachments
from projects.services.register import register_project

#: Real codes, so that a path reads like the city's.
CITY, COUNTY, TOWN, VILLAGE = "1404", "140404", "140404202", "140404202215"  # 长治市 上党区 北呈乡 北张村
OTHER_COUNTY, OTHER_TOWN = "140423", "140423100"  # 襄垣县 古韩镇

#: Duties of the people made here begin before anything the tests look at.
LONG_AGO = datetime.date(2000, 1, 1)

_numbers = itertools.count(1)


@cache
def _shipped() -> Mapping[str, Region]:
    return {region.code: region for region in read_regions(REGIONS_CSV)}


def region(code: str = TOWN) -> Region:
    """The region with its real names, and its ancestors with it."""
    lineage = [copy.copy(_shipped()[part]) for part in codes.lineage(code)]
    Region.objects.bulk_create(lineage, ignore_conflicts=True)
    return Region.objects.get(pk=code)


def organisation(**fields: Any) -> Organisation:
    fields = {"name": f"机构{next(_numbers)}", "kind": OrganisationKind.BUREAU, **fields}
    fields.setdefault("region", region(CITY))
    return Organisation.objects.create(**fields)


def user(role: Role | None = None, region_code: str = CITY, line: str = "", **fields: Any) -> User:
    """A person who signs in with `client.force_login`; with a role, on one work line or all, in the region."""
    number = next(_numbers)
    person = User.objects.create(**{"username": f"person-{number}", "display_name": f"人员{number}", **fields})
    if role:
        duty(person, role, region_code, line)
    return person


def duty(person: User, role: Role, region_code: str = CITY, line: str = "", **fields: Any) -> Duty:
    fields = {"valid_from": LONG_AGO, **fields}
    return Duty.objects.create(user=person, role=role, region=region(region_code), work_line=line, **fields)


@dataclass(frozen=True)
class Team:
    """The three people an entry takes."""

    clerk: User
    reviewer: User
    verifier: User


def team(region_code: str = COUNTY, line: str = "") -> Team:
    """A clerk and a reviewer of the region, and a verifier of the city."""
    return Team(
        user(Role.CLERK, region_code, line),
        user(Role.REVIEWER, region_code, line),
        user(Role.VERIFIER, CITY, line),
    )


def programme(**fields: Any) -> Programme:
    number = next(_numbers)
    fields = {"code": f"programme-{number}", "name": f"工程包{number}", "work_line": WorkLine.SUBSIDENCE, **fields}
    fields.setdefault("region", region(CITY))
    return Programme.objects.create(**fields)


def project(region_code: str = TOWN, **fields: Any) -> Project:
    number = next(_numbers)
    fields = {"code": f"project-{number}", "name": f"项目{number}", "work_line": WorkLine.SUBSIDENCE, **fields}
    return register_project(by=None, **{"region": region(region_code), **fields})


def indicator(kind: IndicatorKind = IndicatorKind.FLOW, **fields: Any) -> Indicator:
    """A flow or stock in 亩 with two decimals."""
    number = next(_numbers)
    fields = {"code": f"indicator-{number}", "name": f"指标{number}", "unit": "亩", **fields}
    return Indicator.objects.create(kind=kind, **{"work_line": WorkLine.SUBSIDENCE, **fields})


def ratio(numerator: Indicator, denominator: Indicator, **fields: Any) -> Indicator:
    return indicator(IndicatorKind.RATIO, unit="%", numerator=numerator, denominator=denominator, **fields)


def series(
    measured: Indicator | None = None, on: Project | None = None, region_code: str | None = None, **fields: Any
) -> Series:
    """A monthly typed series; it lies where its project lies unless told otherwise."""
    on = on or project(region_code or TOWN)
    place = region(region_code) if region_code else on.region
    return Series.objects.create(project=on, indicator=measured or indicator(), region=place, **fields)


def period(year: int = 2025, month: int = 3, kind: Frequency = Frequency.MONTH) -> Period:
    """The period that contains the month's first day."""
    day = datetime.date(year, month, 1)
    ensure_periods(first=day, last=day, kinds=(kind,))
    return Period.objects.get(kind=kind, start_on=schedule.span(kind, day).start_on)


def inside(when: Period) -> datetime.datetime:
    """An instant at which the period may be typed: noon of its last day, Beijing time."""
    return datetime.datetime.combine(when.end_on, datetime.time(12), CITY_TIME)


def entry(
    to: Series | None = None,
    value: Decimal | str | int | None = 10,
    when: Period | None = None,
    *,
    status: EntryStatus = EntryStatus.DRAFT,
    by: Team | None = None,
    **content: Any,
) -> ProgressEntry:
    """An entry that walked the real services up to the status; silence is `value=None, no_progress_reason="…"`."""
    to, when = to or series(), when or period()
    by = by or team(to.region_id)
    amount = None if value is None else Decimal(value)
    draft = entries.create_draft(
        series=to, period=when, content=Content(amount, **content), by=by.clerk, at=inside(when)
    )
    return walk(draft, status, by=by)


def walk(
    entered: ProgressEntry, status: EntryStatus, *, by: Team, at: datetime.datetime | None = None
) -> ProgressEntry:
    """Take a draft on to the status, by the three people of the team."""
    at = at or inside(entered.period)
    if status == EntryStatus.DRAFT:
        return entered
    entered = entries.submit(entry=entered, version=entered.version, by=by.clerk, at=at)
    if status == EntryStatus.SUBMITTED:
        return entered
    if status == EntryStatus.RETURNED:
        return entries.return_entry(entry=entered, version=entered.version, by=by.reviewer, at=at, reason="请补依据")
    entered = entries.review(entry=entered, version=entered.version, by=by.reviewer, at=at)
    if status == EntryStatus.REVIEWED:
        return entered
    return entries.verify(entry=entered, version=entered.version, by=by.verifier, at=at)


def verified_entry(
    to: Series | None = None,
    value: Decimal | str | int | None = 10,
    when: Period | None = None,
    *,
    by: Team | None = None,
    **content: Any,
) -> ProgressEntry:
    return entry(to, value, when, status=EntryStatus.VERIFIED, by=by, **content)


def correction(
    of: ProgressEntry,
    value: Decimal | str | int | None = None,
    *,
    status: EntryStatus = EntryStatus.VERIFIED,
    by: Team | None = None,
    at: datetime.datetime | None = None,
) -> ProgressEntry:
    """A correction of a verified entry that restates the value, or voids it where the value is None."""
    by, at = by or team(of.region_id), at or inside(of.period)
    opened = corrections.open_correction(entry=of, by=by.clerk, at=at, reason="复核测量", is_void=value is None)
    if value is not None:
        content = Content(Decimal(value))
        opened = entries.change_draft(entry=opened, version=opened.version, content=content, by=by.clerk, at=at)
    return walk(opened, status, by=by, at=at)


def fact(
    to: Series | None = None,
    value: Decimal | str | int = 12,
    when: Period | None = None,
    *,
    name: str = "parcel-stage:123",
    by: Team | None = None,
) -> ProgressEntry:
    """The derived entry of a line's own row, which the clerk recorded and the reviewer approved."""
    to, when = to or series(origin=SeriesOrigin.DERIVED), when or period()
    by = by or team(to.region_id)
    return facts.post(
        series=to,
        period=when,
        fact=name,
        value=Decimal(value),
        by=by.clerk,
        approved_by=by.reviewer,
        at=inside(when),
    )


def pdf(text: str = "") -> bytes:
    """A whole PDF of almost nothing, with a text that makes it one of its own."""
    return b"%%PDF-1.4 %s\nstartxref\n9\n%%%%EOF\n" % text.encode()


def evidence(of: ProgressEntry, by: User, body: bytes = b"", *, name: str = "验收单.pdf", stage: str = "") -> Evidence:
    """A file, a small PDF unless told otherwise, attached to a draft or returned entry."""
    kept = attachments.take(SimpleUploadedFile(name, body or pdf()))
    return add_evidence(entry=of, kept=kept, by=by, at=inside(of.period), stage=stage)


def target(
    measured: Indicator | None = None,
    value: Decimal | str = "100",
    region_code: str = CITY,
    *,
    project: Project | None = None,
    plan: dict[datetime.date, Decimal] | None = None,
    **version: Any,
) -> Target:
    """A target with one version; `start_on`, `due_on`, `baseline` … are the version's."""
    number = next(_numbers)
    promised = Target.objects.create(
        code=f"target-{number}",
        name=f"目标{number}",
        indicator=measured or indicator(),
        region=project.region if project else region(region_code),
        project=project,
    )
    at = datetime.datetime(2025, 1, 21, 9, tzinfo=CITY_TIME)
    targets.record_version(target=promised, value=Decimal(value), by=None, at=at, plan=plan, **version)
    return promised


def light_rule() -> LightRule:
    """The first rule: a migration makes it, the flush after a test with real transactions takes it away."""
    first = {"warn_below": Decimal("0.95"), "late_below": Decimal("0.80"), "recorded_at": inside(period())}
    return LightRule.objects.get_or_create(n=1, defaults=first)[0]


def draw(by: User | None = None, number: int = 9, region_code: str = CITY, **asked: Any) -> Draw:
    """A draw for spot checks on a supervisor's behalf: by default of all that March 2025 has of 国土生态修复."""
    when = asked.pop("when", None) or period()
    asked = {"work_line": WorkLine.SUBSIDENCE, "seed": "seed", "at": inside(when), **asked}
    by = by or user(Role.SUPERVISOR)
    return checks.draw(period=when, region=region(region_code), number=number, by=by, **asked)
