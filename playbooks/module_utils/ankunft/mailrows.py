"""An account's rows in the mail server's tables (database `ankunft_mail`), read and replaced as a whole.

`domain` and `mailbox` are looked up by Postfix and Dovecot, `credential` by Dovecot alone. All rows of an account
change in one transaction, so neither ever sees half of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pymysql

from .errors import RefusedError
from .job import Account
from .sql import Connection, rows

DATABASE = "ankunft_mail"
_SCHEME = "{SHA512-CRYPT}"


@dataclass(frozen=True)
class Rows:
    """Domains, mailboxes (address, uid, home, enabled) and credentials (address, password)."""

    domains: frozenset[str] = frozenset()
    mailboxes: frozenset[tuple[str, int, str, int]] = frozenset()
    credentials: frozenset[tuple[str, str]] = frozenset()

    def show(self) -> str:
        """Return the rows as text without any password's hash."""
        logins = {address for address, _ in self.credentials}
        lines = [f"domain {name}" for name in sorted(self.domains)]
        for address, uid, home, enabled in sorted(self.mailboxes):
            state = "enabled" if enabled else "not enabled"
            login = "with a login" if address in logins else "without a login"
            lines.append(f"mailbox {address} {uid} {home}, {state}, {login}")
        return "\n".join(lines)


def wanted(account: Account) -> Rows:
    """Return the rows that the account shall have.

    A suspended one keeps its mailboxes, not enabled, without credentials; they come back from the job.
    """
    if account.state == "absent":
        return Rows()
    enabled = int(account.state == "present")
    home = f"/srv/mail/{account.name}/postmaster"
    password = _SCHEME + account.password_hash
    return Rows(
        frozenset(account.mail_domains),
        frozenset((address, account.uid, home, enabled) for address in account.mail_addresses),
        frozenset((address, password) for address in account.mail_addresses if enabled),
    )


def stored(account: Account, connection: Connection) -> Rows:
    """Return the rows that the account has."""
    name = [account.name]
    domains = rows(connection, "SELECT name FROM domain WHERE account = %s", name)
    mailboxes = rows(connection, "SELECT address, uid, home, enabled FROM mailbox WHERE account = %s", name)
    credentials = rows(
        connection,
        "SELECT address, password FROM credential JOIN mailbox USING (address) WHERE account = %s",
        name,
    )
    return Rows(
        frozenset(str(domain) for (domain,) in domains),
        frozenset((str(address), int(str(uid)), str(home), int(str(on))) for address, uid, home, on in mailboxes),
        frozenset((str(address), str(password)) for address, password in credentials),
    )


def refuse_taken_domains(account: Account, connection: Connection) -> None:
    """Refuse the account if mail for one of its domains belongs to another."""
    for name in sorted(wanted(account).domains):
        for (holder,) in rows(connection, "SELECT account FROM domain WHERE name = %s", [name]):
            if holder != account.name:
                raise RefusedError(
                    f"mail for {name} belongs to the account {holder}, so it is not free for {account.name}; "
                    "take the domain from that account first"
                )


def store(account: Account, connection: Connection, before: Rows, after: Rows) -> None:
    """Replace what differs between *before* and *after*, all or nothing.

    Raises:
        RefusedError: another account took a domain or an address meanwhile; the unique keys decide.
    """
    name = account.name
    statements: list[tuple[str, Iterable[tuple[object, ...]]]] = [
        ("DELETE FROM credential WHERE address = %s AND password = %s", before.credentials - after.credentials),
        (
            "DELETE FROM mailbox WHERE address = %s AND uid = %s AND home = %s AND enabled = %s AND account = %s",
            [(*row, name) for row in before.mailboxes - after.mailboxes],
        ),
        (
            "DELETE FROM domain WHERE name = %s AND account = %s",
            [(domain, name) for domain in before.domains - after.domains],
        ),
        (
            "INSERT INTO domain (name, account) VALUES (%s, %s)",
            [(domain, name) for domain in after.domains - before.domains],
        ),
        (
            "INSERT INTO mailbox (address, uid, home, enabled, account) VALUES (%s, %s, %s, %s, %s)",
            [(*row, name) for row in after.mailboxes - before.mailboxes],
        ),
        ("INSERT INTO credential (address, password) VALUES (%s, %s)", after.credentials - before.credentials),
    ]
    connection.begin()
    try:
        for statement, all_values in statements:
            for values in sorted(all_values, key=str):
                rows(connection, statement, values)
        connection.commit()
    except pymysql.err.IntegrityError:
        connection.rollback()
        raise RefusedError(f"a mail domain or address of {name} was taken by another account meanwhile") from None
    except BaseException:
        connection.rollback()
        raise
