"""manage.py audit_rollups: compare every cell with the ledger."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from progress.services import proof


class Command(BaseCommand):
    help = "Compare every cell with the ledger and the ledger with the entries; code 1 on a fault. Repairs nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        found = proof.prove(at=timezone.now())
        self.stdout.write(
            f"{found.compared} cells compared, {len(found.mismatches)} mismatches, {len(found.loose_ends)} loose ends"
        )
        for fault in found.faults[: proof.SHOWN]:
            self.stdout.write(fault)
        if found.faults:
            raise CommandError("not whole; `manage.py rebuild_rollups` writes the cells anew", returncode=1)
