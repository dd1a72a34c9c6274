"""Rows that name each other, written all or none: one statement on PostgreSQL, one hop to the writer on SQLite.

For the few places where a transaction of single inserts costs too much. Tables and columns are this project's own
names, never text from outside; values are parameters.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple


class IdOf(NamedTuple):
    """The id that an earlier row of the same call gets; the table has a serial `id`."""

    row: int
    #: As text, for a column of text.
    as_text: bool = False


class Row(NamedTuple):
    """A row to be written."""

    table: str
    #: Column → value, or the id of an earlier row.
    values: Mapping[str, Any]


Shape = tuple[tuple[str, tuple[tuple[str, IdOf | None], ...]], ...]
"""What decides the statement: tables and columns, and which of these are ids of earlier rows."""


def shape(rows: Sequence[Row]) -> Shape:
    """Return the shape of *rows*, equal for all calls that need the same statement."""
    return tuple(
        (table, tuple((column, value if isinstance(value, IdOf) else None) for column, value in values.items()))
        for table, values in rows
    )


@cache
def statement(of: Shape) -> str:
    """Return the one statement of PostgreSQL for *of*; it gives the ids in the order of the rows."""
    parts, number = [], 0
    for index, (table, columns) in enumerate(of):
        values = []
        for _, reference in columns:
            if reference is None:
                number += 1
                values.append(f"${number}")
            else:
                values.append(f"({_id_of(reference.row)}){'::text' if reference.as_text else ''}")
        names = ", ".join(f'"{column}"' for column, _ in columns)
        written = f'INSERT INTO "{table}" ({names}) VALUES ({", ".join(values)})'  # noqa: S608 (names are ours)
        parts.append(f"row{index} AS ({written} RETURNING id)")
    ids = ", ".join(f"({_id_of(index)}) AS id{index}" for index in range(len(of)))
    return f"WITH {', '.join(parts)} SELECT {ids}"


def _id_of(row: int) -> str:
    return f"SELECT id FROM row{row}"  # noqa: S608 (a number)


def parameters(rows: Sequence[Row]) -> list[Any]:
    """Return the values of *rows* in the order of `statement`."""
    return [value for row in rows for value in row.values.values() if not isinstance(value, IdOf)]


def insert_all(connection: sqlite3.Connection, rows: Sequence[Row]) -> list[int]:
    """Write *rows* on SQLite, in a transaction of their own unless one is open; return their ids."""
    joins = connection.in_transaction
    if not joins:
        connection.execute("BEGIN IMMEDIATE")
    try:
        ids: list[int] = []
        for (table, columns), row in zip(shape(rows), rows, strict=True):
            values = [_resolved(value, ids) for value in row.values.values()]
            ids.append(connection.execute(_insert(table, columns), values).lastrowid or 0)
        if not joins:
            connection.execute("COMMIT")
    except BaseException:
        if not joins and connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return ids


@cache
def _insert(table: str, columns: tuple[tuple[str, IdOf | None], ...]) -> str:
    names = ", ".join(f'"{column}"' for column, _ in columns)
    return f'INSERT INTO "{table}" ({names}) VALUES ({", ".join("?" * len(columns))})'  # noqa: S608 (names are ours)


def _resolved(value: Any, ids: Sequence[int]) -> Any:
    if isinstance(value, IdOf):
        return str(ids[value.row]) if value.as_text else ids[value.row]
    return value
