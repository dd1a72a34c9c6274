"""Files that are whole or not there, and survive a power cut once the call returned."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write(path: Path, content: bytes, *, mode: int = 0o600, beside: Path | None = None) -> None:
    """Write *content* to *path* in one step: a new file, flushed, renamed over the old one, folder flushed.

    *beside* is the folder of the temporary file, on the same file system; give one that nobody else can write when
    the folder of *path* is shared. A symbolic link at *path* is replaced, not followed.

    Raises:
        OSError: disk full, read-only, a folder in the way; *path* is as it was.
    """
    folder = beside or path.parent
    temporary = folder / f".{path.name}.{secrets.token_hex(4)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
    try:
        try:
            os.fchmod(descriptor, mode)
            _write_all(descriptor, content)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


def flush_folder(folder: Path) -> None:
    """Make the names in *folder* survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
