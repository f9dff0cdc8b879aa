"""Taking parcels off the register: by undoing the import that brought them, or one by one; the record stays."""

from __future__ import annotations

import datetime

import pytest
from django.db import DatabaseError, transaction

from accounts.models import AuditEvent
from accounts.refusals import NotAllowed
from progress.services.imports import CannotUndo
from projects.models import Subject, SubjectKind
from subsidence.models import LandClass, Mine, Parcel, StageRequest, TreatmentDuty
from subsidence.services import discards, parcel_imports, stages
from subsidence.services.discards import CannotDiscard
from tests import factories as make
from tests.factories import VILLAGE, Team
from tests.subsidence import farm
from tests.subsidence.farm import AT
from tests.subsidence.ledgers import row, saved

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    farm.cut_off()
    make.region(VILLAGE)
    return make.team()


@pytest.fixture
def mine() -> Mine:
    return farm.mine(code="heron")


def test_undo_leaves_no_trace_but_the_record(team: Team, mine: Mine) -> None:
    saved([row("TB-1", mine, place="村东", land_before="旱地")], team.clerk)
    new = row("TB-2", mine, subsided_on="2025-01-15", due_on="2026-12-31")
    run = saved([new, row("TB-1", mine, place="村西", land_before="林地", tilt="7")], team.clerk)

    undone = parcel_imports.undo(run=run, by=team.clerk, at=AT)

    parcel = Parcel.objects.get()
    assert (parcel.code, parcel.place, parcel.land_before, parcel.tilt) == ("TB-1", "村东", LandClass.DRY, None)
    assert not TreatmentDuty.objects.exists()
    assert Subject.objects.filter(kind=SubjectKind.PARCEL).count() == StageRequest.objects.count() == 1
    event = AuditEvent.objects.get(action="parcel.discard")
    assert event.before is not None
    assert (event.before["code"], event.before["requests"][0]["area"]) == ("TB-2", "12.5000")
    assert undone.status == "undone"
    with pytest.raises(CannotUndo):
        parcel_imports.undo(run=run, by=team.clerk, at=AT)


def test_undo_stops_where_somebody_went_on(team: Team, mine: Mine) -> None:
    run = saved([row("TB-1", mine), row("TB-2", mine)], team.clerk)
    stages.approve(request=StageRequest.objects.get(parcel__code="TB-2"), by=team.reviewer, at=AT)

    with pytest.raises(CannotUndo, match="TB-2"), transaction.atomic():
        parcel_imports.undo(run=run, by=team.clerk, at=AT)

    assert Parcel.objects.count() == 2


def test_parcel_with_a_chain_cannot_be_discarded_by_any_path(team: Team) -> None:
    parcel = farm.parcel(by=team)

    with pytest.raises(CannotDiscard):
        discards.discard(parcel=parcel, version=parcel.version, by=team.clerk)
    with pytest.raises(DatabaseError), transaction.atomic():
        StageRequest.objects.filter(parcel=parcel).delete()

    assert Parcel.objects.get() == parcel


def test_discarding_takes_a_duty_and_leaves_the_record(team: Team) -> None:
    parcel = farm.registered(by=team, subsided_on=datetime.date(2025, 1, 15), due_on=datetime.date(2026, 1, 15))
    request = StageRequest.objects.get()
    stages.send_back(request=request, reason="重复登记", by=team.reviewer, at=AT)

    with pytest.raises(NotAllowed):
        discards.discard(parcel=parcel, version=1, by=team.reviewer)
    discards.discard(parcel=parcel, version=1, by=team.clerk, reason="重复")

    event = AuditEvent.objects.get(action="parcel.discard")
    assert event.before is not None
    assert (event.reason, event.before["requests"][0]["reason"]) == ("重复", "重复登记")
    assert not Parcel.objects.exists()
