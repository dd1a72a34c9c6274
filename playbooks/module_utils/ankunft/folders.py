"""An account's folders: made inside root's folders, handed to their owner in an order that a kill cannot spoil."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from .change import Change
from .errors import RefusedError
from .files import Access, access_of

_ACL = "system.posix_acl_access"
_VERSION = struct.pack("<I", 2)
_NOBODY = 0xFFFFFFFF
_OWNER, _USER, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x10, 0x20
_EXECUTE = 1


def with_passage(mode: int, uid: int) -> bytes:
    """Return the access control list (acl(5)) of *mode* that lets the user *uid* pass through besides.

    It is the attribute's raw value: one setxattr, no process. The list's order is the kernel's.
    """
    group = mode >> 3 & 7
    entries = [
        (_OWNER, mode >> 6 & 7, _NOBODY),
        (_USER, _EXECUTE, uid),
        (_GROUP, group, _NOBODY),
        (_MASK, group | _EXECUTE, _NOBODY),
        (_OTHER, mode & 7, _NOBODY),
    ]
    return _VERSION + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def _acl_of(path: Path) -> bytes | None:
    try:
        return os.getxattr(path, _ACL, follow_symlinks=False)
    except OSError:
        return None


def passage_folder(path: Path, access: Access, passer: int) -> Iterator[Change]:
    """Have a folder of root's that one more user (*passer*) may pass through.

    A plain mode change would alter the list's mask, so list and mode are always set together, the list last.
    """
    wanted = with_passage(access.mode, passer)
    found = access_of(path)
    if found is not None and not stat.S_ISDIR(path.lstat().st_mode):
        raise RefusedError(f"{path} is not a folder; remove it by hand")
    if found == access and _acl_of(path) == wanted:
        return
    after = f"{access}, passable for {passer}"
    yield Change(str(path), f"{found or ''}", after, lambda: _make_passage(path, access, wanted))


def _make_passage(path: Path, access: Access, acl: bytes) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchown(descriptor, access.uid, access.gid)
        os.fchmod(descriptor, access.mode)
        os.setxattr(descriptor, _ACL, acl)
    finally:
        os.close(descriptor)


def customer_folder(path: Path, access: Access) -> Iterator[Change]:
    """Have a folder inside one of root's folders that belongs to the customer.

    The mode is set before the owner, so the owner tells that the folder is complete; from then on the mode is
    the customer's business and is left alone.
    """
    found = access_of(path)
    if found is not None and (found.uid, found.gid) == (access.uid, access.gid):
        return
    yield Change(str(path), f"{found or ''}", f"{access}", lambda: _hand_over(path, access))


def _hand_over(path: Path, access: Access) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        os.fchmod(descriptor, access.mode)
        os.fchown(descriptor, access.uid, access.gid)
    finally:
        os.close(descriptor)
