"""The 2,790 divisions of 长治市 in the database."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django.fixtures import DjangoAssertNumQueries

from jurisdictions import codes
from jurisdictions.models import Region
from jurisdictions.services import REGIONS_CSV, load_regions

pytestmark = pytest.mark.django_db


def test_load_regions_fills_every_level() -> None:
    added = load_regions()

    assert added == 2_790
    assert Counter(Region.objects.values_list("level", flat=True)) == {
        "city": 1,
        "county": 12,
        "town": 149,
        "village": 2_628,
    }


def test_load_regions_hangs_each_region_below_its_code_prefix() -> None:
    load_regions()

    for code, parent in Region.objects.values_list("code", "parent_id"):
        assert parent == (None, *codes.lineage(code))[-2]


def test_load_regions_names_the_path_below_the_city() -> None:
    load_regions()

    names = dict(Region.objects.values_list("code", "full_name"))

    assert names["1404"] == "长治市"
    assert names["140404202"] == "上党区北呈乡"
    assert names["140404202215"] == "上党区北呈乡北张村"
    assert len(set(names.values())) == 2_790


def test_load_regions_again_changes_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    load_regions()

    with django_assert_num_queries(3):  # savepoint, read, release: no write
        assert load_regions() == 0


def test_load_regions_mends_a_changed_row_only() -> None:
    load_regions()
    Region.objects.filter(code="140404").update(full_name="上党")

    assert load_regions() == 1
    assert Region.objects.get(code="140404").full_name == "上党区"


def test_load_regions_keeps_a_region_the_list_dropped(tmp_path: Path) -> None:
    load_regions()
    shorter = tmp_path / "regions.csv"
    shorter.write_text("".join(REGIONS_CSV.open(encoding="utf-8").readlines()[:-1]), encoding="utf-8")

    assert load_regions(source=shorter) == 0
    assert Region.objects.count() == 2_790


def test_load_regions_command_says_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_regions")
    call_command("load_regions")

    assert capsys.readouterr().out == "2790 regions added or changed\n0 regions added or changed\n"


def test_within_takes_a_subtree() -> None:
    load_regions()

    assert Region.objects.within("140404").count() == Region.objects.filter(full_name__startswith="上党区").count()
    assert set(Region.objects.within("140404202215").values_list("full_name", flat=True)) == {"上党区北呈乡北张村"}
