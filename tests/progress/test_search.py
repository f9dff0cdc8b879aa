"""Finding things by Chinese, pinyin or initials, in the search boxes and in the input for a region."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from accounts.models import Role
from jurisdictions.services import REGIONS_CSV
from jurisdictions.spelling import folded, letters, spell
from progress.models import Indicator
from projects.models import Project
from tests import factories as make
from tests.pages import signed_in

ZHANGZI, ZHANGZI_TOWN = "140428", "140428100"


@pytest.mark.parametrize(
    ("name", "pinyin", "initials"),
    [
        ("长治市", "changzhishi", "czs"),
        ("长子县", "zhangzixian", "zzx"),
        ("长子县采煤沉陷区治理（二期）", "zhangzixiancaimeichenxianquzhilierqi", "zzxcmcxqzleq"),
        ("绿化率", "lvhualv", "lhl"),
        ("ＰＭ2.5年均浓度", "pm25nianjunnongdu", "pm25njnd"),
        ("", "", ""),
        ("—", "", ""),
    ],
)
def test_names_are_spelt_as_they_are_said_here(name: str, pinyin: str, initials: str) -> None:
    assert spell(name) == (pinyin, initials)


def test_regions_are_spelt_by_the_same_rules() -> None:
    with REGIONS_CSV.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            name = row["short_name"] if row["level"] == "village" else row["name"]
            assert spell(name) == (row["pinyin"], row["initials"])


@given(st.text(max_size=30))
def test_spelling_is_letters_whatever_the_name(name: str) -> None:
    for spelling in spell(name):
        assert spelling == letters(spelling)


@pytest.mark.parametrize("typed", ["zhangzi", " Zhang Zi ", "ＺＨＡＮＧＺＩ", "zhang'zi"])
def test_letters_are_brought_to_one_form(typed: str) -> None:
    assert letters(typed) == "zhangzi"
    assert letters("长z") == ""
    assert folded("（一期）Ａ") == "(一期)a"


@pytest.mark.django_db
class TestSearch:
    """Each search box looks through projects, indicators and regions alike."""

    @pytest.fixture(autouse=True)
    def _rows(self, client: Client, time_machine: Any) -> None:
        time_machine.move_to("2025-03-31 12:00 +0800")
        there = make.project(ZHANGZI_TOWN, name="采煤沉陷区治理（一期）", code="cmcx-1")
        make.entry(make.series(make.indicator(name="治理面积"), there))
        make.entry(make.series(make.indicator(name="造林面积"), make.project(name="漳泽湖湿地", code="hu")))
        signed_in(client, make.user(Role.LEADER))

    def found(self, client: Client, name: str, **query: str) -> set[str]:
        rows = client.get(reverse(name), query).context["page"].rows
        owners = {"projects": lambda row: row, "entry_new": lambda row: row.project}
        return {owners.get(name, lambda row: row.series.project)(row).code for row in rows}

    @pytest.mark.parametrize("name", ["entries", "ledger", "projects", "entry_new"])
    def test_place_and_project_are_found(self, client: Client, name: str) -> None:
        if name == "entry_new":
            signed_in(client, make.user(Role.CLERK))

        for text in (
            "长子",
            "zhangzi",
            "zzx",
            "ZZX",
            "ｚｚｘ",
            " zhang zi ",
            "采煤",
            "cmcx",
            "caimei",
            "（一期）",
            "CMCX-1",
        ):
            assert self.found(client, name, search=text) == {"cmcx-1"}, text

    @pytest.mark.parametrize("name", ["entries", "ledger"])
    def test_indicator_is_found(self, client: Client, name: str) -> None:
        assert self.found(client, name, search="zaolin") == self.found(client, name, search="zlmj") & {"hu"} == {"hu"}
        assert self.found(client, name, search="造林") == {"hu"}

    def test_what_is_nowhere_is_not_found(self, client: Client) -> None:
        for text in ("湿地公园", "qqq", "%", "_", "'", "长z"):
            assert self.found(client, "entries", search=text) == set()

    def test_region_is_given_by_name_spelling_or_code(self, client: Client) -> None:
        for text in ("长子县", "长子", "zhangzi", "zzx", "ZZX", "140428", "140428000", "zhangzixian"):
            for name in ("entries", "ledger", "projects"):
                assert self.found(client, name, region=text) == {"cmcx-1"}, text

    def test_region_that_is_unknown_or_barely_begun_is_said_so(self, client: Client) -> None:
        for text in ("海南", "z", "长"):
            html = client.get(reverse("entries"), {"region": text}).content.decode()

            assert f"没有“{text}”这个地区" in html

    def test_county_goes_before_villages_of_the_same_initials(self, client: Client) -> None:
        village = make.region("140404202215")
        village.__class__.objects.filter(pk=village.pk).update(initials="zzx")

        assert self.found(client, "entries", region="zzx") == {"cmcx-1"}

    def test_names_of_equal_rank_are_all_offered(self, client: Client) -> None:
        for code in ("140404202", "140404203"):
            region = make.region(code)
            region.__class__.objects.filter(pk=code).update(initials="same")

        html = client.get(reverse("projects"), {"region": "same"}).content.decode()

        assert "“same”不止一个地区：上党区" in html
        assert "、上党区" in html


@pytest.mark.django_db
def test_spelling_follows_the_name() -> None:
    project, indicator = make.project(name="漳泽湖"), make.indicator(name="面积")
    project.name, indicator.name = "沁河源", "长度"

    project.save(update_fields=["name"])
    indicator.save()

    assert list(Project.objects.values_list("pinyin", "initials")) == [("qinheyuan", "qhy")]
    assert list(Indicator.objects.values_list("pinyin", "initials")) == [("changdu", "cd")]


@pytest.mark.django_db
def test_spelling_of_the_longest_name_fits() -> None:
    assert len(make.project(name="庄" * 120).pinyin) == 600
    assert len(make.indicator(name="㍿" * 80).initials) == 80


@pytest.mark.django_db
def test_names_from_before_are_spelt_by_the_migrations() -> None:
    make.project(name="漳泽湖"), make.indicator(name="面积")
    Project.objects.update(pinyin="", initials="")
    Indicator.objects.update(pinyin="", initials="")
    loader = MigrationExecutor(connection).loader

    for app, name in (("projects", "0004_spelt_projects"), ("progress", "0007_spelt_indicators")):
        migration = loader.get_migration(app, name)
        state = loader.project_state((app, name))
        migration.operations[0].code(state.apps, None)  # type: ignore[attr-defined]

    assert list(Project.objects.values_list("initials", flat=True)) == ["zzh"]
    assert list(Indicator.objects.values_list("pinyin", flat=True)) == ["mianji"]
