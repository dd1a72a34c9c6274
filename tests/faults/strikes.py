"""Ways to kill: each picks its victim by a seeded die, kills with -9, and sees to it that it is started again."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from tests.customer.lab import Lab
from tests.fleet import CHECKOUT, kill_program
from tests.fleet import kill_server as cut_power
from tests.sysadmin.ssh import CommandFailedError, Root

RESTARTS_WITHIN_S = 2.5
KIND = "test"
"""The fleet that is struck."""

Strike = Callable[[Lab, random.Random], str]
"""Kills something and returns what, for the log."""


def kill_runner(lab: Lab, die: random.Random) -> str:
    """Kill a runner and, as its unit says, everything it started; systemd starts it again."""
    return _kill_unit(lab, die, "ankunft-runner.service")


def kill_warm(lab: Lab, die: random.Random) -> str:
    """Kill a warm Ansible with the runs in it; runs go on without it until systemd started it again."""
    return _kill_unit(lab, die, "ankunft-warm.service")


def kill_courier(lab: Lab, die: random.Random) -> str:
    """Kill a courier; systemd starts it again."""
    return _kill_unit(lab, die, "ankunft-courier.service")


def kill_api(_lab: Lab, die: random.Random) -> str:
    """Kill the API or its worker; their supervisor starts them again."""
    program = die.choice(("api", "api", "worker"))
    with suppress(ProcessLookupError, ValueError, subprocess.CalledProcessError):
        kill_program(KIND, program)
        return program
    return f"{program}, which was not running"


def kill_server(lab: Lab, die: random.Random) -> str:
    """Take a whole server off the power, and give it back."""
    server = die.choice(sorted(lab.hosts))
    cut_power(KIND, server)
    # A process of its own: the server outlives whoever started it, and is nobody's child here.
    subprocess.run([sys.executable, "-m", "tests.fleet", "start", KIND, server], cwd=CHECKOUT, check=True)
    return f"the server {server}"


def _kill_unit(lab: Lab, die: random.Random, unit: str) -> str:
    host = die.choice(sorted(lab.hosts))
    root = Root(lab.hosts[host].address, lab.ssh_key)
    try:
        root.run("systemctl", "kill", "--kill-whom=main", "--signal=KILL", unit)
        _see_it_buried(root, unit)
    except CommandFailedError:
        return f"{unit} on {host}, which was not running"
    return f"{unit} on {host}"


def _see_it_buried(root: Root, unit: str) -> None:
    """Let systemd see that nothing of *unit* is left.

    On control groups of the first version nobody tells a systemd in a container that a group became empty: it would
    wait for TimeoutStopSec. Reading its units again makes it look.
    """
    time.sleep(RESTARTS_WITHIN_S)
    if root.run("systemctl", "show", "--property=ActiveState", "--value", unit).strip() == "deactivating":
        root.run("systemctl", "daemon-reload")
