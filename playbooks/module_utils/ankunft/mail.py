"""What a customer holds of mail: rows that Postfix and Dovecot look up, and a folder for what arrives.

The folder is there before a row leads to it, and goes after the rows are gone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from .change import Change, Step
from .files import Access
from .folders import customer_folder
from .host import Host
from .job import Account
from .mailrows import Rows, refuse_taken_domains, store, stored, wanted
from .ownership import Ownership
from .processes import no_processes
from .sql import Connection
from .tree import no_tree


def desired(account: Account, host: Host, connection: Connection) -> list[Step]:
    """Return the steps that bring the account's mail into the job's state, over root's *connection* to the tables.

    Raises:
        RefusedError: the account or one of its mail domains belongs to somebody else.
    """
    owner = Ownership(host, account, "mail")
    folder = host.mail / account.name
    owner.refuse_foreign(_traces(account, host, connection))
    look_ups = partial(_look_ups, account, connection)
    if account.state == "absent":
        if not owner.found:
            return [owner.release]
        return [look_ups, partial(no_processes, account), partial(no_tree, folder), owner.release]
    refuse_taken_domains(account, connection)
    private = Access(account.uid, account.uid, 0o700)
    steps: list[Step] = [owner.claim, partial(customer_folder, folder, private), look_ups]
    return [*steps, partial(no_processes, account)] if account.state == "suspended" else steps


def _traces(account: Account, host: Host, connection: Connection) -> list[str]:
    folder = host.mail / account.name
    found = [str(folder)] if os.path.lexists(folder) else []
    return found + ([f"mail rows of {account.name}"] if stored(account, connection) != Rows() else [])


def _look_ups(account: Account, connection: Connection) -> Iterator[Change]:
    before, after = stored(account, connection), wanted(account)
    if before == after:
        return
    note = "\na password's hash" if before.show() == after.show() else ""
    yield Change(
        f"mail look-ups of {account.name}",
        before.show(),
        after.show() + note,
        lambda: store(account, connection, before, after),
    )
