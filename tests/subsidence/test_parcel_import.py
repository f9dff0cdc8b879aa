"""Ledgers of parcels: filled in, checked as a whole, saved or not at all, and taken back."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from functools import partial
from typing import Any

import openpyxl
import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries

from accounts.models import AuditEvent, Role, User
from accounts.refusals import NotAllowed, Refused
from progress.services.imports import DataChanged, UnfitSheet, WrongStep
from subsidence.models import (
    LandClass,
    Mine,
    Origin,
    Parcel,
    ParcelImport,
    RequestStatus,
    Stage,
    StageRequest,
    SuitedUse,
)
from subsidence.services import parcel_imports, parcels
from subsidence.services.parcels import Description, Factors, Survey
from tests import factories as make
from tests.factories import OTHER_COUNTY, VILLAGE, Team
from tests.subsidence import farm, ledgers
from tests.subsidence.farm import AT
from tests.subsidence.ground import at_once
from tests.subsidence.ledgers import faults, outcomes, received, row, saved, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def team() -> Team:
    farm.cut_off()
    make.region(VILLAGE)
    return make.team()


@pytest.fixture
def mine() -> Mine:
    return farm.mine(code="heron")


def test_row_registers_what_the_form_would(team: Team, mine: Mine) -> None:
    cells = row(
        "TB-1", mine, land_before="旱地", suited_use="宜耕", place="村东", tilt="12.5", subsided_on="2025-01-15"
    )

    run = saved([{**cells, "due_on": "2026-12-31"}], team.clerk)

    parcel = Parcel.objects.get()
    assert (outcomes(run), run.status) == (["new"], "saved")
    assert (parcel.code, parcel.mine, parcel.region_id, parcel.origin) == ("TB-1", mine, VILLAGE, Origin.NEW)
    assert (parcel.land_before, parcel.suited_use, parcel.place) == (LandClass.DRY, SuitedUse.FARM, "村东")
    assert (parcel.tilt, parcel.surveyed_area) == (Decimal("12.5"), 0)
    assert (parcel.subject.name, parcel.subject.kind, parcel.project.work_line) == ("TB-1", "parcel", "subsidence")
    assert parcel.duty.due_on == datetime.date(2026, 12, 31)
    request = StageRequest.objects.get()
    assert (request.stage, request.area, request.status) == (Stage.SURVEYED, Decimal("12.5"), RequestStatus.PENDING)
    assert (request.recorded_by, request.document) == (team.clerk, "摸底〔2025〕1号")


@pytest.mark.parametrize("is_demo", [False, True])
def test_imported_parcel_is_the_one_that_the_form_registers(team: Team, mine: Mine, is_demo: bool) -> None:
    User.objects.filter(pk=team.clerk.pk).update(is_demo=is_demo)
    team.clerk.is_demo = is_demo
    survey = Survey(Decimal("12.50"), [(SuitedUse.WATER, Decimal("12.50"))], farm.SURVEYED, "摸底〔2025〕1号")
    known = Description(place="村东", land_before=LandClass.DRY, factors=Factors(tilt=Decimal(9), sink=Decimal("2.5")))
    asked: dict[str, Any] = {"mine": mine, "region": make.region(VILLAGE), "subsided_on": farm.SUBSIDED}
    parcels.register(code="BY-FORM", survey=survey, described=known, by=team.clerk, at=AT, **asked)

    cells = {"suited_use": "宜水", "land_before": "0102", "place": "村东", "tilt": 9, "sink": "2.5"}
    saved([row("BY-FILE", mine, **{**cells, "land_before": "旱地"})], team.clerk)

    def facts(code: str) -> list[Any]:
        unlike = ("id", "code", "subject_id", "parcel_id")
        found = Parcel.objects.filter(code=code)
        rows = [*found.values(), *StageRequest.objects.filter(parcel__code=code).values()]
        told = AuditEvent.objects.filter(object_id=found.get().pk, action="parcel.register").values_list("after")
        return [{name: value for name, value in each.items() if name not in unlike} for each in rows] + [
            {**(after or {}), "code": ""} for (after,) in told
        ]

    assert facts("BY-FILE") == facts("BY-FORM")


def test_row_without_a_mine_is_the_countys(team: Team) -> None:
    saved([row("TB-1"), row("TB-2", mine=None) | {"mine": "历史遗留"}], team.clerk)

    assert {parcel.project.code for parcel in Parcel.objects.all()} == {"subsidence-legacy-140404"}
    assert not Parcel.objects.exclude(mine=None, origin=Origin.EXISTING).exists()


def test_place_may_be_named_instead_of_coded(team: Team) -> None:
    cells: list[dict[str, Any]] = [{"region": "", "region_name": "上党区北呈乡北张村"}, {"region_name": "襄垣县古韩镇"}]

    run = received([row(f"TB-{number}", **each) for number, each in enumerate(cells)], team.clerk)

    assert run.lines.get(row=4).outcome == "new"
    assert faults(run) == [["region_name"]]


def test_all_faults_of_all_rows_are_told_at_once(team: Team, mine: Mine) -> None:
    run = received(
        [
            row("图斑一", mine, surveyed_area="-1", surveyed_on="2025-13-01", document=""),
            row("TB-2", mine, region="999999999999", land_before="月球", yield_loss="120", tilt="1.234"),
            row("TB-3", mine, surveyed_on="2030-01-01", subsided_on="2031-01-01", due_on="2030-12-31"),
            row("TB-4"),
            row("TB-4", subsided_on="2025-06-01"),
            row("TB-6") | {"mine": "no-such-mine", "surveyed_area": ""},
            row("TB-7", mine, subsided_on="", surveyed_area="0"),
            row("TB-8", mine, subsided_on="2025-01-15"),
        ],
        team.clerk,
    )

    assert faults(run) == [
        ["code", "surveyed_area", "surveyed_on", "document"],
        ["land_before", "tilt", "yield_loss", "region"],
        ["subsided_on", "surveyed_on", "due_on"],
        ["code"],
        ["code", "subsided_on", "mine"],
        ["mine", "surveyed_area"],
        ["surveyed_area", "subsided_on"],
        ["due_on"],
    ]
    assert run.counts["error"] == run.faulty == 8
    with pytest.raises(WrongStep):
        parcel_imports.confirm(run=run, by=team.clerk, at=AT)
    assert not Parcel.objects.exists()


#: What is wrong, by what a row says and what the service that the form calls is asked.
REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no area": ({"surveyed_area": "0"}, {"survey": Survey(Decimal(0), [], farm.SURVEYED, "一号")}),
    "no deadline": ({"subsided_on": "2025-01-15"}, {"subsided_on": datetime.date(2025, 1, 15)}),
    "deadline too early": (
        {"subsided_on": "2025-01-15", "due_on": "2025-01-15"},
        {"subsided_on": datetime.date(2025, 1, 15), "due_on": datetime.date(2025, 1, 15)},
    ),
    "no day": ({"subsided_on": ""}, {"subsided_on": None}),
    "subsided after the survey": (
        {"subsided_on": "2025-02-02", "due_on": "2027-01-01"},
        {"subsided_on": datetime.date(2025, 2, 2), "due_on": datetime.date(2027, 1, 1)},
    ),
    "survey to come": (
        {"surveyed_on": "2026-03-03"},
        {"survey": Survey(Decimal(1), [], datetime.date(2026, 3, 3), "一号")},
    ),
    "elsewhere": ({"region": make.OTHER_TOWN}, {"region": make.OTHER_TOWN}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusal_is_the_sentence_of_the_form(team: Team, mine: Mine, case: str) -> None:
    cells, asked = REFUSED[case]
    clerk = make.user(Role.CLERK)
    survey = Survey(Decimal(1), [], farm.SURVEYED, "一号")
    asked = {"survey": survey, "subsided_on": farm.SUBSIDED, "region": VILLAGE, **asked}
    region = make.region(asked.pop("region"))

    with pytest.raises(Refused) as refusal:
        parcels.register(code="TB-1", mine=mine, region=region, by=clerk, at=AT, **asked)

    assert told(received([row("TB-1", mine, **cells)], clerk)) == [str(refusal.value)]


def test_two_mines_cannot_claim_one_parcel(team: Team, mine: Mine) -> None:
    other = farm.mine()
    saved([row("TB-1", mine)], team.clerk)

    by_file = told(received([row("TB-1", other)], team.clerk))
    with pytest.raises(Refused) as by_form:
        farm.registered(code="TB-1", of=other, by=team)

    assert by_file == [str(by_form.value)]
    assert str(mine) in by_file[0]


def test_another_countys_parcel_is_not_ones_own(team: Team, mine: Mine) -> None:
    saved([row("TB-1", mine)], team.clerk)
    stranger = make.user(Role.CLERK, OTHER_COUNTY)

    run = received([row("TB-1", place="别处")], stranger)

    assert faults(run) == [["region", "code"]]


def test_same_file_twice_changes_nothing(team: Team, mine: Mine) -> None:
    rows = [row("TB-1", mine, suited_use="宜水"), row("TB-2", tilt="3", place="村西")]
    saved(rows, team.clerk)

    again = received(rows, team.clerk)

    assert outcomes(again) == ["same", "same"]
    with pytest.raises(WrongStep):
        parcel_imports.confirm(run=again, by=team.clerk, at=AT)
    assert Parcel.objects.count() == StageRequest.objects.count() == 2


def test_filled_ledger_reads_back_as_it_stands(team: Team, mine: Mine) -> None:
    new = {"subsided_on": "2025-01-15", "due_on": "2026-12-31"}
    saved([row("TB-1", mine, suited_use="宜水", sink="1.255", **new), row("TB-2", place="村西")], team.clerk)
    farm.parcel(602, mine, by=team, code="TB-3")
    book = parcel_imports.workbook(Parcel.objects.all(), [mine]).read()

    run = parcel_imports.receive(upload=ledgers.upload(book), by=team.clerk, at=AT)

    assert (run.refusal, told(run), outcomes(run)) == ("", [], ["same"] * 3)


def test_template_offers_uses_land_and_mines(team: Team, mine: Mine) -> None:
    book = openpyxl.load_workbook(io.BytesIO(parcel_imports.workbook(Parcel.objects.none(), [mine]).read()))

    sheet = book.active
    offered = [rule.formula1 for rule in sheet.data_validations.dataValidation if rule.type == "list"]
    assert [cell.value for cell in sheet[3]][:5] == ["图斑编号", "矿井代码", "所在村代码", "所在村", "勘测面积（亩）"]
    assert sheet.freeze_panes == "A4"
    assert offered[0] == '"heron"'
    assert "宜耕" in offered[2]


def test_description_changes_and_what_was_registered_does_not(team: Team, mine: Mine) -> None:
    saved([row("TB-1", mine, place="村东", tilt="3"), row("TB-2", mine)], team.clerk)

    run = saved([row("TB-1", mine, place="村西", suited_use="宜林"), row("TB-2", mine)], team.clerk)
    refused = received([row("TB-1", mine, surveyed_area="13", document="二号", due_on="2030-01-01")], team.clerk)

    parcel = Parcel.objects.get(code="TB-1")
    assert (outcomes(run), run.asked) == (["changed", "same"], 1)
    assert (parcel.place, parcel.suited_use, parcel.tilt, parcel.version) == ("村西", SuitedUse.FOREST, 3, 2)
    event = AuditEvent.objects.get(action="parcel.describe")
    assert event.before is not None and event.after is not None
    assert (event.before["place"], event.after["place"]) == ("村东", "村西")
    assert faults(refused) == [["surveyed_area", "document"]]
    assert "12.50" in told(refused)[0]


def test_ledger_older_than_a_change_conflicts(team: Team, mine: Mine) -> None:
    saved([row("TB-1", mine)], team.clerk)
    saved([row("TB-1", mine, place="村东")], team.clerk)

    run = received([row("TB-1", mine, place="村西", version=1)], team.clerk)

    assert (outcomes(run), faults(run)) == (["conflict"], [["version"]])


def test_started_land_keeps_its_use(team: Team, mine: Mine) -> None:
    parcel = farm.walk(farm.parcel(12, mine, by=team), Stage.STARTED, by=team)

    run = received([row(parcel.code, mine, surveyed_area="", document="", suited_use="宜林")], team.clerk)

    assert faults(run) == [["suited_use"]]


def test_what_happened_meanwhile_stops_the_whole(team: Team, mine: Mine) -> None:
    run = received([row("TB-1", mine), row("TB-2", mine)], team.clerk)
    farm.registered(of=mine, code="TB-2", by=team)

    with pytest.raises(DataChanged), transaction.atomic():
        parcel_imports.confirm(run=run, by=team.clerk, at=AT)

    assert list(Parcel.objects.values_list("code", flat=True)) == ["TB-2"]
    assert outcomes(parcel_imports.recheck(run=run, by=team.clerk, at=AT))[0] == "new"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_csv_is_read_in_both_encodings(team: Team, encoding: str) -> None:
    file = ledgers.upload(ledgers.as_csv([row("TB-1", place="村东")], encoding), "图斑.csv")

    run = parcel_imports.receive(upload=file, by=team.clerk, at=AT)

    assert (outcomes(run), run.lines.get().texts["place"]) == (["new"], "村东")


def test_file_that_is_no_ledger_is_kept_and_refused(team: Team) -> None:
    run = parcel_imports.receive(upload=ledgers.upload(b"a,b\n1,2\n", "图斑.csv"), by=team.clerk, at=AT)

    assert run.status == "refused"
    assert "图斑编号" in run.refusal


def test_dangerous_file_is_not_kept(team: Team) -> None:
    with pytest.raises(UnfitSheet):
        parcel_imports.receive(upload=ledgers.upload(b"PK\x03\x04", "图斑.xlsm"), by=team.clerk, at=AT)

    assert not ParcelImport.objects.exists()


def test_who_registers_nowhere_imports_nothing(team: Team) -> None:
    with pytest.raises(NotAllowed):
        received([row("TB-1")], team.reviewer)


def test_import_is_its_senders_alone(team: Team) -> None:
    run, other = received([row("TB-1")], team.clerk), make.user(Role.CLERK)

    for step in (parcel_imports.confirm, parcel_imports.recheck, parcel_imports.undo):
        with pytest.raises(NotAllowed):
            step(run=run, by=other, at=AT)
    assert not ParcelImport.objects.visible_to(other).exists()


def test_error_workbook_marks_the_cells(team: Team, mine: Mine) -> None:
    run = received([row("TB-1", mine), row("TB-2", mine, surveyed_area="多", document="")], team.clerk)

    book = openpyxl.load_workbook(io.BytesIO(parcel_imports.error_workbook(run).read()))

    comments = {cell.coordinate: cell.comment.text for line in book.active for cell in line if cell.comment}
    assert sorted(comments) == ["E5", "G5"]
    assert "半角数字" in comments["E5"]


@pytest.mark.django_db(transaction=True)
def test_of_two_imports_at_once_one_has_the_number(team: Team, mine: Mine) -> None:
    other = make.user(Role.CLERK)
    runs = [received([row("TB-1", mine), row(f"TB-2{by.pk}", mine)], by) for by in (team.clerk, other)]

    refusals = at_once(*(partial(parcel_imports.confirm, run=run, by=run.imported_by, at=AT) for run in runs))

    assert sorted(type(refusal).__name__ for refusal in refusals) == ["DataChanged", "NoneType"]
    assert Parcel.objects.count() == 2


@pytest.mark.parametrize("rows", [1, 30])
def test_rows_cost_no_queries(
    team: Team, mine: Mine, django_assert_num_queries: DjangoAssertNumQueries, rows: int
) -> None:
    saved([row("TB-0", mine), row("TB-X")], team.clerk)
    team.clerk.duties_on(AT.date())
    file = ledgers.upload(ledgers.as_xlsx([row(f"TB-{n}", mine, tilt="3") for n in range(1, rows + 1)]))

    with django_assert_num_queries(14):
        run = parcel_imports.receive(upload=file, by=team.clerk, at=AT)
    with django_assert_num_queries(23):
        parcel_imports.confirm(run=run, by=team.clerk, at=AT)
    with django_assert_num_queries(38):
        parcel_imports.undo(run=run, by=team.clerk, at=AT)
