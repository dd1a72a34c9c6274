"""MariaDB as root through its socket, and the writers of what cannot be sent as a parameter."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeAlias

import pymysql
from pymysql.cursors import Cursor

from .errors import RefusedError, UnavailableError

Connection: TypeAlias = "pymysql.connections.Connection[Cursor]"
Row = tuple[object, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_%\\]{1,64}")
_PATTERN_SIGNS = re.compile(r"([_%\\])")
_HASH = re.compile(r"\*[0-9A-F]{40}")
_NOT_LET_IN = {1044, 1045, 4151}
"""MariaDB's errors: access to the database denied, to the server denied, the user is locked."""
_NO_DATABASE = 1049
_CONNECT_S, _STATEMENT_S = 5, 60


def identifier(name: str) -> str:
    """Quote the *name* of a database, table or user as an identifier.

    Raises:
        RefusedError: it holds what none of our names has.
    """
    if not _PLAIN.fullmatch(name):
        raise RefusedError("a name for MariaDB holds what none of our names has")
    return f"`{name}`"


def grant_pattern(database: str) -> str:
    r"""Quote *database* for GRANT … ON, where `_` and `%` are wildcards unless a backslash stands before them.

    Unescaped, the grant of one account would open another's database that differs in that one character.
    """
    return identifier(_PATTERN_SIGNS.sub(r"\\\1", database))


def literal_hash(stored: str) -> str:
    """Quote a password's stored form as a string."""
    if not _HASH.fullmatch(stored):
        raise RefusedError("a password's stored form is not mysql_native_password's")
    return f"'{stored}'"


_kept = threading.local()


@contextmanager
def keeping() -> Iterator[None]:
    """Keep root's connections open for the length of a block, in this thread, so that each job need not connect."""
    _kept.open = {}
    try:
        yield
    finally:
        for connection in _kept.open.values():
            with suppress(pymysql.err.Error, OSError):
                connection.close()
        del _kept.open


@contextmanager
def connect(
    socket: Path, *, user: str = "root", password: str = "", database: str | None = None
) -> Iterator[Connection]:
    """Connect through *socket*, as root without a password or as an account with its own.

    Raises:
        RefusedError: the password is not let in, or a statement is refused.
        UnavailableError: MariaDB does not answer.
    """
    try:
        with _opened(socket, user, password, database) as connection:
            yield connection
    except pymysql.err.OperationalError as error:
        if _number(error) in _NOT_LET_IN:
            raise RefusedError(f"MariaDB does not let {user} in ({_words(error)})") from None
        if _number(error) == _NO_DATABASE:
            raise RefusedError(f"MariaDB has no database {database}; run server.yml, or the job, again") from None
        raise UnavailableError(f"MariaDB at {socket}: {_words(error)}; look at mariadb.service") from None
    except pymysql.err.InterfaceError as error:
        raise UnavailableError(f"MariaDB at {socket}: {_words(error)}; look at mariadb.service") from None
    except pymysql.err.MySQLError as error:
        raise RefusedError(f"MariaDB refused a statement: {_words(error)}") from None


@contextmanager
def _opened(socket: Path, user: str, password: str, database: str | None) -> Iterator[Connection]:
    """Have a connection, a kept one if there is; one over which something failed is not kept."""
    kept: dict[object, Connection] | None = None if password else getattr(_kept, "open", None)
    key = (socket, user, database)
    connection = kept.pop(key, None) if kept else None
    if connection is None:
        connection = pymysql.connect(
            unix_socket=str(socket),
            user=user,
            password=password,
            database=database,
            charset="utf8mb4",
            autocommit=True,
            ssl_disabled=True,  # through a socket on the same machine; reading the certificates took 20 ms
            connect_timeout=_CONNECT_S,
            read_timeout=_STATEMENT_S,
            write_timeout=_STATEMENT_S,
        )
    try:
        yield connection
    except BaseException:
        connection.close()
        raise
    if kept is None:
        connection.close()
    else:
        kept[key] = connection


def _number(error: pymysql.err.MySQLError) -> object:
    return error.args[0] if error.args else None


def _words(error: pymysql.err.MySQLError) -> str:
    """Return the server's error number alone: its text may quote the statement."""
    return f"error {_number(error) or type(error).__name__}"


def rows(connection: Connection, statement: str, values: Sequence[object] = ()) -> list[Row]:
    """Run one *statement* with *values* as parameters and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return list(cursor.fetchall())
