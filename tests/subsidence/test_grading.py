"""Degree of damage: limits inclusive, the worst factor decides, and the sentence says which and why; 工序 in order."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subsidence import grading, sequences
from subsidence.grading import FACTORS, Grade, Limit, judge, passes, said_limits
from subsidence.models import DamageGrade, LandClass, Moment, Stage, SuitedUse, WorkKind
from subsidence.sequences import Disorder, Done

LIGHT, MEDIUM, HEAVY = Grade.LIGHT, Grade.MEDIUM, Grade.HEAVY
DRY = "0103"
SOURCE = "TD/T 1031.3-2011"
LIMITS = [
    Limit("strain", Decimal(8), Decimal(16), SOURCE),
    Limit("tilt", Decimal(20), Decimal(40), SOURCE),
    Limit("sink", Decimal(2), Decimal(5), SOURCE),
    Limit("yield_loss", Decimal(20), Decimal(60), SOURCE),
]
FARM = sequences.works_of("farm")


def values(**known: str) -> dict[str, Decimal | None]:
    return {factor: Decimal(known[factor]) if factor in known else None for factor in FACTORS}


@pytest.mark.parametrize(
    ("known", "grade"),
    [
        ({"tilt": "20"}, LIGHT),
        ({"tilt": "20.01"}, MEDIUM),
        ({"tilt": "40.00"}, MEDIUM),
        ({"tilt": "40.01"}, HEAVY),
        ({"strain": "0"}, LIGHT),
        ({"strain": "8", "tilt": "20", "sink": "2", "yield_loss": "20"}, LIGHT),
        ({"strain": "8", "tilt": "20", "sink": "2.001", "yield_loss": "20"}, MEDIUM),
        ({"strain": "1", "tilt": "1", "sink": "1", "yield_loss": "60.01"}, HEAVY),
    ],
)
def test_limits_are_inclusive_and_the_worst_factor_decides(known: dict[str, str], grade: Grade) -> None:
    assert judge(DRY, values(**known), LIMITS).grade is grade


def test_sentence_names_the_deciding_factor_its_value_limit_and_source() -> None:
    found = judge(DRY, values(tilt="45", sink="2.5"), LIMITS)

    assert found.reason == (
        "倾斜 45 mm/m，超过中度上限 40 mm/m，判为重度。依据：TD/T 1031.3-2011。未测：水平变形、减产，按已测因子判定。"
    )
    assert found.deciding and found.deciding.key == "tilt"
    assert [each.word for each in found.factors] == ["待补", "重度", "中度", "待补"]


def test_of_equal_grades_the_one_furthest_over_its_limit_is_named() -> None:
    found = judge(DRY, values(strain="10", tilt="39", sink="2.1", yield_loss="21"), LIMITS)

    assert found.reason.startswith("倾斜 39 mm/m，超过轻度上限 20 mm/m、不超过中度上限 40 mm/m，判为中度。")
    assert "未测" not in found.reason


def test_light_damage_names_the_factor_nearest_its_limit() -> None:
    assert judge(DRY, values(strain="1", sink="1.9"), LIMITS).reason.startswith(
        "已测因子均不超过轻度上限，其中下沉 1.9 m 最接近上限 2 m，判为轻度。"
    )


@pytest.mark.parametrize(
    ("land", "known", "limits", "said"),
    [
        ("", {"tilt": "45"}, [], "原地类待补"),
        ("02", {"tilt": "45"}, [], "此地类没有损毁程度界限表"),
        (DRY, {"tilt": "45"}, [], "当日没有施行"),
        (DRY, {}, LIMITS, "均未测"),
    ],
)
def test_without_table_limits_or_factors_the_grade_is_unknown(
    land: str, known: dict[str, str], limits: list[Limit], said: str
) -> None:
    found = judge(land, values(**known), limits)

    assert (found.grade, found.word, found.deciding) == (Grade.UNKNOWN, "待补", None)
    assert said in found.reason


@given(
    st.dictionaries(st.sampled_from(list(FACTORS)), st.decimals(0, 100, places=2), min_size=1),
    st.sampled_from(list(FACTORS)),
    st.decimals(0, 100, places=2),
)
def test_one_more_factor_or_a_larger_value_never_makes_the_grade_better(
    known: dict[str, Decimal], factor: str, more: Decimal
) -> None:
    worse = {**known, factor: known.get(factor, Decimal(0)) + more}

    assert judge(DRY, worse, LIMITS).grade.severity >= judge(DRY, known, LIMITS).grade.severity


def test_tables_follow_the_land_class_before() -> None:
    tables = {land.label: grading.table_of(land.value) for land in LandClass if grading.table_of(land.value)}

    assert tables == {"旱地": "dry", "水浇地": "irrigated", "林地": "green", "草地": "green"}


def test_grades_are_those_that_a_parcel_keeps() -> None:
    assert [grade.value for grade in Grade] == [grade.value for grade in DamageGrade]
    assert [str(grading.WORDS[grade]) for grade in Grade] == [str(grade.label) for grade in DamageGrade]


@pytest.mark.parametrize(
    ("low", "high", "value", "is_passed", "said"),
    [
        ("80", None, "80", True, "≥ 80"),
        ("80", None, "79.999", False, "≥ 80"),
        (None, "25.000", "25", True, "≤ 25"),
        (None, "25", "25.001", False, "≤ 25"),
        ("6", "8.500", "8.5", True, "6–8.5"),
        ("6", "8.5", "5.9", False, "6–8.5"),
    ],
)
def test_quality_limits_are_inclusive(
    low: str | None, high: str | None, value: str, is_passed: bool, said: str
) -> None:
    limits = {"at_least": low and Decimal(low), "at_most": high and Decimal(high)}

    assert passes(Decimal(value), **limits) is is_passed  # type: ignore[arg-type]
    assert said_limits(**limits) == said  # type: ignore[arg-type]


def day(number: int) -> datetime.date:
    return datetime.date(2025, 4, number)


def test_farmland_takes_the_works_the_bureau_names() -> None:
    assert [str(WorkKind(kind).label) for kind in FARM] == ["剥离表土", "客土填充", "给水排水", "覆熟土", "复种"]


def test_every_use_but_the_unknown_takes_works_that_exist() -> None:
    for use in SuitedUse:
        assert bool(sequences.works_of(use)) == (use != SuitedUse.UNKNOWN)
    assert {kind for works in sequences.WORKS.values() for kind in works} == {kind.value for kind in WorkKind}


@pytest.mark.parametrize(
    ("done", "found"),
    [
        ({}, None),
        ({"strip_topsoil": Done(day(1))}, None),
        ({"strip_topsoil": Done(day(1)), "fill": Done(day(1))}, None),
        ({"strip_topsoil": Done(day(2)), "fill": Done(day(1))}, Disorder("strip_topsoil", "fill")),
        ({"fill": Done(day(1))}, Disorder("strip_topsoil", "fill")),
        ({"strip_topsoil": Done(quantity=Decimal(0)), "fill": Done(day(1))}, None),
        ({"strip_topsoil": Done(day(1)), "sow": Done(day(9))}, Disorder("fill", "sow")),
    ],
)
def test_later_work_is_not_done_before_an_earlier_one(done: dict[str, Done], found: Disorder | None) -> None:
    assert sequences.disorder(FARM, done) == found


def test_photos_required_by_stage_are_of_known_stages_and_moments() -> None:
    required = {Stage(stage).label: Moment(moment).label for stage, moment in sequences.PHOTOS.items()}

    assert required == {"开工": "治理前", "完工": "治理中", "县级自验": "治理后", "市级验收": "治理后"}
    assert sequences.stages_of("after") == ["self_checked", "accepted"]
    assert sequences.photo_of("closed") == ""


@pytest.mark.parametrize(
    ("use", "land", "kept_under"),
    [
        ("farm", "0102", "irrigated"),
        ("farm", "0103", "dry"),
        ("farm", "03", "dry"),
        ("farm", "", "dry"),
        ("orchard", "0102", "orchard"),
        ("forest", "", "forest"),
        ("grass", "04", "grass"),
        ("water", "0103", ""),
        ("built", "0103", ""),
        ("", "0103", ""),
    ],
)
def test_quality_is_held_to_the_use_and_for_farmland_to_the_class_before(use: str, land: str, kept_under: str) -> None:
    assert sequences.quality_of(use, land) == kept_under
