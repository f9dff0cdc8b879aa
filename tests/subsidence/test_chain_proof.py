"""The nightly proof of the chains, against rows that somebody with the database's keys changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from projects.models import Condition
from subsidence.models import Parcel, ParcelStage, Stage
from subsidence.services import proof
from tests import factories as make
from tests.subsidence import farm

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@contextmanager
def unguarded(*tables: str) -> Iterator[None]:
    """The tables without their triggers, as their owner may have them."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def in_sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def walked() -> Parcel:
    """422 亩 of newly subsided land, treated whole and struck off in two parts with one of them taken back between."""
    team = make.team()
    parcel = farm.parcel(422, subsided_on=datetime.date(2025, 1, 20), due_on=datetime.date(2026, 1, 20), by=team)
    farm.walk(parcel, Stage.PUBLISHED, by=team)
    farm.step(parcel, Stage.CLOSED, 100, by=team)
    farm.reversal(farm.step(parcel, Stage.CLOSED, 22, by=team), by=team)
    farm.step(parcel, Stage.CLOSED, 322, by=team)
    return Parcel.objects.get(pk=parcel.pk)


def faults() -> tuple[str, ...]:
    return proof.prove(at=farm.AT).faults


def test_whole_chains_have_no_faults() -> None:
    parcel = walked()
    farm.registered(10)

    found = proof.prove(at=farm.AT)

    assert (found.parcels, found.steps, found.faults) == (2, ParcelStage.objects.count(), ())
    assert parcel.duty.closed_on == farm.DAYS[Stage.CLOSED]
    assert not Condition.objects.filter(kind=proof.KIND).exists()


def test_area_that_its_chain_does_not_sum_to_is_told_once_and_until_it_is_mended() -> None:
    parcel = walked()
    in_sql("UPDATE subsidence_parcel SET tended_area = 0.0001")

    fault = f"图斑{parcel}：管护期满面积记为0.0001亩，各环节合计0亩"
    assert faults() == (fault,)
    assert faults() == (fault,)
    condition = Condition.objects.get(kind=proof.KIND)
    assert (condition.subject.region_id, condition.facts["faults"]) == (make.CITY, [fault])
    assert condition.sentence == "沉陷图斑与环节台账不符：比对1个图斑、11个环节，发现1处不符。"

    in_sql("UPDATE subsidence_parcel SET tended_area = 0")
    assert faults() == ()
    condition.refresh_from_db()
    assert condition.until == farm.AT


def test_step_dated_back_breaks_the_chain_and_leaves_its_month() -> None:
    parcel = walked()
    step = ParcelStage.objects.get(stage=Stage.FINISHED)
    with unguarded("subsidence_parcelstage"):
        in_sql(f"UPDATE subsidence_parcelstage SET \"on\" = '2025-03-15' WHERE id = {step.pk}")  # noqa: S608

    assert faults() == (
        f"图斑{parcel}：至2025-03-15已有422.0000亩完成“完工”，只应有0亩",
        f"parcel-stage:{step.pk}：填报的项目、指标、地区或调度期与环节不符",
    )


def test_changed_step_is_found_by_area_and_by_figure() -> None:
    parcel = walked()
    step = ParcelStage.objects.get(stage=Stage.STARTED)
    with unguarded("subsidence_parcelstage"):
        in_sql(f"UPDATE subsidence_parcelstage SET area = 422.01 WHERE id = {step.pk}")  # noqa: S608

    assert faults() == (
        f"图斑{parcel}：开工面积记为422.0000亩，各环节合计422.0100亩",
        f"图斑{parcel}：至2025-04-01已有422.0100亩完成“开工”，只应有422.0000亩",
        f"parcel-stage:{step.pk}：环节422.0100亩，填报422.0000亩",
    )


def test_lost_step_and_invented_figure_are_found() -> None:
    walked()
    step = ParcelStage.objects.get(stage=Stage.APPROVED)
    with unguarded("progress_progressentry"):
        in_sql(f"UPDATE progress_progressentry SET fact = 'parcel-stage:0' WHERE fact = 'parcel-stage:{step.pk}'")  # noqa: S608

    assert set(faults()) == {
        "parcel-stage:0：环节无亩，填报422.0000亩",
        f"parcel-stage:{step.pk}：环节422.0000亩，填报无亩",
    }


def test_new_land_without_its_duty_is_found() -> None:
    parcel = walked()
    with unguarded("subsidence_treatmentduty"):
        in_sql("DELETE FROM subsidence_treatmentduty")

    assert faults() == (f"增量图斑{parcel}没有治理任务",)


def test_duty_open_against_the_chain_is_found() -> None:
    parcel = walked()
    in_sql("UPDATE subsidence_treatmentduty SET closed_on = NULL")

    assert faults() == (f"图斑{parcel}：治理任务的办结状态与销号面积不符",)


def test_command_prints_the_faults_and_ends_with_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    walked()
    call_command("audit_subsidence")
    in_sql("UPDATE subsidence_treatmentduty SET closed_on = NULL")

    with pytest.raises(CommandError) as refusal:
        call_command("audit_subsidence")

    assert refusal.value.returncode == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [f"1 parcels and 11 steps compared, {count} faults" for count in (0, 1)]
