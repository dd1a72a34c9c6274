"""A folder that equals a list of files: what differs, what to bring, what to take away.

The list (manifest) gives each file's digest and whether it can be executed. Files that somebody else put into the
folder are left alone; of its own it keeps a list, so that a file that goes at the source goes here as well.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from fnmatch import fnmatch
from pathlib import Path
from typing import BinaryIO

OWN_LIST = ".ankunft-files.json"
PLAIN, EXECUTABLE = 0o644, 0o755

Manifest = Mapping[str, tuple[str, int]]
"""Relative path → (SHA-256 of the content in hex, mode)."""


class TreeError(Exception):
    """The list or the archive names what is not below the folder."""


def survey(base: Path, include: Iterable[str], exclude: Sequence[str] = ()) -> dict[str, tuple[str, int]]:
    """Return the manifest of the files *include* names below *base*, folders with all they hold.

    Hidden files, Python's caches and what a pattern of *exclude* matches (fnmatch, `*` crosses slashes) stay behind.

    Raises:
        TreeError: a name does not exist.
    """
    found: dict[str, tuple[str, int]] = {}
    for name in include:
        start = base / name
        if not start.exists():
            raise TreeError(f"{start} does not exist")
        files = [start] if start.is_file() else sorted(path for path in start.rglob("*") if path.is_file())
        for path in files:
            relative = path.relative_to(base)
            if not _stays_behind(relative, exclude):
                mode = EXECUTABLE if path.stat().st_mode & 0o100 else PLAIN
                found[relative.as_posix()] = (_digest(path), mode)
    return found


def _stays_behind(path: Path, exclude: Sequence[str]) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts) or any(
        fnmatch(path.as_posix(), pattern) for pattern in exclude
    )


def digest(manifest: Manifest) -> str:
    """Return one digest for all files, their names and modes."""
    text = json.dumps({path: list(entry) for path, entry in manifest.items()}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def differing(folder: Path, manifest: Manifest) -> list[str]:
    """Return the files that are missing below *folder* or are not as the *manifest* says."""
    return [path for path, entry in manifest.items() if _state(_inside(folder, path)) != entry]


def superfluous(folder: Path, manifest: Manifest) -> list[str]:
    """Return the files that were brought earlier and are in the *manifest* no more."""
    return [path for path in _own(folder) if path not in manifest and os.path.lexists(_inside(folder, path))]


def bring(folder: Path, manifest: Manifest, archive: BinaryIO | None) -> None:
    """Put the files of the tar *archive* into *folder*, each in one rename, and take superfluous ones away.

    Raises:
        TreeError: the archive holds what the manifest does not name, or other bytes.
    """
    gone = superfluous(folder, manifest)
    if archive is not None:
        with tarfile.open(fileobj=archive, mode="r:gz") as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() and member.name in manifest else None
                if content is None:
                    raise TreeError(f"the archive holds {member.name}, which the list does not")
                _write(_inside(folder, member.name), content.read(), *manifest[member.name])
    for path in gone:
        _inside(folder, path).unlink(missing_ok=True)
        with suppress(OSError):  # a folder that still holds something stays
            for parent in Path(path).parents[:-1]:
                (folder / parent).rmdir()
    _write(folder / OWN_LIST, json.dumps(sorted(manifest), indent=0).encode() + b"\n", "", PLAIN)


def remembered(folder: Path, manifest: Manifest) -> bool:
    """Tell whether the folder's own list names exactly the manifest's files."""
    return set(_own(folder)) == set(manifest)


def _own(folder: Path) -> list[str]:
    try:
        return [str(path) for path in json.loads((folder / OWN_LIST).read_text())]
    except (FileNotFoundError, ValueError):
        return []


def _inside(folder: Path, path: str) -> Path:
    if path.startswith("/") or ".." in Path(path).parts:
        raise TreeError(f"{path} leads out of the folder")
    return folder / path


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _state(path: Path) -> tuple[str, int] | None:
    if path.is_symlink() or not path.is_file():
        return None
    return _digest(path), path.stat().st_mode & 0o7777


def _write(path: Path, content: bytes, sha256: str, mode: int) -> None:
    """Write beside and rename, so that a reader sees the old file or the new one."""
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise TreeError(f"{path.name} arrived damaged")
    for parent in reversed([folder for folder in path.parents if not folder.exists()]):
        parent.mkdir(mode=0o755)
        parent.chmod(0o755)
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.chmod(mode)
    beside.replace(path)
