"""The small world of the role × region matrix: three counties' and lines' works, and the people who ask."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import audit
from accounts.models import Role, User
from accounts.services.tokens import issue_token
from changzhi_eco.demo.accounts import ADMINISTERS
from jurisdictions.models import WorkLine
from progress import rollups
from progress.gate import CITY_TIME
from progress.models import Draw, EntryStatus, Evidence, Frequency, ImportRun, ProgressEntry, Reopening, Series, Target
from progress.services import imports
from progress.services.reopenings import reopen
from projects.models import ConditionLevel, Project
from projects.services import attachments
from projects.services.conditions import open_condition
from subsidence.models import Moment, Parcel, ParcelImport, ParcelPhoto, Reading, Stage, StageRequest, SuitedUse
from subsidence.services import boundaries, parcel_imports, photos, points, readings, standards
from subsidence.services.points import Place
from subsidence.services.readings import Shown
from tests import factories as make
from tests import uploads
from tests.progress import filled
from tests.subsidence import farm, layers, ledgers

#: The last day of March 2025, when its reports may be typed.
NOW = datetime.datetime(2025, 3, 31, 12, tzinfo=CITY_TIME)

READERS = (Role.CLERK, Role.REVIEWER, Role.VERIFIER, Role.LEADER, Role.SUPERVISOR)
#: The roles of those who ask, by where they hold them; the readers among those without a duty held it until yesterday.
PEOPLE: dict[str, tuple[str, ...]] = {
    "anonymous": ("",),
    "here": READERS,
    "other county": READERS,
    "other line": READERS,
    "no duty": (*READERS, Role.SECURITY_ADMIN, Role.AUDIT_ADMIN, ""),
    "staff": (Role.SYSTEM_ADMIN,),
}

#: The mark of a project of the city, of which all the works are parts and which nobody here may see.
ABOVE = "condor"


class Land(NamedTuple):
    """A parcel whose survey waits for approval, a request that it be accepted, and a photo of it.

    `owed` is another parcel of the same mine, which has a duty to treat it; `reading` is of a point on the first;
    `ledger` is an import of the clerk's.
    """

    parcel: Parcel
    request: StageRequest
    photo: ParcelPhoto
    owed: Parcel
    reading: Reading
    ledger: ParcelImport


class Work(NamedTuple):
    """One county's work on one line, with all there is to see of it; `mark` stands in every text of it."""

    mark: str
    people: dict[str, User]
    project: Project
    blank: Series
    entries: dict[EntryStatus, ProgressEntry]
    target: Target
    evidence: Evidence
    reopening: Reopening
    draw: Draw
    run: ImportRun
    #: Of 国土生态修复 only.
    land: Land | None


#: The work that the addresses are about, and two others beside it.
World = dict[str, Work]


def start_work(mark: str, town: str, line: WorkLine, above: Project) -> Work:
    people: dict[str, User] = {role: make.user(role, town[:6], line) for role in READERS}
    team = make.Team(people[Role.CLERK], people[Role.REVIEWER], people[Role.VERIFIER])
    project = make.project(town, code=mark, name=f"{mark}治理", work_line=line, parent=above, basis=mark)

    def series() -> Series:
        return make.series(make.indicator(work_line=line), project)

    entries = {status: make.entry(series(), status=status, by=team, note=mark) for status in EntryStatus}
    # A quarter, so that nobody here owes a report for it.
    quarter, until = make.period(2024, 10, Frequency.QUARTER), NOW.date() + datetime.timedelta(days=3)
    place: dict[str, Any] = {"region": make.region(town[:6]), "work_line": line}
    return Work(
        mark=mark,
        people=people,
        project=project,
        blank=series(),
        entries=entries,
        target=make.target(entries[EntryStatus.VERIFIED].series.indicator, region_code=town[:6], basis=mark),
        evidence=make.evidence(entries[EntryStatus.DRAFT], team.clerk, uploads.photo(mark), name=f"{mark}.jpg"),
        draw=make.draw(people[Role.SUPERVISOR], region_code=town[:6], work_line=line, seed=mark),
        run=imports.receive(upload=filled.csv_sheet([], name=f"{mark}.csv"), by=team.clerk, at=NOW),
        reopening=reopen(period=quarter, until=until, reason=mark, by=team.verifier, at=NOW, **place),
        land=start_land(mark, town, project, team) if line == WorkLine.SUBSIDENCE else None,
    )


def start_land(mark: str, town: str, project: Project, team: make.Team) -> Land:
    """Nothing of it is approved, so that it adds nothing to what is reported here."""
    standards.load()
    mine = farm.mine(town[:6], code=mark, name=mark, project=project)
    uses = [(SuitedUse.FARM, Decimal(7))]
    parcel = farm.registered(7, mine, town, by=team, code=f"{mark}-1", uses=uses, place=mark)
    request = StageRequest.objects.create(
        parcel=parcel,
        stage=Stage.ACCEPTED,
        on=NOW.date(),
        area=7,
        document=mark,
        recorded_by=team.clerk,
        recorded_at=NOW,
    )
    kept = attachments.take(SimpleUploadedFile(f"{mark}.jpg", uploads.photo(f"{mark}'s land")))
    boundaries.draw(parcel=parcel, plot=layers.land_in(town), was="", by=team.clerk, at=NOW)
    photo = photos.add(parcel=parcel, kept=kept, moment=Moment.DURING, by=team.clerk, at=NOW)
    new: dict[str, Any] = {"subsided_on": farm.CUT_OFF, "due_on": NOW.date() + datetime.timedelta(days=300)}
    owed = farm.registered(3, mine, town, by=team, code=f"{mark}-2", place=mark, **new)
    point = points.register(code=f"{mark}-3", place=Place(mine, parcel.region, parcel), by=team.clerk, at=NOW)
    shown = [Shown(farm.SURVEYED, Decimal(5))]
    [reading] = readings.record(point=point, shown=shown, by=team.clerk, at=NOW)
    ledger = parcel_imports.receive(upload=ledgers.csv_ledger(f"{mark}.csv"), by=team.clerk, at=NOW)
    return Land(parcel, request, photo, owed, reading, ledger)


def fill_the_admin(work: Work) -> None:
    """The rows without which some list in the admin would be empty."""
    rollups.drain()
    audit.seal()
    issue_token(user=work.people[Role.LEADER], by=None)
    facts: dict[str, Any] = {"sentence": work.mark, "facts": {}, "level": ConditionLevel.NOTICE}
    open_condition(subject=work.project.subject, kind="test", key=work.mark, at=NOW, **facts)


class Person(NamedTuple):
    """Somebody who asks: a role, and where it is held."""

    role: str
    where: str

    @property
    def column(self) -> str:
        return self.role if self.where == "here" else self.where

    def hidden(self, world: World) -> list[str]:
        """The marks of what the person must not learn of."""
        return [ABOVE, *(work.mark for where, work in world.items() if where != self.where)]

    def user(self, world: World) -> User | None:
        if self.where in world:
            return world[self.where].people[self.role]
        if self.where == "anonymous":
            return None
        user = make.user(is_staff=self.where == "staff")
        if self.role:
            make.duty(user, Role(self.role), valid_until=datetime.date(2025, 3, 30) if self.role in READERS else None)
        if user.is_staff:
            names = [name for each in ADMINISTERS.values() for name in each]
            user.user_permissions.add(*Permission.objects.filter(codename__in=names))
        return user
