"""What the two drivers raise for the same thing: the one place that knows their exceptions."""

from __future__ import annotations

import sqlite3

import asyncpg


def is_conflict(error: BaseException) -> bool:
    """Return whether a unique index refused a row."""
    if isinstance(error, sqlite3.IntegrityError):
        return error.sqlite_errorcode in {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
    return isinstance(error, asyncpg.UniqueViolationError)


def is_unavailable(error: BaseException) -> bool:
    """Return whether the database could not be asked or could not write: later it may."""
    return isinstance(
        error,
        sqlite3.OperationalError
        | asyncpg.PostgresConnectionError
        | asyncpg.InterfaceError
        | asyncpg.InsufficientResourcesError
        | asyncpg.OperatorInterventionError
        | OSError,
    )
