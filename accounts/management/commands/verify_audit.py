"""manage.py verify_audit: recompute the audit chain from its beginning."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import audit


class Command(BaseCommand):
    help = "Seal what is due and recompute every signature and link; ends with code 1 at the first fault."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--expect", default="", help="a head noted down before: its seal must still stand")

    def handle(self, *args: Any, expect: str, **options: Any) -> None:
        audit.seal()
        verdict = audit.verify()
        self.stdout.write(f"{verdict.checked} sealed events hold; head {verdict.head}")
        if verdict.first_broken is not None:
            raise CommandError(f"seal {verdict.first_broken} is broken", returncode=1)
        if verdict.escaped:
            raise CommandError(f"{verdict.escaped} events have no seal", returncode=1)
        if expect and not audit.holds_head(expect):
            raise CommandError(f"the seal {expect} is gone: the tail was cut or the chain rebuilt", returncode=1)
