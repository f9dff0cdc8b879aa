"""Writing many rows at once by COPY, from rows made as they are sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.db import connection
from psycopg2 import sql

#: Rows handed over at a time: few enough to lie in the socket while the next are made and these are stored.
_ROWS = 200


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[str | None]]) -> int:
    """Append rows of texts, None for NULL, in the present transaction; returns how many.

    The connection is busy meanwhile: making the rows may not ask the database anything.
    """
    return copy_lines(table, columns, map(line, rows))


def copy_lines(table: str, columns: Sequence[str], lines: Iterable[str]) -> int:
    """Append rows that were made by `line`; returns how many."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    pipe = _Pipe(lines)
    with connection.cursor() as cursor:
        cursor.copy_expert(statement, pipe, size=1)
        if pipe.error:
            raise pipe.error
        return int(cursor.rowcount)


def line(cells: Sequence[str | None]) -> str:
    """One row in the text format of COPY."""
    if None not in cells:
        # Nearly no row holds anything to escape, and looking once is cheaper than looking into each cell.
        row = "\t".join(cells)  # type: ignore[arg-type]
        if row.count("\t") == len(cells) - 1 and not ("\\" in row or "\n" in row or "\r" in row):
            return row + "\n"
    return "\t".join([escaped(cell) for cell in cells]) + "\n"


def escaped(cell: str | None) -> str:
    """One cell in the text format of COPY."""
    if cell is None:
        return "\\N"
    return cell.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


class _Pipe:
    """What COPY reads from: a file whose content is made while it is read.

    An error in making it ends the file and is kept: raised from here it would end the transaction as well.
    """

    def __init__(self, lines: Iterable[str]) -> None:
        self.lines: Iterator[str] = iter(lines)
        self.error: Exception | None = None

    def read(self, _size: int = -1) -> str:
        try:
            return "".join(islice(self.lines, _ROWS))
        except Exception as error:  # noqa: BLE001 - raised again when COPY has ended
            self.error = error
            return ""
