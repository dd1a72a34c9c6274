"""Remove a folder that a customer filled, as root, without ever being led out of it.

A customer can plant links, swap a folder for a link while root looks, and nest ten thousand levels deep. So no
path with more than one component is used: folders are opened by descriptor and never through a link, what is
found in a folder is unlinked or, if it is a folder, moved up beside it. That needs two descriptors and no
recursion at any depth.
"""

from __future__ import annotations

import errno
import itertools
import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

from .change import Change
from .errors import UnavailableError

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_ROUNDS = 1_000_000


def no_tree(path: Path) -> Iterator[Change]:
    """Have nothing at *path*, whose parent is root's own: no folder with all that is in it, nor anything else."""
    if os.path.lexists(path):
        yield Change(str(path), "there", "", lambda: remove_tree(path))


def remove_tree(path: Path) -> None:
    """Remove the folder *path* and all below it; a file or a link at *path* is unlinked.

    Raises:
        UnavailableError: somebody keeps filling the folder.
    """
    try:
        top = os.open(path, _FOLDER)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        path.unlink()
        return
    except OSError:
        if not path.is_symlink():
            raise
        path.unlink()
        return
    try:
        _empty_and_remove(top, path)
    finally:
        os.close(top)


def _empty_and_remove(top: int, path: Path) -> None:
    """Empty the folder *top* level by level: a subfolder's own subfolders are moved up into *top*. Then remove it."""
    prefix, number = f".{secrets.token_hex(8)}-", itertools.count()
    for _ in range(_ROUNDS):
        names = os.listdir(top)
        if not names and _removed(path):
            return
        for name in names:
            if not _unlinked(name, top):
                _flatten(name, top, lambda: f"{prefix}{next(number)}")
    raise UnavailableError(f"{path} is filled while it is removed; end the processes that write there")


def _removed(path: Path) -> bool:
    try:
        path.rmdir()
    except OSError as error:
        if error.errno == errno.ENOTEMPTY:
            return False
        raise
    return True


def _unlinked(name: str, folder: int) -> bool:
    """Unlink what is no folder; tell whether it is gone."""
    try:
        os.unlink(name, dir_fd=folder)
    except IsADirectoryError:
        return False
    except FileNotFoundError:
        pass
    return True


def _flatten(name: str, top: int, free_name: Callable[[], str]) -> None:
    """Empty the folder *name* in *top* by moving its subfolders up, and remove it; a later round sees what is left."""
    try:
        folder = os.open(name, _FOLDER, dir_fd=top)
    except OSError as error:
        if error.errno in _SWAPPED:
            return
        raise
    try:
        for inner in os.listdir(folder):  # noqa: PTH208 -- of a descriptor
            if not _unlinked(inner, folder):
                os.rename(inner, free_name(), src_dir_fd=folder, dst_dir_fd=top)
    finally:
        os.close(folder)
    try:
        os.rmdir(name, dir_fd=top)
    except OSError as error:
        if error.errno not in _SWAPPED | {errno.ENOTEMPTY}:
            raise


_SWAPPED = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
