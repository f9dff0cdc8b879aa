"""The nightly proof that cells + marks = ledger; a difference becomes a Condition on the city, never a silent fix."""

from __future__ import annotations

import datetime

from django.utils.translation import gettext as _

from jurisdictions.models import Region, RegionLevel
from progress import rollups
from projects.models import ConditionLevel
from projects.services import conditions

KIND = "rollup_mismatch"


def prove(*, at: datetime.datetime) -> rollups.Proof:
    """Compare every cell with the ledger and open or clear the city's condition accordingly."""
    proof = rollups.audit_rollups()
    if not proof.mismatches:
        conditions.clear_condition(kind=KIND, key="", at=at)
        return proof
    city = Region.objects.get(level=RegionLevel.CITY)
    conditions.open_condition(
        subject=conditions.subject_of_region(region=city),
        kind=KIND,
        key="",
        level=ConditionLevel.ALARM,
        sentence=_("汇总与台账不符：比对%(compared)d格，%(wrong)d格不符。")
        % {"compared": proof.compared, "wrong": len(proof.mismatches)},
        facts={"compared": proof.compared, "mismatches": [str(mismatch) for mismatch in proof.mismatches[:100]]},
        at=at,
    )
    return proof
