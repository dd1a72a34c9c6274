"""Run the programs of the system, with their own words in the error."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence

from .errors import LabError


def run(*command: str, text: str = "", cwd: str | None = None, timeout_s: float = 60) -> str:
    """Run *command* with *text* as its input and return what it printed.

    Raises:
        LabError: it is not installed, took too long or ended with another code than 0.
    """
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=timeout_s, check=False, cwd=cwd
        )
    except FileNotFoundError:
        raise LabError(f"{command[0]} is not installed; `make setup` installs what the lab needs") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{command[0]} did not end within {timeout_s:.0f} s") from None
    if done.returncode:
        raise LabError(f"{command[0]} ended with {done.returncode}: {tail(done.stdout + done.stderr)}")
    return done.stdout


def succeeds(command: Sequence[str], timeout_s: float = 10) -> bool:
    """Tell whether *command* ended with 0 in time."""
    try:
        return subprocess.run(command, capture_output=True, timeout=timeout_s, check=False).returncode == 0
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return False


def tail(output: str, lines: int = 12) -> str:
    """Return the last *lines* of *output*."""
    return "\n".join(output.strip().splitlines()[-lines:])
