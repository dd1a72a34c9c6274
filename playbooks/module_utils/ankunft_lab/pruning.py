"""Forget cached trees that nobody used for long; what stands below a running server stays."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

#: So many of the latest used trees stay, however old.
KEEP = 6
#: A tree that was used within this time stays, however many there are.
REST_S = 24 * 3600


def mark_used(tree: Path) -> None:
    """Note that *tree* is in use now."""
    os.utime(tree)


def prune(folder: Path, say: Callable[[str], None], *, now: float | None = None, table: str | None = None) -> None:
    """Remove the trees in *folder* that are neither among the latest used, nor used of late, nor mounted."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8") if table is None else table
    moment = time.time() if now is None else now
    trees = [path for path in folder.glob("[!.]*") if path.is_dir()]
    latest_first = sorted(trees, key=lambda tree: tree.stat().st_mtime, reverse=True)
    for tree in latest_first[KEEP:]:
        if moment - tree.stat().st_mtime > REST_S and str(tree) not in mounts:
            say(f"removing {tree}, which nobody used for a day")
            shutil.rmtree(tree)
