"""The tables that Postfix and Dovecot look mail up in, and who may read what of them.

All log in as the system users they run as, through the socket: there is no password that could leak. Postfix,
which talks to the world, sees no password's hash.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .change import Change, Step
from .mailrows import DATABASE
from .sql import Connection, identifier, rows

#: Names are ASCII (A-labels) and compared without case, as mail addresses are.
_TEXT = "CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL"
TABLES = {
    "domain": f"name VARCHAR(253) {_TEXT} PRIMARY KEY, account VARCHAR(12) {_TEXT}, KEY (account)",
    "mailbox": (
        f"address VARCHAR(320) {_TEXT} PRIMARY KEY, account VARCHAR(12) {_TEXT}, uid INT UNSIGNED NOT NULL, "
        f"home VARCHAR(255) {_TEXT}, enabled TINYINT NOT NULL, KEY (account)"
    ),
    "credential": (
        f"address VARCHAR(320) {_TEXT} PRIMARY KEY, "
        "password VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL"
    ),
}
READERS = {
    "postfix": ("domain", "mailbox"),
    "dovecot": ("domain", "mailbox", "credential"),
    "ankunft_post": ("mailbox",),
}
#: Each process of theirs keeps a connection; the limit for accounts would be too low for them.
CONNECTIONS = 150


def desired(connection: Connection) -> list[Step]:
    """Return the steps to database, tables, users and grants, over root's *connection*."""
    steps: list[Step] = [partial(_database, connection)]
    steps += [partial(_table, connection, table) for table in TABLES]
    for reader, tables in READERS.items():
        steps.append(partial(_user, connection, reader))
        steps += [partial(_grant, connection, reader, table) for table in tables]
    return steps


def _database(connection: Connection) -> Iterator[Change]:
    if not rows(connection, "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (DATABASE,)):
        yield _made(connection, f"database {DATABASE}", f"CREATE DATABASE {identifier(DATABASE)}")


def _table(connection: Connection, table: str) -> Iterator[Change]:
    there = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
    if not rows(connection, there, (DATABASE, table)):
        statement = f"CREATE TABLE {_full(table)} ({TABLES[table]}) ENGINE=InnoDB"
        yield _made(connection, f"table {DATABASE}.{table}", statement)


def _user(connection: Connection, user: str) -> Iterator[Change]:
    there = "SELECT plugin, max_user_connections FROM mysql.user WHERE user = %s AND host = 'localhost'"
    found = rows(connection, there, (user,))
    if found != [("unix_socket", CONNECTIONS)]:
        verb = "ALTER" if found else "CREATE"
        statement = (
            f"{verb} USER {identifier(user)}@'localhost' IDENTIFIED VIA unix_socket "
            f"WITH MAX_USER_CONNECTIONS {CONNECTIONS}"
        )
        yield _made(connection, f"user {user}", statement)


def _grant(connection: Connection, user: str, table: str) -> Iterator[Change]:
    granted = (
        "SELECT 1 FROM information_schema.table_privileges WHERE grantee = %s AND table_schema = %s "
        "AND table_name = %s AND privilege_type = 'SELECT'"
    )
    if not rows(connection, granted, (f"'{user}'@'localhost'", DATABASE, table)):
        statement = f"GRANT SELECT ON {_full(table)} TO {identifier(user)}@'localhost'"
        yield _made(connection, f"{user} may read {table}", statement)


def _full(table: str) -> str:
    return f"{identifier(DATABASE)}.{identifier(table)}"


def _made(connection: Connection, thing: str, statement: str) -> Change:
    return Change(thing, "", "present", partial(rows, connection, statement))
