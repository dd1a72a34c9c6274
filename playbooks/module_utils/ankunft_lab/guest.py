"""One server: a systemd of its own in namespaces, started by systemd-nspawn, ended orderly or by loss of power."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from . import cgroups
from .commands import succeeds, tail
from .errors import LabError
from .mounts import mount_overlay, unmount_below

#: systemd(1): SIGRTMIN+4 asks PID 1 to power off.
POWER_OFF = signal.SIGRTMIN + 4
#: Throw-away servers have throw-away keys; nothing of the user's own configuration counts.
SSH_OPTIONS = (
    "-Fnone",
    "-oIdentitiesOnly=yes",
    "-oLogLevel=ERROR",
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
)


@dataclass(frozen=True, slots=True)
class Guest:
    """A server by its *name*, what it stands on (*lower*, the topmost tree first) and where its own files are."""

    name: str
    #: Name of the machine, unique on this computer; its network interface is named after it.
    machine: str
    address: str
    lower: tuple[Path, ...]
    folder: Path
    upper: Path
    cgroup: str
    bridge: str

    @property
    def root(self) -> Path:
        """Where the server's whole file system is mounted."""
        return self.folder / "root"

    @property
    def console(self) -> Path:
        """What the server printed while it booted."""
        return self.folder / "console.log"

    def mount(self) -> None:
        """Have the server's file system, without running it."""
        unmount_below(self.folder)
        mount_overlay(self.root, self.lower, self.upper)

    def start(self) -> None:
        """Start the mounted server; return as soon as its PID 1 exists."""
        cgroups.create(self.cgroup)
        command = [
            "systemd-nspawn",
            "--quiet",
            "--register=no",
            "--keep-unit",
            "--boot",
            "--resolv-conf=off",
            "--timezone=off",
            "--link-journal=no",
            f"--directory={self.root}",
            f"--network-bridge={self.bridge}",
            f"--machine={self.machine}",
            f"--hostname={self.name}",
        ]
        environment = {"PATH": os.environ["PATH"]}
        if cgroups.has_legacy("memory"):
            environment["SYSTEMD_NSPAWN_UNIFIED_HIERARCHY"] = "0"
        with self.console.open("wb") as console:
            subprocess.run(
                cgroups.detached(self.cgroup, command),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=True,
            )
        self._wait_for_leader()

    def _wait_for_leader(self, patience_s: float = 20) -> None:
        give_up = time.monotonic() + patience_s
        while self.leader() is None:
            if time.monotonic() > give_up:
                said = tail(self.console.read_text(encoding="utf-8", errors="replace"))
                raise LabError(f"the server {self.name} does not start; systemd-nspawn says: {said}")
            time.sleep(0.05)

    def leader(self) -> int | None:
        """Return the process id of the server's PID 1 as seen from here, or None while it does not run."""
        for process in cgroups.processes(self.cgroup):
            with suppress(OSError):
                parent = int(_status(process, "PPid"))
                if _status(parent, "Name").startswith("systemd-nspawn") and _status(process, "NSpid").endswith("\t1"):
                    return process
        return None

    def wait_until_up(self, key: Path, patience_s: float = 90) -> None:
        """Wait until root's SSH answers, then give the server's units the limits that this machine can hold.

        Raises:
            LabError: it does not answer in time.
        """
        give_up = time.monotonic() + patience_s
        while not (_has_banner(self.address) and succeeds(ssh(self.address, key, "true"))):
            if time.monotonic() > give_up:
                said = tail(self.console.read_text(encoding="utf-8", errors="replace"))
                raise LabError(f"SSH of {self.name} ({self.address}) does not answer; its console says: {said}")
            if self.leader() is None:
                raise LabError(f"the server {self.name} died while it booted; see {self.console}")
            time.sleep(0.1)
        self._allow_limits()

    def _allow_limits(self) -> None:
        """Let the guest's systemd write its part of the old (v1) hierarchies that hold memory and processes.

        systemd-nspawn mounts them read-only; the guest's PID 1 looks again when it executes itself anew.
        """
        leader = self.leader()
        if leader is None or not cgroups.has_legacy("memory"):
            return
        for controller in ("memory", "pids"):
            where = f"/sys/fs/cgroup/{controller}"
            succeeds(["nsenter", f"--target={leader}", "--mount", "mount", "-o", "remount,bind,rw", where])
        os.kill(leader, signal.SIGTERM)

    def power_off(self, patience_s: float = 30) -> None:
        """End the server orderly, as `poweroff` does; by force when that takes too long."""
        leader = self.leader()
        if leader is not None:
            os.kill(leader, POWER_OFF)
        give_up = time.monotonic() + patience_s
        while any(True for _ in cgroups.processes(self.cgroup)) and time.monotonic() < give_up:
            time.sleep(0.1)
        self.cut_power()

    def cut_power(self) -> bool:
        """Kill the server with all its processes at once. Return whether it ran. Its files stay."""
        return cgroups.kill(self.cgroup)

    def clear(self) -> None:
        """End the server by force and leave no process, mount or control group; its files stay."""
        self.cut_power()
        unmount_below(self.folder)
        cgroups.remove(self.cgroup)


def ssh(address: str, key: Path, *command: str) -> list[str]:
    """Return the command line that runs *command* as root on the server at *address*."""
    return ["ssh", *SSH_OPTIONS, "-oBatchMode=yes", "-oConnectTimeout=5", f"-i{key}", f"root@{address}", *command]


def _has_banner(address: str) -> bool:
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            connection.settimeout(2)
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def _status(process: int, field: str) -> str:
    """Return *field* of the process's status, see proc_pid_status(5)."""
    lines: Iterator[str] = iter(Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines())
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(f"{field}:")), "")
