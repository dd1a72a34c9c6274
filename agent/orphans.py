"""What an earlier runner left running. systemd ends it with the unit; this is for everywhere else.

A module that was started goes on to its end when the runner is killed, and would overlap the repetition.
"""

from __future__ import annotations

import logging
import os
import signal
import time
import uuid
from pathlib import Path

from agent import durable
from agent.environment import RUN_MARK

log = logging.getLogger(__name__)

_PATIENCE_S = 10.0


def own_mark(state: Path) -> str:
    """Return the mark that the processes of this runner carry; made once and kept in *state*."""
    file = state / "mark"
    try:
        return file.read_text()
    except FileNotFoundError:
        durable.write(file, uuid.uuid4().hex.encode())
        return file.read_text()


def end_orphans(mark: str) -> int:
    """Kill all processes that carry *mark* or one made of it, wait until they are gone, return how many there were.

    To be called when no run with such a mark can be alive.
    """
    wanted = f"{RUN_MARK}={mark}".encode()
    ended: set[int] = set()
    deadline = time.monotonic() + _PATIENCE_S
    while found := _carriers(wanted):
        for pid in found:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            ended.add(pid)
        if time.monotonic() > deadline:
            log.warning("processes of an earlier run do not end: %s", sorted(found))
            break
        time.sleep(0.05)
    if ended:
        log.warning("ended %d processes that an earlier run had left", len(ended))
    return len(ended)


def _carriers(wanted: bytes) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if any(variable == wanted or variable.startswith(wanted + b".") for variable in variables):
            found.append(int(entry.name))
    return found
