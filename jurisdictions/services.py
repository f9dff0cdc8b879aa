"""Loading the administrative divisions from the file that ships with the project."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from jurisdictions.models import Region

REGIONS_CSV = Path(__file__).parent / "data" / "changzhi_regions.csv"
LOADED = ("name", "short_name", "full_name", "level", "parent_id", "pinyin", "initials", "is_special")


@transaction.atomic
def load_regions(*, source: Path = REGIONS_CSV) -> int:
    """Make the table say what the file says; returns the number of rows added or changed.

    A region that the file no longer has stays, for entries may point to it.
    """
    known = {code: facts for code, *facts in Region.objects.values_list("code", *LOADED)}
    changed = [region for region in read_regions(source) if known.get(region.code) != facts_of(region)]
    Region.objects.bulk_create(
        changed,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=LOADED,
    )
    return len(changed)


def facts_of(region: Region) -> list[object]:
    return [getattr(region, name) for name in LOADED]


def read_regions(source: Path) -> Iterator[Region]:
    """The regions of a file that lists parents before their children."""
    full_names = {"": ""}
    with source.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            # The city is left out of the path: everything here lies in it.
            above = full_names[row["parent"]] if row["level"] != "county" else ""
            full_names[row["code"]] = above + row["short_name"]
            yield Region(
                code=row["code"],
                name=row["name"],
                short_name=row["short_name"],
                full_name=full_names[row["code"]],
                level=row["level"],
                parent_id=row["parent"] or None,
                pinyin=row["pinyin"],
                initials=row["initials"],
                is_special=row["special_unit"] == "1",
            )
