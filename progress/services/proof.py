"""The nightly proof that cells + marks = ledger; a difference becomes a Condition on the city, never a silent fix."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.utils.translation import gettext as _

from jurisdictions.models import Region, RegionLevel
from progress import rollups
from projects.models import ConditionLevel
from projects.services import conditions

KIND = "rollup_mismatch"
#: Faults kept with the condition and printed.
SHOWN = 100


@dataclass(frozen=True)
class Verdict:
    """How many cells were compared, and every fault found, each as one line of text."""

    compared: int
    mismatches: tuple[rollups.Mismatch, ...]
    loose_ends: tuple[tuple[str, int], ...]

    @property
    def faults(self) -> list[str]:
        return [*map(str, self.mismatches), *(f"{fault}: {number}" for fault, number in self.loose_ends)]


def prove(*, at: datetime.datetime) -> Verdict:
    """Compare every cell with the ledger and the ledger with the entries; open or clear the city's condition."""
    proof = rollups.audit_rollups()
    verdict = Verdict(proof.compared, proof.mismatches, tuple(rollups.loose_ends()))
    if not verdict.faults:
        conditions.clear_condition(kind=KIND, key="", at=at)
        return verdict
    city = Region.objects.get(level=RegionLevel.CITY)
    conditions.open_condition(
        subject=conditions.subject_of_region(region=city),
        kind=KIND,
        key="",
        level=ConditionLevel.ALARM,
        sentence=_("汇总与台账不符：比对%(compared)d格，发现%(wrong)d处不符。")
        % {"compared": verdict.compared, "wrong": len(verdict.faults)},
        facts={"compared": verdict.compared, "faults": verdict.faults[:SHOWN]},
        at=at,
    )
    return verdict
