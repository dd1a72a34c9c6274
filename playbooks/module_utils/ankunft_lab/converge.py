"""Run `server.yml` on the servers of a lab, as a sysadmin runs it: over SSH, from an inventory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from . import cgroups
from .errors import LabError
from .place import Fleet


def converge(fleet: Fleet, inventory: Path, tags: Sequence[str], say: Callable[[str], None]) -> None:
    """Run `server.yml` with *tags* (all without any) on the hosts of *inventory*; show every task that begins.

    Raises:
        LabError: the playbook failed on one of them.
    """
    chosen = [f"--tags={','.join(tags)}"] if tags else []
    playbook = str(fleet.checkout / "playbooks" / "server.yml")
    command = [str(Path(sys.executable).parent / "ansible-playbook"), f"--inventory={inventory}", *chosen, playbook]
    log = fleet.folder / "server.log"
    # In a group of its own, so that SSH's lingering connections end with it.
    group = f"{fleet.cgroup}/playbook"
    cgroups.create(group)
    try:
        code, said = _run(command, fleet, group, log, say)
    finally:
        cgroups.kill(group)
        cgroups.remove(group)
    if code:
        raise LabError(f"server.yml ended with {code}; all it said is in {log}, its end: {said}")


def _run(command: Sequence[str], fleet: Fleet, group: str, log: Path, say: Callable[[str], None]) -> tuple[int, str]:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/root"),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(fleet.checkout / "ansible.cfg"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(fleet.folder / "ssh"),
        "ANSIBLE_NOCOLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }
    last: deque[str] = deque(maxlen=40)
    with (
        log.open("a", encoding="utf-8") as keep,
        subprocess.Popen(
            cgroups.entering(group, command),
            cwd=fleet.checkout,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            keep.write(line)
            last.append(line)
            if line.startswith(("TASK [", "RUNNING HANDLER [")):
                say(line.partition("[")[2].rpartition("]")[0])
    return process.returncode, "".join(last)
