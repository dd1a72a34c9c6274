"""Files, folders and links that are root's own, each made in a way that a power cut cannot tear.

Everything here works in folders that only root can write; nothing goes below a customer's. The last component
is never followed, and no name below these folders comes from a customer's text unchecked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .change import Change
from .errors import RefusedError


@dataclass(frozen=True)
class Access:
    """Who owns a file or folder, and its mode."""

    uid: int
    gid: int
    mode: int

    def __str__(self) -> str:
        return f"{self.uid}:{self.gid} {self.mode:04o}"


def sync_folder(folder: Path) -> None:
    """Make the names in *folder* safe against a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def beside(path: Path) -> Path:
    """Return the name under which a new version of *path* is written; always the same, so that none is left over."""
    return path.with_name(f".{path.name}.new")


def replace(path: Path, content: bytes, access: Access) -> None:
    """Write *content* beside *path* and rename it over: readers see the old file or the new one, whole."""
    new = beside(path)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with open(descriptor, "wb") as file:  # noqa: PTH123 -- of a descriptor, which Path cannot open
        os.fchown(descriptor, access.uid, access.gid)
        os.fchmod(descriptor, access.mode)
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    new.rename(path)
    sync_folder(path.parent)


def access_of(path: Path) -> Access | None:
    """Return the access of the file, folder or link itself, None if there is none."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return Access(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode))


def content_of(path: Path) -> bytes | None:
    """Return a file's content, None if there is no file. A link is not followed."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    with open(descriptor, "rb") as file:  # noqa: PTH123 -- of a descriptor, which Path cannot open
        return file.read()


def file(path: Path, content: bytes, access: Access, *, shown: str = "") -> Iterator[Change]:
    """Have a file with *content*. Its text appears in the difference only if it may be *shown*."""
    before = content_of(path)
    found = access_of(path)
    if before == content and found == access:
        return
    was = "" if before is None else f"{found}"
    yield Change(str(path), was, f"{access}\n{shown}".strip(), lambda: replace(path, content, access))


def no_file(path: Path) -> Iterator[Change]:
    """Have no file at *path*, nor one that a killed run was writing."""
    for found in (path, beside(path)):
        if os.path.lexists(found):
            yield Change(str(found), "there", "", found.unlink)


def link(path: Path, target: str, owner: str) -> Iterator[Change]:
    """Have a link to *target*; *owner* says in a message whose it shall be.

    Raises:
        RefusedError: something else is there. It is not overwritten: it belongs to somebody.
    """
    if link_target(path) == target:
        return
    if os.path.lexists(path):
        raise RefusedError(taken(path, owner))
    yield Change(str(path), "", f"link to {target}", lambda: _make_link(path, target, owner))


def taken(path: Path, owner: str) -> str:
    """Say that a name which *owner* shall have is held by another."""
    holder = link_target(path)
    who = f"a link to {holder}" if holder else "no link"
    return f"{path} is {who}, so the name is not free for {owner}; remove it from its account first"


def _make_link(path: Path, target: str, owner: str) -> None:
    try:
        path.symlink_to(target)
    except FileExistsError:
        if link_target(path) != target:
            raise RefusedError(taken(path, owner)) from None


def link_target(path: Path) -> str | None:
    """Return what a link's text says, None if there is no link."""
    try:
        return os.readlink(path)  # noqa: PTH115 -- the text as it is, not tidied up
    except OSError:
        return None


def no_link(path: Path, target: str) -> Iterator[Change]:
    """Have no link to *target* at *path*; what points elsewhere is somebody else's and stays."""
    if link_target(path) == target:
        yield Change(str(path), f"link to {target}", "", path.unlink)
