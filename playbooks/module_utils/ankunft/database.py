"""What a customer holds of MariaDB: a database, a user of the same name, and the right to it alone."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from . import credentials
from .change import Change, Step
from .errors import RefusedError
from .host import Host
from .job import Account
from .ownership import Ownership
from .sql import Connection, grant_pattern, identifier, literal_hash, rows

_SPARE_CONNECTIONS = 5


def desired(account: Account, host: Host, connection: Connection) -> list[Step]:
    """Return the steps that bring the account's database into the job's state, over root's *connection*.

    Raises:
        RefusedError: database or user exist and are not this account's.
    """
    owner = Ownership(host, account, "database")
    owner.refuse_foreign(_traces(account, connection))
    if account.state == "absent":
        return _absent(account, connection, owner)
    steps: list[Step] = [
        owner.claim,
        partial(_database, account, connection),
        partial(_user, account, host, connection),
        partial(_grant, account, connection),
    ]
    if account.state == "suspended":
        steps.append(partial(_no_connections, account, connection))
    return steps


def _absent(account: Account, connection: Connection, owner: Ownership) -> list[Step]:
    if not owner.found:
        return [owner.release]
    return [
        partial(_no_user, account, connection),
        partial(_no_connections, account, connection),
        partial(_no_database, account, connection),
        owner.release,
    ]


def _traces(account: Account, connection: Connection) -> list[str]:
    found = []
    if _has_database(account, connection):
        found.append(f"a database {account.name}")
    if _stored_user(account, connection) is not None:
        found.append(f"a database user {account.name}")
    return found


def _has_database(account: Account, connection: Connection) -> bool:
    statement = "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s"
    return bool(rows(connection, statement, [account.name]))


def _database(account: Account, connection: Connection) -> Iterator[Change]:
    if not _has_database(account, connection):
        statement = f"CREATE DATABASE {identifier(account.name)} CHARACTER SET utf8mb4"
        yield Change(f"database {account.name}", "", "there", lambda: rows(connection, statement))


def _no_database(account: Account, connection: Connection) -> Iterator[Change]:
    if _has_database(account, connection):
        statement = f"DROP DATABASE {identifier(account.name)}"
        yield Change(f"database {account.name}", "there", "", lambda: rows(connection, statement))


def login(account: Account) -> str:
    """Return the account's user as MariaDB writes it; local only."""
    return f"{identifier(account.name)}@`localhost`"


def definition(account: Account, stored_password: str) -> str:
    """Return the user as SHOW CREATE USER tells it: let in by its password alone, in measure."""
    connections = account.limits.php_processes + _SPARE_CONNECTIONS
    text = (
        f"{login(account)} IDENTIFIED BY PASSWORD {literal_hash(stored_password)}"
        f" WITH MAX_USER_CONNECTIONS {connections:d}"
    )
    return f"{text} ACCOUNT LOCK" if account.state == "suspended" else text


def _stored_user(account: Account, connection: Connection) -> str | None:
    if not rows(connection, "SELECT 1 FROM mysql.global_priv WHERE user = %s AND host = 'localhost'", [account.name]):
        return None
    [(text, *_)] = rows(connection, f"SHOW CREATE USER {login(account)}")
    return str(text).removeprefix("CREATE USER ")


def _user(account: Account, host: Host, connection: Connection) -> Iterator[Change]:
    """Have the user with the password of ~/.my.cnf, which the web part made."""
    password = credentials.password_of(host, account)
    before = _stored_user(account, connection)
    if password is not None:
        after = definition(account, credentials.stored_form(password))
        if before == after:
            return
    yield Change(
        f"database user {account.name}",
        "" if before is None else "there",
        "with the password of its .my.cnf" + (", locked" if account.state == "suspended" else ""),
        lambda: _make_user(account, connection, password, known=before is not None),
    )


def _make_user(account: Account, connection: Connection, password: str | None, *, known: bool) -> None:
    if password is None:
        raise RefusedError(
            f"the account {account.name} has no usable .my.cnf on this host; its web part makes it: "
            "give the job both services, web before database"
        )
    text = definition(account, credentials.stored_form(password))
    lock = "" if account.state == "suspended" else " ACCOUNT UNLOCK"
    rows(connection, f"{'ALTER' if known else 'CREATE'} USER {text}{lock}")


def _no_user(account: Account, connection: Connection) -> Iterator[Change]:
    if _stored_user(account, connection) is not None:
        yield Change(
            f"database user {account.name}", "there", "", lambda: rows(connection, f"DROP USER {login(account)}")
        )


def _grant(account: Account, connection: Connection) -> Iterator[Change]:
    right = f"GRANT ALL PRIVILEGES ON {grant_pattern(account.name)}.* TO {login(account)}"
    known = _stored_user(account, connection) is not None
    found = [text for text, *_ in rows(connection, f"SHOW GRANTS FOR {login(account)}")] if known else []
    if right not in found:
        yield Change(f"rights of {account.name}", "", f"all on {account.name}", lambda: rows(connection, right))


def _no_connections(account: Account, connection: Connection) -> Iterator[Change]:
    """Have no open connection of the user, who may still be connected though he is locked or dropped."""
    open_ones = rows(connection, "SELECT id FROM information_schema.processlist WHERE user = %s", [account.name])
    if open_ones:
        statement = f"KILL HARD CONNECTION USER {identifier(account.name)}"
        yield Change(f"connections of {account.name}", f"{len(open_ones)}", "none", lambda: rows(connection, statement))
