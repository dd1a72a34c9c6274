"""Ways to kill: each picks its victim by a seeded die, kills with -9, and sees to it that it is started again."""

import os
import random
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from tests.customer.lab import Lab
from tests.fleet import cut_power, restore_power
from tests.sysadmin.ssh import CommandFailedError, Root

Strike = Callable[[Lab, random.Random], str]
"""Kills something and returns what, for the log."""


def kill_runner(lab: Lab, die: random.Random) -> str:
    """Kill a runner and, as its unit says, everything it started; systemd starts it again."""
    return _kill_unit(lab, die, "ankunft-runner.service")


def kill_courier(lab: Lab, die: random.Random) -> str:
    """Kill a courier; systemd starts it again."""
    return _kill_unit(lab, die, "ankunft-courier.service")


def kill_api(lab: Lab, die: random.Random) -> str:
    """Kill the API or its worker; their supervisor starts them again."""
    command = die.choice(("serve", "serve", "work"))
    killed = []
    for pid in _processes(lab.config, command):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
    return f"ankunft {command} ({len(killed)})"


def kill_server(lab: Lab, die: random.Random) -> str:
    """Take a whole server off the power, and give it back."""
    host = die.choice(sorted(lab.hosts))
    cut_power(lab, host)
    restore_power(lab, host)
    return f"the server {host}"


def _kill_unit(lab: Lab, die: random.Random, unit: str) -> str:
    host = die.choice(sorted(lab.hosts))
    root = Root(lab.hosts[host].address, lab.ssh_key)
    try:
        root.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit)
    except CommandFailedError:
        return f"{unit} on {host}, which was not running"
    return f"{unit} on {host}"


def _processes(config: Path, command: str) -> Iterator[int]:
    """Yield the processes of this machine that run `ankunft` *command* with the settings file *config*."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            arguments = (folder / "cmdline").read_bytes().split(b"\0")
            environment = (folder / "environ").read_bytes().split(b"\0")
            is_ours = str(config).encode() in arguments or f"ANKUNFT_CONFIG={config}".encode() in environment
            if is_ours and command.encode() in arguments and any(a.endswith(b"ankunft") for a in arguments[:2]):
                yield int(folder.name)
