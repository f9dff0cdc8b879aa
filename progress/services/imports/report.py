"""How far a long import has come, told while its transaction is still open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from progress.models import ImportRun

#: Rows between two reports.
STEP = 5_000


class Report:
    """Writes the progress of one import on a connection of its own, so that others see it before the work commits."""

    def __init__(self, run: ImportRun, connection: BaseDatabaseWrapper) -> None:
        self.run, self.connection = run, connection

    def tell(self, done: int, rows: int) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "UPDATE progress_importrun SET rows_done = %s, rows = %s WHERE id = %s", [done, rows, self.run.pk]
            )

    def counted(self, lines: Iterable[tuple[int, list[str]]], rows: int) -> Iterator[tuple[int, list[str]]]:
        """The lines as they come, telling now and then how many of about so many there were."""
        for done, line in enumerate(lines):
            if not done % STEP:
                self.tell(done, rows)
            yield line


@contextmanager
def reporting(run: ImportRun) -> Iterator[Report]:
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        yield Report(run, connection)
    finally:
        connection.close()
