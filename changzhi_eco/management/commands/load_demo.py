"""manage.py load_demo [--remove]: demonstration progress towards the city's target, and its removal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from changzhi_eco.demo.land import load_land
from changzhi_eco.demo.loading import load_demo
from changzhi_eco.demo.removal import remove_demo
from progress import rollups


class Command(BaseCommand):
    help = "Generates demonstration progress, marked 演示数据; --remove deletes exactly that."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--remove", action="store_true", help="delete the demonstration data (as DB_ROLE=owner)")

    def handle(self, *, remove: bool, **options: Any) -> None:
        if remove:
            self.take_out()
        else:
            self.put_in()

    def put_in(self) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("Demonstration data has no place in production.")
        call_command("load_standards", stdout=self.stdout)
        call_command("load_article", stdout=self.stdout)
        at = timezone.now()
        made, land = load_demo(at=at), load_land(at=at)
        rollups.drain()
        self.stdout.write(f"{made} demonstration entries and {land} parcels added")

    def take_out(self) -> None:
        if settings.DB_ROLE != "owner":
            raise CommandError("The application may not delete from the ledger; run this with DB_ROLE=owner.")
        self.stdout.write(f"{remove_demo(at=timezone.now())} demonstration entries removed")
