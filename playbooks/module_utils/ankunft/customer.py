"""Do something as the customer: the only way in which anything is written below a folder that he can write."""

from __future__ import annotations

import os
from collections.abc import Callable

from .errors import UnavailableError
from .job import Account

_LONGEST_MESSAGE = 500


def as_customer(account: Account, work: Callable[[], object]) -> None:
    """Run *work* in a child process that is the customer for good: his uid, his gid, no other group.

    A link that he planted leads *work* only where he could have gone himself.

    Raises:
        UnavailableError: *work* failed, or its process was killed; the message is its own.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        _be_customer(account, work, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        message = pipe.read(_LONGEST_MESSAGE).decode(errors="replace")
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        raise UnavailableError(f"as {account.name}: {message or 'the work ended without a word'}")


def _be_customer(account: Account, work: Callable[[], object], writer: int) -> None:
    try:
        os.setgroups([])
        os.setresgid(account.uid, account.uid, account.uid)
        os.setresuid(account.uid, account.uid, account.uid)
        work()
    except BaseException as error:  # noqa: BLE001 -- a forked child must not return into its parent's code
        os.write(writer, f"{type(error).__name__}: {error}".encode()[:_LONGEST_MESSAGE])
        os._exit(1)
    os._exit(0)
