"""Everything the demonstration needs in its database, in one process: it must start again within five seconds."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

#: Each may run any number of times.
STEPS = ("grant_privileges", "load_regions", "load_standards", "load_article", "ensure_periods")


class Command(BaseCommand):
    help = "Migrates, loads the regions and the article, and makes the periods."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--accounts", action="store_true", help="issue the demo accounts' passwords as well")

    def handle(self, *, accounts: bool, **options: Any) -> None:
        if is_behind():
            call_command("migrate", interactive=False, verbosity=0)
        for step in (*STEPS, *(["demo_accounts"] if accounts else [])):
            call_command(step, stdout=self.stdout, stderr=self.stderr)


def is_behind() -> bool:
    """Whether a migration is missing; asking is ten times faster than migrating nothing."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))
