"""Control groups of our own, in every hierarchy that is mounted: v1, v2, or both side by side.

A guest must stand in a group of its own before systemd-nspawn starts: guests that share one cannot be
killed apart from each other, and their stop takes minutes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from .errors import LabError


@cache
def hierarchies() -> tuple[Path, ...]:
    """Return where control groups are mounted, the unified hierarchy (v2) last."""
    mounts = [line.split()[1:3] for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    old = [Path(where) for where, kind in mounts if kind == "cgroup"]
    return (*old, unified([(Path(where), kind) for where, kind in mounts]))


def unified(mounts: list[tuple[Path, str]]) -> Path:
    """Return the mount of the unified hierarchy among *mounts*.

    Raises:
        LabError: there is none.
    """
    for where, kind in mounts:
        if kind == "cgroup2":
            return where
    raise LabError("the unified control group hierarchy is not mounted; boot a kernel from 5.14 on with cgroup2")


def has_legacy(controller: str) -> bool:
    """Tell whether *controller* is mounted the old way (v1), so that the unified hierarchy lacks it."""
    return any(hierarchy.name == controller for hierarchy in hierarchies()[:-1])


def create(group: str) -> None:
    """Have *group* in every hierarchy, ready for processes."""
    for hierarchy in hierarchies():
        folder = hierarchy
        for part in Path(group).parts:
            parent, folder = folder, folder / part
            folder.mkdir(exist_ok=True)
            for share in ("cpuset.cpus", "cpuset.mems"):
                # In v1 a new cpuset is empty and takes no process.
                if (folder / share).exists() and hierarchy != hierarchies()[-1]:
                    (folder / share).write_text((parent / share).read_text(encoding="ascii"), encoding="ascii")


def entering(group: str, command: Sequence[str]) -> list[str]:
    """Return the command line that enters *group* and then becomes *command*: no moment of it runs outside."""
    files = [str(hierarchy / group / "cgroup.procs") for hierarchy in hierarchies()]
    script = 'while [ "$1" != -- ]; do echo $$ >"$1"; shift; done; shift; exec "$@"'
    return ["/bin/sh", "-c", script, "enter", *files, "--", *command]


def detached(group: str, command: Sequence[str]) -> list[str]:
    """Return the command line that starts *command* in *group* and ends at once: nobody here is its parent."""
    return ["/bin/sh", "-c", '"$@" &', "detach", *entering(group, command)]


def processes(group: str) -> Iterator[int]:
    """Yield the ids of all processes in *group* and below."""
    for file in (hierarchies()[-1] / group).glob("**/cgroup.procs"):
        try:
            text = file.read_text(encoding="ascii")
        except OSError:
            continue
        yield from (int(line) for line in text.split())


def kill(group: str, patience_s: float = 10) -> bool:
    """Kill every process in *group* and below at once, as a loss of power does. Return whether there was one.

    Raises:
        LabError: some process outlives it.
    """
    folder = hierarchies()[-1] / group
    if not folder.exists() or not _populated(folder):
        return False
    (folder / "cgroup.kill").write_text("1", encoding="ascii")
    give_up = time.monotonic() + patience_s
    while _populated(folder):
        if time.monotonic() > give_up:
            raise LabError(f"processes of {group} outlive SIGKILL; see {folder}/cgroup.procs")
        time.sleep(0.02)
    return True


def _populated(folder: Path) -> bool:
    return "populated 1" in (folder / "cgroup.events").read_text(encoding="ascii")


def remove(group: str) -> None:
    """Remove *group*, which no process is in, with all that lies below it; then the parents that became empty."""
    for hierarchy in hierarchies():
        folder = hierarchy / group
        for child in sorted((path for path in folder.glob("**") if path.is_dir()), reverse=True):
            _remove_folder(child)
        for parent in Path(group).parents:
            if parent != Path() and (hierarchy / parent).exists():
                _remove_if_empty(hierarchy / parent)


def _remove_folder(folder: Path, tries: int = 100) -> None:
    # The kernel lets go of a dead process some milliseconds after it left `populated`.
    for _ in range(tries):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise LabError(f"the control group {folder} cannot be removed")


def _remove_if_empty(folder: Path) -> None:
    if not any(path.is_dir() for path in folder.iterdir()):
        try:
            folder.rmdir()
        except OSError:
            return
