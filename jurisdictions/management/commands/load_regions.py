"""manage.py load_regions: the 2,790 divisions of the shipped file."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from jurisdictions.services import load_regions


class Command(BaseCommand):
    help = "Load the administrative divisions; running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{load_regions()} regions added or changed")
