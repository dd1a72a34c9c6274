"""One program at a time on one folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NotAloneError(Exception):
    """Another program of the same kind works on the folder."""


@contextmanager
def alone_on(folder: Path) -> Iterator[None]:
    """Hold *folder* for the length of a block; the lock ends with the process, however that ends.

    Raises:
        NotAloneError: somebody else holds it.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise NotAloneError(f"another one works on {folder}") from error
        yield
    finally:
        os.close(descriptor)
