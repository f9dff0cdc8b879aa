"""manage.py verify_audit: recompute the audit chain from its beginning."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import audit


class Command(BaseCommand):
    help = "Seal what is due and recompute every signature and link; ends with code 1 at the first broken seal."

    def handle(self, *args: Any, **options: Any) -> None:
        audit.seal()
        verdict = audit.verify()
        self.stdout.write(f"{verdict.checked} sealed events hold")
        if verdict.first_broken is not None:
            raise CommandError(f"seal {verdict.first_broken} is broken", returncode=1)
