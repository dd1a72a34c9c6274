"""The cache does not grow for ever, and nothing vanishes from under a server."""

import os
from pathlib import Path

from ankunft_lab.pruning import KEEP, REST_S, prune

NOW = 2_000_000_000.0
DAYS = 24 * 3600


def trees(folder: Path, count: int, age_s: float) -> list[Path]:
    made = [folder / f"bookworm-{number:02}" for number in range(count)]
    for number, tree in enumerate(made):
        tree.mkdir(parents=True)
        os.utime(tree, (NOW, NOW - age_s - number))
    return made


def quiet(_: str) -> None:
    """Say nothing."""


def test_the_latest_used_trees_stay_however_old(tmp_path: Path) -> None:
    made = trees(tmp_path, KEEP + 2, 30 * DAYS)
    prune(tmp_path, quiet, now=NOW, table="")
    assert [tree for tree in made if tree.exists()] == made[:KEEP]


def test_a_tree_that_was_used_today_stays(tmp_path: Path) -> None:
    made = trees(tmp_path, KEEP + 2, REST_S / 2)
    prune(tmp_path, quiet, now=NOW, table="")
    assert all(tree.exists() for tree in made)


def test_a_tree_below_a_running_server_stays(tmp_path: Path) -> None:
    made = trees(tmp_path, KEEP + 2, 30 * DAYS)
    prune(tmp_path, quiet, now=NOW, table=f"ankunft-lab /x overlay rw,lowerdir={made[-1]}:/base 0 0\n")
    assert made[-1].exists()
    assert not made[-2].exists()
