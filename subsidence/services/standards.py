"""The limits out of standards: loaded from the files that ship, and what they make of a parcel."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import models, transaction

from accounts import audit
from subsidence.figures import limits
from subsidence.models import DamageGrade, DamageLimit, Parcel, QualityLimit, Rule

DATA = Path(__file__).parent.parent / "data"
#: Each file with the table it fills and the columns that a row is known by.
FILES: dict[str, tuple[type[models.Model], tuple[str, ...]]] = {
    "damage_limits.csv": (DamageLimit, ("land", "factor", "since")),
    "quality_limits.csv": (QualityLimit, ("land", "item", "since")),
    "rules.csv": (Rule, ("kind", "since")),
}


@transaction.atomic
def load(*, folder: Path = DATA) -> int:
    """Put the rows of the files on record; returns how many were added.

    What is on record already stays as it stands: the bureau may have held it against the printed standard.
    """
    return sum(_load(folder / name, model, key) for name, (model, key) in FILES.items())


def damage_grade(parcel: Parcel, *, on: datetime.date) -> DamageGrade:
    """The grade of the worst factor by the limits in force that day; UNKNOWN where nothing can be said (待补)."""
    return DamageGrade(limits.damage_of(parcel, on=on).grade)


def _load(file: Path, model: type[models.Model], key: tuple[str, ...]) -> int:
    added = 0
    for row in _rows(file, model):
        known = {name: row.pop(name) for name in key}
        # Read by its natural key and written with an audit line of its own: there are some fifty rows.
        found, is_new = model._default_manager.get_or_create(**known, defaults=row)
        if is_new:
            added += 1
            audit.record(by=None, action="standard.load", obj=found, after={**known, **row})
    return added


def _rows(file: Path, model: type[models.Model]) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield {name: _read(model, name, text) for name, text in row.items()}


def _read(model: type[models.Model], name: str, text: str) -> Any:
    """The text of a cell as its column keeps it; an empty one is None where the column may have none."""
    field: models.Field[Any, Any] = model._meta.get_field(name)  # type: ignore[assignment]
    if not text and field.null:
        return None
    return Decimal(text) if isinstance(field, models.DecimalField) else field.to_python(text)
