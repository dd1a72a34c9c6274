"""All that is below a folder, in a form that two runs can be compared by."""

from __future__ import annotations

import os
import stat
from pathlib import Path

_ACL = "system.posix_acl_access"


def listing(root: Path) -> dict[str, str]:
    """Return kind, owner, mode, access list and content of everything below *root*, by path."""
    return {str(path.relative_to(root)): _describe(path) for path in sorted(root.rglob("*"))}


def _describe(path: Path) -> str:
    found = path.lstat()
    who = f"{found.st_uid}:{found.st_gid} {stat.S_IMODE(found.st_mode):04o}"
    if path.is_symlink():
        return f"link {who} {path.readlink()}"
    if path.is_dir():
        acl = os.getxattr(path, _ACL).hex() if _ACL in os.listxattr(path) else ""
        return f"folder {who} {acl}"
    return f"file {who} {path.read_bytes()!r}" if path.is_file() else f"other {who}"
