"""manage.py rebuild_rollups: write every cell anew from the ledger, while work goes on."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from progress import rollups


class Command(BaseCommand):
    help = "Write every roll-up cell anew from the ledger; entry and reading go on meanwhile."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rollups.rebuild_rollups()} cells changed")
