"""Limits out of standards: loaded once, with their sources, and a parcel graded by those in force on the day."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.management import call_command

from accounts.models import AuditEvent
from subsidence.figures.limits import damage_of, quality_of
from subsidence.models import (
    DamageGrade,
    DamageLimit,
    LandClass,
    Parcel,
    QualityLimit,
    Rule,
    RuleKind,
    SuitedUse,
)
from subsidence.services import standards

pytestmark = pytest.mark.django_db

day = datetime.date.fromisoformat
TODAY = day("2025-04-01")


@pytest.fixture
def loaded() -> int:
    return standards.load()


def test_limits_are_loaded_once_and_on_record(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_standards")
    call_command("load_standards")

    added = DamageLimit.objects.count() + QualityLimit.objects.count() + Rule.objects.count()
    assert capsys.readouterr().out.splitlines() == [
        f"{added} limits and rules added",
        "0 limits and rules added",
    ]
    assert AuditEvent.objects.filter(action="standard.load").count() == added


def test_what_the_bureau_corrected_stays(loaded: int) -> None:
    DamageLimit.objects.filter(land="dry", factor="tilt").update(medium_to=Decimal(38), source="已对照原文")

    assert standards.load() == 0
    assert DamageLimit.objects.get(land="dry", factor="tilt").medium_to == 38


def test_every_limit_names_its_source_and_whether_it_was_checked(loaded: int) -> None:
    for model in (DamageLimit, QualityLimit, Rule):
        assert all(row.source and "核对待补" in row.source for row in model.objects.all())


def test_nobody_has_said_how_far_areas_may_differ(loaded: int) -> None:
    values = dict(Rule.objects.in_force(TODAY).values_list("kind", "value"))

    assert values == {RuleKind.SETTLED_SINK: 30, RuleKind.SETTLED_MONTHS: 6, RuleKind.ALERT_RATE: 50}


@pytest.mark.parametrize(
    ("land", "grade"),
    [
        (LandClass.DRY, DamageGrade.LIGHT),
        (LandClass.IRRIGATED, DamageGrade.HEAVY),
        (LandClass.FOREST, DamageGrade.LIGHT),
        (LandClass.GRASS, DamageGrade.LIGHT),
        (LandClass.ORCHARD, DamageGrade.UNKNOWN),
        (LandClass.BUILT, DamageGrade.UNKNOWN),
        (LandClass.UNKNOWN, DamageGrade.UNKNOWN),
    ],
)
def test_grade_follows_the_table_of_the_land(loaded: int, land: LandClass, grade: DamageGrade) -> None:
    parcel = Parcel(land_before=land, tilt=Decimal("20.00"))

    assert standards.damage_grade(parcel, on=TODAY) == grade


def test_reason_gives_the_source_of_the_limit(loaded: int) -> None:
    parcel = Parcel(land_before=LandClass.DRY, sink=Decimal("5.100"), yield_loss=Decimal("10.00"))

    assert damage_of(parcel, on=TODAY).reason.startswith(
        "下沉 5.1 m，超过中度上限 5 m，判为重度。依据：TD/T 1031.3-2011 土地复垦方案编制规程"
    )


def test_parcel_is_graded_by_the_limits_of_the_day(loaded: int) -> None:
    DamageLimit.objects.filter(land="dry").update(until=day("2026-01-01"))
    DamageLimit.objects.create(
        land="dry", factor="tilt", light_to=10, medium_to=15, since=day("2026-01-01"), source="新标准"
    )
    parcel = Parcel(land_before=LandClass.DRY, tilt=Decimal("20.00"))

    graded = {on: standards.damage_grade(parcel, on=day(on)) for on in ("2010-01-01", "2025-12-31", "2026-01-01")}

    assert graded == {
        "2010-01-01": DamageGrade.UNKNOWN,
        "2025-12-31": DamageGrade.LIGHT,
        "2026-01-01": DamageGrade.HEAVY,
    }


@pytest.mark.parametrize(
    ("use", "land", "items"),
    [
        (SuitedUse.FARM, LandClass.DRY, "地面坡度 有效土层厚度 土壤容重 砾石含量 pH 有机质 电导率"),
        (SuitedUse.FARM, LandClass.IRRIGATED, "地面坡度 有效土层厚度 土壤容重 砾石含量 有机质"),
        (SuitedUse.FARM, LandClass.UNKNOWN, "地面坡度 有效土层厚度 土壤容重 砾石含量 pH 有机质 电导率"),
        (SuitedUse.ORCHARD, LandClass.DRY, "有效土层厚度 土壤容重 砾石含量"),
        (SuitedUse.FOREST, LandClass.DRY, "有效土层厚度 土壤容重 砾石含量 郁闭度"),
        (SuitedUse.GRASS, LandClass.DRY, "有效土层厚度 覆盖度"),
        (SuitedUse.WATER, LandClass.DRY, ""),
        (SuitedUse.BUILT, LandClass.DRY, ""),
        (SuitedUse.UNKNOWN, LandClass.DRY, ""),
    ],
)
def test_items_measured_follow_the_use(loaded: int, use: SuitedUse, land: LandClass, items: str) -> None:
    limits = quality_of(Parcel(suited_use=use, land_before=land), on=TODAY)

    assert " ".join(limit.name for limit in limits) == items
