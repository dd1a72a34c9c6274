"""The runner's side of the spool: take files out of a folder that a taken-over courier may fill.

Nothing is trusted twice by its path: a file is moved out of reach first, opened once, judged by its descriptor,
read once within bounds. What is not a plain file of the courier is parked.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import time
from collections.abc import Container
from pathlib import Path

from agent.jobs import MAX_JOB_BYTES
from agent.spool import JOB, Attempt, Spool

MAX_PARKED = 200
"""Older ones are removed, so that a hostile courier cannot fill the disk with names."""

_ODD = re.compile(r"[^A-Za-z0-9._-]")


class HostileFileError(Exception):
    """A file in the spool is not what the courier hands in; the message says in which way."""


def waiting(folder: Path) -> list[str]:
    """Return the names in *folder*, the oldest first. The listing is the truth, an event is only a hint."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                found.append((entry.stat(follow_symlinks=False).st_mtime_ns, entry.name))
            except FileNotFoundError:
                continue
    return [name for _, name in sorted(found)]


def claim(spool: Spool, name: str) -> bytes:
    """Move new/*name* into cur, where only root can reach it, and return what it holds.

    Raises:
        FileNotFoundError: it is gone; somebody else was faster.
        HostileFileError: it is not a plain file of the courier within the limit; it is in cur now, to be parked.
    """
    (spool.new / name).rename(spool.cur / name)
    return reclaim(spool, name)


def reclaim(spool: Spool, name: str) -> bytes:
    """Return what cur/*name* holds; it may still be the file that the courier made.

    Raises:
        HostileFileError: as `claim`.
    """
    return read_once(spool.cur / name, owners={os.geteuid(), spool.tmp.stat().st_uid})


def read_once(path: Path, owners: Container[int]) -> bytes:
    """Read a file that may be a trap: a link, a pipe, a device, endless, shared by hard links, somebody else's.

    Raises:
        HostileFileError: it is one of these.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.ENODEV, errno.EACCES):
            raise HostileFileError(f"cannot be opened as a plain file ({errno.errorcode[error.errno]})") from error
        raise
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise HostileFileError("is not a plain file")
        if found.st_nlink != 1:
            raise HostileFileError("has further names (hard links)")
        if found.st_uid not in owners:
            raise HostileFileError("belongs to somebody else than the courier")
        if found.st_size > MAX_JOB_BYTES:
            raise HostileFileError(f"is larger than {MAX_JOB_BYTES} bytes")
        return _read_bounded(descriptor)
    finally:
        os.close(descriptor)


def park(spool: Spool, folder: Path, name: str) -> str:
    """Put *name* out of *folder* aside for a person to look at; return its new name."""
    aside = f"{time.time_ns()}-{_ODD.sub('_', name)[:100]}"
    (folder / name).rename(spool.parked / aside)
    for old in sorted(spool.parked.iterdir())[:-MAX_PARKED]:
        remove(old)
    return aside


def remove(path: Path) -> None:
    """Remove *path* whatever it is, without following links."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def expected(name: str) -> Attempt | None:
    """Return the attempt that a job file of this *name* has to hold, None when the courier makes no such names."""
    return Attempt.of(name, JOB)


def _read_bounded(descriptor: int) -> bytes:
    content = b""
    while len(content) <= MAX_JOB_BYTES:
        block = os.read(descriptor, MAX_JOB_BYTES + 1 - len(content))
        if not block:
            return content
        content += block
    raise HostileFileError(f"grew beyond {MAX_JOB_BYTES} bytes while it was read")
