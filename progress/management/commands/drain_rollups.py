"""manage.py drain_rollups: fold what is pending into the cells now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from progress import rollups


class Command(BaseCommand):
    help = "Fold all pending amounts into the roll-up cells; figures are the same before and after."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rollups.drain()} pending marks folded")
