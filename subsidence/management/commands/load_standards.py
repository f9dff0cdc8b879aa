"""manage.py load_standards: the limits of damage and quality and the rules of settling, with their sources."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from subsidence.services import standards


class Command(BaseCommand):
    help = "Load the limits out of standards; what is on record already stays as it stands."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{standards.load()} limits and rules added")
