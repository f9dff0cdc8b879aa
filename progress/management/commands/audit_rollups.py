"""manage.py audit_rollups: compare every cell with the ledger."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from progress.services import proof

#: Mismatches printed in full.
SHOWN = 20


class Command(BaseCommand):
    help = "Compare every roll-up cell with the ledger; ends with code 1 when one differs. Repairs nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        found = proof.prove(at=timezone.now())
        self.stdout.write(f"{found.compared} cells compared, {len(found.mismatches)} mismatches")
        for mismatch in found.mismatches[:SHOWN]:
            self.stdout.write(str(mismatch))
        if found.mismatches:
            raise CommandError(
                "cells and ledger differ; `manage.py rebuild_rollups` writes the cells anew", returncode=1
            )
