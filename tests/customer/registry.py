"""The world beyond the hoster: a registry, another registrar with its customers, and everybody's resolver."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.customer.lab import Lab
from tests.nameservers.resolver import Found, resolve

ROOT = Path(__file__).parents[2]


def play(lab: Lab, *command: str) -> str:
    """Act as the other registrar, or as the registry itself; see `python -m tests.registry.other --help`.

    Raises:
        AssertionError: it was refused.
    """
    program = [sys.executable, "-m", "tests.registry.other", str(lab.registry.folder), *command]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout


def entry(lab: Lab, name: str) -> dict[str, Any]:
    """Return what the registry has written down of *name* (A-label), and what was asked about it."""
    shown: dict[str, Any] = json.loads(play(lab, "show", name))
    return shown


def look_up(lab: Lab, name: str, kind: str = "A") -> Found:
    """Ask the lab's resolver."""
    return resolve(lab.dns.host, lab.dns.port, name, kind)
