"""manage.py ensure_periods: the periods of the year before, this and the next one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from progress.services.periods import ensure_ahead


class Command(BaseCommand):
    help = "Make the periods of the year before, this and the next one; existing ones keep their dates."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{ensure_ahead(on=timezone.localdate())} periods added")
