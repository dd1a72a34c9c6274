"""Overlay mounts: shared read-only trees below, a folder of one's own above."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from .commands import run
from .errors import LabError


def mounts_below(folder: Path, table: str | None = None) -> list[Path]:
    """Return the mount points in *folder* and below, the deepest and latest first."""
    text = Path("/proc/self/mounts").read_text(encoding="utf-8") if table is None else table
    points = [Path(line.split()[1].replace("\\040", " ")) for line in text.splitlines()]
    return [point for point in reversed(points) if point.is_relative_to(folder)]


def mount_overlay(target: Path, lower: Sequence[Path], upper: Path) -> None:
    """Mount the trees *lower*, the topmost first, at *target*; what is written there goes to *upper*."""
    work = upper.with_name(f"{upper.name}.work")
    for folder in (target, upper, work):
        folder.mkdir(parents=True, exist_ok=True)
    upper.chmod(0o755)
    stack = ":".join(map(str, lower))
    options = f"lowerdir={stack},upperdir={upper},workdir={work}"
    run("mount", "-t", "overlay", "-o", options, "ankunft-lab", str(target))


def unmount_below(folder: Path, patience_s: float = 10) -> bool:
    """Unmount everything in *folder* and below. Return whether there was anything.

    Raises:
        LabError: something is still in use.
    """
    give_up = time.monotonic() + patience_s
    found = False
    while points := mounts_below(folder):
        found = True
        try:
            run("umount", str(points[0]))
        except LabError:
            if time.monotonic() > give_up:
                raise
            time.sleep(0.1)
    return found
