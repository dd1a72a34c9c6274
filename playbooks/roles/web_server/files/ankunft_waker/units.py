"""The units of an account: start, stop, and how many processes they have.

Only this module speaks to systemd. Names are checked here once more, since here they become unit names.
"""

import asyncio
import re
from dataclasses import dataclass
from pathlib import Path

ACCOUNT = re.compile(r"a[1-9][0-9]{3,9}\Z", re.ASCII)
SLICE = "php.slice/php-accounts.slice"


class UnitFailedError(Exception):
    """systemd did not start or stop the units; the account's journal says why."""


def is_account(name: str) -> bool:
    """Tell whether *name* has the form of an account's name."""
    return ACCOUNT.match(name) is not None


@dataclass(frozen=True, slots=True)
class Units:
    """The units php-account@… as systemd and the kernel's cgroups show them."""

    systemctl: str = "/usr/bin/systemctl"
    #: systemd's hierarchy is the only one, or stands beside those of cgroup version 1.
    cgroups: tuple[Path, ...] = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"))

    async def start(self, account: str) -> None:
        """Start socket and service, and return when PHP is ready.

        Raises:
            UnitFailedError: systemd reports a failure.
        """
        assert is_account(account)
        await self._run("start", f"php-account@{account}.socket", f"php-account@{account}.service")

    async def stop(self, account: str) -> None:
        """Stop the service, which takes its socket with it, and return when both are gone.

        Raises:
            UnitFailedError: systemd reports a failure.
        """
        assert is_account(account)
        await self._run("stop", f"php-account@{account}.service")

    async def _run(self, *arguments: str) -> None:
        process = await asyncio.create_subprocess_exec(
            self.systemctl,
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={},
        )
        _, complaint = await process.communicate()
        if process.returncode:
            raise UnitFailedError(complaint.decode(errors="replace").partition("\n")[0])

    def processes(self) -> dict[str, int]:
        """Return how many processes each account has that is awake; a master without children counts 1."""
        found: dict[str, int] = {}
        for root in self.cgroups:
            for unit in (root / SLICE).glob("php-account@*.service"):
                account = unit.name.removeprefix("php-account@").removesuffix(".service")
                if is_account(account):
                    found[account] = max(found.get(account, 0), _count(unit))
        return found


def _count(unit: Path) -> int:
    """Count the processes of a cgroup; one that vanishes meanwhile has none."""
    try:
        return len((unit / "cgroup.procs").read_text(encoding="ascii").split())
    except OSError:
        return 0
