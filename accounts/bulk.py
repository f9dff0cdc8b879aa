"""Writing many rows at once: new ones by COPY, made as they are sent, and known ones in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
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
        # By position, for the wrapper that logs statements knows no name.
        cursor.copy_expert(statement, pipe, 1)
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


def update_rows(rows: Sequence[models.Model], names: Sequence[str]) -> None:
    """Write those fields of rows of one table in one statement, whatever their number.

    Django's bulk_update names every row once for each column, which for thousands takes ten times as long.
    """
    if not rows:
        return
    options: Any = rows[0]._meta
    fields = [options.pk, *(options.get_field(name) for name in names)]
    told = [{field.column: getattr(row, field.attname) for field in fields} for row in rows]
    changes = [sql.SQL("{0} = new.{0}").format(sql.Identifier(field.column)) for field in fields[1:]]
    statement = sql.SQL(
        "UPDATE {table} SET {changes} FROM jsonb_populate_recordset(NULL::{table}, %s::jsonb) new"
        " WHERE {table}.{key} = new.{key}"
    ).format(
        table=sql.Identifier(options.db_table),
        changes=sql.SQL(", ").join(changes),
        key=sql.Identifier(options.pk.column),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [json.dumps(told, cls=DjangoJSONEncoder)])


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
