"""What the web and the workers may do to the database: run as the owner after each migrate."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from psycopg2 import sql

#: Facts and their evidence: the application adds rows to these tables and never changes one.
APPEND_ONLY = ("progress_ledgerline", "accounts_auditevent", "accounts_auditseal")


class Command(BaseCommand):
    help = "Lets the application's role read and write all tables, but only add to the ledger and the audit trail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", nargs="?", default=settings.APP_ROLE, help="default: the user of DATABASE_URL")

    @transaction.atomic
    def handle(self, *, role: str, **options: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            if cursor.fetchone() == (role,):
                raise CommandError("The application needs a role of its own; run this with DB_ROLE=owner.")
            tables = connection.introspection.table_names(cursor)
            for statement in statements(tables):
                cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))


def statements(tables: list[str]) -> list[str]:
    """The grants in their order; a reader between two of them sees none, for they are one transaction."""
    return [
        "GRANT USAGE ON SCHEMA public TO {role}",
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
        *(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {{role}}" for table in APPEND_ONLY if table in tables),
    ]
