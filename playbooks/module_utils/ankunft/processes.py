"""End what runs as the customer: PHP, SFTP sessions, mail sessions. For an account that is locked or goes."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .change import Change
from .customer import as_customer
from .errors import UnavailableError
from .host import Host
from .job import Account

_PROC = Path("/proc")
_GONE_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.02


def running(uid: int) -> list[int]:
    """Return the processes whose real uid is *uid*, by their ids, without those that only wait for their parent."""
    folders = (folder for folder in _PROC.iterdir() if folder.name.isdecimal())
    return sorted(int(folder.name) for folder in folders if _real_uid(folder) == uid)


def _real_uid(folder: Path) -> int | None:
    try:
        status = (folder / "status").read_text()
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if fields.get("State", "").split()[:1] in (["Z"], ["X"]) or "Uid" not in fields:
        return None
    return int(fields["Uid"].split()[0])


def no_php(host: Host, account: Account) -> Iterator[Change]:
    """Have the account's PHP asleep: its unit ended, its door gone. The next request would wake it."""
    if any(os.path.lexists(door) for door in host.php_doors(account.name)):
        yield Change(f"php-account@{account.name}.service", "awake", "asleep", lambda: put_to_sleep(host, account))


def put_to_sleep(host: Host, account: Account) -> None:
    """End the account's PHP, so that it starts with new limits at the next request."""
    host.stop_unit(f"php-account@{account.name}.service")
    for door in host.php_doors(account.name):
        if os.path.lexists(door):
            door.unlink(missing_ok=True)


def no_processes(account: Account) -> Iterator[Change]:
    """Have no process of the customer. All are ended at one blow by the customer himself, so none can fork away."""
    count = len(running(account.uid))
    if count:
        yield Change(
            f"processes of {account.name}",
            f"{count}",
            "none",
            lambda: _end(account),
        )


def _end(account: Account) -> None:
    """End all processes and see them gone: on a busy server one that was killed can be in the middle of a write.

    Raises:
        UnavailableError: the kernel holds one for longer than `_GONE_WITHIN_S`.
    """
    as_customer(account, _end_all)
    until = time.monotonic() + _GONE_WITHIN_S
    while left := running(account.uid):
        if time.monotonic() > until:
            raise UnavailableError(
                f"{len(left)} processes of {account.name} were killed and do not end; look at them with ps"
            )
        time.sleep(_LOOK_EVERY_S)


def _end_all() -> None:
    with suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
