"""What the two drivers raise for the same thing: the one place that knows their exceptions."""

from __future__ import annotations

import sqlite3

import asyncpg


def is_conflict(error: BaseException) -> bool:
    """Return whether a unique index refused a row."""
    if isinstance(error, sqlite3.IntegrityError):
        return error.sqlite_errorcode in {sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY}
    return isinstance(error, asyncpg.UniqueViolationError)


LATER = frozenset({
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
})  # fmt: skip
"""SQLite's codes for what a wait or an operator heals; other errors of its are ours."""


def is_unavailable(error: BaseException) -> bool:
    """Return whether the database could not be asked or could not write: later it may."""
    if isinstance(error, sqlite3.OperationalError):
        return error.sqlite_errorcode & 0xFF in LATER
    return isinstance(
        error,
        asyncpg.PostgresConnectionError
        | asyncpg.InterfaceError
        | asyncpg.InsufficientResourcesError
        | asyncpg.OperatorInterventionError
        | OSError,
    )
