"""manage.py audit_subsidence: hold parcels, figures and duties against the chains."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from subsidence.services import proof


class Command(BaseCommand):
    help = "Compare parcels, derived figures and duties with the chains; code 1 on a fault. Repairs nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        found = proof.prove(at=timezone.now())
        self.stdout.write(f"{found.parcels} parcels and {found.steps} steps compared, {len(found.faults)} faults")
        for fault in found.faults[: proof.SHOWN]:
            self.stdout.write(fault)
        if found.faults:
            raise CommandError("chains and what rests on them differ", returncode=1)
