"""What the checker looks at: the driver's log, the API's database, and the hosts; gathered without the product."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.customer.lab import Lab
from tests.faults.log import Entry, Log
from tests.sysadmin.ssh import Root

Row = dict[str, Any]

TABLES = {
    "orders": 'SELECT id, cart_id, number, state, customer FROM "orders"',
    "domains": 'SELECT "order", name, held_name FROM order_domain',
    "accounts": 'SELECT id, "order", name, uid, web_host, database_host, mail_host FROM account',
    "jobs": "SELECT id, account, state, host, attempt FROM job",
    "journal": "SELECT id, subject_id, event, state_after, facts FROM journal WHERE subject = 'job'",
}

INVENTORY = Path(__file__).with_name("host_inventory.py")
"""Runs on the host, by its own Python, and prints what accounts are there."""


@dataclass(frozen=True, slots=True)
class HostAccount:
    """One account as found on one host."""

    name: str
    uid: int | None = None
    #: Service → what its ownership marker says.
    markers: dict[str, dict[str, Any]] = field(default_factory=dict)
    vhosts: list[str] = field(default_factory=list)
    database: bool = False
    mailboxes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it, at rest."""

    log: list[Entry]
    tables: Mapping[str, list[Row]]
    #: Host → account name → what is there.
    hosts: Mapping[str, Mapping[str, HostAccount]]


def gather(lab: Lab, log: Log) -> Evidence:
    """Read the log, the database and every host."""
    return Evidence(
        log=log.entries(),
        tables=read_tables(lab.database_url),
        hosts={name: read_host(Root(server.address, lab.ssh_key)) for name, server in lab.hosts.items()},
    )


def read_tables(database_url: str) -> dict[str, list[Row]]:
    """Read what counts from the API's SQLite file, which stays untouched."""
    scheme, _, path = database_url.partition("://")
    if scheme != "sqlite":
        raise ValueError(f"the checker reads SQLite, the fleet's database is {scheme}")
    with closing(sqlite3.connect(f"file:/{path.lstrip('/')}?mode=ro", uri=True)) as database:
        database.row_factory = sqlite3.Row
        return {name: [dict(row) for row in database.execute(query)] for name, query in TABLES.items()}


def read_host(root: Root) -> dict[str, HostAccount]:
    """Read which accounts a host holds, complete or not."""
    found = json.loads(root.run("python3", "-", stdin=INVENTORY.read_text(encoding="utf-8")))
    return {name: HostAccount(name=name, **facts) for name, facts in found.items()}
