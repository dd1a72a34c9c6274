"""Locks between all fleets and checkouts on this machine."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def _quiet(_: str) -> None:
    """Say nothing."""


@contextmanager
def locked(file: Path, say: Callable[[str], None] = _quiet) -> Iterator[None]:
    """Hold the lock *file* for the block; who has to wait says so first. The holder's death frees it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"waiting for another fleet that works on the same thing ({file.stem})")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
