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
        os.fchmod(descriptor, mode)
        _write_all(descriptor, content)
        os.fsync(descriptor)
        temporary.rename(path)
        _flush_name(path.parent, descriptor)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)


def _flush_name(folder: Path, renamed: int) -> None:
    """Make the new name survive a power cut, that of the open file *renamed* in *folder*."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except PermissionError:
        os.fsync(renamed)  # a folder that one may only write: journalling file systems flush the renaming with the file
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
