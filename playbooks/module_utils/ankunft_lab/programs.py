"""The programs beside a fleet, under supervisor, in a control group of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from . import cgroups
from .commands import tail
from .errors import LabError
from .place import Fleet
from .status import is_ready


def start(fleet: Fleet, configuration: Path) -> bool:
    """Have supervisor run what *configuration* says. Return whether it had to be started."""
    group = f"{fleet.cgroup}/control"
    cgroups.create(group)
    if any(True for _ in cgroups.processes(group)):
        return False
    command = [str(Path(sys.executable).parent / "supervisord"), f"--configuration={configuration}"]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": "/root",
        "LC_ALL": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
    }
    with (fleet.control / "console.log").open("ab") as console:
        subprocess.run(
            cgroups.detached(group, command),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            check=True,
        )
    return True


def wait_until_ready(fleet: Fleet, api: str, patience_s: float = 60) -> None:
    """Wait until the *api* says that it is ready.

    Raises:
        LabError: it does not in time.
    """
    give_up = time.monotonic() + patience_s
    while not is_ready(api):
        if time.monotonic() > give_up:
            log = fleet.control / "api.log"
            said = tail(log.read_text(encoding="utf-8", errors="replace")) if log.exists() else "nothing"
            raise LabError(f"the API at {api} does not become ready; {log} ends with: {said}")
        time.sleep(0.2)
